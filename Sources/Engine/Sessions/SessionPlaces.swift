// SPDX-License-Identifier: Apache-2.0
// Where a session comes in and goes out: conntrack does not say, so routes and policies do.
import Conntrack
import JunosLowering
import JunosModel
import Netlink
import NetworkTypes

/// One end of a session.
struct SessionEnd: Hashable, Sendable {
    /// The logical interface; `.local..0` is the router itself, as devices print it; nil where no route says.
    var interface: String?
    /// The zone; nil for the null zone.
    var zone: String?
}

/// Both ends of a session.
struct SessionEnds: Hashable, Sendable {
    /// Where the initiator is.
    var from: SessionEnd
    /// Where the responder is.
    var to: SessionEnd
}

/// Finds the ends of sessions in the network namespace that the calling thread is in.
///
/// The zones of a session are those of its policy. Where that is none or a global one, and for the interfaces, the
/// routes to both hosts decide: with asymmetric routes that is the way back, not the way in (listed divergence).
final class SessionPlaces {
    static let routerInterface = ".local..0"
    static let routerZone = "junos-host"

    private var routes: RouteLookup
    private let interfaces: [String: String]
    private let zones: [String: String]
    private let owners: PolicyOwners
    private var known: [IPAddress: String?] = [:]

    init(_ configuration: JunosConfiguration, _ owners: PolicyOwners) throws(NetlinkError) {
        routes = try RouteLookup()
        self.owners = owners
        interfaces = Dictionary(
            configuration.interfaces.compactMap { interface in interface.device.map { ($0, interface.name) } },
            uniquingKeysWith: { first, _ in first }
        )
        var zones = [Self.routerInterface: Self.routerZone]
        for zone in configuration.security?.zones ?? [] {
            for member in zone.interfaces where zones[member.name] == nil { zones[member.name] = zone.name }
        }
        self.zones = zones
    }

    /// Asks the routing tables anew from here on.
    func forgetRoutes() { known.removeAll() }

    /// Both ends of a session.
    func ends(of session: TrackedSession) throws(NetlinkError) -> SessionEnds {
        var ends = SessionEnds(
            from: try end(at: session.original.source),
            // Where it went is where answers come from, also behind a translated destination.
            to: try end(at: session.reply.source)
        )
        if let identity = owners.identity(session.mark), identity.from != "junos-global" {
            ends.from.zone = identity.from
            ends.to.zone = identity.to
        }
        return ends
    }

    private func end(at address: IPAddress) throws(NetlinkError) -> SessionEnd {
        let interface: String?
        if let found = known[address] {
            interface = found
        } else {
            switch try routes.way(to: address.octets) {
            case .local: interface = Self.routerInterface
            case .device(let index): interface = RouteLookup.deviceName(index: index).map { interfaces[$0] ?? $0 }
            case .none: interface = nil
            }
            // A bound, for scans from many addresses.
            if known.count > 100_000 { known.removeAll() }
            known[address] = interface
        }
        return SessionEnd(interface: interface, zone: interface.flatMap { zones[$0] })
    }
}

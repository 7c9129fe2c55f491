// SPDX-License-Identifier: Apache-2.0
// How far a packet would get: filters, packet mode, policies, output filters. Guides the choice and decides nothing.
import JunosModel
import NetworkTypes

/// One policy ready to be asked.
struct ProbedPolicy {
    var policy: SecurityPolicy
    var sources: PolicyAddresses
    var destinations: PolicyAddresses
    var terms: [ApplicationTerm]

    func matches(_ header: PacketHeader) -> Bool {
        sources.contains(header.sourceAddress) && destinations.contains(header.destinationAddress)
            && terms.contains { isMember(header, $0) }
    }
}

/// Answers questions about ways through a configuration, within a budget of work.
struct PathProbe {
    /// The zone of policies to and from the router.
    static let router = "junos-host"

    /// A filter passage on the way.
    enum Station: Int, Comparable {
        case input, policy, routingEngine, output

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    let configuration: JunosConfiguration
    /// Terms and policies that may still be asked; bounds the work for huge configurations.
    private(set) var budget = 20_000_000
    private let interfaces: [String: LogicalInterface]
    private let routingEngine: LogicalInterface?
    private var zones: [String: String] = [:]
    private var passages: [String: FilterPassage?] = [:]
    private var policies: [String: [ProbedPolicy]] = [:]

    init(_ configuration: JunosConfiguration) {
        self.configuration = configuration
        interfaces = Dictionary(configuration.interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        routingEngine = configuration.interfaces.first { $0.isRoutingEngine && $0.unit == 0 }
        for zone in configuration.security?.zones ?? [] {
            for member in zone.interfaces { zones[member.name] = zone.name }
        }
    }

    /// Whether work may still be spent on a search.
    var isAffordable: Bool { budget > 0 }

    /// The filters at one end of an interface; nil where there are none.
    mutating func passage(_ interface: String, isInput: Bool, _ version: AddressFamily) -> FilterPassage? {
        let key = "\(interface) \(isInput) \(version.rawValue)"
        if let known = passages[key] { return known }
        let found = interface == PacketVector.local ? routingEngine : interfaces[interface]
        let made = found.flatMap { FilterPassage($0, isInput: isInput, version: version, configuration) }
        passages[key] = .some(made)
        return made
    }

    /// Whether sessions and policies have a say about a version.
    func isFlow(_ version: AddressFamily) -> Bool {
        guard let security = configuration.security else { return false }
        return (version == .inet ? security.inetMode : security.inet6Mode) == .flowBased
    }

    /// Policies of a pair of zones, then the global ones that apply.
    mutating func policies(_ from: String, _ to: String, _ version: AddressFamily) -> [ProbedPolicy] {
        let key = "\(from) \(to) \(version.rawValue)"
        if let known = policies[key] { return known }
        guard let security = configuration.security else { return [] }
        func applies(_ zones: [String], _ zone: String) -> Bool {
            zones.isEmpty || zones.contains("any") || zones.contains(zone)
        }
        let own = security.policyContexts.filter { $0.fromZone == from && $0.toZone == to }.flatMap(\.policies)
        let global = security.globalPolicies.filter { applies($0.fromZones, from) && applies($0.toZones, to) }
        let made =
            own.map { probed($0, from: from, to: to, version, security) }
            + global.map { probed($0, from: nil, to: nil, version, security) }
        policies[key] = made
        return made
    }

    private func probed(
        _ policy: SecurityPolicy,
        from: String?,
        to: String?,
        _ version: AddressFamily,
        _ security: SecurityConfiguration
    ) -> ProbedPolicy {
        ProbedPolicy(
            policy: policy,
            sources: PolicyAddresses(
                policy.sourceAddresses,
                zone: from,
                isExcluded: policy.excludesSource,
                version: version,
                security,
                hostAddresses: configuration.circumstances.hostAddresses
            ),
            destinations: PolicyAddresses(
                policy.destinationAddresses,
                zone: to,
                isExcluded: policy.excludesDestination,
                version: version,
                security,
                hostAddresses: configuration.circumstances.hostAddresses
            ),
            terms: applicationTerms(policy.applications, configuration)
        )
    }

    /// How the packet passes a station's filters; nil where it does not get there.
    ///
    /// `policy` has none: an accepted visit.
    mutating func visit(_ station: Station, _ packet: Packet, _ draft: Draft) -> FilterPassage.Visit? {
        let version = packet.family
        let isSent = draft.input == PacketVector.local
        let isLocal = draft.output == PacketVector.local
        var isPacketMode = !isFlow(version)
        if !isSent {
            let visit = pass(draft.input, isInput: true, packet, draft)
            if station == .input { return visit }
            guard visit.isAccepted else { return nil }
            isPacketMode = isPacketMode || visit.setsPacketMode
        } else if station == .input {
            return nil
        }
        if isLocal || isSent {
            let visit = pass(PacketVector.local, isInput: isLocal, packet, draft)
            if station == .routingEngine { return visit }
            guard visit.isAccepted else { return nil }
        } else if station == .routingEngine {
            return nil
        }
        if station == .policy { return isPacketMode ? nil : FilterPassage.Visit() }
        guard !isLocal, isPacketMode || permits(packet, draft) else { return nil }
        return pass(draft.output, isInput: false, packet, draft)
    }

    private mutating func pass(
        _ interface: String,
        isInput: Bool,
        _ packet: Packet,
        _ draft: Draft
    ) -> FilterPassage.Visit {
        guard let passage = passage(interface, isInput: isInput, packet.family) else { return FilterPassage.Visit() }
        let visit = passage.visit(packet, input: draft.input, configuration)
        budget -= 1 + (visit.matched.last?.term ?? 0)
        return visit
    }

    /// Whether a first packet gets past policies.
    private mutating func permits(_ packet: Packet, _ draft: Draft) -> Bool {
        func zone(_ name: String) -> String? { name == PacketVector.local ? Self.router : zones[name] }
        guard let from = zone(draft.input), let to = zone(draft.output) else { return false }
        if packet.header.upperProtocol == ProtocolNumber.tcp, packet.header.tcpFlags.map({ $0 & 0x17 != 0x02 }) ?? true
        {
            return false
        }
        let header = packet.header
        let list = policies(from, to, packet.family)
        budget -= list.count
        if let decisive = list.first(where: { $0.matches(header) }) { return decisive.policy.action == .permit }
        return from == Self.router || to == Self.router || configuration.security?.defaultPermits ?? false
    }
}

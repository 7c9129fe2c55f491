// SPDX-License-Identifier: Apache-2.0
// Zones and security policies (flow reference §3, §6).
import JunosModel
import NetworkTypes
import PolicyModel

/// The name of one policy among all: its context and its own name.
public struct PolicyIdentity: Hashable, Sendable {
    /// The from-zone, or `junos-global`.
    public let from: String
    /// The to-zone, or `junos-global`.
    public let to: String
    /// The policy's name.
    public let name: String

    /// Makes an identity.
    public init(from: String, to: String, name: String) {
        self.from = from
        self.to = to
        self.name = name
    }

    /// How hit counts label the context of global policies (flow reference §3.1).
    public static let globalZone = PlacedPolicy.globalZone
}

/// Lowers the `security` hierarchy.
struct FlowLowering {
    let configuration: JunosConfiguration
    let security: SecurityConfiguration
    /// Indices that sessions of earlier commits may still carry; they keep their meaning (DESIGN §4, recorded state).
    var indices: [PolicyIdentity: UInt16]
    private var usedIndices: Set<UInt16>
    private let activeSchedulers: Set<String>
    private var nextIndex = firstIndex
    /// Policies for which no number was left; each is an error.
    private(set) var unnumbered: [PolicyIdentity] = []

    /// The first index of a configured policy (flow reference §6.1).
    private static let firstIndex: UInt16 = 4

    init(
        _ configuration: JunosConfiguration,
        _ security: SecurityConfiguration,
        keeping indices: [PolicyIdentity: UInt16]
    ) {
        self.configuration = configuration
        self.security = security
        self.indices = indices
        usedIndices = Set(indices.values)
        activeSchedulers = JunosLowering.activeSchedulers(
            configuration.schedulers,
            at: configuration.circumstances.localTime
        )
    }

    mutating func lower() -> FlowPolicy {
        let devices = Dictionary(
            configuration.interfaces.compactMap { interface in interface.device.map { (interface.name, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        return FlowPolicy(
            modes: [.inet: mode(security.inetMode), .inet6: mode(security.inet6Mode)],
            zones: security.zones.map { zone($0, devices) },
            contexts: contexts(),
            defaultPermits: security.defaultPermits,
            checks: sessionChecks(security.flow),
            routerAddresses: routerAddresses(),
            retainedHits: security.deactivatedPolicies.map { [$0.from, $0.to, $0.name] }
        )
    }

    /// Addresses by the interface that owns them, the first where several do.
    private func routerAddresses() -> [RouterAddresses] {
        var memberships: [String: (zone: SecurityZone, member: ZoneInterface)] = [:]
        for zone in security.zones {
            for member in zone.interfaces where memberships[member.name] == nil {
                memberships[member.name] = (zone, member)
            }
        }
        var seen: Set<IPAddress> = []
        return configuration.interfaces.compactMap { interface in
            let addresses = interface.families.values.flatMap(\.addresses).map(\.address).sorted()
                .filter { seen.insert($0).inserted }
            guard !addresses.isEmpty else { return nil }
            let membership = memberships[interface.name]
            return RouterAddresses(
                addresses: addresses,
                device: interface.device,
                zone: membership?.zone.name,
                hostInbound: membership.map { hostInbound($0.zone, $0.member) }
                    ?? HostInboundPolicy(services: [], origin: "security zones")
            )
        }
    }

    /// An interface's own stanza replaces the zone's as a whole (flow reference §3.3 rule 2).
    private func hostInbound(_ zone: SecurityZone, _ interface: ZoneInterface) -> HostInboundPolicy {
        let path = "security zones \(zone.isManagement ? "functional-zone" : "security-zone") \(zone.name)"
        if let own = interface.hostInbound {
            return lowerHostInbound(own, origin: "\(path) interfaces \(interface.name) host-inbound-traffic")
        }
        return lowerHostInbound(zone.hostInbound, origin: "\(path) host-inbound-traffic")
    }

    private func mode(_ mode: ForwardingMode) -> VersionMode {
        switch mode {
        case .flowBased: .flow
        case .packetBased: .packet
        case .drop: .drop
        }
    }

    private func zone(_ zone: SecurityZone, _ devices: [String: String]) -> Zone {
        var members: [String: HostInboundPolicy] = [:]
        for interface in zone.interfaces {
            guard let device = devices[interface.name] else { continue }
            members[device] = hostInbound(zone, interface)
        }
        return Zone(
            name: zone.name,
            devices: members,
            isManagement: zone.isManagement,
            resetsStrayTCP: zone.sendsTCPReset
        )
    }

    /// Rules a pair: the pair's own, then the global ones that name it (flow reference §6.1).
    private mutating func contexts() -> [ZonePair: [SessionRule]] {
        let books = AddressBookIndex(
            security.addressBooks,
            hostAddresses: configuration.circumstances.hostAddresses
        )
        var result: [ZonePair: [SessionRule]] = [:]
        for context in security.policyContexts {
            var rules: [SessionRule] = []
            for policy in context.policies {
                rules.append(rule(policy, books, from: context.fromZone, to: context.toZone, isGlobal: false))
            }
            result[ZonePair(from: context.fromZone, to: context.toZone), default: []] += rules
        }
        guard !security.globalPolicies.isEmpty else { return result }
        var globals: [(policy: SecurityPolicy, rule: SessionRule)] = []
        for policy in security.globalPolicies {
            globals.append((policy, rule(policy, books, from: nil, to: nil, isGlobal: true)))
        }
        let router = FlowPolicy.routerZone
        let names = security.zones.filter { !$0.isManagement }.map(\.name) + [router]
        for from in names {
            for to in names where !(from == router && to == router) {
                let applicable = globals.filter { applies($0.policy.fromZones, from) && applies($0.policy.toZones, to) }
                guard !applicable.isEmpty else { continue }
                result[ZonePair(from: from, to: to), default: []] += applicable.map(\.rule)
            }
        }
        return result
    }

    private func applies(_ zones: [String], _ zone: String) -> Bool {
        zones.isEmpty || zones.contains("any") || zones.contains(zone)
    }

    private mutating func rule(
        _ policy: SecurityPolicy,
        _ books: AddressBookIndex,
        from: String?,
        to: String?,
        isGlobal: Bool
    ) -> SessionRule {
        let identity = PolicyIdentity(
            from: from ?? PolicyIdentity.globalZone,
            to: to ?? PolicyIdentity.globalZone,
            name: policy.name
        )
        let sources = books.lower(
            policy.sourceAddresses,
            zone: from,
            isExcluded: policy.excludesSource,
            field: .sourceAddress
        )
        let destinations = books.lower(
            policy.destinationAddresses,
            zone: to,
            isExcluded: policy.excludesDestination,
            field: .destinationAddress
        )
        var addresses: [AddressFamily: MatchExpression] = [:]
        for (version, source) in sources {
            guard let destination = destinations[version] else { continue }
            addresses[version] = MatchExpression(source.clauses + destination.clauses)
        }
        var rule = SessionRule(
            addresses: addresses,
            services: lowerApplications(policy.applications, configuration, makesSessions: policy.action == .permit),
            action: action(policy.action),
            index: index(of: identity),
            hitName: [identity.from, identity.to, identity.name],
            logs: policy.logsInit,
            isDormant: policy.scheduler.map { !activeSchedulers.contains($0) } ?? false,
            origin: policy.source.path
        )
        // Where every policy asks for a SYN the kernel does so by itself (flow reference §10.1 fact 5).
        rule.requiresSYN = policy.requiresSYN && security.flow.noSYNCheck
        rule.segmentSizes = SegmentSizes(
            initial: policy.initialSegmentSize ?? security.flow.maximumSegmentSize,
            reverse: policy.reverseSegmentSize ?? security.flow.maximumSegmentSize
        )
        return rule
    }

    private func action(_ action: SecurityPolicy.Action) -> SessionAction {
        switch action {
        case .permit: .permit
        case .deny: .deny
        case .reject: .reject
        }
    }

    private mutating func index(of identity: PolicyIdentity) -> UInt16 {
        if let known = indices[identity] { return known }
        while usedIndices.contains(nextIndex), nextIndex < UInt16.max { nextIndex += 1 }
        guard usedIndices.insert(nextIndex).inserted else {
            unnumbered.append(identity)
            return nextIndex
        }
        indices[identity] = nextIndex
        return nextIndex
    }
}

// SPDX-License-Identifier: Apache-2.0
// Packets for security policies: every pair of zones, every address and service of every policy with its edges.
import JunosModel
import NetworkTypes

/// Chooses first packets for policies, and conversations for those that get through.
struct PolicyChoice {
    private let configuration: JunosConfiguration
    private let security: SecurityConfiguration
    private static let router = "junos-host"
    private var budget = 20_000_000

    init?(_ configuration: JunosConfiguration) {
        guard let security = configuration.security else { return nil }
        self.configuration = configuration
        self.security = security
    }

    private struct ProbedPolicy {
        var policy: SecurityPolicy
        var sources: PolicyAddresses
        var destinations: PolicyAddresses
        var terms: [ApplicationTerm]

        func matches(_ header: PacketHeader) -> Bool {
            sources.contains(header.sourceAddress) && destinations.contains(header.destinationAddress)
                && terms.contains { isMember(header, $0) }
        }
    }

    /// All pairs of zones.
    mutating func choose(_ places: inout PacketPlaces, into collector: inout ChoiceCollector) {
        let names = security.zones.map(\.name) + [Self.router]
        var shownGlobals: Set<AddressFamily> = []
        for version in AddressFamily.allCases {
            for from in names {
                for to in names where from != Self.router || to != Self.router {
                    guard let place = place(from, to, version, places) else { continue }
                    let own = security.policyContexts.filter { $0.fromZone == from && $0.toZone == to }
                    let ownPolicies = own.flatMap(\.policies).map { probed($0, from: from, to: to, version) }
                    let global = security.globalPolicies.filter { applies($0.fromZones, from) && applies($0.toZones, to) }
                    let all = ownPolicies + global.map { probed($0, from: nil, to: nil, version) }
                    collector.beginGroup()
                    collector.add(.witness, [places.draft(place)])
                    for (index, policy) in all.enumerated() {
                        let isGlobal = index >= ownPolicies.count
                        choose(
                            policy,
                            before: all[..<index],
                            place,
                            // Global policies show their edges in one pair, and that they are there in the others.
                            showsEdges: !isGlobal || !shownGlobals.contains(version),
                            &places,
                            &collector
                        )
                    }
                    if !global.isEmpty { shownGlobals.insert(version) }
                }
            }
        }
    }

    private func applies(_ zones: [String], _ zone: String) -> Bool {
        zones.isEmpty || zones.contains("any") || zones.contains(zone)
    }

    private func probed(_ policy: SecurityPolicy, from: String?, to: String?, _ version: AddressFamily) -> ProbedPolicy {
        ProbedPolicy(
            policy: policy,
            sources: PolicyAddresses(
                policy.sourceAddresses,
                zone: from,
                isExcluded: policy.excludesSource,
                version: version,
                security
            ),
            destinations: PolicyAddresses(
                policy.destinationAddresses,
                zone: to,
                isExcluded: policy.excludesDestination,
                version: version,
                security
            ),
            terms: applicationTerms(policy.applications, configuration)
        )
    }

    private func place(_ from: String, _ to: String, _ version: AddressFamily, _ places: PacketPlaces) -> PacketPlace? {
        func members(_ zone: String) -> [String] {
            zone == Self.router
                ? [PacketVector.local]
                : places.interfaces(version).map(\.name).filter { places.zone(of: $0) == zone }
        }
        let outputs = members(to)
        guard let input = members(from).first else { return nil }
        guard let output = outputs.first(where: { $0 != input }) ?? outputs.first else { return nil }
        return PacketPlace(input: input, output: output, version: version)
    }

    private mutating func choose(
        _ target: ProbedPolicy,
        before: ArraySlice<ProbedPolicy>,
        _ place: PacketPlace,
        showsEdges: Bool,
        _ places: inout PacketPlaces,
        _ collector: inout ChoiceCollector
    ) {
        collector.beginGroup()
        guard let witness = witness(target, before, place, &places) else { return }
        collector.add(.witness, [witness])
        let conversation = Conversation(witness)
        collector.add(.sequence, conversation.wholeSession(&places))
        guard showsEdges else { return }
        func vary(_ rank: ChoiceRank, _ change: (inout Draft) -> Void) {
            var draft = witness
            if !target.terms.contains(where: { $0.sourcePorts != nil }) { draft.fields.sourcePort = places.freshPort() }
            draft.fields.icmpIdentifier = places.freshPort()
            change(&draft)
            collector.add(rank, [draft])
        }
        for (list, path) in [(target.sources, \PacketFields.source), (target.destinations, \PacketFields.destination)]
        where !list.isEverything {
            for edge in list.edges {
                vary(.first) { $0.fields[keyPath: path] = edge.first }
                if edge.last != edge.first { vary(.last) { $0.fields[keyPath: path] = edge.last } }
                for address in edge.outside { vary(.outside) { $0.fields[keyPath: path] = address } }
            }
        }
        for term in target.terms {
            for edge in variations(of: term, version: place.version) { vary(edge.rank, edge.apply) }
        }
        for run in conversation.strays(&places) { collector.add(.variant, run) }
    }

    /// A first packet that the policy decides; one that only matches it if those before it take everything tried.
    private mutating func witness(
        _ target: ProbedPolicy,
        _ before: ArraySlice<ProbedPolicy>,
        _ place: PacketPlace,
        _ places: inout PacketPlaces
    ) -> Draft? {
        var fallback: Draft?
        for attempt in 0..<16 {
            var draft = places.draft(place)
            let term = attempt == 0 ? target.terms.first : target.terms.randomElement(using: &places.random)
            guard let term else { return nil }
            if term.protocolNumber == nil, attempt > 0 {
                draft.fields.destinationPort = UInt16(truncatingIfNeeded: places.random.next() % 60000 + 1024)
                draft.fields.protocolNumber = [6, 17, 6, 47].randomElement(using: &places.random)
            }
            setService(term, &draft)
            if !target.sources.isEverything {
                draft.fields.source = pick(target.sources, draft.fields.source, attempt, place.version, &places)
            }
            if !target.destinations.isEverything {
                draft.fields.destination = pick(
                    target.destinations,
                    draft.fields.destination,
                    attempt,
                    place.version,
                    &places
                )
            }
            guard let packet = draft.build() else { continue }
            let header = packet.header
            guard target.matches(header) else { continue }
            fallback = fallback ?? draft
            guard budget > 0 else { return fallback }
            budget -= before.count * 4
            if !before.contains(where: { $0.matches(header) }) { return draft }
        }
        return fallback
    }

    private func pick(
        _ list: PolicyAddresses,
        _ ordinary: IPAddress?,
        _ attempt: Int,
        _ version: AddressFamily,
        _ places: inout PacketPlaces
    ) -> IPAddress? {
        if attempt == 0, let ordinary, list.contains(ordinary) { return ordinary }
        let edge = attempt == 0 ? list.edges.first : list.edges.randomElement(using: &places.random)
        guard let edge else { return ordinary }
        var candidates = edge.outside + [edge.first, edge.last]
        if edge.first < edge.last {
            let span = edge.last.value - edge.first.value
            let inner = IPAddress(version, edge.first.value + UInt128(places.random.next()) % span)
            candidates.insert(inner, at: 0)
        }
        return candidates.first(where: list.contains) ?? ordinary
    }
}

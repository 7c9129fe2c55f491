// SPDX-License-Identifier: Apache-2.0
// Packets for security policies: every pair of zones, every address and service of every policy with its edges.
import JunosModel
import NetworkTypes

/// Chooses first packets for policies, and conversations for those that get through.
struct PolicyChoice {
    private let security: SecurityConfiguration

    init?(_ configuration: JunosConfiguration) {
        guard let security = configuration.security else { return nil }
        self.security = security
    }

    /// All pairs of zones.
    func choose(_ places: inout PacketPlaces, _ probe: inout PathProbe, into collector: inout ChoiceCollector) {
        let names = security.zones.map(\.name) + [PathProbe.router]
        var shownGlobals: Set<String> = []
        for version in AddressFamily.allCases {
            for from in names {
                for to in names where from != PathProbe.router || to != PathProbe.router {
                    guard let place = place(from, to, version, places) else { continue }
                    let all = probe.policies(from, to, version)
                    let own = security.policyContexts.filter { $0.fromZone == from && $0.toZone == to }
                        .reduce(0) { $0 + $1.policies.count }
                    collector.beginGroup()
                    collector.add(.witness, [places.draft(place)])
                    for name in places.interfaces(version).map(\.name).prefix(64)
                    where places.zone(of: name) == to && name != place.output {
                        // Every way out of the pair has its own entry in the program.
                        let other = PacketPlace(input: place.input, output: name, version: version)
                        collector.add(.first, [places.draft(other)])
                    }
                    for (index, policy) in all.enumerated() {
                        // Global policies show their edges in one pair, and that they are there in the others.
                        let key = "\(version.rawValue) \(policy.policy.name)"
                        let showsEdges = index < own || shownGlobals.insert(key).inserted
                        choose(policy, before: all[..<index], place, showsEdges, &places, &probe, &collector)
                        guard from != PathProbe.router, to != PathProbe.router, from != to else { continue }
                        // The same policies decide about the router's address in the other zone (flow reference §3.4).
                        var inward = place
                        inward.output = PacketVector.local
                        let before = all[..<index]
                        chooseAddress(of: place.output, policy, before, inward, &places, &probe, &collector)
                    }
                }
            }
        }
    }

    private func place(_ from: String, _ to: String, _ version: AddressFamily, _ places: PacketPlaces) -> PacketPlace? {
        func members(_ zone: String) -> [String] {
            zone == PathProbe.router
                ? [PacketVector.local]
                : places.interfaces(version).map(\.name).filter { places.zone(of: $0) == zone }
        }
        let outputs = members(to)
        guard let input = members(from).first else { return nil }
        guard let output = outputs.first(where: { $0 != input }) ?? outputs.first else { return nil }
        return PacketPlace(input: input, output: output, version: version)
    }

    private func chooseAddress(
        of owner: String,
        _ target: ProbedPolicy,
        _ before: ArraySlice<ProbedPolicy>,
        _ place: PacketPlace,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe,
        _ collector: inout ChoiceCollector
    ) {
        let address = places.own(owner, place.version)
        collector.beginGroup()
        var aim = PolicyAim(target: target, before: before, place: place)
        aim.destination = address
        guard let witness = aim.witness(&places, &probe) else { return }
        collector.add(.witness, [witness])
        for term in target.terms {
            for edge in variations(of: term, version: place.version) {
                if let draft = aim.draft(edge, &places, &probe) { collector.add(edge.rank, [draft]) }
            }
        }
        for edge in target.sources.edges where !target.sources.isEverything {
            for source in [edge.first, edge.last] + edge.outside {
                let isInside = target.sources.contains(source)
                let variation = Variation(rank: .outside, isInside: isInside) { $0.fields.source = source }
                if let draft = aim.draft(variation, &places, &probe) { collector.add(.outside, [draft]) }
            }
        }
    }

    private func choose(
        _ target: ProbedPolicy,
        before: ArraySlice<ProbedPolicy>,
        _ place: PacketPlace,
        _ showsEdges: Bool,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe,
        _ collector: inout ChoiceCollector
    ) {
        collector.beginGroup()
        var aim = PolicyAim(target: target, before: before, place: place)
        guard let witness = aim.witness(&places, &probe) else { return }
        collector.add(.witness, [witness])
        let conversation = Conversation(witness)
        collector.add(.sequence, conversation.wholeSession(&places))
        guard showsEdges else { return }
        func vary(_ variation: Variation) {
            if let draft = aim.draft(variation, &places, &probe) { collector.add(variation.rank, [draft]) }
        }
        for (list, path) in [(target.sources, \PacketFields.source), (target.destinations, \PacketFields.destination)]
        where !list.isEverything {
            func vary(_ rank: ChoiceRank, to address: IPAddress) {
                let isInside = list.contains(address)
                let variation = Variation(rank: rank, isInside: isInside) { $0.fields[keyPath: path] = address }
                if let draft = aim.draft(variation, &places, &probe) { collector.add(rank, [draft]) }
            }
            for edge in list.edges {
                vary(.first, to: edge.first)
                if edge.last != edge.first { vary(.last, to: edge.last) }
                for address in edge.outside { vary(.outside, to: address) }
            }
        }
        for term in target.terms {
            for edge in variations(of: term, version: place.version) { vary(edge) }
        }
        for run in conversation.strays(&places) { collector.add(.variant, run) }
    }
}

/// Aims first packets at one policy, past the policies and filters in front of it.
struct PolicyAim {
    let target: ProbedPolicy
    let before: ArraySlice<ProbedPolicy>
    let place: PacketPlace
    /// The only destination that is asked about; nil for any.
    var destination: IPAddress?
    private var found: Draft?

    init(target: ProbedPolicy, before: ArraySlice<ProbedPolicy>, place: PacketPlace) {
        self.target = target
        self.before = before
        self.place = place
    }

    /// A packet that the policy decides; one that only matches it if those before it take everything tried.
    mutating func witness(_ places: inout PacketPlaces, _ probe: inout PathProbe) -> Draft? {
        let draft = search(nil, attempts: 24, &places, &probe)
        found = draft
        return draft
    }

    /// A packet with an edge in it that the policy is asked about.
    func draft(_ edge: Variation, _ places: inout PacketPlaces, _ probe: inout PathProbe) -> Draft? {
        search(edge, attempts: 8, &places, &probe)
    }

    private func search(
        _ edge: Variation?,
        attempts: Int,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe
    ) -> Draft? {
        var fallback: Draft?
        for attempt in 0..<attempts {
            var draft: Draft
            if attempt == 0, let found {
                draft = found
                if !target.terms.contains(where: { $0.sourcePorts != nil }) {
                    draft.fields.sourcePort = places.freshPort()
                }
                draft.fields.icmpIdentifier = places.freshPort()
                draft.fields.identification = places.freshIdentification()
            } else {
                guard let made = fitting(attempt, &places) else { return nil }
                draft = made
            }
            edge?.apply(&draft)
            guard let packet = draft.build() else { continue }
            let header = packet.header
            guard !(edge?.isInside ?? true) || target.matches(header) else { continue }
            fallback = fallback ?? draft
            guard probe.isAffordable else { return fallback }
            guard !before.contains(where: { $0.matches(header) }) else { continue }
            if probe.visit(.policy, packet, draft) != nil { return draft }
        }
        return fallback
    }

    private func fitting(_ attempt: Int, _ places: inout PacketPlaces) -> Draft? {
        var draft = places.draft(place)
        let isFirst = attempt == 0
        guard let term = isFirst ? target.terms.first : target.terms.randomElement(using: &places.random) else {
            return nil
        }
        if term.protocolNumber == nil, !isFirst {
            draft.fields.destinationPort = UInt16(truncatingIfNeeded: places.random.next() % 60000 + 1024)
            draft.fields.protocolNumber = ([6, 17, 6, 47] as [UInt8]).randomElement(using: &places.random)
        }
        setService(term, &draft)
        if !target.sources.isEverything {
            draft.fields.source = pick(target.sources, draft.fields.source, isFirst, &places)
        }
        if let destination {
            draft.fields.destination = destination
        } else if !target.destinations.isEverything {
            draft.fields.destination = pick(target.destinations, draft.fields.destination, isFirst, &places)
        }
        return draft
    }

    private func pick(
        _ list: PolicyAddresses,
        _ ordinary: IPAddress?,
        _ isFirst: Bool,
        _ places: inout PacketPlaces
    ) -> IPAddress? {
        if let ordinary, list.contains(ordinary), isFirst || places.random.next() % 2 == 0 { return ordinary }
        guard let edge = isFirst ? list.edges.first : list.edges.randomElement(using: &places.random) else {
            return ordinary
        }
        let candidates =
            [edge.sample(&places.random), edge.sample(&places.random), edge.last, edge.first] + edge.outside
        if let usual = candidates.first(where: { list.contains($0) && !places.isOwn($0) }) { return usual }
        return candidates.first(where: list.contains) ?? ordinary
    }
}

// SPDX-License-Identifier: Apache-2.0
// Packets for the terms of attached filters: one that reaches the term, then every edge of every condition.
import JunosModel
import NetworkTypes

/// Chooses packets for filters.
struct FilterChoice {
    private var covered: Set<String> = []
    /// How many terms may still be asked on the search for ways past earlier terms; bounds the work for huge filters.
    private var budget = 40_000_000

    /// All attachments of a configuration.
    mutating func choose(_ places: inout PacketPlaces, into collector: inout ChoiceCollector) {
        for version in AddressFamily.allCases {
            for interface in places.interfaces(version) {
                for isInput in [true, false] {
                    guard let passage = FilterPassage(interface, isInput: isInput, version: version, places.configuration)
                    else { continue }
                    let ways = places.places(through: interface, isInput: isInput, version)
                    choose(passage, ways, version, isInput: isInput, &places, &collector)
                }
            }
            for interface in places.configuration.interfaces where interface.isRoutingEngine && interface.unit == 0 {
                for isInput in [true, false] {
                    guard let passage = FilterPassage(interface, isInput: isInput, version: version, places.configuration)
                    else { continue }
                    let ways = places.interfaces(version).map {
                        isInput
                            ? PacketPlace(input: $0.name, output: PacketVector.local, version: version)
                            : PacketPlace(input: PacketVector.local, output: $0.name, version: version)
                    }
                    choose(passage, ways, version, isInput: isInput, &places, &collector)
                }
            }
        }
    }

    private mutating func choose(
        _ passage: FilterPassage,
        _ ways: [PacketPlace],
        _ version: AddressFamily,
        isInput: Bool,
        _ places: inout PacketPlaces,
        _ collector: inout ChoiceCollector
    ) {
        guard let main = ways.first else { return }
        // The first attachment of a filter shows all edges; the others show that each term is there.
        let isFirst = covered.insert(passage.key).inserted
        for (number, terms) in passage.filters.enumerated() {
            for (index, term) in terms.enumerated() {
                let edges = term.term.from.map { variations(of: $0, version: version, places.configuration) }
                let target = TermTarget(filter: number, term: index, edges: edges)
                collector.beginGroup()
                guard isFirst || index < 64 else { continue }
                let alternatives = Array(ways.prefix(3)) + ways.suffix(ways.count > 3 ? 1 : 0)
                guard let witness = witness(target, passage, alternatives, &places) else { continue }
                collector.add(.witness, [witness])
                guard isFirst else { continue }
                vary(witness, target, term.term, &places, &collector)
            }
        }
        collector.beginGroup()
        for draft in ordinary(main, &places) { collector.add(.variant, [draft]) }
        for way in ways.prefix(4) { collector.add(.witness, [places.draft(way)]) }
    }

    private struct TermTarget {
        var filter: Int
        var term: Int
        var edges: [[Variation]]
    }

    /// A packet that the term meets; one that matches it alone if no way past the terms before it is found.
    private mutating func witness(
        _ target: TermTarget,
        _ passage: FilterPassage,
        _ ways: [PacketPlace],
        _ places: inout PacketPlaces
    ) -> Draft? {
        var fallback: Draft?
        for attempt in 0..<24 {
            guard let way = attempt < 4 ? ways.first : ways.randomElement(using: &places.random) else { return nil }
            var draft = places.draft(way)
            if attempt > 0 { shake(&draft, attempt, &places) }
            suit(target.edges, &draft)
            for edges in target.edges {
                let inside = edges.filter(\.isInside)
                let choice = attempt == 0 ? inside.first : inside.randomElement(using: &places.random)
                choice?.apply(&draft)
            }
            guard let packet = draft.build() else { continue }
            guard budget > 0 else { return draft }
            let visit = passage.visit(packet, input: draft.input, places.configuration)
            budget -= (visit.matched.last?.term ?? target.term) + 1
            if visit.matched.contains(where: { $0 == (target.filter, target.term) }) { return draft }
            fallback = fallback ?? draft
        }
        return fallback
    }

    /// Other values in what the term leaves open, so that terms before it let the packet pass.
    private func shake(_ draft: inout Draft, _ attempt: Int, _ places: inout PacketPlaces) {
        let version = draft.fields.resolvedFamily
        let icmp = version == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        let protocols = [ProtocolNumber.tcp, ProtocolNumber.udp, icmp, ProtocolNumber.gre, ProtocolNumber.esp, 89]
        draft.fields.protocolNumber = protocols[attempt % protocols.count]
        draft.fields.destinationPort = [22, 53, 443, 179, 8080, 33434, 65000].randomElement(using: &places.random)
        if attempt % 3 == 0 { draft.fields.tcpFlags = [0x10, 0x12, 0x18].randomElement(using: &places.random) }
        if attempt > 8, attempt % 2 == 0 {
            draft.fields.source = IPAddress(version, distant(version, &places))
        }
        if attempt > 8, attempt % 3 == 0, draft.output != PacketVector.local {
            draft.fields.destination = IPAddress(version, distant(version, &places))
        }
    }

    private func distant(_ version: AddressFamily, _ places: inout PacketPlaces) -> UInt128 {
        let random = UInt128(places.random.next())
        return version == .inet ? 0x0b00_0000 + random % 0x6000_0000 : UInt128(0x2a00) << 112 | random
    }

    /// The protocol that the term's conditions are about, where it names none.
    private func suit(_ edges: [[Variation]], _ draft: inout Draft) {
        var probe = draft
        for edge in edges { edge.first(where: \.isInside)?.apply(&probe) }
        guard probe.fields.protocolNumber == draft.fields.protocolNumber else { return }
        if probe.fields.icmpType != nil || probe.fields.icmpCode != nil {
            draft.fields.protocolNumber =
                probe.fields.resolvedFamily == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        } else if probe.fields.tcpFlags != draft.fields.tcpFlags {
            draft.fields.protocolNumber = ProtocolNumber.tcp
        }
    }

    private func vary(
        _ witness: Draft,
        _ target: TermTarget,
        _ term: FilterTerm,
        _ places: inout PacketPlaces,
        _ collector: inout ChoiceCollector
    ) {
        let fixesSourcePort = term.from.contains { condition in
            if case .number(let field, _, _) = condition { return field == .sourcePort || field == .port }
            return false
        }
        func fresh() -> Draft {
            var draft = witness
            if !fixesSourcePort { draft.fields.sourcePort = places.freshPort() }
            draft.fields.identification = places.freshIdentification()
            return draft
        }
        for edges in target.edges {
            for edge in edges {
                var draft = fresh()
                edge.apply(&draft)
                collector.add(edge.rank, [draft])
            }
        }
        for change in variants(draft: witness) {
            var draft = fresh()
            change(&draft)
            collector.add(.variant, [draft])
        }
    }

    /// Changes of what no condition names: fragments, cut headers, header lengths, other protocols.
    private func variants(draft: Draft) -> [(inout Draft) -> Void] {
        var result: [(inout Draft) -> Void] = [
            { $0.fields.moreFragments = true },
            { draft in
                draft.fields.fragmentOffset = 185
                draft.fields.moreFragments = false
                if (draft.fields.payloadLength ?? 0) < 16 { draft.fields.payloadLength = 16 }
            },
            { $0.fields.protocolNumber = ProtocolNumber.udp },
            { $0.fields.protocolNumber = ProtocolNumber.tcp },
            { $0.fields.protocolNumber = 132 },
        ]
        let header = draft.fields.resolvedFamily == .inet ? 20 : 40
        for rest in [0, 1, 2, 3, 4, 13, 14] { result.append { $0.fields.length = header + rest } }
        if draft.fields.resolvedFamily == .inet {
            for words in [1, 4, 10] {
                result.append { draft in
                    draft.fields.ipv4Options = Array(repeating: 1, count: 4 * words)
                    draft.fields.fragmentOffset = 64
                    draft.fields.payloadLength = max(16, draft.fields.payloadLength ?? 0)
                }
            }
        } else {
            for number in [ProtocolNumber.hopByHop, ProtocolNumber.destinationOptions, ProtocolNumber.routing] {
                result.append { $0.fields.extensionHeaders = [number] }
            }
        }
        return result
    }

    /// Packets of every kind, whatever the terms say.
    private func ordinary(_ place: PacketPlace, _ places: inout PacketPlaces) -> [Draft] {
        var result: [Draft] = []
        for number in [6, 17, place.version == .inet ? 1 : 58, 47, 50, 89, 132, 200] as [UInt8] {
            var draft = places.draft(place)
            draft.fields.protocolNumber = number
            result.append(draft)
        }
        for ttl in [0, 1, 2, 255] as [UInt8] {
            var draft = places.draft(place)
            draft.fields.timeToLive = ttl
            result.append(draft)
        }
        for dscp in [1, 10, 46, 63] as [UInt8] {
            var draft = places.draft(place)
            draft.fields.dscp = dscp
            result.append(draft)
        }
        return result
    }
}

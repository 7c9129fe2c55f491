// SPDX-License-Identifier: Apache-2.0
// Packets for the terms of attached filters: one that reaches the term, then every edge of every condition.
import JunosModel
import NetworkTypes

/// Chooses packets for filters.
struct FilterChoice {
    private var covered: Set<String> = []

    /// Filters at one place, and the ways that lead past them.
    private struct Site {
        var passage: FilterPassage
        var station: PathProbe.Station
        var ways: [PacketPlace]
        var version: AddressFamily
        /// Whether what comes behind the filters is meant.
        var mustPass = false
    }

    /// One term of a site with the edges of its conditions.
    private struct Target {
        var filter: Int
        var term: Int
        var edges: [[Variation]]
    }

    /// All attachments of a configuration.
    mutating func choose(
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe,
        into collector: inout ChoiceCollector
    ) {
        let local = PacketVector.local
        for version in AddressFamily.allCases {
            for interface in places.interfaces(version) {
                for isInput in [true, false] {
                    guard let passage = probe.passage(interface.name, isInput: isInput, version) else { continue }
                    let ways = places.places(through: interface, isInput: isInput, version)
                    let site = Site(passage: passage, station: isInput ? .input : .output, ways: ways, version: version)
                    choose(site, key: passage.key, &places, &probe, &collector)
                    guard isInput, passage.mayDifferForRouter else { continue }
                    // The second pass sees the same packets only if they go to the router (DESIGN §3.1).
                    var second = site
                    second.mustPass = true
                    second.ways = ways.filter { $0.output == local }
                    choose(second, key: passage.key + " " + local, &places, &probe, &collector)
                }
            }
            let names = places.interfaces(version).map(\.name)
            for isInput in [true, false] {
                guard let passage = probe.passage(local, isInput: isInput, version) else { continue }
                let ways = names.map {
                    PacketPlace(input: isInput ? $0 : local, output: isInput ? local : $0, version: version)
                }
                let site = Site(passage: passage, station: .routingEngine, ways: ways, version: version)
                choose(site, key: passage.key, &places, &probe, &collector)
            }
        }
    }

    private mutating func choose(
        _ site: Site,
        key: String,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe,
        _ collector: inout ChoiceCollector
    ) {
        guard let main = site.ways.first else { return }
        // The first attachment of a filter shows all edges; the others show that each term is there.
        let isFirst = covered.insert(key).inserted
        var aim = FilterAim(
            passage: site.passage,
            station: site.station,
            ways: site.ways,
            version: site.version,
            mustPass: site.mustPass
        )
        for (number, terms) in site.passage.filters.enumerated() {
            for (index, term) in terms.enumerated() {
                collector.beginGroup()
                guard isFirst || index < 64 else { continue }
                let target = Target(
                    filter: number,
                    term: index,
                    edges: term.term.from.map { variations(of: $0, version: site.version, places.configuration) }
                )
                aim.begin(number, index, term.term, target.edges)
                guard let witness = aim.witness(&places, &probe) else { continue }
                collector.add(.witness, [witness])
                guard isFirst else { continue }
                let isSmall = terms.count <= 32 && target.edges.joined().count <= 64
                vary(&aim, target, isSmall: isSmall, &places, &probe, &collector)
            }
        }
        collector.beginGroup()
        for draft in ordinary(main, &places) { collector.add(.variant, [draft]) }
        for way in site.ways.prefix(4) { collector.add(.witness, [places.draft(way)]) }
    }

    private func vary(
        _ aim: inout FilterAim,
        _ target: Target,
        isSmall: Bool,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe,
        _ collector: inout ChoiceCollector
    ) {
        var rotation = target.term
        for edge in target.edges.joined() {
            guard let draft = aim.draft(edge, attempts: 8, &places, &probe) else { continue }
            collector.add(edge.rank, [draft])
            // Later fragments are read elsewhere for each header length (DESIGN §3.9).
            rotation += 1
            for (words, isLast) in fragmentHeaders(aim.version, isSmall: isSmall, rotation) {
                var later = edge
                later.apply = { draft in
                    edge.apply(&draft)
                    makeLaterFragment(words: words, isLast: isLast, &draft)
                }
                if let draft = aim.draft(later, attempts: isSmall ? 2 : 1, &places, &probe) {
                    collector.add(.variant, [draft])
                }
            }
        }
        for change in variants(aim.version) {
            let variation = Variation(rank: .variant, isInside: false, apply: change)
            if let draft = aim.draft(variation, attempts: 1, &places, &probe) { collector.add(.variant, [draft]) }
        }
    }

    /// Header lengths in words with which later fragments are sent: all where filters are small.
    private func fragmentHeaders(
        _ version: AddressFamily,
        isSmall: Bool,
        _ rotation: Int
    ) -> [(words: Int, isLast: Bool)] {
        guard version == .inet else { return isSmall ? [(5, true), (5, false)] : [(5, rotation % 2 == 0)] }
        return isSmall ? (5...15).map { ($0, true) } : [(5 + rotation % 11, true)]
    }

    /// Changes of what no condition names: fragments, cut headers, other protocols.
    private func variants(_ version: AddressFamily) -> [(inout Draft) -> Void] {
        var result: [(inout Draft) -> Void] = [
            { $0.fields.moreFragments = true },
            { makeLaterFragment(words: 5, isLast: true, &$0) },
            { $0.fields.protocolNumber = ProtocolNumber.udp },
            { $0.fields.protocolNumber = ProtocolNumber.tcp },
            { $0.fields.protocolNumber = ProtocolNumber.sctp },
        ]
        let header = version == .inet ? 20 : 40
        for rest in [0, 1, 2, 3, 4, 13, 14] { result.append { $0.fields.length = header + rest } }
        if version == .inet {
            for words in [6, 9, 15] {
                result.append { $0.fields.ipv4Options = Array(repeating: 1, count: 4 * (words - 5)) }
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

/// Makes a packet a later fragment behind a header of so many words; what transport fields it has stay where filters
/// look for them.
func makeLaterFragment(words: Int, isLast: Bool, _ draft: inout Draft) {
    draft.fields.fragmentOffset = 185
    draft.fields.moreFragments = !isLast
    if draft.fields.length == nil { draft.fields.payloadLength = max(16, draft.fields.payloadLength ?? 0) }
    if draft.fields.resolvedFamily == .inet { draft.fields.ipv4Options = Array(repeating: 1, count: 4 * (words - 5)) }
}

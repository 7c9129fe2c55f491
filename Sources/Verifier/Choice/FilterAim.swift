// SPDX-License-Identifier: Apache-2.0
// The search for a packet that gets as far as one term, past filters, terms and policies in front of it.
import JunosModel
import NetworkTypes

/// Aims at the terms of one passage, one after the other.
struct FilterAim {
    let passage: FilterPassage
    let station: PathProbe.Station
    let ways: [PacketPlace]
    let version: AddressFamily
    /// Whether packets must get through all filters: for what comes behind them.
    let mustPass: Bool
    private var filter = 0
    private var index = 0
    private var edges: [[Variation]] = []
    private var found: Draft?
    private var fixesSourcePort = false

    init(
        passage: FilterPassage,
        station: PathProbe.Station,
        ways: [PacketPlace],
        version: AddressFamily,
        mustPass: Bool
    ) {
        self.mustPass = mustPass
        self.passage = passage
        self.station = station
        self.ways = ways
        self.version = version
    }

    /// Turns to a term.
    mutating func begin(_ filter: Int, _ index: Int, _ term: FilterTerm, _ edges: [[Variation]]) {
        self.filter = filter
        self.index = index
        self.edges = edges
        found = nil
        fixesSourcePort = term.from.contains { condition in
            if case .number(let field, _, _) = condition { return field == .sourcePort || field == .port }
            return false
        }
    }

    /// A packet that the term meets; one that matches it alone where no way to it is found.
    mutating func witness(_ places: inout PacketPlaces, _ probe: inout PathProbe) -> Draft? {
        let draft = search(nil, attempts: 40, &places, &probe)
        found = draft
        return draft
    }

    /// A packet with an edge in it that gets as far as the term; the witness with the edge in it where none is found.
    func draft(
        _ edge: Variation,
        attempts: Int,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe
    ) -> Draft? {
        search(edge, attempts: attempts, &places, &probe)
    }

    private func search(
        _ edge: Variation?,
        attempts: Int,
        _ places: inout PacketPlaces,
        _ probe: inout PathProbe
    ) -> Draft? {
        var fallback: Draft?
        var nearby: Draft?
        for attempt in 0..<attempts {
            guard var draft = start(attempt, &places) else { return nil }
            edge?.apply(&draft)
            guard let packet = draft.build() else { continue }
            fallback = fallback ?? draft
            guard attempts > 1, probe.isAffordable else { return fallback }
            guard let visit = probe.visit(station, packet, draft) else { continue }
            let isThere = edge?.isInside ?? true ? visit.meets(filter, index) : visit.arrives(at: filter, index)
            guard isThere else { continue }
            if visit.isAccepted || !mustPass { return draft }
            // Better than nothing: it gets there, if not through.
            nearby = nearby ?? draft
        }
        return nearby ?? fallback
    }

    /// The witness as it is, or another packet that the conditions fit.
    private func start(_ attempt: Int, _ places: inout PacketPlaces) -> Draft? {
        if attempt == 0, var draft = found {
            if !fixesSourcePort { draft.fields.sourcePort = places.freshPort() }
            draft.fields.identification = places.freshIdentification()
            draft.fields.icmpIdentifier = places.freshPort()
            return draft
        }
        let isPlain = attempt == 0 || attempt == 1 && found != nil
        guard let way = isPlain ? ways.first : ways.randomElement(using: &places.random) else { return nil }
        var draft = places.draft(way)
        if !isPlain { shake(&draft, attempt, &places) }
        suit(&draft)
        for edges in edges {
            let inside = edges.filter(\.isInside)
            let choice = isPlain ? inside.first : inside.randomElement(using: &places.random)
            choice?.apply(&draft)
        }
        return draft
    }

    /// Other values in what the term leaves open, so that what stands before it lets the packet pass.
    private func shake(_ draft: inout Draft, _ attempt: Int, _ places: inout PacketPlaces) {
        let icmp = version == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        let protocols = [ProtocolNumber.tcp, ProtocolNumber.udp, icmp, ProtocolNumber.gre, ProtocolNumber.esp, 89]
        draft.fields.protocolNumber = protocols[attempt % protocols.count]
        draft.fields.destinationPort = [22, 53, 443, 80, 179, 8080, 33434, 65000].randomElement(using: &places.random)
        if attempt % 3 == 0, station != .output {
            draft.fields.tcpFlags = [0x10, 0x12, 0x18].randomElement(using: &places.random)
        }
        if attempt % 4 == 1 { draft.fields.payloadLength = Int(places.random.next() % 1400) }
        if attempt > 8, attempt % 2 == 0 { draft.fields.source = distant(&places) }
        if attempt > 8, attempt % 3 == 0, draft.output != PacketVector.local {
            draft.fields.destination = distant(&places)
        }
        // What an earlier term asks for may be what makes this one come true: classes, priorities, rewrites.
        guard attempt % 2 == 1, index > 0, passage.filters.indices.contains(filter) else { return }
        let earlier = passage.filters[filter][Int(places.random.next() % UInt64(index))].term
        guard case .nextTerm = earlier.then.outcome else { return }
        for condition in earlier.from {
            let inside = variations(of: condition, version: version, places.configuration).filter(\.isInside)
            inside.randomElement(using: &places.random)?.apply(&draft)
        }
    }

    private func distant(_ places: inout PacketPlaces) -> IPAddress {
        let random = UInt128(places.random.next())
        return IPAddress(
            version,
            version == .inet ? 0x0b00_0000 + random % 0x6000_0000 : UInt128(0x2a00) << 112 | random
        )
    }

    /// The protocol that the term's conditions are about, where it names none.
    private func suit(_ draft: inout Draft) {
        var probe = draft
        for edge in edges { edge.first(where: \.isInside)?.apply(&probe) }
        guard probe.fields.protocolNumber == draft.fields.protocolNumber else { return }
        if probe.fields.icmpType != nil || probe.fields.icmpCode != nil {
            draft.fields.protocolNumber = version == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        } else if probe.fields.tcpFlags != draft.fields.tcpFlags {
            draft.fields.protocolNumber = ProtocolNumber.tcp
        }
    }
}

extension FilterPassage {
    /// Whether a second evaluation for the router may come out otherwise; generous, since it only costs packets.
    var mayDifferForRouter: Bool {
        filters.joined().contains { probed in
            probed.term.from.contains { condition in
                switch condition {
                case .number(.fragmentOffset, _, _), .number(.packetLength, _, _), .number(.dscp, _, _),
                    .number(.trafficClass, _, _), .number(.precedence, _, _), .number(.nextHeader, _, _):
                    true
                case .isFragment, .firstFragment, .lastFragment, .fragmentFlags, .forwardingClass, .lossPriority,
                    .extensionHeader:
                    true
                default: false
                }
            }
        }
    }
}

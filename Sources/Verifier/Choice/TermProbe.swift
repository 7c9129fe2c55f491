// SPDX-License-Identifier: Apache-2.0
// Which terms a packet would meet. It only guides the choice of packets: a mistake here costs coverage and can never
// hide a difference, since no voice of the comparison asks it.
import JunosModel
import NetworkTypes

/// One term ready to be asked.
struct ProbedTerm {
    let term: FilterTerm
    /// One table for each address condition, in order.
    let tables: [AddressTable]

    init(_ term: FilterTerm, version: AddressFamily, _ configuration: JunosConfiguration) {
        self.term = term
        tables = term.from.compactMap { condition in
            guard case .address(_, let entries) = condition else { return nil }
            return AddressTable(entries, version: version, prefixLists: configuration.prefixLists)
        }
    }
}

/// The filters that packets of one version pass at one end of an interface, family any first (DESIGN §3.7).
struct FilterPassage {
    /// Each filter or list as one sequence of terms, nested filters in their place.
    private(set) var filters: [[ProbedTerm]] = []
    /// What they are called together, for sharing work between interfaces.
    private(set) var key: String
    /// Names of the filters.
    private(set) var names: [FilterName] = []

    init?(
        _ interface: LogicalInterface,
        isInput: Bool,
        version: AddressFamily,
        _ configuration: JunosConfiguration
    ) {
        key = "\(isInput ? "i" : "o") \(version.rawValue)"
        let family: FilterFamily = version == .inet ? .inet : .inet6
        let own = interface.families[family]
        let policer = (isInput ? own?.inputPolicer : own?.outputPolicer).map { attachment in
            // A policer at the interface is a term that every packet meets (filters reference §4.4).
            var term = FilterTerm(name: attachment.policer, source: attachment.source)
            term.then.policer = attachment.policer
            return ProbedTerm(term, version: version, configuration)
        }
        if isInput, let policer { filters.append([policer]) }
        for kind in [FilterFamily.any, family] {
            let settings = interface.families[kind]
            guard let attachment = isInput ? settings?.input : settings?.output else { continue }
            var terms: [ProbedTerm] = []
            for name in attachment.filters.map({ FilterName(kind, $0) }) {
                key += " \(kind.rawValue)/\(name.name)"
                names.append(name)
                for term in configuration.filters[name]?.terms ?? [] {
                    guard let nested = term.nestedFilter else {
                        terms.append(ProbedTerm(term, version: version, configuration))
                        continue
                    }
                    let inner = configuration.filters[FilterName(kind, nested)]?.terms ?? []
                    terms += inner.filter { $0.nestedFilter == nil }.map {
                        ProbedTerm($0, version: version, configuration)
                    }
                }
            }
            filters.append(terms)
        }
        if !isInput, let policer { filters.append([policer]) }
        if let policer { key += " policer/\(policer.term.name)" }
        if filters.isEmpty { return nil }
    }

    /// How a packet passes.
    struct Visit {
        /// Matching terms as (filter, term), the deciding one last.
        var matched: [(filter: Int, term: Int)] = []
        /// Whether it gets through.
        var isAccepted = true
        /// Whether a term takes it out of flow processing.
        var setsPacketMode = false
        /// Where it is decided: behind everything if it gets through.
        var end: (filter: Int, term: Int) = (Int.max, Int.max)

        /// Whether the term is asked at all.
        func arrives(at filter: Int, _ term: Int) -> Bool {
            if let stop = decided[filter], stop < term { return false }
            return isAccepted || end.filter > filter || end.filter == filter && end.term >= term
        }

        /// Whether the term matches.
        func meets(_ filter: Int, _ term: Int) -> Bool { matched.contains { $0 == (filter, term) } }

        /// The term that decided each filter, if one did.
        var decided: [Int: Int] = [:]
    }

    /// Walks the filters.
    func visit(_ packet: Packet, input: String, _ configuration: JunosConfiguration) -> Visit {
        var visit = Visit()
        var state = ProbeState(packet: packet, input: input, configuration: configuration)
        for (number, terms) in filters.enumerated() {
            var isDecided = false
            for (index, term) in terms.enumerated() where state.matches(term) {
                visit.matched.append((number, index))
                state.apply(term.term.then)
                if term.term.then.packetMode { visit.setsPacketMode = true }
                if case .nextTerm = term.term.then.outcome { continue }
                visit.decided[number] = index
                switch term.term.then.outcome {
                case .nextTerm, nil, .accept: isDecided = true
                case .discard, .reject: visit.end = (number, index)
                }
                break
            }
            if isDecided { continue }
            // Refused by a term, or by the end of the filter.
            visit.isAccepted = false
            if visit.decided[number] == nil { visit.end = (number, terms.count) }
            break
        }
        return visit
    }
}

/// A packet between terms.
private struct ProbeState {
    var packet: Packet
    var header: PacketHeader
    let input: String
    let configuration: JunosConfiguration
    var forwardingClass = "best-effort"
    var lossPriority = LossPriority.low

    init(packet: Packet, input: String, configuration: JunosConfiguration) {
        self.packet = packet
        header = packet.header
        self.input = input
        self.configuration = configuration
    }

    mutating func apply(_ actions: TermActions) {
        forwardingClass = actions.forwardingClass ?? forwardingClass
        lossPriority = actions.lossPriority ?? lossPriority
        if let dscp = actions.dscp {
            packet = packet.settingDSCP(dscp)
            header = packet.header
        }
    }

    func matches(_ probed: ProbedTerm) -> Bool {
        var tables = probed.tables[...]
        return probed.term.from.allSatisfy { condition in
            guard case .address(let field, _) = condition else { return matches(condition) }
            guard let table = tables.popFirst() else { return false }
            switch field {
            case .source: return table.contains(header.sourceAddress)
            case .destination: return table.contains(header.destinationAddress)
            case .either: return table.contains(header.sourceAddress) || table.contains(header.destinationAddress)
            }
        }
    }

    private func matches(_ condition: MatchCondition) -> Bool {
        switch condition {
        case .address: false
        case .number(let field, let ranges, let isExcept): matches(field, ranges, isExcept)
        case .tcpFlags(let expression): header.tcpFlags.map { holds(expression, $0) } ?? false
        case .tcpEstablished: header.tcpFlags.map { $0 & 0x14 != 0 } ?? false
        case .tcpInitial: header.tcpFlags.map { $0 & 0x12 == 0x02 } ?? false
        case .fragmentFlags(let expression): holds(expression, header.fragmentNibble)
        case .isFragment: header.isFragment
        case .firstFragment: header.isFirstFragment
        case .lastFragment: header.isLaterFragment && !header.moreFragments
        case .interface(let patterns): patterns.contains { matchesInterface(input, $0) }
        case .interfaceSet(let names):
            names.flatMap { configuration.interfaceSets[$0] ?? [] }.contains { matchesInterface(input, $0) }
        case .forwardingClass(let names, let isExcept): names.contains(forwardingClass) != isExcept
        case .lossPriority(let levels, let isExcept): levels.contains(lossPriority) != isExcept
        case .ipOptions(let ranges, let any, let isExcept):
            (any ? header.hasOptions : header.optionTypes.contains { isMember(UInt32($0), ranges) }) != isExcept
        case .extensionHeader(let ranges, let any, let isExcept):
            (any ? !header.extensionHeaders.isEmpty : header.extensionHeaders.contains { isMember(UInt32($0), ranges) })
                != isExcept
        case .sctpInitial:
            header.upperProtocol == ProtocolNumber.sctp && !header.isLaterFragment && header.transportOctet(12) == 1
        case .flexibleMask(let field, let mask, let value):
            probedBits(field, header).map { $0 & mask == value } ?? false
        case .flexibleRange(let field, let ranges, let isExcept):
            probedBits(field, header).map { isMember(UInt32(truncatingIfNeeded: $0), ranges) != isExcept } ?? false
        }
    }

    private func matches(_ field: NumericField, _ ranges: [ClosedRange<UInt32>], _ isExcept: Bool) -> Bool {
        func test(_ value: (some BinaryInteger)?) -> Bool {
            value.map { isMember(UInt32($0), ranges) != isExcept } ?? false
        }
        switch field {
        case .protocol, .payloadProtocol: return test(header.upperProtocol)
        case .nextHeader: return test(header.firstProtocol)
        case .sourcePort: return test(header.sourcePort)
        case .destinationPort: return test(header.destinationPort)
        case .port:
            let ends = [header.sourcePort, header.destinationPort]
            return isExcept ? ends.allSatisfy(test) : ends.contains(where: test)
        case .icmpType: return test(header.icmpType)
        case .icmpCode: return test(header.icmpCode)
        case .fragmentOffset: return test(header.fragmentOffset)
        case .packetLength: return test(header.totalLength)
        case .ttl, .hopLimit: return test(header.timeToLive)
        case .dscp, .trafficClass: return test(header.dscp)
        case .precedence: return test(header.trafficClass >> 5)
        case .espSPI: return test(header.transportWord(0))
        case .ahSPI: return test(header.transportWord(4))
        case .greKey: return test(probedKey(header))
        case .interfaceGroup:
            let interface = configuration.interfaces.first { $0.name == input }
            return test(interface?.families[header.family == .inet ? .inet : .inet6]?.group ?? 0)
        }
    }
}

private func isMember(_ value: UInt32, _ ranges: [ClosedRange<UInt32>]) -> Bool {
    ranges.contains { $0.contains(value) }
}

/// Whether the bits satisfy the expression.
func holds(_ expression: BitExpression, _ bits: UInt8) -> Bool {
    switch expression {
    case .bits(let mask): bits & mask == mask
    case .not(let inner): !holds(inner, bits)
    case .and(let left, let right): holds(left, bits) && holds(right, bits)
    case .or(let left, let right): holds(left, bits) || holds(right, bits)
    }
}

/// Whether a logical interface fits a pattern; good enough for choosing.
private func matchesInterface(_ name: String, _ pattern: String) -> Bool {
    guard let star = pattern.firstIndex(of: "*") else { return name == pattern || name == pattern + ".0" }
    return name.hasPrefix(pattern[..<star])
}

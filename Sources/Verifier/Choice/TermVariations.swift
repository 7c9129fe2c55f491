// SPDX-License-Identifier: Apache-2.0
// For every condition of a term: the values at its edges, inside and one outside, as changes of a packet.
import JunosModel
import NetworkTypes

/// A change that puts one edge of a condition into a packet.
struct Variation {
    /// How soon it is worth sending.
    var rank: ChoiceRank
    /// Whether it is meant to satisfy the condition.
    var isInside: Bool
    /// The change.
    var apply: (inout Draft) -> Void
}

/// The edges of one condition for packets of one version.
func variations(
    of condition: MatchCondition,
    version: AddressFamily,
    _ configuration: JunosConfiguration
) -> [Variation] {
    switch condition {
    case .address(let field, let entries):
        addressVariations(field, AddressTable(entries, version: version, prefixLists: configuration.prefixLists))
    case .number(let field, let ranges, let isExcept): numberVariations(field, ranges, isExcept, version)
    case .tcpFlags(let expression): flagVariations { holds(expression, $0) }
    case .tcpEstablished: flagVariations { $0 & 0x14 != 0 }
    case .tcpInitial: flagVariations { $0 & 0x12 == 0x02 }
    case .fragmentFlags(let expression): fragmentFlagVariations(expression)
    case .isFragment: fragmentVariations { $0 || $1 > 0 }
    case .firstFragment: fragmentVariations { $0 && $1 == 0 }
    case .lastFragment: fragmentVariations { !$0 && $1 > 0 }
    case .ipOptions(let ranges, let any, let isExcept): optionVariations(ranges, any, isExcept)
    case .extensionHeader(let ranges, let any, let isExcept): extensionVariations(ranges, any, isExcept)
    case .sctpInitial: initiationVariations()
    case .flexibleMask(let field, let mask, let value): flexibleMaskVariations(field, mask: mask, value: value)
    case .flexibleRange(let field, let ranges, let isExcept): flexibleRangeVariations(field, ranges, isExcept)
    case .interface, .interfaceSet, .forwardingClass, .lossPriority: []
    }
}

private func addressVariations(_ field: AddressField, _ table: AddressTable) -> [Variation] {
    var result: [Variation] = []
    // Where either end may match, the other one must not, or the edge does not show.
    let texts = ["198.18.77.1", "203.0.113.77", "11.11.11.11", "2001:db8:ffff::77", "2600::77"]
    let others = field == .either ? texts.compactMap { IPAddress($0) }.filter { !table.contains($0) } : []
    func add(_ rank: ChoiceRank, _ address: IPAddress) {
        let isInside = table.contains(address)
        let other = others.first { $0.family == address.family }
        if field != .destination {
            result.append(
                Variation(rank: rank, isInside: isInside) { draft in
                    draft.fields.source = address
                    if let other { draft.fields.destination = other }
                }
            )
        }
        if field != .source {
            result.append(
                Variation(rank: rank, isInside: isInside) { draft in
                    draft.fields.destination = address
                    if let other { draft.fields.source = other }
                }
            )
        }
    }
    for edge in table.edges {
        add(.first, edge.first)
        if edge.last != edge.first { add(.last, edge.last) }
        for address in edge.outside { add(.outside, address) }
    }
    return result
}

private func numberVariations(
    _ field: NumericField,
    _ ranges: [ClosedRange<UInt32>],
    _ isExcept: Bool,
    _ version: AddressFamily
) -> [Variation] {
    var result: [Variation] = []
    let unlisted = ([80, 40000, 9, 61000, 1] as [UInt16]).first { port in !ranges.contains { $0.contains(UInt32(port)) }
    }
    func add(_ rank: ChoiceRank, _ value: UInt32) {
        let isInside = ranges.contains { $0.contains(value) } != isExcept
        if field == .port, let port = UInt16(exactly: value) {
            result += portVariations(port, rank, isInside, other: unlisted)
            return
        }
        for change in changes(field, value, version) {
            result.append(Variation(rank: rank, isInside: isInside, apply: change))
        }
    }
    for range in ranges {
        add(.first, range.lowerBound)
        if range.upperBound != range.lowerBound { add(.last, range.upperBound) }
        if range.lowerBound > 0 { add(.outside, range.lowerBound - 1) }
        if range.upperBound < .max { add(.outside, range.upperBound + 1) }
    }
    return result
}

/// A port at either end, with a port at the other that is not listed: or the edge would not show.
private func portVariations(_ port: UInt16, _ rank: ChoiceRank, _ isInside: Bool, other: UInt16?) -> [Variation] {
    [(\PacketFields.destinationPort, \PacketFields.sourcePort), (\.sourcePort, \.destinationPort)].map { here, there in
        Variation(rank: rank, isInside: isInside) { draft in
            draft.fields[keyPath: here] = port
            if let other { draft.fields[keyPath: there] = other }
        }
    }
}

/// The ways to put a number into a packet; none where it does not fit.
private func changes(_ field: NumericField, _ value: UInt32, _ version: AddressFamily) -> [(inout Draft) -> Void] {
    switch field {
    case .protocol, .payloadProtocol, .nextHeader:
        guard let number = UInt8(exactly: value) else { return [] }
        guard version == .inet6, isExtension(number) else { return [{ $0.fields.protocolNumber = number }] }
        // An extension header stands before the protocol; as the upper-layer protocol it would be a broken packet.
        return field == .nextHeader ? [{ addExtensionHeader(number, &$0) }] : []
    case .sourcePort: return UInt16(exactly: value).map { port in [{ $0.fields.sourcePort = port }] } ?? []
    case .destinationPort: return UInt16(exactly: value).map { port in [{ $0.fields.destinationPort = port }] } ?? []
    case .icmpType: return UInt8(exactly: value).map { type in [{ $0.fields.icmpType = type }] } ?? []
    case .icmpCode: return UInt8(exactly: value).map { code in [{ $0.fields.icmpCode = code }] } ?? []
    case .fragmentOffset:
        guard value <= 8191 else { return [] }
        return [{ $0.fields.fragmentOffset = value == 0 ? nil : Int(value) }]
    case .packetLength: return value <= 9000 ? [{ $0.fields.length = Int(value) }] : []
    case .ttl, .hopLimit: return UInt8(exactly: value).map { ttl in [{ $0.fields.timeToLive = ttl }] } ?? []
    case .dscp, .trafficClass: return value < 64 ? [{ $0.fields.dscp = UInt8(value) }] : []
    case .precedence: return value < 8 ? [{ $0.fields.dscp = UInt8(value) << 3 | 5 }] : []
    case .espSPI: return [{ putWord(value, at: 0, protocolNumber: ProtocolNumber.esp, &$0) }]
    case .ahSPI: return [{ putWord(value, at: 4, protocolNumber: ProtocolNumber.ah, &$0) }]
    case .greKey: return greKeyChanges(value)
    case .port, .interfaceGroup: return []
    }
}

private func putWord(_ value: UInt32, at offset: Int, protocolNumber: UInt8, _ draft: inout Draft) {
    draft.fields.protocolNumber = protocolNumber
    let octets = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    draft.transportPatch = (0, Array(repeating: 0, count: offset) + octets + Array(repeating: 0, count: 8))
}

private func isExtension(_ number: UInt8) -> Bool {
    [ProtocolNumber.hopByHop, ProtocolNumber.routing, ProtocolNumber.fragment, ProtocolNumber.destinationOptions]
        .contains(number)
}

private func addExtensionHeader(_ number: UInt8, _ draft: inout Draft) {
    if number == ProtocolNumber.fragment {
        draft.fields.moreFragments = true
    } else {
        draft.fields.extensionHeaders = [number]
    }
}

/// Flag octets on both sides of the edge between matching and not: pairs that differ in one bit.
private func flagVariations(_ matches: (UInt8) -> Bool) -> [Variation] {
    // What real segments carry first, so that the witness is one of them where it can be.
    let usual: [UInt8] = [0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x3f]
    var edges: [UInt8] = []
    for bits in usual + (0..<64) where !edges.contains(bits) {
        let isUsual = usual.contains(bits)
        let isEdge = (0..<6).contains { matches(bits) != matches(bits ^ (1 << $0)) }
        if isUsual || isEdge, edges.count < 24 { edges.append(bits) }
    }
    // The two upper bits of the octet are no part of what filters see.
    edges += (edges.first(where: matches).map { [$0 | 0xc0] } ?? [])
    return edges.map { bits in
        let isInside = matches(bits & 0x3f)
        return Variation(rank: isInside ? .first : .outside, isInside: isInside) { $0.fields.tcpFlags = bits }
    }
}

private func fragmentFlagVariations(_ expression: BitExpression) -> [Variation] {
    (UInt8(0)..<16).map { nibble in
        let isInside = holds(expression, nibble)
        return Variation(rank: isInside ? .first : .outside, isInside: isInside) { draft in
            draft.hasReservedBit = nibble & 8 != 0
            draft.fields.doesNotFragment = nibble & 4 != 0
            draft.fields.moreFragments = nibble & 2 != 0
            draft.fields.fragmentOffset = nibble & 1 != 0 ? 0x1000 : nil
        }
    }
}

private func fragmentVariations(_ matches: (Bool, Int) -> Bool) -> [Variation] {
    [(true, 0), (true, 1), (true, 185), (false, 1), (false, 8191), (false, 0)].map { more, offset in
        let isInside = matches(more, offset)
        return Variation(rank: isInside ? .first : .outside, isInside: isInside) { draft in
            draft.fields.moreFragments = more
            draft.fields.fragmentOffset = offset == 0 ? nil : offset
        }
    }
}

/// A well-formed IPv4 option of that type.
func option(_ type: UInt8) -> [UInt8] {
    switch type {
    case 0, 1: [type, type, type, type]
    case 7, 131, 137: [type, 7, 4, 192, 0, 2, 1, 0]
    case 68: [type, 8, 5, 0, 0, 0, 0, 0]
    default: [type, 4, 0, 0]
    }
}

private func optionVariations(_ ranges: [ClosedRange<UInt32>], _ any: Bool, _ isExcept: Bool) -> [Variation] {
    var types = Set<UInt8>([1, 7, 68, 148])
    for range in ranges {
        for value in [range.lowerBound, range.upperBound, range.upperBound &+ 1] {
            if let type = UInt8(exactly: value), type > 1 { types.insert(type) }
        }
    }
    let plain = Variation(rank: isExcept ? .first : .outside, isInside: isExcept) { $0.fields.ipv4Options = [] }
    return types.sorted().map { type in
        let isInside = (any || ranges.contains { $0.contains(UInt32(type)) }) != isExcept
        return Variation(rank: isInside ? .first : .outside, isInside: isInside) { draft in
            draft.fields.ipv4Options = option(type)
        }
    } + [plain]
}

private func extensionVariations(_ ranges: [ClosedRange<UInt32>], _ any: Bool, _ isExcept: Bool) -> [Variation] {
    let known: [UInt8] = [0, 60, 43, 44, 50, 51, 135]
    let plain = Variation(rank: isExcept ? .first : .outside, isInside: isExcept) { $0.fields.extensionHeaders = [] }
    return known.map { number in
        let isInside = (any || ranges.contains { $0.contains(UInt32(number)) }) != isExcept
        return Variation(rank: isInside ? .first : .outside, isInside: isInside) { draft in
            if isExtension(number) {
                addExtensionHeader(number, &draft)
            } else {
                draft.fields.protocolNumber = number
                draft.fields.payloadLength = max(16, draft.fields.payloadLength ?? 0)
            }
        }
    } + [plain]
}

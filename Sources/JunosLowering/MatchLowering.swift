// SPDX-License-Identifier: Apache-2.0
// Conditions of filter terms as clauses over packet fields (filters reference §3).
import JunosModel
import NetworkTypes
import PolicyModel

/// What a condition's meaning depends on besides itself.
struct MatchContext {
    /// The packets that the filter body will see.
    var version: AddressFamily
    /// `policy-options prefix-list`.
    var prefixLists: [String: PrefixList]
    /// `firewall interface-set`.
    var interfaceSets: [String: [String]]
    /// Interfaces with a device, for conditions on the receiving one.
    var interfaces: [LogicalInterface]
    /// Numbers of forwarding classes by name.
    var forwardingClasses: [String: UInt8]

    /// Clauses for a whole `from`.
    func lower(_ conditions: [MatchCondition], reporting problem: (String) -> Void) -> MatchExpression {
        MatchExpression(conditions.flatMap { lower($0, reporting: problem) })
    }

    private func lower(_ condition: MatchCondition, reporting problem: (String) -> Void) -> [[Condition]] {
        switch condition {
        case .address(let field, let entries):
            return lowerAddresses(field, entries)
        case .number(let field, let ranges, let isExcept):
            return lowerNumber(field, ranges, isExcept: isExcept)
        case .tcpFlags(let expression):
            return [[bits(.tcpFlags, width: 6, shift: 0, expression)]]
        case .tcpEstablished:
            return [[bits(.tcpFlags, width: 6, shift: 0, .or(.bits(0x10), .bits(0x04)))]]
        case .tcpInitial:
            return [[bits(.tcpFlags, width: 6, shift: 0, .and(.not(.bits(0x10)), .bits(0x02)))]]
        case .fragmentFlags(let expression):
            // The top nibble of the flags-and-offset word (filters reference §3.2).
            return [[bits(.fragmentWord, width: 4, shift: 12, expression)]]
        case .isFragment:
            return [[isFragment]]
        case .firstFragment:
            return [[fragment(mask: (0x3fff, 0xffff), value: (0x2000...0x2000, 0x0001...0x0001))]]
        case .lastFragment:
            return [[fragment(mask: (0x3fff, 0xffff), value: (1...0x1fff, 8...0xffff))]]
                + (version == .inet6 ? [[.field(.ipv6FragmentWord, mask: 1, IntervalSet(values: [0]))]] : [])
        case .interface(let patterns):
            return [[.inputDevice(devices { name in patterns.contains { matchesPattern(name, $0) } })]]
        case .interfaceSet(let names):
            let patterns = names.flatMap { interfaceSets[$0] ?? [] }
            return [[.inputDevice(devices { name in patterns.contains { matchesPattern(name, $0) } })]]
        case .forwardingClass(let names, let isExcept):
            let numbers = IntervalSet(values: names.compactMap { name in forwardingClasses[name].map { UInt128($0) } })
            return [[.field(.forwardingClass, mask: nil, isExcept ? numbers.complement(upTo: 15) : numbers)]]
        case .lossPriority(let levels, let isExcept):
            let numbers = IntervalSet(values: levels.map { UInt128($0.rawValue) })
            return [[.field(.lossPriority, mask: nil, isExcept ? numbers.complement(upTo: 3) : numbers)]]
        case .ipOptions(let ranges, let any, let isExcept):
            return lowerOptions(ranges, any: any, isExcept: isExcept)
        case .extensionHeader(let ranges, let any, let isExcept):
            return lowerExtensionHeaders(ranges, any: any, isExcept: isExcept)
        case .sctpInitial:
            return [
                [
                    .all([
                        .field(.transportProtocol, mask: nil, IntervalSet(values: [132])),
                        .field(.bytes(.transportHeader, offset: 12, count: 1), mask: nil, IntervalSet(values: [1])),
                    ])
                ]
            ]
        case .flexibleMask(let field, let mask, let value):
            return lowerFlexibleMask(field, mask: mask, value: value, reporting: problem)
        case .flexibleRange(let field, let ranges, let isExcept):
            return lowerFlexibleRange(field, ranges, isExcept: isExcept)
        }
    }

    private func lowerAddresses(_ field: AddressField, _ entries: [AddressEntry]) -> [[Condition]] {
        let list = AddressList(entries, version: version, prefixLists: prefixLists)
        if list.coversAll { return [] }
        switch field {
        case .source: return [list.alternatives(.sourceAddress)]
        case .destination: return [list.alternatives(.destinationAddress)]
        // True if either end matches positively (filters reference §2.2).
        case .either: return [list.alternatives(.sourceAddress) + list.alternatives(.destinationAddress)]
        }
    }

    private func lowerNumber(
        _ field: NumericField,
        _ ranges: [ClosedRange<UInt32>],
        isExcept: Bool
    ) -> [[Condition]] {
        let listed = IntervalSet(ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
        func values(upTo maximum: UInt128) -> IntervalSet {
            let inside = listed.clamped(to: 0...maximum)
            return isExcept ? inside.complement(upTo: maximum) : inside
        }
        func plain(_ field: PacketField, bits: UInt128) -> [[Condition]] {
            [[.field(field, mask: nil, values(upTo: (1 << bits) - 1))]]
        }
        func octet(bits: UInt128, shift: UInt128) -> [[Condition]] {
            let top = (UInt128(1) << bits) - 1
            return [[.field(.trafficClassOctet, mask: top << shift, shifted(values(upTo: top), by: shift))]]
        }
        switch field {
        case .protocol, .payloadProtocol: return plain(.transportProtocol, bits: 8)
        case .nextHeader: return plain(.ipv6NextHeader, bits: 8)
        case .sourcePort: return plain(.sourcePort, bits: 16)
        case .destinationPort: return plain(.destinationPort, bits: 16)
        case .port:
            let set = values(upTo: 0xffff)
            let ends = [Condition.field(.sourcePort, mask: nil, set), .field(.destinationPort, mask: nil, set)]
            return isExcept ? ends.map { [$0] } : [ends]
        case .icmpType: return plain(.icmpType, bits: 8)
        case .icmpCode: return plain(.icmpCode, bits: 8)
        case .fragmentOffset:
            return [[.field(.fragmentWord, mask: 0x1fff, values(upTo: 0x1fff))]]
        case .packetLength: return plain(.packetLength, bits: 16)
        case .ttl, .hopLimit: return plain(.timeToLive, bits: 8)
        case .dscp, .trafficClass: return octet(bits: 6, shift: 2)
        case .precedence: return octet(bits: 3, shift: 5)
        case .espSPI: return plain(.espSPI, bits: 32)
        case .ahSPI: return plain(.ahSPI, bits: 32)
        case .greKey: return lowerGREKey(values(upTo: 0xffff_ffff))
        case .interfaceGroup:
            let family: FilterFamily = version == .inet ? .inet : .inet6
            let members = interfaces.filter { interface in
                let group = interface.families[family]?.group ?? 0
                return ranges.contains { $0.contains(group) } != isExcept
            }
            return [[.inputDevice(Set(members.compactMap(\.device)))]]
        }
    }

    /// MF set or offset not zero; on IPv6 the presence of a fragment header that says so (DESIGN §3.2).
    private var isFragment: Condition {
        fragment(mask: (0x3fff, 0xfff9), value: (1...0x3fff, 1...0xffff))
    }

    /// The fragment word of either version: IPv4 flags and offset, IPv6 offset, reserved bits and M.
    private func fragment(
        mask: (inet: UInt128, inet6: UInt128),
        value: (inet: ClosedRange<UInt128>, inet6: ClosedRange<UInt128>)
    ) -> Condition {
        version == .inet
            ? .field(.fragmentWord, mask: mask.inet, IntervalSet([value.inet]))
            : .field(.ipv6FragmentWord, mask: mask.inet6 & 0xfff9, IntervalSet([value.inet6]))
    }

    private func lowerOptions(_ ranges: [ClosedRange<UInt32>], any: Bool, isExcept: Bool) -> [[Condition]] {
        // Without options the header is five words long (filters reference §3.7).
        let without = Condition.field(.ipv4FirstOctet, mask: nil, IntervalSet([0...0x45]))
        if any {
            return [[isExcept ? without : .field(.ipv4FirstOctet, mask: nil, IntervalSet([0x46...0x4f]))]]
        }
        let types = IntervalSet(ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
        let walks = (6...15).map { Condition.ipv4Options(headerWords: $0, types: types, isPresent: !isExcept) }
        return [isExcept ? [without] + walks : walks]
    }

    /// The headers that count as extension headers (filters reference §3.3).
    private static let extensionHeaders: [UInt8] = [0, 43, 44, 50, 51, 60, 135]

    private func lowerExtensionHeaders(
        _ ranges: [ClosedRange<UInt32>],
        any: Bool,
        isExcept: Bool
    ) -> [[Condition]] {
        let wanted =
            any
            ? Self.extensionHeaders
            : Self.extensionHeaders.filter { number in ranges.contains { $0.contains(UInt32(number)) } }
        let numbers = IntervalSet(values: wanted.map { UInt128($0) })
        // Behind the fragment header of a later fragment the walk finds nothing: there the number that this header
        // names is the last one known (filters reference §3.3).
        let behind = PacketField.ipv6FragmentNextHeader
        if isExcept {
            let absent = wanted.map { [Condition.extensionHeader($0, isPresent: false)] }
            if wanted.isEmpty || wanted.contains(44) { return absent }
            return absent + [
                [
                    .extensionHeader(44, isPresent: false),
                    .field(.ipv6FragmentWord, mask: 0xfff8, IntervalSet(values: [0])),
                    .field(behind, mask: nil, numbers.complement(upTo: 255)),
                ]
            ]
        }
        return [
            wanted.map { .extensionHeader($0, isPresent: true) }
                + (wanted.isEmpty || wanted.contains(44)
                    ? []
                    : [
                        .all([
                            .field(.ipv6FragmentWord, mask: 0xfff8, IntervalSet([8...0xffff])),
                            .field(behind, mask: nil, numbers),
                        ])
                    ])
        ]
    }

    private func devices(where belongs: (String) -> Bool) -> Set<String> {
        Set(interfaces.filter { belongs($0.name) }.compactMap(\.device))
    }
}

/// A bit expression as the set of the values that satisfy it, over only those bits that matter.
func bits(_ field: PacketField, width: UInt8, shift: UInt128, _ expression: BitExpression) -> Condition {
    let all = (0..<(1 << Int(width))).map(UInt8.init)
    let truth = all.map { holds(expression, $0) }
    let mask = (0..<width).reduce(UInt8(0)) { mask, bit in
        all.contains { truth[Int($0)] != truth[Int($0 ^ (1 << bit))] } ? mask | 1 << bit : mask
    }
    let values = all.filter { $0 & ~mask == 0 && truth[Int($0)] }
    return .field(
        field,
        mask: UInt128(mask) << shift,
        shifted(IntervalSet(values: values.map { UInt128($0) }), by: shift)
    )
}

/// Whether the bits satisfy the expression (filters reference §3.8).
private func holds(_ expression: BitExpression, _ bits: UInt8) -> Bool {
    switch expression {
    case .bits(let mask): bits & mask == mask
    case .not(let inner): !holds(inner, bits)
    case .and(let left, let right): holds(left, bits) && holds(right, bits)
    case .or(let left, let right): holds(left, bits) || holds(right, bits)
    }
}

/// Masked values: every member moved left; only the moved bits are compared, so gaps stay gaps.
func shifted(_ set: IntervalSet, by shift: UInt128) -> IntervalSet {
    guard shift > 0 else { return set }
    let fill = (UInt128(1) << shift) - 1
    // Under the mask the low bits are zero, so intervals may include what lies between two neighbours.
    return IntervalSet(set.intervals.map { ($0.lowerBound << shift)...(($0.upperBound << shift) | fill) })
}

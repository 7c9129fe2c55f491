// SPDX-License-Identifier: Apache-2.0
// Terms that certainly match nothing; only what follows from one packet's header bits is claimed.

/// Why no packet can match all conditions; nil where one may.
func whyNothingMatches(_ conditions: [MatchCondition], family: FilterFamily) -> String? {
    for condition in conditions {
        if let reason = whyNothingMatches(condition, family: family) { return reason }
    }
    if !flagsCanHold(conditions) { return "its conditions on TCP flags exclude each other" }
    if !fragmentsCanHold(conditions) { return "its conditions on fragments exclude each other" }
    if !codePointsCanHold(conditions) { return "'dscp' and 'precedence' exclude each other" }
    return nil
}

/// Whether some TCP flags meet all conditions on them.
private func flagsCanHold(_ conditions: [MatchCondition]) -> Bool {
    (UInt8(0)...63).contains { flags in tcpFlagsHold(flags, conditions) }
}

/// Why no packet can match one condition.
private func whyNothingMatches(_ condition: MatchCondition, family: FilterFamily) -> String? {
    switch condition {
    case .address(let field, let entries) where !entries.isEmpty && entries.allSatisfy(\.isExcept):
        let keyword = field == .either ? "address" : "\(field.rawValue)-address"
        let all = family == .inet6 ? "::/0" : "0.0.0.0/0"
        return "its list of '\(keyword)' has only 'except' entries; add '\(keyword) \(all)'"
    case .number(let field, let ranges, isExcept: true) where covers(ranges, upTo: highest(of: field)):
        return "'\(field.rawValue)-except' excludes every value"
    case .number(.packetLength, let ranges, isExcept: false)
    where !ranges.isEmpty && ranges.allSatisfy({ $0.upperBound < (family == .inet6 ? 40 : 20) }):
        return "no packet is that short"
    case .flexibleMask(_, let mask, let value) where value & ~mask != 0:
        return "'prefix' has bits that 'mask-in-hex' leaves out"
    case .extensionHeader(let ranges, any: false, isExcept: false)
    where !extensionHeaderNumbers.values.contains(where: { number in ranges.contains { $0.contains(number) } }):
        return "none of the numbers of 'extension-header' is that of an extension header"
    default: return nil
    }
}

/// The highest value of a field.
private func highest(of field: NumericField) -> UInt32 {
    switch field {
    case .protocol, .nextHeader, .payloadProtocol, .icmpType, .icmpCode, .ttl, .hopLimit, .interfaceGroup: 255
    case .sourcePort, .destinationPort, .port, .packetLength: 65535
    case .fragmentOffset: 8191
    case .dscp, .trafficClass: 63
    case .precedence: 7
    case .espSPI, .ahSPI, .greKey: .max
    }
}

/// Whether ranges leave no value out.
private func covers(_ ranges: [ClosedRange<UInt32>], upTo highest: UInt32) -> Bool {
    var next: UInt64 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if UInt64(range.lowerBound) > next { return false }
        next = max(next, UInt64(range.upperBound) + 1)
    }
    return next > UInt64(highest)
}

/// Whether all conditions on TCP flags hold for these.
private func tcpFlagsHold(_ flags: UInt8, _ conditions: [MatchCondition]) -> Bool {
    conditions.allSatisfy { condition in
        switch condition {
        case .tcpFlags(let expression): expression.holds(for: flags)
        case .tcpEstablished: flags & 0x14 != 0
        case .tcpInitial: flags & 0x12 == 0x02
        default: true
        }
    }
}

/// Whether some fragment word meets all conditions on it: offsets matter only by being 0 or a bound of a range.
private func fragmentsCanHold(_ conditions: [MatchCondition]) -> Bool {
    var offsets: Set<UInt32> = [0, 1, 8191]
    for case .number(.fragmentOffset, let ranges, _) in conditions {
        for range in ranges {
            offsets.formUnion([range.lowerBound, range.upperBound, min(range.upperBound + 1, 8191)])
        }
    }
    // The low bit of the top nibble belongs to the offset.
    return offsets.contains { offset in
        [UInt8(0), 2, 4, 6, 8, 10, 12, 14].contains { flags in
            let nibble = flags | (offset >= 4096 ? 1 : 0)
            return conditions.allSatisfy { condition in
                switch condition {
                case .number(.fragmentOffset, let ranges, let isExcept):
                    ranges.contains { $0.contains(offset) } != isExcept
                case .fragmentFlags(let expression): expression.holds(for: nibble)
                case .isFragment: flags & 2 != 0 || offset != 0
                case .firstFragment: flags & 2 != 0 && offset == 0
                case .lastFragment: flags & 2 == 0 && offset != 0
                default: true
                }
            }
        }
    }
}

/// Whether some code point meets the conditions on it and on the precedence.
private func codePointsCanHold(_ conditions: [MatchCondition]) -> Bool {
    (UInt32(0)...63).contains { value in
        conditions.allSatisfy { condition in
            switch condition {
            case .number(.dscp, let ranges, let isExcept): ranges.contains { $0.contains(value) } != isExcept
            case .number(.precedence, let ranges, let isExcept):
                ranges.contains { $0.contains(value >> 3) } != isExcept
            default: true
            }
        }
    }
}

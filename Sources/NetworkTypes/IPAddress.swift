// SPDX-License-Identifier: Apache-2.0
// Addresses of both families over one number, so that ranges and masks need no second code path.

/// An IP version.
public enum AddressFamily: String, Hashable, Sendable, CaseIterable {
    case inet
    case inet6

    /// Address length in bits: 32 or 128.
    public var bits: Int { self == .inet ? 32 : 128 }

    /// The highest address as a number.
    public var highest: UInt128 { self == .inet ? UInt128(UInt32.max) : UInt128.max }
}

/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Comparable, Sendable {
    /// Its family.
    public let family: AddressFamily
    /// Its value as a number, the first octet most significant.
    public let value: UInt128

    /// Makes an address from its number; bits beyond the family's length are cut off.
    public init(_ family: AddressFamily, _ value: UInt128) {
        self.family = family
        self.value = value & family.highest
    }

    /// Makes an address from its octets in network order: four or sixteen.
    public init?(octets: some Collection<UInt8>) {
        switch octets.count {
        case 4: family = .inet
        case 16: family = .inet6
        default: return nil
        }
        value = octets.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The octets in network order.
    public var octets: [UInt8] {
        stride(from: family.bits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
    }

    /// Orders by family, then by value.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.value < right.value : left.family == .inet
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Reads dotted decimal with four octets, or the IPv6 text forms of RFC 4291 §2.2.
    public init?(_ text: String) {
        if text.contains(":") {
            guard let value = ipv6Value(text) else { return nil }
            self.init(.inet6, value)
        } else {
            guard let value = ipv4Value(text) else { return nil }
            self.init(.inet, UInt128(value))
        }
    }

    /// Dotted decimal, or the canonical form of RFC 5952.
    public var description: String {
        guard family == .inet6 else { return octets.map(String.init).joined(separator: ".") }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        guard let zeros = longestZeroRun(groups) else {
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let hex = groups.map { String($0, radix: 16) }
        return hex[..<zeros.lowerBound].joined(separator: ":") + "::" + hex[zeros.upperBound...].joined(separator: ":")
    }
}

/// Four decimal octets without signs or surplus digits.
private func ipv4Value(_ text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
        guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
            let octet = UInt8(part)
        else { return nil }
        value = value << 8 | UInt32(octet)
    }
    return value
}

/// RFC 4291 §2.2, all three forms.
private func ipv6Value(_ text: String) -> UInt128? {
    var head: [UInt16] = []
    var tail: [UInt16] = []
    var afterGap = false
    var rest = Substring(text)
    if rest.hasPrefix("::") {
        afterGap = true
        rest = rest.dropFirst(2)
    }
    while !rest.isEmpty {
        let end = rest.firstIndex(of: ":") ?? rest.endIndex
        let group = rest[..<end]
        if group.contains(".") {
            guard end == rest.endIndex, let value = ipv4Value(String(group)) else { return nil }
            let halves = [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
            if afterGap { tail += halves } else { head += halves }
            break
        }
        guard (1...4).contains(group.utf8.count), !group.contains("+"), !group.contains("-"),
            let value = UInt16(group, radix: 16)
        else { return nil }
        if afterGap { tail.append(value) } else { head.append(value) }
        guard end < rest.endIndex else { break }
        rest = rest[rest.index(after: end)...]
        if rest.hasPrefix(":") {
            guard !afterGap else { return nil }
            afterGap = true
            rest = rest.dropFirst()
        } else if rest.isEmpty {
            return nil
        }
    }
    let count = head.count + tail.count
    guard afterGap ? count < 8 : count == 8 else { return nil }
    let groups = head + Array(repeating: 0, count: 8 - count) + tail
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
}

/// The first longest run of two or more zero groups (RFC 5952 §4.2).
private func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    while start < groups.count {
        var end = start
        while end < groups.count, groups[end] == 0 { end += 1 }
        if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
        start = max(end, start + 1)
    }
    return best
}

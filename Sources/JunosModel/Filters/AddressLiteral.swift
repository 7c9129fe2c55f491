// SPDX-License-Identifier: Apache-2.0
// Address literals of filters: filters reference §2.3.
import NetworkTypes

/// An address literal as read.
struct AddressLiteral {
    /// What it covers, host bits cleared.
    let value: AddressEntry.Value
    /// Whether bits outside the mask were set.
    let hasHostBits: Bool
}

/// Reads `10.0.0.0/8`, `2001:db8::/32`, a host, the shorthand `10`, and `10.0.0.10/255.0.0.255` for inet.
func parseAddressLiteral(_ text: String, family: AddressFamily) throws(ValueProblem) -> AddressLiteral {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let head = parts.first, let address = parseAddress(String(head), family: family) else {
        throw ValueProblem(
            text: family == .inet ? "is no IPv4 address or prefix" : "is no IPv6 address or prefix"
        )
    }
    guard parts.count == 2 else {
        return AddressLiteral(value: .prefix(Prefix(host: address)), hasHostBits: false)
    }
    let tail = String(parts[1])
    if tail.contains("."), family == .inet {
        guard let mask = IPAddress(tail) else { throw ValueProblem(text: "has a mask that is no mask") }
        return masked(address, mask: UInt32(truncatingIfNeeded: mask.value))
    }
    guard let length = parseNumber(Substring(tail)), !tail.hasPrefix("0x"), length <= 128,
        let prefix = Prefix(address, length: Int(length))
    else { throw ValueProblem(text: "has a prefix length that is not between 0 and \(family.bits)") }
    return AddressLiteral(value: .prefix(prefix.network), hasHostBits: prefix.hasHostBits)
}

/// An address of that family; missing octets of an IPv4 address are zero.
private func parseAddress(_ text: String, family: AddressFamily) -> IPAddress? {
    var text = text
    if family == .inet {
        let dots = text.utf8.count { $0 == UInt8(ascii: ".") }
        if dots < 3, !text.isEmpty { text += String(repeating: ".0", count: 3 - dots) }
    }
    guard let address = IPAddress(text), address.family == family else { return nil }
    return address
}

/// An address under a mask, as a prefix where the mask is one.
private func masked(_ address: IPAddress, mask: UInt32) -> AddressLiteral {
    let bits = UInt32(truncatingIfNeeded: address.value)
    let hasHostBits = bits & ~mask != 0
    let length = (~mask).leadingZeroBitCount
    if mask.nonzeroBitCount == length, let prefix = Prefix(address, length: length) {
        return AddressLiteral(value: .prefix(prefix.network), hasHostBits: hasHostBits)
    }
    return AddressLiteral(value: .masked(address: bits & mask, mask: mask), hasHostBits: hasHostBits)
}

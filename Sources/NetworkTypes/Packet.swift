// SPDX-License-Identifier: Apache-2.0
// A packet as both halves of the product see it: the octets of one whole IP packet and nothing below them.

/// One IP packet without its link-layer header.
public struct Packet: Hashable, Sendable {
    /// The family that the link layer announced; the version nibble of a broken packet may say something else.
    public let family: AddressFamily
    /// The whole IP packet, header first.
    ///
    /// May be shorter or longer than its length field says.
    public let bytes: [UInt8]

    /// Makes a packet from octets received as `family`.
    public init(family: AddressFamily, bytes: [UInt8]) {
        self.family = family
        self.bytes = bytes
    }

    /// Makes a packet from octets whose first nibble says the version; nil if that is neither 4 nor 6.
    public init?(bytes: [UInt8]) {
        switch bytes.first.map({ $0 >> 4 }) {
        case 4: self.init(family: .inet, bytes: bytes)
        case 6: self.init(family: .inet6, bytes: bytes)
        default: return nil
        }
    }

    /// The parsed header.
    public var header: PacketHeader { PacketHeader(self) }

    /// The same packet with another DSCP (the upper six bits of the ToS or traffic-class octet, ECN kept) and, for
    /// IPv4, the header checksum that goes with it.
    ///
    /// A packet without those octets is returned as it is.
    public func settingDSCP(_ dscp: UInt8) -> Packet {
        guard bytes.count >= 20 else { return self }
        var changed = bytes
        switch family {
        case .inet:
            changed[1] = dscp << 2 | changed[1] & 0x03
            updateIPv4Checksum(&changed)
        case .inet6:
            changed[0] = changed[0] & 0xf0 | dscp >> 2
            changed[1] = (dscp & 0x03) << 6 | changed[1] & 0x3f
        }
        return Packet(family: family, bytes: changed)
    }
}

extension Packet {
    /// The same packet with the don't-fragment bit set or cleared, and the header checksum that goes with it.
    ///
    /// IPv6 has no such bit; such a packet, and one without the octet, is returned as it is.
    public func settingDontFragment(_ isSet: Bool) -> Packet {
        guard family == .inet, bytes.count >= 20 else { return self }
        var changed = bytes
        changed[6] = isSet ? changed[6] | 0x40 : changed[6] & 0xbf
        updateIPv4Checksum(&changed)
        return Packet(family: family, bytes: changed)
    }

    /// The same packet as a router forwards it: TTL or hop limit one less and, for IPv4, the header checksum that goes
    /// with it.
    ///
    /// A packet without that octet, or with none to take, is returned as it is.
    public func forwarded() -> Packet {
        let offset = family == .inet ? 8 : 7
        guard bytes.count >= 20, bytes[offset] > 0 else { return self }
        var changed = bytes
        changed[offset] -= 1
        if family == .inet { updateIPv4Checksum(&changed) }
        return Packet(family: family, bytes: changed)
    }

    /// The same TCP packet with other sequence and acknowledgment numbers and the checksum that goes with them; nil
    /// leaves a number as it is.
    ///
    /// An acknowledgment number is only written where the ACK flag is set. What is no TCP packet with a whole header
    /// comes back as it is.
    public func settingTCPNumbers(sequence: UInt32?, acknowledgment: UInt32?) -> Packet {
        let header = header
        guard header.upperProtocol == ProtocolNumber.tcp, !header.isLaterFragment, let offset = header.transportOffset,
            offset + 20 <= header.end
        else { return self }
        var changed = bytes
        if let sequence { changed.replaceSubrange(offset + 4..<offset + 8, with: fullword(sequence)) }
        if let acknowledgment, bytes[offset + 13] & 0x10 != 0 {
            changed.replaceSubrange(offset + 8..<offset + 12, with: fullword(acknowledgment))
        }
        // The checksum changes by what the words change by (RFC 1624), so that a fragment's or a wrong one stays so.
        var sum = UInt64(~(UInt16(bytes[offset + 16]) << 8 | UInt16(bytes[offset + 17])))
        for index in stride(from: offset + 4, to: offset + 12, by: 2) {
            sum += UInt64(~(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])))
            sum += UInt64(UInt16(changed[index]) << 8 | UInt16(changed[index + 1]))
        }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        changed.replaceSubrange(offset + 16..<offset + 18, with: halfword(~UInt16(sum)))
        return Packet(family: family, bytes: changed)
    }
}

/// The one's complement sum of 16-bit words, folded and inverted (RFC 1071).
///
/// An odd last octet is the upper half of its word. `initial` carries the pseudo-header's sum.
public func internetChecksum(_ bytes: some Sequence<UInt8>, initial: UInt32 = 0) -> UInt16 {
    var sum = UInt64(initial)
    var isUpper = true
    for byte in bytes {
        sum += isUpper ? UInt64(byte) << 8 : UInt64(byte)
        isUpper.toggle()
    }
    while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
}

/// Recomputes the header checksum of an IPv4 packet in place.
func updateIPv4Checksum(_ bytes: inout [UInt8]) {
    let length = Int(bytes[0] & 0x0f) * 4
    guard length >= 20, length <= bytes.count else { return }
    bytes[10] = 0
    bytes[11] = 0
    let checksum = internetChecksum(bytes[..<length])
    bytes[10] = UInt8(checksum >> 8)
    bytes[11] = UInt8(truncatingIfNeeded: checksum)
}

/// The pseudo-header's sum for TCP, UDP and ICMPv6 checksums (RFC 9293 §3.1, RFC 8200 §8.1).
public func pseudoHeaderSum(source: IPAddress, destination: IPAddress, protocol number: UInt8, length: Int) -> UInt32 {
    var sum = UInt32(number) + UInt32(length >> 16) + UInt32(length & 0xffff)
    for address in [source, destination] {
        var rest = address.value
        while rest != 0 {
            sum += UInt32(truncatingIfNeeded: rest & 0xffff)
            rest >>= 16
        }
    }
    return sum
}

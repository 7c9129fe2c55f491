// SPDX-License-Identifier: Apache-2.0
// What a filter can read from a packet, parsed once, so that no condition parses it again.

/// A read-only view of a packet's headers.
///
/// Every accessor of something that the octets do not hold returns nil.
///
/// Later IPv4 fragments keep a `transportOffset`: filters read the same offset of their payload (DESIGN §3.9).
/// Later IPv6 fragments have none. `isLaterFragment` tells them apart for whoever needs a real transport header.
public struct PacketHeader: Sendable {
    /// The family that the packet arrived as.
    public let family: AddressFamily
    /// The packet's octets.
    public let bytes: [UInt8]
    /// One past the last octet that belongs to the packet: its length field, or fewer octets where they are missing.
    public let end: Int
    /// The version nibble.
    public let version: UInt8
    /// The network header's length in octets: IPv4 with options, IPv6 always 40.
    public let headerLength: Int
    /// The length field: IPv4 total length; IPv6 40 plus payload length (filters reference §3.3).
    public let totalLength: Int
    /// The ToS or traffic-class octet.
    public let trafficClass: UInt8
    /// IPv4 identification, or the one of the IPv6 fragment header; 0 without one.
    public let identification: UInt32
    /// The top nibble of the IPv4 fragment word: reserved 8, DF 4, MF 2 and the offset's highest bit 1.
    ///
    /// For IPv6 only MF is ever set.
    public let fragmentNibble: UInt8
    /// The fragment offset in units of eight octets.
    public let fragmentOffset: Int
    /// TTL or hop limit.
    public let timeToLive: UInt8
    /// The IPv4 protocol, or the next-header octet of the fixed IPv6 header.
    public let firstProtocol: UInt8
    /// The source address as a number; 0 where the octets are missing.
    public let source: UInt128
    /// The destination address as a number; 0 where the octets are missing.
    public let destination: UInt128
    /// Numbers of the IPv6 extension headers in order, AH, ESP and mobility among them, also those behind AH.
    ///
    /// In a later fragment the number that the fragment header names is the last one known.
    public let extensionHeaders: [UInt8]
    /// Where the IPv6 fragment header begins; nil without one.
    public let fragmentHeaderOffset: Int?
    /// The upper-layer protocol: IPv4 protocol, or what ends the IPv6 chain (AH ends it, kernel facts §1.3).
    ///
    /// Nil where the chain is broken, or where a later fragment's next header is another extension header.
    public let upperProtocol: UInt8?
    /// Where the upper-layer header begins; may lie at or beyond `end`.
    ///
    /// Nil where it cannot be told.
    public let transportOffset: Int?
    /// Whether the version, header length and length fields fit each other and the octets; what the stack checks
    /// before the first hook, but for the checksum.
    public let isWellFormed: Bool

    /// Parses a packet.
    public init(_ packet: Packet) {
        switch packet.family {
        case .inet: self.init(ipv4: packet.bytes)
        case .inet6: self.init(ipv6: packet.bytes)
        }
    }

    private init(ipv4 bytes: [UInt8]) {
        family = .inet
        self.bytes = bytes
        extensionHeaders = []
        fragmentHeaderOffset = nil
        version = bytes.isEmpty ? 0 : bytes[0] >> 4
        guard bytes.count >= 20 else {
            headerLength = 20
            totalLength = bytes.count
            end = bytes.count
            trafficClass = 0
            identification = 0
            fragmentNibble = 0
            fragmentOffset = 0
            timeToLive = 0
            firstProtocol = 0
            source = 0
            destination = 0
            upperProtocol = nil
            transportOffset = nil
            isWellFormed = false
            return
        }
        headerLength = Int(bytes[0] & 0x0f) * 4
        totalLength = Int(bytes[2]) << 8 | Int(bytes[3])
        end = min(bytes.count, totalLength)
        trafficClass = bytes[1]
        identification = UInt32(bytes[4]) << 8 | UInt32(bytes[5])
        fragmentNibble = bytes[6] >> 4
        fragmentOffset = Int(bytes[6] & 0x1f) << 8 | Int(bytes[7])
        timeToLive = bytes[8]
        firstProtocol = bytes[9]
        source = UInt128(word(bytes, 12))
        destination = UInt128(word(bytes, 16))
        upperProtocol = bytes[9]
        transportOffset = headerLength
        isWellFormed = version == 4 && headerLength >= 20 && totalLength >= headerLength && totalLength <= bytes.count
    }

    private init(ipv6 bytes: [UInt8]) {
        family = .inet6
        self.bytes = bytes
        version = bytes.isEmpty ? 0 : bytes[0] >> 4
        headerLength = 40
        guard bytes.count >= 40 else {
            totalLength = bytes.count
            end = bytes.count
            trafficClass = 0
            identification = 0
            fragmentNibble = 0
            fragmentOffset = 0
            timeToLive = 0
            firstProtocol = 0
            source = 0
            destination = 0
            extensionHeaders = []
            fragmentHeaderOffset = nil
            upperProtocol = nil
            transportOffset = nil
            isWellFormed = false
            return
        }
        totalLength = 40 + (Int(bytes[4]) << 8 | Int(bytes[5]))
        end = min(bytes.count, totalLength)
        trafficClass = bytes[0] << 4 | bytes[1] >> 4
        timeToLive = bytes[7]
        firstProtocol = bytes[6]
        source = address(bytes, 8)
        destination = address(bytes, 24)
        let chain = IPv6HeaderChain(bytes, end: end)
        extensionHeaders = chain.headers
        fragmentHeaderOffset = chain.fragmentHeaderOffset
        upperProtocol = chain.upperProtocol
        transportOffset = chain.transportOffset
        if let offset = chain.fragmentHeaderOffset {
            let flags = UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3])
            fragmentOffset = Int(flags >> 3)
            fragmentNibble = flags & 1 == 1 ? 2 : 0
            identification = offset + 8 <= bytes.count ? word(bytes, offset + 4) : 0
        } else {
            fragmentOffset = 0
            fragmentNibble = 0
            identification = 0
        }
        isWellFormed = version == 6 && totalLength <= bytes.count
    }

    /// The source address.
    public var sourceAddress: IPAddress { IPAddress(family, source) }

    /// The destination address.
    public var destinationAddress: IPAddress { IPAddress(family, destination) }

    /// The upper six bits of the traffic class.
    public var dscp: UInt8 { trafficClass >> 2 }

    /// MF set.
    public var moreFragments: Bool { fragmentNibble & 0x2 != 0 }

    /// DF set (IPv4).
    public var doesNotFragment: Bool { fragmentNibble & 0x4 != 0 }

    /// The IPv4 reserved bit.
    public var reservedBit: Bool { fragmentNibble & 0x8 != 0 }

    /// MF set or offset not zero (DESIGN §3.2).
    public var isFragment: Bool { moreFragments || fragmentOffset != 0 }

    /// MF set and offset zero.
    public var isFirstFragment: Bool { moreFragments && fragmentOffset == 0 }

    /// Offset not zero: no transport header of its own.
    public var isLaterFragment: Bool { fragmentOffset != 0 }

    /// The IPv4 header checksum is right; IPv6 has none.
    public var hasValidHeaderChecksum: Bool {
        guard family == .inet else { return true }
        return headerLength >= 20 && headerLength <= bytes.count && internetChecksum(bytes[..<headerLength]) == 0
    }

    /// Whether the IPv4 header has options, if only padding.
    public var hasOptions: Bool { family == .inet && headerLength > 20 }

    /// The type octets of the IPv4 options in order, with no-operation and end-of-list; up to a malformed one.
    public var optionTypes: [UInt8] {
        guard hasOptions else { return [] }
        var types: [UInt8] = []
        var offset = 20
        let limit = min(headerLength, end)
        while offset < limit {
            types.append(bytes[offset])
            switch bytes[offset] {
            case 0: return types
            case 1: offset += 1
            default:
                guard offset + 1 < limit, bytes[offset + 1] >= 2 else { return types }
                offset += Int(bytes[offset + 1])
            }
        }
        return types
    }

    /// The octet at `offset` from the upper-layer header.
    public func transportOctet(_ offset: Int) -> UInt8? {
        guard let transportOffset, transportOffset + offset < end else { return nil }
        return bytes[transportOffset + offset]
    }

    /// The 16-bit word at `offset` from the upper-layer header.
    public func transportHalfword(_ offset: Int) -> UInt16? {
        guard let transportOffset, transportOffset + offset + 2 <= end else { return nil }
        let first = transportOffset + offset
        return UInt16(bytes[first]) << 8 | UInt16(bytes[first + 1])
    }

    /// The 32-bit word at `offset` from the upper-layer header.
    public func transportWord(_ offset: Int) -> UInt32? {
        guard let transportOffset, transportOffset + offset + 4 <= end else { return nil }
        return word(bytes, transportOffset + offset)
    }

    /// Upper-layer octets 0 and 1, whatever the protocol.
    public var sourcePort: UInt16? { transportHalfword(0) }

    /// Upper-layer octets 2 and 3, whatever the protocol.
    public var destinationPort: UInt16? { transportHalfword(2) }

    /// Upper-layer octet 0, whatever the protocol.
    public var icmpType: UInt8? { transportOctet(0) }

    /// Upper-layer octet 1, whatever the protocol.
    public var icmpCode: UInt8? { transportOctet(1) }

    /// Upper-layer octet 13, whatever the protocol.
    public var tcpFlags: UInt8? { transportOctet(13) }
}

/// Four octets as a number; the caller has checked that they exist.
func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
        | UInt32(bytes[offset + 3])
}

/// Sixteen octets as a number; the caller has checked that they exist.
func address(_ bytes: [UInt8], _ offset: Int) -> UInt128 {
    let upper = UInt64(word(bytes, offset)) << 32 | UInt64(word(bytes, offset + 4))
    let lower = UInt64(word(bytes, offset + 8)) << 32 | UInt64(word(bytes, offset + 12))
    return UInt128(upper) << 64 | UInt128(lower)
}

// SPDX-License-Identifier: Apache-2.0
// What a rule asks of a packet, without any vendor's or kernel's words.

/// Something that can be read from a packet or its context as a number.
///
/// A condition on a field that the packet does not have is false, whatever the set (DESIGN §3.10); negation is
/// therefore always a complement of the set.
public enum PacketField: Hashable, Sendable {
    case sourceAddress
    case destinationAddress
    /// IPv4 protocol, or the upper-layer protocol behind the extension headers of IPv6.
    case transportProtocol
    /// Next Header of the fixed IPv6 header.
    case ipv6NextHeader
    /// 16 bits at the start of the transport header, whatever the protocol.
    case sourcePort
    /// 16 bits at offset 2 of the transport header.
    case destinationPort
    /// 8 bits at the start of the transport header.
    case icmpType
    /// 8 bits at offset 1 of the transport header.
    case icmpCode
    /// 8 bits at offset 13 of the transport header.
    case tcpFlags
    /// 32 bits at the start of the transport header.
    case espSPI
    /// 32 bits at offset 4 of the transport header.
    case ahSPI
    /// IPv4: three flag bits and 13 bits of offset.
    case fragmentWord
    /// IPv6: the fragment header's offset (13 bits), two reserved bits and the M flag; absent without the header.
    case ipv6FragmentWord
    /// IPv6: the number of the header behind the fragment header; absent without that header.
    case ipv6FragmentNextHeader
    /// Length of the IP packet in bytes.
    case packetLength
    /// TTL or hop limit.
    case timeToLive
    /// The type-of-service or traffic-class octet.
    case trafficClassOctet
    /// The first octet of the IPv4 header: version and header length.
    case ipv4FirstOctet
    /// Class of service that earlier rules gave the packet: 0 to 15.
    case forwardingClass
    /// Drop precedence that earlier rules gave the packet: 0 to 3.
    case lossPriority
    /// 1 to 16 bytes, the first one most significant; the place's first byte is number 0, and 255 the last to begin at.
    case bytes(BytePlace, offset: Int, count: Int)

    /// Whether the field lies behind the network header.
    public var isTransport: Bool {
        switch self {
        case .sourcePort, .destinationPort, .icmpType, .icmpCode, .tcpFlags, .espSPI, .ahSPI: true
        case .bytes(let place, _, _): place != .networkHeader
        default: false
        }
    }
}

/// Where free bytes are counted from.
public enum BytePlace: Hashable, Sendable {
    /// The IP header, and what follows it.
    case networkHeader
    /// The upper-layer header; later fragments have none.
    case transportHeader
    /// Behind a TCP or UDP header; later fragments have none, and other protocols must be kept away by another condition.
    case transportPayload
}

/// One elementary condition.
public indirect enum Condition: Hashable, Sendable {
    /// The field's value, after `mask` if there is one, is a member.
    case field(PacketField, mask: UInt128?, IntervalSet)
    /// The packet arrived through one of these devices.
    case inputDevice(Set<String>)
    /// An IPv6 extension header of that number is (not) in the packet.
    case extensionHeader(UInt8, isPresent: Bool)
    /// The IPv4 header is so many 32-bit words long, 6 to 15, and an option of one of those types is (not) in it: as far
    /// as its options are well-formed, end-of-list and no-operation among them.
    case ipv4Options(headerWords: Int, types: IntervalSet, isPresent: Bool)
    /// All of the conditions.
    case all([Condition])

    /// The fields that it reads.
    public var fields: [PacketField] {
        switch self {
        case .field(let field, _, _): [field]
        case .all(let conditions): conditions.flatMap(\.fields)
        case .inputDevice, .extensionHeader, .ipv4Options: []
        }
    }

    /// Whether some part of it asks for an IPv6 extension header.
    public var readsExtensionHeaders: Bool {
        switch self {
        case .extensionHeader: true
        case .all(let conditions): conditions.contains(where: \.readsExtensionHeaders)
        case .field, .inputDevice, .ipv4Options: false
        }
    }
}

/// A conjunction of clauses; each clause is a disjunction of conditions.
///
/// No clause: every packet.
public struct MatchExpression: Hashable, Sendable {
    /// The clauses; an empty one is never true.
    public var clauses: [[Condition]]

    /// Makes an expression.
    public init(_ clauses: [[Condition]] = []) { self.clauses = clauses }

    /// Whether some clause can never hold.
    public var isNever: Bool { clauses.contains { $0.isEmpty } }

    /// Whether a condition looks behind the network header.
    public var readsTransport: Bool {
        clauses.joined().contains { $0.fields.contains(where: \.isTransport) }
    }
}

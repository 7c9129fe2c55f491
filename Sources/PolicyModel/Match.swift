// SPDX-License-Identifier: Apache-2.0
// What a rule asks of a packet, without any vendor's or kernel's words.

/// Something that can be read from a packet or its context as a number.
///
/// A condition on a field that the packet does not have is false, whatever the set (DESIGN §3.10); negation is
/// therefore always a complement of the set.
public enum PacketField: String, Hashable, Sendable {
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

    /// Whether the field lies behind the network header.
    public var isTransport: Bool {
        switch self {
        case .sourcePort, .destinationPort, .icmpType, .icmpCode, .tcpFlags, .espSPI, .ahSPI: true
        default: false
        }
    }
}

/// One elementary condition.
public enum Condition: Hashable, Sendable {
    /// The field's value, after `mask` if there is one, is a member.
    case field(PacketField, mask: UInt128?, IntervalSet)
    /// The packet arrived through one of these devices.
    case inputDevice(Set<String>)
    /// An IPv6 extension header of that number is (not) in the packet.
    case extensionHeader(UInt8, isPresent: Bool)
    /// An IPv4 option of that number is (not) in the header.
    case ipv4Option(UInt8, isPresent: Bool)
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
        clauses.contains { clause in
            clause.contains { condition in
                guard case .field(let field, _, _) = condition else { return false }
                return field.isTransport
            }
        }
    }
}

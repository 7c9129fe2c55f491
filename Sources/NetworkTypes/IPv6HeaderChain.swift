// SPDX-License-Identifier: Apache-2.0
// The walk over IPv6 extension headers, as the kernel walks them (kernel facts §1.3).

/// Numbers of IPv6 extension headers and of protocols that the packet types give a meaning.
public enum ProtocolNumber {
    /// IPv6 hop-by-hop options.
    public static let hopByHop: UInt8 = 0
    /// ICMP.
    public static let icmp: UInt8 = 1
    /// IGMP.
    public static let igmp: UInt8 = 2
    /// TCP.
    public static let tcp: UInt8 = 6
    /// UDP.
    public static let udp: UInt8 = 17
    /// IPv6 routing header.
    public static let routing: UInt8 = 43
    /// IPv6 fragment header.
    public static let fragment: UInt8 = 44
    /// GRE.
    public static let gre: UInt8 = 47
    /// ESP.
    public static let esp: UInt8 = 50
    /// AH.
    public static let ah: UInt8 = 51
    /// ICMPv6.
    public static let icmp6: UInt8 = 58
    /// No next header.
    public static let noNextHeader: UInt8 = 59
    /// IPv6 destination options.
    public static let destinationOptions: UInt8 = 60
    /// SCTP.
    public static let sctp: UInt8 = 132
    /// IPv6 mobility header.
    public static let mobility: UInt8 = 135
    /// UDP-Lite.
    public static let udpLite: UInt8 = 136
}

/// The result of following next-header fields from the fixed header on.
struct IPv6HeaderChain {
    /// Extension headers in order, AH, ESP and mobility among them; also those behind AH.
    private(set) var headers: [UInt8] = []
    private(set) var fragmentHeaderOffset: Int?
    private(set) var upperProtocol: UInt8?
    private(set) var transportOffset: Int?

    /// Walks the chain.
    ///
    /// Hop-by-hop, routing, destination and fragment headers are stepped over; everything else, AH, ESP and mobility
    /// among it, is the upper-layer protocol, but the walk goes on behind AH for the headers alone. A header whose first
    /// octets are missing breaks the chain; one whose body is missing does not (its length field still says where the
    /// next begins).
    init(_ bytes: [UInt8], end: Int) {
        var next = bytes[6]
        var offset = 40
        while true {
            switch next {
            case ProtocolNumber.hopByHop, ProtocolNumber.destinationOptions, ProtocolNumber.routing:
                guard offset + (next == ProtocolNumber.routing ? 4 : 2) <= end else { return }
                headers.append(next)
                next = bytes[offset]
                offset += (Int(bytes[offset + 1]) + 1) * 8
            case ProtocolNumber.fragment:
                guard offset + 4 <= end else { return }
                headers.append(next)
                if fragmentHeaderOffset == nil { fragmentHeaderOffset = offset }
                next = bytes[offset]
                if bytes[offset + 2] != 0 || bytes[offset + 3] & 0xf8 != 0 {
                    endInLaterFragment(next)
                    return
                }
                offset += 8
            case ProtocolNumber.ah:
                guard offset + 2 <= end else { return }
                headers.append(next)
                endUpper(next, offset)
                next = bytes[offset]
                offset += (Int(bytes[offset + 1]) + 2) * 4
            default:
                if next == ProtocolNumber.esp || next == ProtocolNumber.mobility { headers.append(next) }
                endUpper(next, offset)
                return
            }
        }
    }

    private mutating func endUpper(_ number: UInt8, _ offset: Int) {
        guard upperProtocol == nil else { return }
        upperProtocol = number
        transportOffset = offset
    }

    /// Only the number behind the fragment header is known; of it, no octet is (DESIGN §3.9, filters reference §3.3).
    private mutating func endInLaterFragment(_ number: UInt8) {
        transportOffset = nil
        switch number {
        case ProtocolNumber.hopByHop, ProtocolNumber.routing, ProtocolNumber.fragment, ProtocolNumber.ah,
            ProtocolNumber.destinationOptions:
            headers.append(number)
        default:
            if number == ProtocolNumber.esp || number == ProtocolNumber.mobility { headers.append(number) }
            if upperProtocol == nil { upperProtocol = number }
        }
    }
}

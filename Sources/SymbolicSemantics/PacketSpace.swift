// SPDX-License-Identifier: Apache-2.0
// The variables of the proof: what a packet of one IP version is made of, and in which order it is decided.
public import DecisionDiagrams
public import NetworkTypes

/// Part of a packet or of what travels with it.
public enum SpaceField: Hashable, Sendable {
    /// IPv4: flags and offset, 16 bits; IPv6: the fragment header's offset, two reserved bits and M.
    case fragmentWord
    /// IPv4 header length in 32-bit words, 4 bits.
    case headerWords
    /// IPv4 protocol, or the upper-layer protocol of IPv6, 8 bits; where a later IPv6 fragment continues with an
    /// extension header (`hasUpperProtocol` is false then), that header's number.
    case upperProtocol
    /// Next Header of the fixed IPv6 header, 8 bits.
    case nextHeader
    /// 32 or 128 bits.
    case destination
    /// 32 or 128 bits.
    case source
    /// One octet from the upper-layer header on, 0 to 63; of later IPv4 fragments from the payload on (DESIGN §3.9).
    case transportOctet(Int)
    /// ToS or traffic class, 8 bits.
    case trafficClass
    /// TTL or hop limit, 8 bits.
    case timeToLive
    /// IPv4 total length; IPv6 payload length; 16 bits.
    case lengthField
    /// `meta mark`, 32 bits (DESIGN §4).
    case mark
    /// `ct mark`, 32 bits.
    case sessionMark
}

/// A property of a packet that is one variable.
public enum SpaceProperty: Hashable, Sendable {
    /// At least so many octets stand behind the network header and its extension headers, 1 to 64.
    case transportReaches(Int)
    /// The IPv6 chain of headers ends in an upper-layer protocol that can be told (kernel facts §1.3).
    case hasUpperProtocol
    /// The IPv6 header chain has this header, in the kernel's walk: it ends at a later fragment's fragment header, and
    /// finds mobility (135) as the end of a chain that is none.
    case extensionHeader(UInt8)
    /// The IPv4 header has this option, in the kernel's eyes.
    case ipv4Option(UInt8)
}

/// The variables of packets of one version.
///
/// Order decides size: what tells terms apart in most filters comes first (measured with the ClassBench sets: protocol,
/// destination, source, ports).
public struct PacketSpace: Hashable, Sendable {
    /// The IP version.
    public let version: AddressFamily

    /// Makes the space of one version.
    public init(_ version: AddressFamily) { self.version = version }

    /// First variable and width of a field.
    private func place(_ field: SpaceField) -> (first: UInt32, width: Int) {
        switch field {
        case .fragmentWord: return (0, 16)
        case .headerWords: return (16, 4)
        case .upperProtocol: return (24, 8)
        case .nextHeader: return (32, 8)
        case .destination: return (64, version.bits)
        case .source: return (192, version.bits)
        case .transportOctet(let offset):
            // Destination port before source port.
            let rank = offset < 4 ? offset ^ 2 : offset
            return (320 + 8 * UInt32(rank), 8)
        case .trafficClass: return (1100, 8)
        case .timeToLive: return (1108, 8)
        case .lengthField: return (1116, 16)
        case .mark: return (1132, 32)
        case .sessionMark: return (1164, 32)
        }
    }

    /// The bits of a field, most significant first.
    public func bits(_ field: SpaceField) -> [Bit] { variables(field).map { .variable($0) } }

    /// The variables of a field, most significant bit first.
    public func variables(_ field: SpaceField) -> [UInt32] {
        let (first, width) = place(field)
        return (0..<UInt32(width)).map { first + $0 }
    }

    /// The variable of a property.
    public func variable(_ property: SpaceProperty) -> UInt32 {
        switch property {
        case .hasUpperProtocol: 40
        case .extensionHeader(44): 20
        case .transportReaches(let count): 900 + UInt32(count)
        case .extensionHeader(let number): 1200 + UInt32(number)
        case .ipv4Option(let number): 1456 + UInt32(number)
        }
    }

    /// The variables that a filter can change on its way: class and priority in the mark, and the DSCP.
    static let changeable: [ClosedRange<UInt32>] = [1100...1105, 1132...1163]

    /// Where dynamically named variables begin: buckets, devices.
    static let firstDynamic: UInt32 = 2000

    /// The field that a variable belongs to, and its bit from the top; nil for properties and dynamic variables.
    public func field(of variable: UInt32) -> (field: SpaceField, bit: Int)? {
        let plain: [SpaceField] = [
            .fragmentWord, .headerWords, .upperProtocol, .nextHeader, .destination, .source, .trafficClass, .timeToLive,
            .lengthField, .mark, .sessionMark,
        ]
        let fields = (320..<832).contains(variable) ? (0..<64).map { SpaceField.transportOctet($0) } : plain
        for field in fields {
            let (first, width) = place(field)
            if variable >= first, variable < first + UInt32(width) { return (field, Int(variable - first)) }
        }
        return nil
    }
}

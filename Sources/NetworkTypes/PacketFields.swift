// SPDX-License-Identifier: Apache-2.0
// A packet described by its fields, as packet vectors and tests write it (DESIGN §6).

/// The fields of a packet; nil is the default that `build()` documents.
public struct PacketFields: Hashable, Sendable {
    /// `family`; nil: the family of the addresses, `inet` where neither is given.
    public var family: AddressFamily?
    /// `source`; nil: 192.0.2.1 or 2001:db8::1.
    public var source: IPAddress?
    /// `destination`; nil: 198.51.100.1 or 2001:db8:1::1.
    public var destination: IPAddress?
    /// `protocol`; nil: ICMP or ICMPv6 if an ICMP field is given, TCP otherwise.
    public var protocolNumber: UInt8?
    /// `source-port`; nil: 40000 where the protocol has ports.
    public var sourcePort: UInt16?
    /// `destination-port`; nil: 80 where the protocol has ports.
    public var destinationPort: UInt16?
    /// `tcp-flags` as the flags octet; nil: SYN.
    public var tcpFlags: UInt8?
    /// `tcp-sequence`; nil: 1, or what continues the session.
    public var tcpSequence: UInt32?
    /// `tcp-acknowledgment`; nil: 0, or what continues the session.
    public var tcpAcknowledgment: UInt32?
    /// `tcp-window`; nil: 65535.
    public var tcpWindow: UInt16?
    /// TCP options as octets; padded to a multiple of four with end-of-list, at most 40.
    public var tcpOptions: [UInt8] = []
    /// `ttl` or `hop-limit`; nil: 64.
    public var timeToLive: UInt8?
    /// `dscp`, 0 to 63; nil: 0.
    public var dscp: UInt8?
    /// `length`: the whole IP packet in octets; nil: the smallest that holds the rest.
    public var length: Int?
    /// `payload-length`: octets behind the transport header, or behind the IP header where there is none; nil: 0.
    public var payloadLength: Int?
    /// `icmp-type`; nil: echo request.
    public var icmpType: UInt8?
    /// `icmp-code`; nil: 0.
    public var icmpCode: UInt8?
    /// `icmp-identifier`; nil: 1.
    public var icmpIdentifier: UInt16?
    /// `icmp-sequence`; nil: 1.
    public var icmpSequence: UInt16?
    /// `more-fragments`; nil: false.
    public var moreFragments: Bool?
    /// `fragment-offset` in units of eight octets; nil: 0.
    public var fragmentOffset: Int?
    /// Identification; nil: 0, for fragments 1.
    public var identification: UInt32?
    /// DF (IPv4).
    public var doesNotFragment = false
    /// IPv4 options as octets; padded to a multiple of four with end-of-list.
    public var ipv4Options: [UInt8] = []
    /// IPv6 extension headers before the transport header, each eight octets long; the fragment header is added
    /// behind them where the packet is a fragment.
    public var extensionHeaders: [UInt8] = []
    /// The packet an ICMP error is about; put behind the ICMP header as it is.
    public var embedded: Packet?

    /// Makes fields without values.
    public init() {}

    /// Makes fields of the usual five values.
    public init(
        _ protocolNumber: UInt8?,
        from source: IPAddress,
        to destination: IPAddress,
        sourcePort: UInt16? = nil,
        destinationPort: UInt16? = nil
    ) {
        self.protocolNumber = protocolNumber
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}

/// Why fields do not describe a packet.
public enum PacketFieldError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The addresses, or the family and an address, are of different families.
    case mixedFamilies
    /// A value does not fit its field.
    case outOfRange(field: String, value: Int)
    /// `length` is too small for the network header, or too large for the length field.
    case impossibleLength(Int)
    /// A first or middle fragment whose payload is no multiple of eight octets.
    case unalignedFragment(payload: Int)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .mixedFamilies: "the addresses and the family of the packet differ; give both of one family"
        case .outOfRange(let field, let value): "\(field) \(value) does not fit the field"
        case .impossibleLength(let length): "no packet of \(length) octets can hold these fields"
        case .unalignedFragment(let payload):
            "a fragment with more-fragments carries a multiple of 8 octets, not \(payload); adjust length"
        }
    }
}

extension PacketFields {
    /// What will be the family.
    public var resolvedFamily: AddressFamily { family ?? source?.family ?? destination?.family ?? .inet }

    /// What will be the protocol.
    public var resolvedProtocol: UInt8 {
        if let protocolNumber { return protocolNumber }
        let isICMP = icmpType != nil || icmpCode != nil || icmpIdentifier != nil || icmpSequence != nil
        guard isICMP || embedded != nil else { return ProtocolNumber.tcp }
        return resolvedFamily == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
    }

    /// Whether MF or an offset makes it a fragment.
    public var isFragment: Bool { moreFragments == true || (fragmentOffset ?? 0) != 0 }

    /// An ICMP or ICMPv6 error about a packet, as a router at `address` sends it to the packet's source: the packet
    /// cut to what fits 576 octets (IPv4) or 1280 (IPv6).
    public static func icmpError(type: UInt8, code: UInt8, about packet: Packet, from address: IPAddress) -> Self {
        let family = packet.family
        var fields = PacketFields(
            family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6,
            from: address,
            to: packet.header.sourceAddress
        )
        fields.icmpType = type
        fields.icmpCode = code
        let room = family == .inet ? 576 - 28 : 1280 - 48
        fields.embedded = Packet(family: family, bytes: Array(packet.bytes.prefix(room)))
        return fields
    }
}

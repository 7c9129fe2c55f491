// SPDX-License-Identifier: Apache-2.0
// What conntrack knows a packet by, for the program's voice; written apart from the model's (DESIGN §2).
import NetworkTypes

/// One direction of a connection.
struct TrackedTuple: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var protocolNumber: UInt8
    /// Source port, or ICMP identifier.
    var low: UInt16
    /// Destination port, or ICMP type and code.
    var high: UInt16

    /// Nil where conntrack cannot tell.
    init?(_ segment: TransportSegment) {
        source = segment.source
        destination = segment.destination
        protocolNumber = segment.protocolNumber
        switch protocolNumber {
        case ProtocolNumber.tcp, ProtocolNumber.udp, ProtocolNumber.udpLite, ProtocolNumber.sctp:
            guard let ports = segment.word(0) else { return nil }
            low = UInt16(ports >> 16)
            high = UInt16(truncatingIfNeeded: ports)
        case _ where segment.isICMP:
            guard let first = segment.word(0), let second = segment.word(4) else { return nil }
            low = UInt16(second >> 16)
            high = UInt16(first >> 16)
        default: (low, high) = (0, 0)
        }
    }

    /// The tuple of what answers; nil for ICMP that nothing answers.
    var inverted: TrackedTuple? {
        var result = self
        (result.source, result.destination) = (destination, source)
        let isICMP = protocolNumber == (source.family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6)
        guard isICMP else {
            (result.low, result.high) = (high, low)
            return result
        }
        let type = UInt8(high >> 8)
        let answer: UInt8?
        switch (source.family, type) {
        case (.inet, 8): answer = 0
        case (.inet, 0): answer = 8
        case (.inet, 13), (.inet, 15), (.inet, 17): answer = type + 1
        case (.inet, 14), (.inet, 16), (.inet, 18): answer = type - 1
        case (.inet6, 128), (.inet6, 139): answer = type + 1
        case (.inet6, 129), (.inet6, 140): answer = type - 1
        default: answer = nil
        }
        guard let answer else { return nil }
        result.high = UInt16(answer) << 8 | high & 0xff
        return result
    }
}

/// The upper layer of a packet as conntrack finds it.
struct TransportSegment {
    let source: IPAddress
    let destination: IPAddress
    let protocolNumber: UInt8
    let octets: ArraySlice<UInt8>

    /// Nil for later fragments, broken chains and packets without a next header.
    init?(_ packet: NetworkTypes.Packet) {
        let header = packet.header
        guard !header.isLaterFragment, var number = header.upperProtocol, var offset = header.transportOffset else {
            return nil
        }
        // Conntrack steps over AH in IPv6, `meta l4proto` does not (kernel facts §1.3).
        while header.family == .inet6, number == ProtocolNumber.ah {
            guard offset + 2 <= header.end else { return nil }
            number = header.bytes[offset]
            offset += (Int(header.bytes[offset + 1]) + 2) * 4
        }
        if header.family == .inet6, number == ProtocolNumber.noNextHeader { return nil }
        source = header.sourceAddress
        destination = header.destinationAddress
        protocolNumber = number
        octets = header.bytes[min(offset, header.end)..<header.end]
    }

    var isICMP: Bool {
        protocolNumber == (source.family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6)
    }

    func octet(_ offset: Int) -> UInt8? { offset < octets.count ? octets[octets.startIndex + offset] : nil }

    func halfword(_ offset: Int) -> UInt16? {
        guard let upper = octet(offset), let lower = octet(offset + 1) else { return nil }
        return UInt16(upper) << 8 | UInt16(lower)
    }

    func word(_ offset: Int) -> UInt32? {
        guard let upper = halfword(offset), let lower = halfword(offset + 2) else { return nil }
        return UInt32(upper) << 16 | UInt32(lower)
    }

    /// Whether the checksum over so many octets is right; the whole segment where not said.
    func hasValidChecksum(covering count: Int? = nil) -> Bool {
        let covered = octets.prefix(count ?? octets.count)
        let withoutPseudo = protocolNumber == ProtocolNumber.icmp && source.family == .inet
        let pseudo =
            withoutPseudo
            ? 0
            : pseudoHeaderSum(
                source: source,
                destination: destination,
                protocol: protocolNumber,
                length: protocolNumber == ProtocolNumber.udpLite ? octets.count : covered.count
            )
        return internetChecksum(covered, initial: pseudo) == 0
    }
}

// SPDX-License-Identifier: Apache-2.0
// What packets of one session have in common, as conntrack sees it (flow reference §2.1, DESIGN §3.18).
import NetworkTypes

/// One direction of a session.
struct SessionKey: Hashable, Sendable {
    let family: AddressFamily
    let source: UInt128
    let destination: UInt128
    let protocolNumber: UInt8
    /// Source port, or the identifier of an ICMP query.
    let sourcePort: UInt16
    /// Destination port, or type and code of an ICMP query.
    let destinationPort: UInt16

    /// The key of what answers; nil for ICMP types that nothing answers.
    var reply: SessionKey? {
        var port = (sourcePort, destinationPort)
        if isICMP(family, protocolNumber) {
            guard let type = answer(UInt8(destinationPort >> 8)) else { return nil }
            port.1 = UInt16(type) << 8 | destinationPort & 0xff
        } else {
            port = (destinationPort, sourcePort)
        }
        return SessionKey(
            family: family,
            source: destination,
            destination: source,
            protocolNumber: protocolNumber,
            sourcePort: port.0,
            destinationPort: port.1
        )
    }

    /// The other end of a query and its answer (kernel: nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c).
    private func answer(_ type: UInt8) -> UInt8? {
        let pairs: [(UInt8, UInt8)] =
            family == .inet ? [(8, 0), (13, 14), (15, 16), (17, 18)] : [(128, 129), (139, 140)]
        for (query, reply) in pairs {
            if type == query { return reply }
            if type == reply { return query }
        }
        return nil
    }
}

/// ICMP in IPv4, ICMPv6 in IPv6.
func isICMP(_ family: AddressFamily, _ number: UInt8) -> Bool {
    number == (family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6)
}

/// A packet as conntrack reads it: protocol and offset of the transport header, AH stepped over.
struct TrackedPacket: Sendable {
    let header: PacketHeader
    let protocolNumber: UInt8
    let offset: Int

    /// Nil where conntrack finds no transport header: a later fragment, a broken chain, or no next header.
    init?(_ header: PacketHeader) {
        guard !header.isLaterFragment, var number = header.upperProtocol, var offset = header.transportOffset else {
            return nil
        }
        if header.family == .inet6 {
            // Unlike `meta l4proto`, conntrack's walk does not stop at AH.
            while number == ProtocolNumber.ah {
                guard offset + 2 <= header.end else { return nil }
                number = header.bytes[offset]
                offset += (Int(header.bytes[offset + 1]) + 2) * 4
            }
            guard number != ProtocolNumber.noNextHeader else { return nil }
        }
        self.header = header
        protocolNumber = number
        self.offset = offset
    }

    func octet(_ index: Int) -> UInt8? { offset + index < header.end ? header.bytes[offset + index] : nil }

    func halfword(_ index: Int) -> UInt16? {
        guard let upper = octet(index), let lower = octet(index + 1) else { return nil }
        return UInt16(upper) << 8 | UInt16(lower)
    }

    func word(_ index: Int) -> UInt32? {
        guard let upper = halfword(index), let lower = halfword(index + 2) else { return nil }
        return UInt32(upper) << 16 | UInt32(lower)
    }

    /// Octets from the transport header on.
    var length: Int { header.end - offset }

    /// The key; nil where the octets it needs are missing.
    var key: SessionKey? {
        var ports: (UInt16, UInt16) = (0, 0)
        switch protocolNumber {
        case ProtocolNumber.tcp, ProtocolNumber.udp, ProtocolNumber.udpLite, ProtocolNumber.sctp:
            guard let source = halfword(0), let destination = halfword(2) else { return nil }
            ports = (source, destination)
        case _ where isICMP(header.family, protocolNumber):
            guard length >= 8, let typeAndCode = halfword(0), let identifier = halfword(4) else { return nil }
            ports = (identifier, typeAndCode)
        default: break  // Unknown protocols are tracked by their addresses (flow reference §10.1 fact 10).
        }
        return SessionKey(
            family: header.family,
            source: header.source,
            destination: header.destination,
            protocolNumber: protocolNumber,
            sourcePort: ports.0,
            destinationPort: ports.1
        )
    }

    /// Whether the transport checksum is right.
    ///
    /// Protocols without one that conntrack checks say yes.
    var hasValidChecksum: Bool {
        let octets = header.bytes[min(offset, header.end)..<header.end]
        let pseudo = pseudoHeaderSum(
            source: header.sourceAddress,
            destination: header.destinationAddress,
            protocol: protocolNumber,
            length: octets.count
        )
        switch protocolNumber {
        case ProtocolNumber.tcp: return internetChecksum(octets, initial: pseudo) == 0
        case ProtocolNumber.udp:
            if halfword(6) == 0 { return true }
            let covered = min(octets.count, Int(halfword(4) ?? 0))
            let sum = pseudoHeaderSum(
                source: header.sourceAddress,
                destination: header.destinationAddress,
                protocol: protocolNumber,
                length: covered
            )
            return internetChecksum(octets.prefix(covered), initial: sum) == 0
        case ProtocolNumber.udpLite: return internetChecksum(octets.prefix(coverage), initial: pseudo) == 0
        case _ where isICMP(header.family, protocolNumber):
            return internetChecksum(octets, initial: header.family == .inet ? 0 : pseudo) == 0
        default: return true
        }
    }

    /// UDP-Lite: the octets that the checksum covers; zero stands for all (RFC 3828).
    private var coverage: Int {
        let field = Int(halfword(4) ?? 0)
        return field == 0 ? length : min(field, length)
    }
}

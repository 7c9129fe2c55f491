// SPDX-License-Identifier: Apache-2.0
// Transport headers of built packets and their checksums.

extension PacketFields {
    /// The transport header and its payload; `room` is what the IP header's length leaves for them.
    func transportOctets(_ family: AddressFamily, room: Int?) -> [UInt8] {
        if (fragmentOffset ?? 0) != 0 { return laterFragmentOctets() }
        let payload = Array(repeating: UInt8(0), count: payloadLength ?? 0)
        switch resolvedProtocol {
        case ProtocolNumber.tcp: return tcpHeader(room: room) + payload
        case ProtocolNumber.udp, ProtocolNumber.udpLite:
            let length = resolvedProtocol == ProtocolNumber.udpLite ? 0 : max(room ?? 0, 8 + payload.count)
            return ports + halfword(UInt16(truncatingIfNeeded: length)) + [0, 0] + payload
        case ProtocolNumber.icmp where family == .inet, ProtocolNumber.icmp6 where family == .inet6:
            return icmpOctets(family) + payload
        case ProtocolNumber.sctp:
            // The common header and an INIT chunk: what alone may begin an association (kernel facts §14).
            let initiation: [UInt8] = [1, 0, 0, 20] + fullword(1) + fullword(65536) + [0, 1, 0, 1] + fullword(1)
            return ports + [0, 0, 0, 0, 0, 0, 0, 0] + initiation + payload
        default:
            // Unknown transport: given ports stand where a filter reads them.
            return overlayGivenFields(on: payload)
        }
    }

    private var ports: [UInt8] { halfword(sourcePort ?? 40000) + halfword(destinationPort ?? 80) }

    private func tcpHeader(room: Int?) -> [UInt8] {
        let options = Array(tcpOptions.prefix(40))
        var headerLength = 20 + (options.count + 3) / 4 * 4
        // `length` and `payload-length` together say how long the header with options is.
        if options.isEmpty, let room, let payloadLength, (20...60).contains(room - payloadLength),
            (room - payloadLength) % 4 == 0
        {
            headerLength = room - payloadLength
        }
        var octets = ports + fullword(tcpSequence ?? 1) + fullword(tcpAcknowledgment ?? 0)
        octets += [UInt8(headerLength / 4) << 4, tcpFlags ?? 0x02] + halfword(tcpWindow ?? 65535) + [0, 0, 0, 0]
        if !options.isEmpty {
            return octets + options + Array(repeating: 0, count: max(0, headerLength - 20 - options.count))
        }
        return octets + Array(repeating: 1, count: headerLength - 20)  // no-operation options
    }

    private func icmpOctets(_ family: AddressFamily) -> [UInt8] {
        let type = icmpType ?? (family == .inet ? 8 : 128)
        let rest: [UInt8] =
            if isICMPError(family, type) {
                [0, 0, 0, 0]
            } else {
                halfword(icmpIdentifier ?? 1) + halfword(icmpSequence ?? 1)
            }
        return [type, icmpCode ?? 0, 0, 0] + rest + (embedded?.bytes ?? [])
    }

    private func laterFragmentOctets() -> [UInt8] {
        overlayGivenFields(on: Array(repeating: 0, count: payloadLength ?? 8))
    }

    /// Writes the transport fields that were given at the offsets where filters read them.
    private func overlayGivenFields(on payload: [UInt8]) -> [UInt8] {
        var octets = payload
        func write(_ value: [UInt8]?, at offset: Int) {
            guard let value else { return }
            if octets.count < offset + value.count {
                octets += Array(repeating: 0, count: offset + value.count - octets.count)
            }
            octets.replaceSubrange(offset..<offset + value.count, with: value)
        }
        write(sourcePort.map(halfword), at: 0)
        write(destinationPort.map(halfword), at: 2)
        write(icmpType.map { [$0] }, at: 0)
        write(icmpCode.map { [$0] }, at: 1)
        write(tcpFlags.map { [$0] }, at: 13)
        return octets
    }

    /// Fills in the checksum of a first fragment or whole packet, as far as the header is there.
    func fillTransportChecksum(
        _ payload: inout [UInt8],
        _ family: AddressFamily,
        source: IPAddress,
        destination: IPAddress
    ) {
        let number = resolvedProtocol
        let pseudo = pseudoHeaderSum(source: source, destination: destination, protocol: number, length: payload.count)
        let offset: Int
        var sum = pseudo
        switch number {
        case ProtocolNumber.tcp: offset = 16
        case ProtocolNumber.udp, ProtocolNumber.udpLite:
            // The checksum of a fragmented datagram needs all of it; none is allowed for UDP, and conntrack takes it.
            if isFragment { return }
            offset = 6
        case ProtocolNumber.icmp where family == .inet:
            offset = 2
            sum = 0
        case ProtocolNumber.icmp6 where family == .inet6: offset = 2
        case ProtocolNumber.sctp:
            guard payload.count >= 12 else { return }
            let value = crc32c(payload)
            payload.replaceSubrange(8..<12, with: fullword(value.byteSwapped))
            return
        default: return
        }
        guard payload.count >= offset + 2 else { return }
        let checksum = internetChecksum(payload, initial: sum)
        // UDP: zero means none, so a sum of zero is sent as its other form (RFC 768).
        let written = checksum == 0 && offset == 6 ? 0xffff : checksum
        payload.replaceSubrange(offset..<offset + 2, with: halfword(written))
    }
}

/// Whether an ICMP or ICMPv6 type is an error, which carries the packet it is about (flow reference §2.7).
public func isICMPError(_ family: AddressFamily, _ type: UInt8) -> Bool {
    switch family {
    case .inet: [3, 4, 5, 11, 12].contains(type)
    case .inet6: (1...4).contains(type)
    }
}

/// CRC-32C (Castagnoli) as SCTP uses it (RFC 9260 appendix A).
func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in bytes {
        value ^= UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
    }
    return ~value
}

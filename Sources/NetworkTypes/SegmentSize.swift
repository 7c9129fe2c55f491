// SPDX-License-Identifier: Apache-2.0
// The maximum segment size that a TCP end announces (RFC 9293 §3.7.1), read and lowered.

extension Packet {
    /// What a TCP header's option announces; nil without a whole header or without the option.
    public var tcpSegmentSize: UInt16? {
        segmentSizeOffset.map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    }

    /// The same packet announcing no more than that, with the checksum that goes with it.
    ///
    /// A packet that announces nothing, or less, is returned as it is.
    public func loweringTCPSegmentSize(to limit: UInt16) -> Packet {
        guard let offset = segmentSizeOffset, let transport = header.transportOffset, let size = tcpSegmentSize,
            size > limit
        else { return self }
        var changed = bytes
        changed.replaceSubrange(offset..<offset + 2, with: halfword(limit))
        // The checksum changes by what the word changes by (RFC 1624), so that a wrong one stays so.
        var sum = UInt64(~(UInt16(bytes[transport + 16]) << 8 | UInt16(bytes[transport + 17])))
        sum += UInt64(~size) + UInt64(limit)
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        changed.replaceSubrange(transport + 16..<transport + 18, with: halfword(~UInt16(sum)))
        return Packet(family: family, bytes: changed)
    }

    /// Where the option's value begins; options are walked as the kernel does, which stops at no end-of-list.
    private var segmentSizeOffset: Int? {
        let header = header
        guard header.upperProtocol == ProtocolNumber.tcp, !header.isLaterFragment, let start = header.transportOffset,
            start + 20 <= header.end
        else { return nil }
        let length = Int(bytes[start + 12] >> 4) * 4
        guard length >= 20, start + length <= header.end else { return nil }
        var offset = 20
        while offset < length - 1 {
            let kind = bytes[start + offset]
            let stated = Int(bytes[start + offset + 1])
            let size = kind <= 1 || stated == 0 ? 1 : stated
            if kind == 2 { return offset + size <= length && size >= 4 ? start + offset + 2 : nil }
            offset += size
        }
        return nil
    }
}

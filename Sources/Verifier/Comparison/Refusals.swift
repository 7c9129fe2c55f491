// SPDX-License-Identifier: Apache-2.0
// Refusals: the Junos keyword as what goes over the wire, and where the stack sends nothing (filters reference §4.2,
// kernel facts §3).
public import NetworkTypes

extension ReplyKind {
    /// The answer that a Junos keyword stands for; nil for a word of none.
    public init?(junosKeyword word: String, family: AddressFamily) {
        if word == "tcp-reset" {
            self = .tcpReset
            return
        }
        let words: [String] =
            switch family {
            case .inet:
                [
                    "network-unreachable", "host-unreachable", "protocol-unreachable", "port-unreachable",
                    "fragmentation-needed", "source-route-failed", "network-unknown", "host-unknown",
                    "source-host-isolated", "network-prohibited", "host-prohibited", "bad-network-tos",
                    "bad-host-tos", "administratively-prohibited", "precedence-violation", "precedence-cutoff",
                ]
            case .inet6:
                [
                    "no-route", "administratively-prohibited", "beyond-scope", "address-unreachable",
                    "port-unreachable", "policy-failed", "reject-route",
                ]
            }
        guard let code = words.firstIndex(of: word) else { return nil }
        self = .unreachable(code: UInt8(code))
    }

    /// Whether the stack sends an answer.
    public enum Expectation: Hashable, Sendable {
        case always
        case never
        /// It depends on what the packet does not tell: fragments, groups, broadcasts.
        case perhaps
    }

    /// Whether the stack answers a refused packet with this.
    public func expectation(for packet: Packet) -> Expectation {
        let header = packet.header
        let source = header.sourceAddress
        guard header.isWellFormed, !header.isLaterFragment else { return .never }
        if isNoSender(source) { return .never }
        // A reset comes from where the packet was to go.
        if self == .tcpReset, isNoSender(header.destinationAddress) { return .perhaps }
        // The stack looks for an ICMPv6 error behind AH too (net/ipv6/icmp.c, `is_ineligible`).
        let segment = TransportSegment(packet)
        let isICMP = segment?.isICMP ?? false
        switch self {
        case .tcpReset:
            guard let flags = header.tcpFlags, header.transportOctet(19) != nil, flags & 0x04 == 0 else {
                return .never
            }
        case .unreachable:
            if isICMP {
                guard let type = segment?.octet(0) else { return .perhaps }
                if isICMPError(packet.family, type) || packet.family == .inet6 && type < 128 { return .never }
                // What the stack takes for an error, or does not know (net/ipv4/icmp.c, `icmp_pointers`).
                if packet.family == .inet, ![0, 8, 13, 14, 15, 16, 17, 18].contains(type) { return .never }
            }
        }
        if packet.family == .inet6, hasDoubtfulWayBack(source) { return .perhaps }
        if header.isFragment || isGroup(header.destinationAddress) || header.transportOffset == nil { return .perhaps }
        // Behind routing the kernel sums the whole packet up, and the stack has written into these options without mending
        // the header's checksum (net/netfilter/utils.c, `nf_ip_checksum`; measured on 6.18).
        if hasWrittenOptions(header) { return .perhaps }
        // The checksum is looked at before an answer is sent; a cut header has none.
        guard header.transportOctet(7) != nil else { return .perhaps }
        return segment.map(hasLikelyChecksum) ?? false ? .always : .perhaps
    }

    /// Whether the stack writes into the options of a packet: routes, time stamps, and what stands behind their end.
    private func hasWrittenOptions(_ header: PacketHeader) -> Bool {
        guard header.hasOptions else { return false }
        let end = min(header.headerLength, header.bytes.count)
        var offset = 20
        while offset < end {
            switch header.bytes[offset] {
            case 0: return header.bytes[(offset + 1)..<end].contains { $0 != 0 }
            case 1: offset += 1
            case 7, 68, 131, 137: return true
            default:
                guard offset + 1 < end, header.bytes[offset + 1] >= 2 else { return true }
                offset += Int(header.bytes[offset + 1])
            }
        }
        return false
    }

    /// Whether answers get back depends on the device's own addresses (link-local), or on the kind of answer: none is a
    /// reset to a mapped IPv4 address (measured on 6.18).
    private func hasDoubtfulWayBack(_ source: IPAddress) -> Bool {
        source.value >> 118 == 0xfe80 >> 6 || source.value >> 32 == 0xffff
    }

    private func isNoSender(_ address: IPAddress) -> Bool {
        switch address.family {
        case .inet:
            // Behind the groups addresses are ordinary ones but for the last (kernel facts §10: src 240/4 is forwarded).
            let first = UInt8(truncatingIfNeeded: address.value >> 24)
            return address.value == 0 || first == 127 || first >> 4 == 0xe || address.value == 0xffff_ffff
        case .inet6: return address.value <= 1 || address.value >> 120 == 0xff
        }
    }

    private func isGroup(_ address: IPAddress) -> Bool {
        switch address.family {
        case .inet: address.value >> 28 == 0xe || address.value == 0xffff_ffff || address.value & 0xff == 0xff
        case .inet6: address.value >> 120 == 0xff
        }
    }

    private func hasLikelyChecksum(_ segment: TransportSegment) -> Bool {
        // Of a header that its AH says lies beyond the packet nothing can be summed up.
        guard !segment.octets.isEmpty else { return false }
        switch segment.protocolNumber {
        case ProtocolNumber.tcp: return segment.octets.count >= 20 && segment.hasValidChecksum()
        case ProtocolNumber.udp: return segment.halfword(6) == 0 || segment.hasValidChecksum()
        case _ where segment.isICMP: return segment.hasValidChecksum()
        case ProtocolNumber.gre: return segment.halfword(0).map { $0 & 0x8000 == 0 } ?? false
        // Without a checksum over all of their octets; every other protocol is taken to have one (`nf_reject_verify_csum`).
        // DCCP is no longer among them on 6.18.
        case ProtocolNumber.ah, ProtocolNumber.esp, ProtocolNumber.sctp, ProtocolNumber.udpLite: return true
        default: return false
        }
    }
}

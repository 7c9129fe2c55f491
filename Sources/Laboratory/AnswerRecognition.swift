// SPDX-License-Identifier: Apache-2.0
// Tells the router's answer from the packet it answers, by their octets.
import NetworkTypes

/// Recognises answers to one packet.
struct AnswerRecognition {
    private let isICMPError: Bool
    private let isReset: Bool
    private let header: PacketHeader

    init(to packet: Packet) {
        header = packet.header
        isICMPError = Self.icmpError(header) != nil
        isReset = Self.isReset(header)
    }

    /// The answer that these octets are; nil if they are none.
    ///
    /// Nothing answers an ICMP error with another, nor a reset with a reset; so one of the two is an answer exactly if the
    /// packet was none. A reset must moreover go where the packet came from; the other side may have been translated.
    func answer(_ packet: Packet) -> Observation.Answer? {
        let candidate = packet.header
        if let error = Self.icmpError(candidate) { return isICMPError ? nil : error }
        guard Self.isReset(candidate), !isReset, header.upperProtocol == ProtocolNumber.tcp,
            candidate.family == header.family, candidate.destination == header.source,
            // The last fragment of a datagram is answered for the whole, and shows no port of its own.
            header.isLaterFragment || candidate.destinationPort == header.sourcePort
        else { return nil }
        return .tcpReset
    }

    private static func icmpError(_ header: PacketHeader) -> Observation.Answer? {
        guard !header.isLaterFragment, let type = header.icmpType, let code = header.icmpCode else { return nil }
        switch (header.family, header.upperProtocol) {
        case (.inet, ProtocolNumber.icmp) where [3, 4, 5, 11, 12].contains(type): break
        case (.inet6, ProtocolNumber.icmp6) where type < 128: break
        default: return nil
        }
        return .icmp(type: type, code: code)
    }

    private static func isReset(_ header: PacketHeader) -> Bool {
        guard header.upperProtocol == ProtocolNumber.tcp, !header.isLaterFragment, let flags = header.tcpFlags else {
            return false
        }
        return flags & 0x04 != 0
    }
}

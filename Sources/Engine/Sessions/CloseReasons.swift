// SPDX-License-Identifier: Apache-2.0
// Why a session ended, from what the kernel says at its end (flow reference §10.4).
public import Conntrack

extension CloseReason {
    /// The bits that the program sets in `ct mark` when it sees a reset.
    static let clientResetBit: UInt32 = 0x0001_0000
    static let serverResetBit: UInt32 = 0x0002_0000

    /// The reason of a session that the kernel reports as ended.
    ///
    /// - Parameter noted: what we know because we deleted it.
    public init(of session: TrackedSession, noted: CloseReason?) {
        if let noted {
            self = noted
            return
        }
        switch (session.original.protocolNumber, session.tcpState) {
        case (_, .close): self = Self.resetter(session) ?? .unset
        case (_, .timeWait), (_, .lastAck): self = .tcpFin
        case (1, _), (58, _): self = session.status.contains(.seenReply) ? .responseReceived : .idleTimeout
        default: self = .idleTimeout
        }
    }

    private static func resetter(_ session: TrackedSession) -> CloseReason? {
        if session.mark & clientResetBit != 0 { return .tcpClientReset }
        if session.mark & serverResetBit != 0 { return .tcpServerReset }
        // A reset before the first answer removes the entry at once, in front of every rule (§10.1 fact 7): the reset is
        // counted, but is not yet a reply that was seen.
        guard !session.status.contains(.seenReply) else { return nil }
        return session.replyTraffic?.packets ?? 0 > 0 ? .tcpServerReset : .tcpClientReset
    }
}

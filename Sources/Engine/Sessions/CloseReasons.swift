// SPDX-License-Identifier: Apache-2.0
// Why a session ended, from what the kernel says at its end (flow reference §10.4).
public import Conntrack

extension CloseReason {
    /// The bits that the program sets in `ct mark` when it sees a reset.
    static let clientResetBit: UInt32 = 0x0001_0000
    static let serverResetBit: UInt32 = 0x0002_0000

    /// The reason of a session that the kernel reports as ended.
    ///
    /// - Parameters:
    ///   - noted: what we know because we deleted it.
    ///   - initialTimeout: seconds that a connection has to be answered in.
    public init(of session: TrackedSession, noted: CloseReason?, initialTimeout: UInt32) {
        if let noted {
            self = noted
            return
        }
        switch (session.original.protocolNumber, session.tcpState) {
        case (_, .close): self = Self.resetter(session.mark) ?? .unset
        case (_, .timeWait), (_, .lastAck): self = .tcpFin
        case (_, .synSent), (_, .synSent2):
            // A reset before the handshake removes the entry at once, in front of every rule (§10.1 fact 7).
            if session.replyTraffic?.packets ?? 0 > 0 {
                self = .tcpServerReset
            } else if let start = session.start, let stop = session.stop,
                stop < start + UInt64(initialTimeout) * 1_000_000_000
            {
                self = .tcpClientReset
            } else {
                self = .idleTimeout
            }
        case (1, _), (58, _): self = session.status.contains(.seenReply) ? .responseReceived : .idleTimeout
        default: self = .idleTimeout
        }
    }

    private static func resetter(_ mark: UInt32) -> CloseReason? {
        if mark & clientResetBit != 0 { return .tcpClientReset }
        return mark & serverResetBit != 0 ? .tcpServerReset : nil
    }
}

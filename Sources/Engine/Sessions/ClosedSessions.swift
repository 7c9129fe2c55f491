// SPDX-License-Identifier: Apache-2.0
// Sessions that we delete, remembered until the kernel reports their end: it does not say who ended them.
public import Conntrack
import Synchronization

/// Why a session ended, in the words of RT_FLOW_SESSION_CLOSE (flow reference §9.5, §10.4).
public enum CloseReason: String, Hashable, Sendable {
    case tcpFin = "TCP FIN"
    case tcpClientReset = "TCP CLIENT RST"
    case tcpServerReset = "TCP SERVER RST"
    case idleTimeout = "idle Timeout"
    case responseReceived = "response received"
    case policyDelete = "policy delete"
    case commandLine = "CLI"
    case unset
}

/// Reasons that only we know.
public final class ClosedSessions: Sendable {
    private struct Key: Hashable {
        let id: UInt32
        let original: SessionTuple
    }

    private let reasons = Mutex<[Key: CloseReason]>([:])
    /// Beyond so many nobody listens, or the kernel's reports were lost.
    private static let capacity = 1 << 20

    /// Makes an empty memory.
    public init() {}

    /// Notes that a session is about to be deleted.
    public func note(_ session: TrackedSession, _ reason: CloseReason) {
        reasons.withLock { reasons in
            if reasons.count >= Self.capacity { reasons.removeAll() }
            reasons[Key(id: session.id, original: session.original)] = reason
        }
    }

    /// The reason noted for a session, which is forgotten thereby.
    public func take(_ session: TrackedSession) -> CloseReason? {
        reasons.withLock { $0.removeValue(forKey: Key(id: session.id, original: session.original)) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Sessions as they begin and end.
import CNetfilterShims
public import Netlink

/// Something that happened to a session.
public enum SessionEvent: Hashable, Sendable {
    /// Its first packet left the router, or was delivered to it.
    case began(TrackedSession)
    /// Its state, status or mark changed.
    case changed(TrackedSession)
    /// It is gone; with accounting and time stamps on, traffic and times are final.
    case ended(TrackedSession)
    /// The buffer overflowed: some events were not seen; only a dump tells what there is now.
    case lost
}

/// Listens to sessions in the network namespace that the calling thread was in when it was made.
///
/// The kernel reports the end only of sessions that began while somebody listened, unless `nf_conntrack_events` is 1.
public struct ConntrackEvents: ~Copyable, Sendable {
    private let socket: NetlinkSocket

    /// Starts listening; the buffer holds about two events a kilobyte.
    public init(bufferSize: Int32 = 32 << 20, changes: Bool = true) throws(NetlinkError) {
        let socket = try NetlinkSocket(.netfilter, bufferSize: bufferSize)
        try socket.join(group: UInt32(NFNLGRP_CONNTRACK_NEW.rawValue))
        if changes { try socket.join(group: UInt32(NFNLGRP_CONNTRACK_UPDATE.rawValue)) }
        try socket.join(group: UInt32(NFNLGRP_CONNTRACK_DESTROY.rawValue))
        self.socket = socket
    }

    /// The socket, for those who wait on it.
    public var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Waits for events at most so many milliseconds (negative: for ever) and gives those that came; empty if none did.
    public func wait(milliseconds: Int32) throws(NetlinkError) -> [SessionEvent] {
        guard try socket.waitReadable(milliseconds: milliseconds) else { return [] }
        var events: [SessionEvent] = []
        // A bound, so that a busy router cannot hold the caller for ever.
        for _ in 0..<1024 {
            switch try socket.receive() {
            case .nothing: return events
            case .lost: events.append(.lost)
            case .messages(let messages):
                for message in messages {
                    guard let event = SessionEvent(message) else { continue }
                    events.append(event)
                }
            }
        }
        return events
    }
}

extension SessionEvent {
    /// Reads an event; one that does not parse counts as lost, for its session is not known.
    fileprivate init?(_ message: NetlinkMessage) {
        let session: TrackedSession
        do {
            guard let read = try TrackedSession(message) else { return nil }
            session = read
        } catch {
            self = .lost
            return
        }
        if message.type & 0xff == UInt16(IPCTNL_MSG_CT_DELETE.rawValue) {
            self = .ended(session)
        } else {
            // A first message creates (NLM_F_CREATE), later ones do not.
            self = message.flags & UInt16(NLM_F_CREATE) != 0 ? .began(session) : .changed(session)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// A conntrack entry as a value.

/// Packets and bytes of one direction.
public struct SessionTraffic: Hashable, Sendable {
    /// Packets.
    public var packets: UInt64
    /// Bytes of IP packets.
    public var bytes: UInt64

    /// Makes a reading.
    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }
}

/// What the kernel says about a session in bits (`IPS_*`).
public struct SessionStatus: OptionSet, Hashable, Sendable {
    /// The kernel's bits.
    public let rawValue: UInt32
    /// Makes a status from the kernel's bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// A child of another session.
    public static let expected = SessionStatus(rawValue: 1 << 0)
    /// Packets went both ways.
    public static let seenReply = SessionStatus(rawValue: 1 << 1)
    /// It is not dropped early when the table is full.
    public static let assured = SessionStatus(rawValue: 1 << 2)
    /// Its first packet left the router.
    public static let confirmed = SessionStatus(rawValue: 1 << 3)
    /// Its source is translated.
    public static let sourceTranslated = SessionStatus(rawValue: 1 << 4)
    /// Its destination is translated.
    public static let destinationTranslated = SessionStatus(rawValue: 1 << 5)
    /// It is being removed.
    public static let dying = SessionStatus(rawValue: 1 << 9)
}

/// Where a TCP session stands (`enum tcp_conntrack`).
public enum TrackedTCPState: UInt8, Hashable, Sendable {
    case none
    case synSent
    case synReceived
    case established
    case finWait
    case closeWait
    case lastAck
    case timeWait
    case close
    case synSent2
}

/// One conntrack entry.
public struct TrackedSession: Hashable, Sendable {
    /// The kernel's number for it; unique while it lives, used anew later.
    public var id: UInt32
    /// As the initiator sent it.
    public var original: SessionTuple
    /// As answers are expected; differs from the original swapped where addresses are translated.
    public var reply: SessionTuple
    /// What the kernel says about it.
    public var status: SessionStatus
    /// `ct mark`.
    public var mark: UInt32
    /// The conntrack zone; 0 where there is only one.
    public var zone: UInt16
    /// Seconds until it is removed if no packet comes; nil where the message does not say, as at its end.
    public var timeout: UInt32?
    /// Where TCP stands; nil for other protocols and where the message does not say.
    public var tcpState: TrackedTCPState?
    /// From the initiator; nil without accounting (`nf_conntrack_acct`), and in messages about beginnings.
    public var originalTraffic: SessionTraffic?
    /// To the initiator.
    public var replyTraffic: SessionTraffic?
    /// Nanoseconds since 1970 at its beginning; nil without `nf_conntrack_timestamp`.
    public var start: UInt64?
    /// Nanoseconds since 1970 at its end; nil while it lives.
    public var stop: UInt64?
    /// The session it is a child of.
    public var parent: SessionTuple?

    /// Makes an entry.
    public init(
        id: UInt32,
        original: SessionTuple,
        reply: SessionTuple,
        status: SessionStatus = [],
        mark: UInt32 = 0,
        zone: UInt16 = 0,
        timeout: UInt32? = nil,
        tcpState: TrackedTCPState? = nil,
        originalTraffic: SessionTraffic? = nil,
        replyTraffic: SessionTraffic? = nil,
        start: UInt64? = nil,
        stop: UInt64? = nil,
        parent: SessionTuple? = nil
    ) {
        self.id = id
        self.original = original
        self.reply = reply
        self.status = status
        self.mark = mark
        self.zone = zone
        self.timeout = timeout
        self.tcpState = tcpState
        self.originalTraffic = originalTraffic
        self.replyTraffic = replyTraffic
        self.start = start
        self.stop = stop
        self.parent = parent
    }
}

// SPDX-License-Identifier: Apache-2.0
// `security flow`: how sessions are checked, how long they live, what is rewritten in their packets (flow reference
// §2.3, §2.5, §2.6).

/// `security flow`.
public struct FlowOptions: Hashable, Sendable {
    /// How long a closed connection is remembered.
    public enum TimeWait: Hashable, Sendable {
        /// `session-timeout`.
        case seconds(UInt32)
        /// `session-ageout`: as long as an open one.
        case serviceTime
    }

    /// `tcp-session no-syn-check`.
    public var noSYNCheck = false
    /// `tcp-session strict-syn-check`.
    public var strictSYNCheck = false
    /// `tcp-session no-sequence-check`.
    public var noSequenceCheck = false
    /// `tcp-session rst-invalidate-session`.
    public var endsOnReset = false
    /// `tcp-session fin-invalidate-session`.
    public var endsOnClose = false
    /// `tcp-session tcp-initial-timeout`, seconds.
    public var initialTimeout: UInt32 = 20
    /// `tcp-session time-wait-state`; nil where it is not configured.
    public var timeWait: TimeWait?
    /// `time-wait-state apply-to-half-close-state`.
    public var timeWaitCoversHalfClose = false
    /// `allow-dns-reply`.
    public var allowsDNSReply = false
    /// `allow-embedded-icmp`.
    public var allowsEmbeddedICMP = false
    /// `tcp-mss all-tcp mss`.
    public var maximumSegmentSize: UInt16?

    /// Makes the options of an empty hierarchy.
    public init() {}
}

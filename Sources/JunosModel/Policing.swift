// SPDX-License-Identifier: Apache-2.0
// Policers and the arrays of them: filters reference §4.3 to §4.5.

/// What the statistics of policers at interfaces stand under where others have their filter's name; no filter can be
/// called so (filters reference §5.5).
public let interfacePolicerOwner = "__interface"

/// Who shares the buckets of a policer (filters reference §4.4, §5.5).
public enum PolicerReach: Hashable, Sendable {
    /// One filter instance, or one family at an interface.
    case filter
    /// `logical-interface-policer`: the families of a logical interface, for each direction; it stands at interfaces only.
    case logicalInterface
    /// `physical-interface-policer`: all units and families of a physical interface, for each direction; only filters with
    /// `physical-interface-filter` name it.
    case physicalInterface
}

/// `firewall policer NAME`, two colours (filters reference §4.4).
public struct Policer: Hashable, Sendable {
    /// What the bucket counts.
    public enum Rate: Hashable, Sendable {
        /// `bandwidth-limit` in bits per second and `burst-size-limit` in bytes.
        case bandwidth(bitsPerSecond: UInt64, burstBytes: UInt64)
        /// `pps-limit` and `packet-burst`.
        case packets(perSecond: UInt64, burst: UInt64)
    }

    /// Its name.
    public var name: String
    /// Its bucket.
    public var rate: Rate
    /// `bandwidth-percent`, 1 to 100: the rate was made of it and of the media rate of the interfaces.
    public var bandwidthPercent: UInt64?
    /// `then discard`.
    public var discards: Bool
    /// `then loss-priority`.
    public var lossPriority: LossPriority?
    /// `then forwarding-class`.
    public var forwardingClass: String?
    /// `filter-specific`: one bucket for all terms of a filter instance instead of one a term.
    public var isFilterSpecific: Bool
    /// Who shares a bucket.
    public var reach = PolicerReach.filter
    /// Where it stands.
    public var source: StatementReference

    /// Makes a policer.
    public init(
        name: String,
        rate: Rate,
        discards: Bool,
        lossPriority: LossPriority? = nil,
        forwardingClass: String? = nil,
        isFilterSpecific: Bool = false,
        source: StatementReference
    ) {
        self.name = name
        self.rate = rate
        self.discards = discards
        self.lossPriority = lossPriority
        self.forwardingClass = forwardingClass
        self.isFilterSpecific = isFilterSpecific
        self.source = source
    }
}

/// `firewall three-color-policer NAME` (filters reference §4.5).
public struct ThreeColorPolicer: Hashable, Sendable {
    /// The statement that holds the rates; the raw value is the Junos keyword.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case singleRate = "single-rate"
        case twoRate = "two-rate"
        case singlePacketRate = "single-packet-rate"
        case twoPacketRate = "two-packet-rate"

        /// Whether there is a second rate, so that the two buckets know nothing of each other.
        public var hasPeakRate: Bool { self == .twoRate || self == .twoPacketRate }
        /// Whether packets are counted instead of bytes.
        public var countsPackets: Bool { self == .singlePacketRate || self == .twoPacketRate }
    }

    /// Its name.
    public var name: String
    /// How it is written.
    public var kind: Kind
    /// Rate and burst up to which packets are green.
    public var committed: Policer.Rate
    /// Rate and burst beyond which packets are red.
    ///
    /// Two rates: the peak rate and its burst. A single rate: the committed rate with both bursts together, which is what
    /// its two buckets hold together at any time (RFC 2697).
    public var peak: Policer.Rate
    /// `color-aware`: a packet's loss priority says what colour it arrives with.
    public var isColorAware: Bool
    /// `action loss-priority high then discard`: red packets are dropped.
    public var discardsRed: Bool
    /// `filter-specific`: one set of buckets for all terms of a filter instance instead of one a term.
    public var isFilterSpecific: Bool
    /// Who shares the buckets.
    public var reach = PolicerReach.filter
    /// Where it stands.
    public var source: StatementReference

    /// Makes a three-colour policer.
    public init(
        name: String,
        kind: Kind,
        committed: Policer.Rate,
        peak: Policer.Rate,
        isColorAware: Bool = false,
        discardsRed: Bool = false,
        isFilterSpecific: Bool = false,
        source: StatementReference
    ) {
        self.name = name
        self.kind = kind
        self.committed = committed
        self.peak = peak
        self.isColorAware = isColorAware
        self.discardsRed = discardsRed
        self.isFilterSpecific = isFilterSpecific
        self.source = source
    }
}

/// `firewall family inet prefix-action NAME`: an array of counters and policers, one for each value of the address bits
/// between two prefix lengths (filters reference §4.3).
public struct PrefixAction: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// `policer`: the policer that each member of the array is an instance of.
    public var policer: String?
    /// `count`: whether each member has a counter.
    public var counts: Bool
    /// `filter-specific`: one array for all terms of a filter instance instead of one a term.
    public var isFilterSpecific: Bool
    /// Which address chooses the member: `source-prefix-length` or `destination-prefix-length` is written.
    public var field: AddressField
    /// `subnet-prefix-length`, 0 to 32: so many leading bits do not matter.
    public var subnetPrefixLength: Int
    /// The other length, at least as much: bits behind it do not matter.
    public var prefixLength: Int
    /// Where it stands.
    public var source: StatementReference

    /// Makes a prefix action.
    public init(
        name: String,
        policer: String? = nil,
        counts: Bool = false,
        isFilterSpecific: Bool = false,
        field: AddressField,
        subnetPrefixLength: Int,
        prefixLength: Int,
        source: StatementReference
    ) {
        self.name = name
        self.policer = policer
        self.counts = counts
        self.isFilterSpecific = isFilterSpecific
        self.field = field
        self.subnetPrefixLength = subnetPrefixLength
        self.prefixLength = prefixLength
        self.source = source
    }

    /// How many members the array has.
    public var count: Int { 1 << (prefixLength - subnetPrefixLength) }
}

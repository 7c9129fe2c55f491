// SPDX-License-Identifier: Apache-2.0
// Token buckets, and what is done to packets beyond them.

/// What a bucket counts.
public enum Bucket: Hashable, Sendable {
    /// Bytes a second, depth in bytes, for devices of an MTU.
    case bytes(perSecond: UInt64, depth: UInt64, mtu: Int)
    /// Packets a second, depth in packets.
    case packets(perSecond: UInt64, depth: UInt64)
}

/// How a meter judges packets.
public enum MeterScheme: Hashable, Sendable {
    /// What the bucket does not admit is dropped, or gets other classes.
    case twoColor(Bucket, drops: Bool, lossPriority: UInt8?, forwardingClass: UInt8?)
    /// What the outer bucket does not admit is red, with loss priority 3, and perhaps dropped; what the committed one does
    /// not admit is yellow, 2; the rest is green, 0.
    ///
    /// Where the meter sees colours, packets with loss priority 3 are red without being charged, and those with 1 or 2 do
    /// not ask the committed bucket.
    case threeColor(outer: Bucket, committed: Bucket, seesColor: Bool, dropsRed: Bool)

    /// Its buckets in the order in which they are asked.
    public var buckets: [Bucket] {
        switch self {
        case .twoColor(let bucket, _, _, _): [bucket]
        case .threeColor(let outer, let committed, _, _): [outer, committed]
        }
    }

    /// Whether it may change the loss priority.
    public var changesLossPriority: Bool {
        switch self {
        case .twoColor(_, _, let level, _): level != nil
        case .threeColor: true
        }
    }

    /// Whether it may change the forwarding class.
    public var changesForwardingClass: Bool {
        switch self {
        case .twoColor(_, _, _, let number): number != nil
        case .threeColor: false
        }
    }
}

/// Who shares the buckets of one scope.
public enum MeterSharing: Hashable, Sendable {
    /// Every place of the same filters.
    case everywhere
    /// Each interface and direction has its own.
    case interface
    /// All interfaces of one link share, in each direction, whatever their filters are.
    case link
}

/// Token buckets that steps share by their scope.
public struct Meter: Hashable, Sendable {
    /// How it judges.
    public var scheme: MeterScheme
    /// What packets beyond it are counted under: `POLICER-TERM`, or `POLICER` where terms share it; several may have one name.
    public var name: String
    /// Tells its buckets from others of the same filter instance.
    public var scope: [String]
    /// Who shares its buckets.
    public var sharing: MeterSharing
    /// The configuration path of the policer.
    public var origin: String

    /// Makes a meter.
    public init(scheme: MeterScheme, name: String, scope: [String], sharing: MeterSharing, origin: String) {
        self.scheme = scheme
        self.name = name
        self.scope = scope
        self.sharing = sharing
        self.origin = origin
    }
}

/// An array of counters and meters, one for each value of some bits of an IPv4 address.
public struct AddressMeter: Hashable, Sendable {
    /// The source or destination address.
    public var field: PacketField
    /// How many bits stand behind those that choose.
    public var shift: Int
    /// How many bits choose.
    public var width: Int
    /// Whether each member has a counter.
    public var counts: Bool
    /// Each member's meter, if they have one; its scope is that of the array.
    public var meter: Meter?
    /// What members are called, with their number behind it: `ARRAY-TERM`, or `ARRAY` where terms share it.
    public var name: String
    /// Tells it from others of the same filter instance.
    public var scope: [String]

    /// Makes an array.
    public init(
        field: PacketField,
        shift: Int,
        width: Int,
        counts: Bool,
        meter: Meter?,
        name: String,
        scope: [String]
    ) {
        self.field = field
        self.shift = shift
        self.width = width
        self.counts = counts
        self.meter = meter
        self.name = name
        self.scope = scope
    }

    /// How many members it has.
    public var count: Int { 1 << width }

    /// What a member is called.
    public func memberName(_ member: Int) -> String { "\(name)-\(member)" }
}

// SPDX-License-Identifier: Apache-2.0
// Readings of counters by what they count.

/// Packets and their bytes.
public struct TrafficCount: Hashable, Sendable {
    /// Packets.
    public var packets: UInt64
    /// Bytes of IP packets.
    public var bytes: UInt64

    /// Makes a count.
    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    static func + (left: TrafficCount, right: TrafficCount) -> TrafficCount {
        TrafficCount(packets: left.packets &+ right.packets, bytes: left.bytes &+ right.bytes)
    }
}

/// One counter of a filter instance, or the exceeded packets of one of its policers.
public struct FilterStatistic: Hashable, Sendable {
    /// What is counted.
    public enum Kind: Hashable, Sendable {
        case counter
        case policer
        case implicitDiscard
    }

    /// What is counted.
    public var kind: Kind
    /// `inet`, `inet6` or `any`.
    public var family: String
    /// The filter's name; of a list the name of its instance.
    public var filter: String
    /// The counter's or policer's name; empty for the implicit discard.
    public var name: String
    /// The logical interface.
    public var interface: String
    /// `i` or `o`.
    public var direction: String
    /// Whether it belongs to the second evaluation of packets to the router.
    public var isSecondPass: Bool
    /// The reading.
    public var value: TrafficCount
    /// What names the counter to whoever reads and clears it.
    public var key: String

    /// Makes a statistic.
    public init(
        kind: Kind,
        family: String,
        filter: String,
        name: String,
        interface: String,
        direction: String,
        isSecondPass: Bool = false,
        value: TrafficCount,
        key: String
    ) {
        self.kind = kind
        self.family = family
        self.filter = filter
        self.name = name
        self.interface = interface
        self.direction = direction
        self.isSecondPass = isSecondPass
        self.value = value
        self.key = key
    }
}

/// All readings of one table, by what they count.
public struct Statistics: Hashable, Sendable {
    /// Filters, in order of family, filter, name, interface.
    public var filters: [FilterStatistic]
    /// Hits of policies by from-zone, to-zone and name.
    public var policies: [[String]: TrafficCount]
    /// Packets dropped in front of policies, by reason.
    public var drops: [String: TrafficCount]

    /// Makes statistics.
    public init(
        filters: [FilterStatistic] = [],
        policies: [[String]: TrafficCount] = [:],
        drops: [String: TrafficCount] = [:]
    ) {
        self.filters = filters
        self.policies = policies
        self.drops = drops
    }
}

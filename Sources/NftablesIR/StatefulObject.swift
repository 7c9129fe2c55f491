// SPDX-License-Identifier: Apache-2.0
// Named state that programs point at and that outlives them: counters, limits, idle times of connections.

/// The kind of a stateful object (`NFT_OBJECT_*`).
public enum ObjectKind: UInt32, Hashable, Sendable, CaseIterable {
    case counter = 1
    case quota = 2
    case conntrackHelper = 3
    case limit = 4
    case connectionLimit = 5
    case tunnel = 6
    case conntrackTimeout = 7
    case secmark = 8
    case conntrackExpectation = 9
    case synproxy = 10
}

/// What identifies an object in its table.
public struct ObjectKey: Hashable, Sendable {
    /// Its kind.
    public var kind: ObjectKind
    /// Its name, at most 255 bytes.
    public var name: String

    /// Makes a key.
    public init(_ kind: ObjectKind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// A counter of that name.
    public static func counter(_ name: String) -> ObjectKey { ObjectKey(.counter, name) }
    /// A limit of that name.
    public static func limit(_ name: String) -> ObjectKey { ObjectKey(.limit, name) }
    /// A timeout policy of that name.
    public static func conntrackTimeout(_ name: String) -> ObjectKey { ObjectKey(.conntrackTimeout, name) }
}

/// The parameters of a token bucket (kernel facts §6).
public struct Limit: Hashable, Sendable {
    /// What a token is.
    public enum Unit: UInt32, Hashable, Sendable {
        case packets = 0
        case bytes = 1
    }

    /// Tokens a period.
    public var rate: UInt64
    /// The period in seconds.
    public var period: UInt64
    /// Depth beyond one period's rate (bytes) or depth (packets; 0 means the kernel's 5).
    public var burst: UInt32
    /// What is counted.
    public var unit: Unit
    /// Whether the rule goes on when the limit is exceeded instead of when it is kept.
    public var matchesOver: Bool

    /// Makes a limit.
    public init(rate: UInt64, period: UInt64 = 1, burst: UInt32, unit: Unit, matchesOver: Bool) {
        self.rate = rate
        self.period = period
        self.burst = burst
        self.unit = unit
        self.matchesOver = matchesOver
    }
}

/// Packets and bytes, as counters have them.
public struct CounterValue: Hashable, Sendable {
    /// Packets seen.
    public var packets: UInt64
    /// Bytes seen, at the hook's idea of length (kernel facts §1.4).
    public var bytes: UInt64

    /// Makes a counter value.
    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }
}

/// A stateful object's parameters.
///
/// A counter's readings are state, not program, and are read apart from it.
public enum StatefulObject: Hashable, Sendable {
    case counter
    case limit(Limit)
    case conntrackTimeout(ConntrackTimeout)
    /// Another kind, as it came; never ours.
    case unknown(attributes: [UInt8])
}

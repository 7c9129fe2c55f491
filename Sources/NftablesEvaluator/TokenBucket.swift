// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the kernel's limit, in whole nanoseconds (kernel facts §6).
public import NftablesIR

/// What a limit's parameters come to.
struct LimitShape: Hashable, Sendable {
    /// The bucket's depth in nanoseconds.
    let depth: UInt64
    /// One period in nanoseconds.
    let period: UInt64
    let rate: UInt64
    let unit: Limit.Unit
    let matchesOver: Bool

    /// Nil where the kernel refuses the parameters: rate zero or an overflow.
    init?(_ limit: Limit) {
        guard limit.rate > 0 else { return nil }
        let (period, overflow) = limit.period.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        switch limit.unit {
        case .bytes:
            let (sum, sumOverflow) = limit.rate.addingReportingOverflow(UInt64(limit.burst))
            let (product, productOverflow) = period.multipliedReportingOverflow(by: sum)
            guard !sumOverflow, !productOverflow else { return nil }
            depth = product / limit.rate
        case .packets:
            // The kernel's default when no burst is given.
            let burst = limit.burst == 0 ? 5 : UInt64(limit.burst)
            let (product, productOverflow) = (period / limit.rate).multipliedReportingOverflow(by: burst)
            guard !productOverflow else { return nil }
            depth = product
        }
        self.period = period
        rate = limit.rate
        unit = limit.unit
        matchesOver = limit.matchesOver
    }

    /// What a packet of this many bytes costs in nanoseconds, rounded down.
    func cost(bytes: Int) -> UInt64 {
        switch unit {
        // The kernel multiplies without a look at overflow.
        case .bytes: (period &* UInt64(bytes)) / rate
        case .packets: period / rate
        }
    }
}

/// The state of a limit.
public struct TokenBucket: Hashable, Sendable {
    /// Tokens in nanoseconds.
    public var tokens: UInt64
    /// When it was last asked, in nanoseconds of the monotonic clock.
    public var last: UInt64

    /// Makes a state.
    public init(tokens: UInt64, last: UInt64) {
        self.tokens = tokens
        self.last = last
    }

    /// Asks for a packet; whether it exceeds the limit, and then takes nothing.
    mutating func exceeds(_ shape: LimitShape, bytes: Int, at now: UInt64) -> Bool {
        let available = min(shape.depth, tokens &+ now &- last)
        last = now
        let rest = Int64(bitPattern: available &- shape.cost(bytes: bytes))
        tokens = rest >= 0 ? UInt64(rest) : available
        return rest < 0
    }
}

/// Everything that outlives a packet: readings of counters and fillings of buckets.
///
/// It goes by names, so that it can be carried from one program to the next as the kernel does. A limit that it does not
/// know yet starts full, a counter at zero.
public struct MachineState: Hashable, Sendable {
    /// Readings of the named counters that were charged.
    public var counters: [ObjectKey: CounterValue] = [:]
    /// Buckets of the named limits that were asked.
    public var limits: [ObjectKey: TokenBucket] = [:]
    /// Buckets of anonymous limits by their rule and the expression's index; they do not outlive the rule.
    public var anonymousLimits: [RulePosition: [Int: TokenBucket]] = [:]

    /// Makes an empty state.
    public init() {}
}

// SPDX-License-Identifier: Apache-2.0
// What happens to a packet at one stage: what is compared between model and program.

/// How a stage ends for a packet.
public enum StageEnding: Hashable, Sendable {
    /// It goes on with the next entry of the list that this outcome stands in.
    case proceed
    /// It leaves the list and goes on behind it: a filter accepts, a chain returns.
    case accept
    /// It leaves the whole base chain.
    case acceptForGood
    case drop
    /// Dropped and answered: ICMP type 3 or ICMPv6 type 1 with this code, TCP by a reset if `resetsTCP`.
    case reject(code: UInt8?, isReset: Bool)
    /// A place in the program that the lifter has no meaning for; never equal to anything of the model.
    case unknown(String)
}

/// Everything that a stage does to a packet.
public struct StageOutcome: Hashable, Sendable {
    /// How it ends.
    public var ending: StageEnding
    /// How often each counter is charged, by label.
    public var counters: [String: Int]
    /// How often each log is written, by label.
    public var logs: [String: Int]
    /// Bits of `meta mark` that are set to a known value.
    public var markMask: UInt32
    /// Their values.
    public var markValue: UInt32
    /// The DSCP that is written into the header.
    public var dscp: UInt8?
    /// Whether the packet is kept out of conntrack.
    public var isUntracked: Bool
    /// The session's new owner.
    public var owner: UInt32?
    /// Lists that it passes on its way, in order: those that are compared by themselves.
    public var visits: [String]

    /// Makes an outcome; without arguments nothing happens.
    public init(
        _ ending: StageEnding = .proceed,
        counters: [String: Int] = [:],
        logs: [String: Int] = [:],
        markMask: UInt32 = 0,
        markValue: UInt32 = 0,
        dscp: UInt8? = nil,
        isUntracked: Bool = false,
        owner: UInt32? = nil,
        visits: [String] = []
    ) {
        self.ending = ending
        self.counters = counters
        self.logs = logs
        self.markMask = markMask
        self.markValue = markValue
        self.dscp = dscp
        self.isUntracked = isUntracked
        self.owner = owner
        self.visits = visits
    }

    /// This one, and then another one: effects add up, the later writer wins.
    public func followed(by next: StageOutcome) -> StageOutcome {
        var result = next
        result.counters.merge(counters) { $0 + $1 }
        result.logs.merge(logs) { $0 + $1 }
        result.markMask |= markMask
        result.markValue = markValue & ~next.markMask | next.markValue
        result.dscp = next.dscp ?? dscp
        result.isUntracked = isUntracked || next.isUntracked
        result.owner = next.owner ?? owner
        result.visits = visits + next.visits
        return result
    }
}

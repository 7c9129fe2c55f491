// SPDX-License-Identifier: Apache-2.0
// A policer's bucket as DESIGN §3.13 says the kernel must hold it; its decisions are free, its parameters are not.
import DecisionDiagrams
public import JunosModel
import NetworkTypes

/// The parameters of a bucket.
public struct ExpectedLimit: Hashable, Sendable {
    /// What a token is.
    public enum Unit: Hashable, Sendable {
        /// Octets of the packet; the kernel adds a second of rate to the burst.
        case octets
        /// Packets, or quanta of one.
        case packets
    }

    /// What a token is.
    public var unit: Unit
    /// Tokens a period.
    public var rate: UInt64
    /// Seconds.
    public var period: UInt64
    /// The kernel's burst.
    public var burst: UInt32
    /// Lengths beyond which a packet takes one more token, ascending; the first is 0.
    public var thresholds: [UInt64]

    /// Tokens that the longest packet takes in the quantum form.
    private static let quanta: UInt64 = 15

    /// The parameters for a policer whose longest packet has `mtu` octets (DESIGN §3.13, kernel facts §6).
    public init(_ rate: Policer.Rate, mtu: Int) {
        switch rate {
        case .packets(let perSecond, let burst):
            // A packet-burst of none still admits one packet; the kernel would read 0 as 5.
            self.init(.packets, rate: perSecond, burst: max(1, burst))
        case .bandwidth(let bits, let burst):
            let octets = max(1, bits / 8)
            if burst >= octets {
                // One second of rate comes by itself: what is left of the burst makes the depth exact.
                self.init(.octets, rate: octets, burst: burst - octets)
                return
            }
            let quantum = (UInt64(max(1, mtu)) + Self.quanta - 1) / Self.quanta
            let (tokens, period) = Self.tokens(octets, quantum)
            self.init(
                .packets,
                rate: tokens,
                period: period,
                burst: max(1, burst / quantum),
                thresholds: (0..<Self.quanta).map { $0 * quantum }
            )
        }
    }

    /// Quanta a period: the shortest period that has a whole number of them, else the longest whose octets can be
    /// counted.
    private static func tokens(_ octetsASecond: UInt64, _ quantum: UInt64) -> (tokens: UInt64, period: UInt64) {
        var found = (tokens: max(1, octetsASecond / quantum), period: UInt64(1))
        for period: UInt64 in [1, 60, 3600, 86400] {
            let (octets, isTooMany) = octetsASecond.multipliedReportingOverflow(by: period)
            if isTooMany { return (max(1, octetsASecond / quantum), 1) }
            found = (max(1, octets / quantum), period)
            if octets.isMultiple(of: quantum) { break }
        }
        return found
    }

    private init(_ unit: Unit, rate: UInt64, period: UInt64 = 1, burst: UInt64, thresholds: [UInt64] = [0]) {
        self.unit = unit
        self.rate = rate
        self.period = period
        self.burst = UInt32(clamping: burst)
        self.thresholds = thresholds
    }
}

extension Semantics {
    /// Where a bucket finds a packet to exceed it: its tokens are variables, one for each that a packet takes.
    ///
    /// - Parameters:
    ///   - label: which bucket.
    ///   - evaluation: how many terms asked the same bucket before.
    mutating func exceeds(_ limit: ExpectedLimit, _ label: String, evaluation: Int, _ space: PacketSpace) -> Diagram {
        var result = Diagram.no
        for (quantum, threshold) in limit.thresholds.enumerated() {
            let isTaken = store.variable(variable(named: "exceeded \(label) \(evaluation) \(quantum)"))
            // The length field of IPv6 leaves the fixed header out (filters reference §3.3).
            let beyond = space.version == .inet ? Int(threshold) : Int(threshold) - 40
            let isLonger =
                beyond < 0 || threshold == 0
                ? Diagram.yes
                : beyond >= 65535
                    ? .no : store.isInside(space.bits(.lengthField), [UInt128(beyond + 1)...65535])
            result = store.or(result, store.and(isLonger, isTaken))
        }
        return result
    }
}

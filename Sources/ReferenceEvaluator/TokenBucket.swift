// SPDX-License-Identifier: Apache-2.0
// A policer's bucket with the kernel's arithmetic, which is part of the meaning (DESIGN §3.13, kernel facts §6).
import JunosModel

/// The numbers of a rate and its burst.
///
/// All divisions are integer divisions that round down unless said otherwise. Every bucket holds time: it fills by a
/// nanosecond each nanosecond up to its depth, starts full, and gives a packet its cost or nothing.
///
///     rate R = bandwidth-limit / 8 bytes a second, burst B bytes
///
///     packets:                  cost 10^9 / pps, depth packet-burst packets
///     byte mode, B >= R:        cost 10^9 · L / R for a packet of L bytes, depth 10^9 · B / R
///     quantum mode, B < R:      no bucket of the kernel gives bytes in one step and holds less than a second of them.
///                               Q = ceil(MTU / 15), and a packet longer than B never conforms; others must pass
///                               1. the bucket of their length class n = min(15, ceil(L / Q)):
///                                  cost of n quanta at R, depth floor(B / (n · Q)) packets, at least one
///                               2. the bucket of a second: cost 10^9 · L / R, depth 10^9
///                               3. floor(L / Q) times, at most 15, the bucket of quanta: cost of a quantum, depth
///                                  floor(B / Q) quanta, at least one
///                               in this order; what one of them refuses keeps what it took from those before.
///
/// The first decides for packets of one length, without loss at any load; the third holds packets of different lengths
/// together to the burst; the second keeps it from being asked for more than it can give, since a packet that it
/// refuses half-way has used up what was left. The cost of n quanta is 10^9 · P / N where N is the number of such
/// packets a period of P seconds, a whole number: P is the first of 1, 60, 3600, 86400 where it is exact, else 86400, and
/// N is rounded up for the bucket of quanta, down (to one at least) for classes.
enum RateParameters: Hashable, Sendable {
    case packets(BucketParameters)
    case bytes(perSecond: UInt64, depth: UInt64)
    case quanta(QuantumParameters)

    init(_ rate: Policer.Rate, mtu: Int) {
        switch rate {
        case .packets(let perSecond, let burst):
            let cost = second / max(1, perSecond)
            self = .packets(BucketParameters(cost: cost, count: max(1, burst)))
        case .bandwidth(let bits, let burst):
            let rate = max(1, bits / 8)
            // The kernel adds a second of rate to its burst, which is therefore given as B - R.
            self =
                burst >= rate
                ? .bytes(perSecond: rate, depth: multiply(second, burst, over: rate))
                : .quanta(QuantumParameters(rate: rate, burst: burst, mtu: mtu))
        }
    }
}

/// A bucket from which everything takes the same.
struct BucketParameters: Hashable, Sendable {
    let cost: UInt64
    let depth: UInt64

    init(cost: UInt64, count: UInt64) {
        self.cost = cost
        let (product, isOverflow) = cost.multipliedReportingOverflow(by: count)
        depth = isOverflow ? .max : product
    }
}

/// The buckets of quantum mode.
struct QuantumParameters: Hashable, Sendable {
    /// Q.
    let bytes: UInt64
    /// R.
    let rate: UInt64
    /// B.
    let burst: UInt64
    /// By class, from one quantum on.
    let classes: [BucketParameters]
    let quanta: BucketParameters

    /// Classes, and the quanta that the longest packet of an interface takes.
    static let most: UInt64 = 15

    init(rate: UInt64, burst: UInt64, mtu: Int) {
        let bytes = (UInt64(max(1, mtu)) + Self.most - 1) / Self.most
        self.bytes = bytes
        self.rate = rate
        self.burst = burst
        classes = (1...Self.most).map { count in
            BucketParameters(
                cost: Self.cost(of: count * bytes, at: rate, roundsUp: false),
                count: max(1, burst / (count * bytes))
            )
        }
        quanta = BucketParameters(cost: Self.cost(of: bytes, at: rate, roundsUp: true), count: max(1, burst / bytes))
    }

    /// What so many bytes cost where the kernel is told how many packets a period may pass.
    private static func cost(of bytes: UInt64, at rate: UInt64, roundsUp: Bool) -> UInt64 {
        let periods: [UInt64] = [1, 60, 3600, 86400]
        let product = periods.map { rate.multipliedReportingOverflow(by: $0) }
        let exact = periods.indices.first { !product[$0].overflow && product[$0].partialValue % bytes == 0 }
        // A rate that a day of it overflows is refused at commit; leniently a second will do.
        let index = exact ?? (product[3].overflow ? 0 : 3)
        let whole = product[index].partialValue / bytes
        let isExact = product[index].partialValue % bytes == 0
        return second * periods[index] / max(1, whole + (roundsUp && !isExact ? 1 : 0))
    }
}

private let second: UInt64 = 1_000_000_000

/// `a * b / c` without overflow in between.
private func multiply(_ a: UInt64, _ b: UInt64, over c: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    guard product.high < c else { return .max }
    return c.dividingFullWidth(product).quotient
}

/// The buckets of a rate in time; they start full (filters reference §4.4).
struct TokenBucket: Sendable {
    private let parameters: RateParameters
    /// One, or in quantum mode the classes', the second's and the quanta's; empty until something is taken.
    private var levels: [Level] = []

    init(_ parameters: RateParameters) { self.parameters = parameters }

    /// Charges a packet; whether it conforms.
    mutating func admits(length: Int, nanoseconds now: UInt64) -> Bool {
        let length = UInt64(length)
        switch parameters {
        case .packets(let bucket):
            return take(0, bucket.cost, of: bucket.depth, now)
        case .bytes(let rate, let depth):
            return take(0, multiply(second, length, over: rate), of: depth, now)
        case .quanta(let form):
            guard length <= form.burst else { return false }
            let classIndex = Int(min(QuantumParameters.most, max(1, (length + form.bytes - 1) / form.bytes))) - 1
            let bucket = form.classes[classIndex]
            guard take(classIndex, bucket.cost, of: bucket.depth, now) else { return false }
            let classCount = form.classes.count
            guard take(classCount, multiply(second, length, over: form.rate), of: second, now) else { return false }
            for _ in 0..<min(QuantumParameters.most, length / form.bytes)
            where !take(classCount + 1, form.quanta.cost, of: form.quanta.depth, now) { return false }
            return true
        }
    }

    private mutating func take(_ index: Int, _ cost: UInt64, of depth: UInt64, _ now: UInt64) -> Bool {
        while levels.count <= index { levels.append(Level()) }
        return levels[index].give(cost, of: depth, now)
    }
}

/// What one bucket holds.
private struct Level: Sendable {
    /// Nil while it is full as at the start.
    private var tokens: UInt64?
    private var last: UInt64 = 0

    mutating func give(_ cost: UInt64, of depth: UInt64, _ now: UInt64) -> Bool {
        let filled =
            tokens.map { held in
                let (sum, isOverflow) = held.addingReportingOverflow(now > last ? now - last : 0)
                return isOverflow ? depth : min(depth, sum)
            } ?? depth
        last = max(last, now)
        tokens = filled >= cost ? filled - cost : filled
        return filled >= cost
    }
}

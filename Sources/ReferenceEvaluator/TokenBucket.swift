// SPDX-License-Identifier: Apache-2.0
// A policer's bucket with the kernel's arithmetic, which is part of the meaning (DESIGN §3.13, kernel facts §6).
import JunosModel

/// The numbers of a bucket.
///
/// All divisions are integer divisions that round down, as in the kernel.
///
///     rate R = bandwidth-limit / 8 bytes a second, burst B bytes
///
///     byte mode, B >= R:        depth = 10^9 · B / R ns;  a packet of L bytes costs 10^9 · L / R ns
///     quantum mode, B < R:      Q = ceil(MTU / 15);  one token is Q bytes;  depth floor(B / Q) tokens, at least one
///                               N tokens a period of P seconds, N = R · P / Q:  P is the first of 1, 60, 3600, 86400
///                               for which that is exact, else 86400 (N at least 1)
///                               a token costs 10^9 · P / N ns;  a packet takes min(15, ceil(L / Q)) tokens, one after
///                               the other; one that fails half-way has consumed those before
///     packets:                  a packet costs 10^9 / pps ns;  depth packet-burst packets, at least one
struct BucketParameters: Hashable, Sendable {
    /// Nanoseconds that a full bucket holds.
    let depth: UInt64
    /// How a packet is charged.
    let charge: Charge

    enum Charge: Hashable, Sendable {
        case bytes(perSecond: UInt64)
        case quanta(bytes: UInt64, nanoseconds: UInt64)
        case packet(nanoseconds: UInt64)
    }

    /// Quanta that the longest packet takes.
    private static let quantaAPacket: UInt64 = 15
    private static let second: UInt64 = 1_000_000_000

    init(_ rate: Policer.Rate, mtu: Int) {
        switch rate {
        case .packets(let perSecond, let burst):
            let cost = Self.second / max(1, perSecond)
            charge = .packet(nanoseconds: cost)
            depth = cost * max(1, burst)
        case .bandwidth(let bits, let burst):
            let rate = max(1, bits / 8)
            guard burst < rate else {
                charge = .bytes(perSecond: rate)
                // The kernel adds a second of rate to its burst, which is therefore given as B - R.
                depth = Self.multiply(Self.second, burst, over: rate)
                return
            }
            let quantum = (UInt64(max(1, mtu)) + Self.quantaAPacket - 1) / Self.quantaAPacket
            let periods: [UInt64] = [1, 60, 3600, 86400]
            let period = periods.first { rate * $0 % quantum == 0 } ?? 86400
            let cost = Self.second * period / max(1, rate * period / quantum)
            charge = .quanta(bytes: quantum, nanoseconds: cost)
            depth = cost * max(1, burst / quantum)
        }
    }

    /// `a * b / c` without overflow in between.
    fileprivate static func multiply(_ a: UInt64, _ b: UInt64, over c: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        guard product.high < c else { return .max }
        return c.dividingFullWidth(product).quotient
    }

    /// What a packet of `length` octets takes, charge by charge.
    fileprivate func costs(_ length: Int) -> (count: Int, each: UInt64) {
        switch charge {
        case .bytes(let rate): (1, Self.multiply(Self.second, UInt64(length), over: rate))
        case .packet(let cost): (1, cost)
        case .quanta(let bytes, let cost):
            (Int(min(Self.quantaAPacket, (UInt64(length) + bytes - 1) / bytes)), cost)
        }
    }
}

/// A bucket in time.
///
/// It starts full (filters reference §4.4).
struct TokenBucket: Sendable {
    let parameters: BucketParameters
    private var tokens: UInt64
    private var last: UInt64 = 0

    init(_ parameters: BucketParameters) {
        self.parameters = parameters
        tokens = parameters.depth
    }

    /// Charges a packet; whether it conforms.
    mutating func admits(length: Int, nanoseconds now: UInt64) -> Bool {
        let (count, each) = parameters.costs(length)
        for _ in 0..<count {
            let filled = min(parameters.depth, tokens &+ (now > last ? now - last : 0))
            last = max(last, now)
            guard filled >= each else {
                tokens = filled
                return false
            }
            tokens = filled - each
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// How near the kernel's limits come to a bucket, for the commit check (DESIGN §3.13, kernel facts §6).
import NftablesIR
public import PolicyModel

/// What a bucket becomes in the kernel.
public struct BucketPrecision: Hashable, Sendable {
    /// Why the kernel cannot have it; nil if it can.
    public var refusal: String?
    /// Bytes that are counted as one; nil where every packet is charged as it is.
    public var quantum: UInt64?
    /// The largest relative error of the long-run rate, for packets of at least 40 bytes whose length is a multiple of
    /// the quantum, if there is one.
    public var rateError: Double

    /// Judges a bucket.
    public init(_ bucket: Bucket) {
        refusal = nil
        quantum = nil
        switch bucket {
        case .packets(let rate, let depth):
            let cost = nanoseconds / rate
            rateError = cost == 0 ? 1 : Double(nanoseconds) / Double(rate) / Double(cost) - 1
            if cost == 0 {
                refusal = "it counts in nanoseconds, and more than \(nanoseconds) packets a second leave none for each"
            } else if depth > UInt64(UInt32.max) {
                refusal = "a burst has at most \(UInt32.max) packets"
            }
        case .bytes(let rate, let depth, _) where depth >= rate:
            rateError = Self.roundingError(Double(nanoseconds) * Double(shortest) / Double(rate))
            if depth - rate > UInt64(UInt32.max) {
                refusal = "a burst has at most \(UInt32.max) bytes more than a second of the rate, \(rate) bytes"
            } else if depth > mostBytes {
                refusal = "a second of the rate and the burst have at most \(mostBytes) bytes together"
            }
        case .bytes(let rate, let depth, let mtu):
            guard rate <= mostBytes else {
                rateError = 1
                refusal = "a rate has at most \(mostBytes) bytes a second"
                return
            }
            let form = QuantumBucket(rate: rate, depth: depth, mtu: mtu)
            quantum = form.quantum
            rateError = 0
            for (index, limit) in form.classes.enumerated() {
                let cost = limit.period * nanoseconds / limit.rate
                guard cost > 0 else {
                    refusal = "it counts in nanoseconds, and the rate leaves none for \(form.quantum) bytes"
                    rateError = 1
                    return
                }
                let reached = Double(UInt64(index + 1) * form.quantum) * Double(nanoseconds) / Double(cost)
                rateError = max(rateError, abs(reached / Double(rate) - 1))
            }
        }
    }

    /// What rounding a cost down to whole nanoseconds does to the rate at most.
    private static func roundingError(_ cost: Double) -> Double { cost > 1 ? 1 / cost : 1 }
}

private let nanoseconds: UInt64 = 1_000_000_000
/// The kernel multiplies bytes by nanoseconds a second in 64 bits (kernel facts §6).
private let mostBytes = UInt64.max / nanoseconds
/// The shortest packet that errors are told for: TCP without data.
private let shortest = 40

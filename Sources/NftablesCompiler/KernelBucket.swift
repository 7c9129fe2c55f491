// SPDX-License-Identifier: Apache-2.0
// A policer's bucket as the kernel's `limit` can have it (DESIGN §3.13, kernel facts §6).
import NftablesIR
import PolicyModel

/// Limit parameters, and the packet lengths beyond which a packet takes one more token.
struct KernelBucket: Hashable {
    let limit: Limit
    /// Ascending; 0 first.
    ///
    /// A packet of L bytes takes a token for each threshold below L.
    let thresholds: [UInt64]

    /// Quanta that the longest packet of an interface takes.
    private static let quantaAPacket: UInt64 = 15

    init(_ bucket: Bucket) {
        switch bucket {
        case .packets(let rate, let depth):
            // Depth 0 would mean the kernel's 5.
            limit = Limit(rate: rate, burst: clamped(max(1, depth)), unit: .packets, matchesOver: true)
            thresholds = [0]
        case .bytes(let rate, let depth, let mtu):
            if depth >= rate {
                // The kernel's byte bucket holds one second of rate and the burst (kernel facts T3).
                limit = Limit(rate: rate, burst: clamped(depth - rate), unit: .bytes, matchesOver: true)
                thresholds = [0]
                return
            }
            let quantum = (UInt64(mtu) + Self.quantaAPacket - 1) / Self.quantaAPacket
            let (tokens, period) = tokensAPeriod(rate, quantum)
            limit = Limit(
                rate: tokens,
                period: period,
                burst: clamped(max(1, depth / quantum)),
                unit: .packets,
                matchesOver: true
            )
            thresholds = (0..<Self.quantaAPacket).map { $0 * quantum }
        }
    }

    /// The parameters as part of a name: re-adding a limit with others would change nothing (kernel facts T4).
    var text: String {
        "\(limit.unit == .bytes ? "b" : "p")\(limit.rate).\(limit.period).\(limit.burst).\(thresholds.count)"
            + (thresholds.count > 1 ? ".\(thresholds[1])" : "")
    }
}

/// `rate` bytes a second as whole quanta a period: a second if that is exact, else the shortest exact one, else the
/// longest.
private func tokensAPeriod(_ rate: UInt64, _ quantum: UInt64) -> (tokens: UInt64, period: UInt64) {
    let periods: [UInt64] = [1, 60, 3600, 86400]
    for period in periods {
        // The commit check keeps rates far below what a day of them could overflow.
        let (bytes, isOverflow) = rate.multipliedReportingOverflow(by: period)
        if !isOverflow, bytes % quantum == 0 { return (bytes / quantum, period) }
    }
    let (bytes, isOverflow) = rate.multipliedReportingOverflow(by: 86400)
    return isOverflow ? (rate / quantum, 1) : (max(1, bytes / quantum), 86400)
}

private func clamped(_ depth: UInt64) -> UInt32 { UInt32(clamping: depth) }

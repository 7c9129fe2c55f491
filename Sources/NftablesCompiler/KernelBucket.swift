// SPDX-License-Identifier: Apache-2.0
// A meter's bucket as the kernel's limits can have it (DESIGN §3.13, kernel facts §6).
import NftablesIR
import PolicyModel

/// Limits that a packet must all keep, one after another.
enum KernelBucket: Hashable {
    /// One limit that every packet is charged to.
    case single(Limit)
    /// A byte bucket of less than a second.
    case quanta(QuantumBucket)

    init(_ bucket: Bucket) {
        switch bucket {
        case .packets(let rate, let depth):
            self = .single(Limit(rate: rate, burst: clamped(depth), unit: .packets, matchesOver: true))
        case .bytes(let rate, let depth, _) where depth >= rate:
            // The kernel's byte bucket holds one second of rate and the burst (kernel facts T3).
            self = .single(Limit(rate: rate, burst: clamped(depth - rate), unit: .bytes, matchesOver: true))
        case .bytes(let rate, let depth, let mtu):
            self = .quanta(QuantumBucket(rate: rate, depth: depth, mtu: mtu))
        }
    }

    /// All limits by what they are called among those of the bucket.
    var limits: [String: Limit] {
        switch self {
        case .single(let limit): ["all": limit]
        case .quanta(let bucket): bucket.limits
        }
    }
}

/// A byte bucket of less than a second in packet-mode limits.
///
/// A limit gives tokens one at a time, so that a packet which takes several and fails half-way has used up what there
/// was: alone, such a bucket would starve under load. So there is a limit for each class of lengths, which decides in
/// one step; then one of a second in bytes, which keeps the load of all classes together to the rate; then the one that
/// holds them together to the burst.
struct QuantumBucket: Hashable {
    /// The most quanta of a packet, and the number of classes.
    static let most: UInt64 = 15

    /// Bytes a quantum.
    let quantum: UInt64
    /// Longer packets never conform.
    let longest: UInt64
    /// By class, from one quantum on.
    let classes: [Limit]
    let second: Limit
    let quanta: Limit

    init(rate: UInt64, depth: UInt64, mtu: Int) {
        let quantum = (UInt64(max(1, mtu)) + Self.most - 1) / Self.most
        self.quantum = quantum
        longest = depth
        classes = (1...Self.most).map { count in
            Self.limit(rate, bytes: count * quantum, depth: depth, roundsUp: false)
        }
        second = Limit(rate: rate, burst: 0, unit: .bytes, matchesOver: true)
        quanta = Self.limit(rate, bytes: quantum, depth: depth, roundsUp: true)
    }

    /// So many packets of `bytes` a period as make up the rate: a second if that is exact, else the shortest exact period,
    /// else the longest.
    private static func limit(_ rate: UInt64, bytes: UInt64, depth: UInt64, roundsUp: Bool) -> Limit {
        var period: UInt64 = 1
        var total = rate
        for candidate: UInt64 in [1, 60, 3600, 86400] {
            let (product, isOverflow) = rate.multipliedReportingOverflow(by: candidate)
            // Rates that overflow are refused: `precision(of:)`.
            if isOverflow { (period, total) = (1, rate); break }
            (period, total) = (candidate, product)
            if product % bytes == 0 { break }
        }
        let packets = total / bytes + (roundsUp && total % bytes != 0 ? 1 : 0)
        return Limit(
            rate: max(1, packets),
            period: period,
            burst: clamped(max(1, depth / bytes)),
            unit: .packets,
            matchesOver: true
        )
    }

    var limits: [String: Limit] {
        var result = ["second": second, "quanta": quanta]
        for (index, limit) in classes.enumerated() { result[Self.className(index)] = limit }
        return result
    }

    /// What the limit of a class is called.
    static func className(_ index: Int) -> String { "class\(index + 1)" }
}

extension Limit {
    /// The parameters as part of a name: re-adding a limit with others would change nothing (kernel facts T4).
    var text: String { "\(unit == .bytes ? "b" : "p")\(rate).\(period).\(burst)" }
}

private func clamped(_ depth: UInt64) -> UInt32 { UInt32(clamping: depth) }

// SPDX-License-Identifier: Apache-2.0
// Look-up of a number in disjoint closed ranges.

/// Disjoint ranges, sorted; built once.
struct IntervalIndex: Sendable {
    private var lows: [UInt128] = []
    private var highs: [UInt128] = []
    private var elements: [Int] = []

    /// Sorts the ranges; nil if two of them overlap or one ends before it starts, which the kernel would not load
    /// (kernel facts §5).
    init?(_ ranges: [(low: UInt128, high: UInt128, element: Int)]) {
        let sorted = ranges.sorted { $0.low < $1.low }
        for range in sorted {
            guard range.low <= range.high else { return nil }
            if let last = highs.last, range.low <= last { return nil }
            lows.append(range.low)
            highs.append(range.high)
            elements.append(range.element)
        }
    }

    /// The element whose range holds the key.
    func find(_ key: UInt128) -> Int? {
        var low = 0
        var high = lows.count
        while low < high {
            let middle = (low + high) / 2
            if lows[middle] <= key { low = middle + 1 } else { high = middle }
        }
        guard low > 0, key <= highs[low - 1] else { return nil }
        return elements[low - 1]
    }
}

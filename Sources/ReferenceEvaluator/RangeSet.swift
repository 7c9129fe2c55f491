// SPDX-License-Identifier: Apache-2.0
// Lists of numbers and ranges, and bit expressions, prepared for one look-up a packet (filters reference §2.5, §3.8).
import JunosModel

/// Alternatives of one numeric condition.
struct RangeSet: Sendable {
    /// Ascending, disjoint.
    private let ranges: [ClosedRange<UInt32>]

    init(_ listed: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in listed.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    func contains(_ value: UInt32) -> Bool {
        if ranges.count <= 8 {
            for range in ranges where range.contains(value) { return true }
            return false
        }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(value)
    }
}

/// The values of a few bits for which an expression holds, one bit a value (filters reference §3.8, truth set).
struct TruthSet: Sendable {
    private let truth: UInt64

    init(_ expression: BitExpression, width: Int) {
        truth = (0..<(1 << width)).reduce(UInt64(0)) { set, value in
            Self.holds(expression, UInt8(value)) ? set | 1 << UInt64(value) : set
        }
    }

    func contains(_ value: UInt8) -> Bool { truth >> UInt64(value) & 1 == 1 }

    /// A keyword is true when all its bits are set; other bits do not matter (mask semantics).
    private static func holds(_ expression: BitExpression, _ value: UInt8) -> Bool {
        switch expression {
        case .bits(let mask): value & mask == mask
        case .not(let inner): !holds(inner, value)
        case .and(let left, let right): holds(left, value) && holds(right, value)
        case .or(let left, let right): holds(left, value) || holds(right, value)
        }
    }
}

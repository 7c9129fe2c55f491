// SPDX-License-Identifier: Apache-2.0
// Sets of numbers as sorted, disjoint, non-touching closed intervals: the canonical form of every value condition.

/// A set of numbers in canonical form, so that equal sets are equal values.
public struct IntervalSet: Hashable, Sendable {
    /// The intervals, ascending; between two of them lies at least one number.
    public let intervals: [ClosedRange<UInt128>]

    /// Makes the union of any intervals.
    public init(_ ranges: some Sequence<ClosedRange<UInt128>>) {
        var merged: [ClosedRange<UInt128>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound == 0 || range.lowerBound - 1 <= last.upperBound {
                if range.upperBound > last.upperBound {
                    merged[merged.count - 1] = last.lowerBound...range.upperBound
                }
            } else {
                merged.append(range)
            }
        }
        intervals = merged
    }

    /// Makes a set of single numbers.
    public init(values: some Sequence<UInt128>) {
        self.init(values.map { $0...$0 })
    }

    /// The set without members.
    public static let empty = IntervalSet([])

    /// Whether there are no members.
    public var isEmpty: Bool { intervals.isEmpty }

    /// The only member, if there is exactly one.
    public var singleValue: UInt128? {
        guard intervals.count == 1, intervals[0].lowerBound == intervals[0].upperBound else { return nil }
        return intervals[0].lowerBound
    }

    /// All members if every interval is one number and there are at most `limit` of them.
    public func discreteValues(atMost limit: Int) -> [UInt128]? {
        guard intervals.count <= limit, intervals.allSatisfy({ $0.lowerBound == $0.upperBound }) else { return nil }
        return intervals.map(\.lowerBound)
    }

    /// The numbers from 0 to `maximum` that are not members.
    public func complement(upTo maximum: UInt128) -> IntervalSet {
        var rest: [ClosedRange<UInt128>] = []
        var next: UInt128 = 0
        for interval in intervals {
            guard interval.lowerBound <= maximum else { break }
            if interval.lowerBound > next { rest.append(next...(interval.lowerBound - 1)) }
            guard interval.upperBound < maximum else { return IntervalSet(rest) }
            next = interval.upperBound + 1
        }
        rest.append(next...maximum)
        return IntervalSet(rest)
    }

    /// Every number up to `maximum`.
    public func covers(upTo maximum: UInt128) -> Bool {
        intervals.count == 1 && intervals[0].lowerBound == 0 && intervals[0].upperBound >= maximum
    }

    /// The same set with every member changed by an order-preserving function of the bounds.
    public func map(_ change: (UInt128) -> UInt128) -> IntervalSet {
        IntervalSet(intervals.map { change($0.lowerBound)...change($0.upperBound) })
    }

    /// The members inside a range.
    public func clamped(to range: ClosedRange<UInt128>) -> IntervalSet {
        IntervalSet(intervals.filter { $0.overlaps(range) }.map { $0.clamped(to: range) })
    }
}

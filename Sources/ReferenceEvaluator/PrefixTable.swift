// SPDX-License-Identifier: Apache-2.0
// Longest match over prefixes of one family: the rule of address lists, and of connected subnets.

/// Prefixes cut into disjoint intervals, each with the number of the longest prefix that covers it.
struct PrefixTable: Sendable {
    /// One prefix and what the caller calls it.
    struct Entry {
        let first: UInt128
        let last: UInt128
        let length: Int
        let label: Int32
    }

    /// First values of the intervals, ascending; the first interval begins at zero.
    private let starts: [UInt128]
    /// The label of each interval, -1 where no prefix covers it.
    private let labels: [Int32]

    /// Prepares the table.
    ///
    /// Of several entries for one prefix the one listed last wins.
    init(_ entries: [Entry]) {
        let sorted = entries.enumerated().sorted {
            ($0.element.first, $0.element.length, $0.offset) < ($1.element.first, $1.element.length, $1.offset)
        }.map(\.element)
        var starts: [UInt128] = [0]
        var labels: [Int32] = [-1]
        func begin(_ value: UInt128, _ label: Int32) {
            if starts[starts.count - 1] == value {
                labels[labels.count - 1] = label
            } else if labels[labels.count - 1] != label {
                starts.append(value)
                labels.append(label)
            }
        }
        // Prefixes nest or are disjoint, so the open ones form a stack, the longest on top.
        var open: [Entry] = []
        func close(before value: UInt128?) {
            while let top = open.last, value.map({ top.last < $0 }) ?? true {
                open.removeLast()
                guard top.last < UInt128.max else { continue }
                begin(top.last + 1, open.last?.label ?? -1)
            }
        }
        for entry in sorted {
            close(before: entry.first)
            open.append(entry)
            begin(entry.first, entry.label)
        }
        close(before: nil)
        self.starts = starts
        self.labels = labels
    }

    /// The label of the longest prefix that contains the value; nil for none.
    func longestMatch(_ value: UInt128) -> Int? {
        let label = Self.label(value, starts, labels, starts.indices)
        return label < 0 ? nil : Int(label)
    }

    /// Puts the intervals behind those of other tables.
    func append(to starts: inout [UInt128], _ labels: inout [Int32]) -> TableRun {
        let run = TableRun(first: starts.count, count: self.starts.count)
        starts += self.starts
        labels += self.labels
        return run
    }

    /// The label of the interval that a value lies in, among the intervals of one table.
    static func label(_ value: UInt128, _ starts: [UInt128], _ labels: [Int32], _ table: Range<Int>) -> Int32 {
        var low = table.lowerBound
        var high = table.upperBound
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= value { low = middle } else { high = middle }
        }
        return labels[low]
    }
}

// SPDX-License-Identifier: Apache-2.0
// Address lists of filters: one longest match over all entries of a field (filters reference §2.2 to §2.4).
import JunosModel
import NetworkTypes

/// One address list: runs in the tables.
struct AddressList: Sendable {
    /// Intervals of the literal prefixes, labelled with their ranks; empty where there are none.
    fileprivate let literals: TableRun
    /// Masks that are no prefixes.
    fileprivate let masked: TableRun
    /// Prefix lists.
    fileprivate let lists: TableRun
}

/// What all conditions refer to: numbers and addresses in a few large arrays, so that a condition is a small value and
/// prefix lists are held once.
struct MatchTables: Sendable {
    /// A mask that is no prefix.
    private struct Masked: Sendable {
        let address: UInt32
        let mask: UInt32
        let isExcept: Bool
    }

    /// A prefix list as part of an address list.
    private struct ListPart: Sendable {
        let table: TableRun
        let isExcept: Bool
    }

    private struct ListKey: Hashable {
        let name: String
        let family: AddressFamily
    }

    private let prefixLists: [String: PrefixList]
    private var listRuns: [ListKey: TableRun] = [:]
    private var ranges: [ClosedRange<UInt32>] = []
    private var starts: [UInt128] = []
    private var labels: [Int32] = []
    private var masked: [Masked] = []
    private var parts: [ListPart] = []
    private var sets: [Set<Int>] = []

    init(_ prefixLists: [String: PrefixList]) { self.prefixLists = prefixLists }

    // MARK: Numbers

    /// Adds the alternatives of a numeric condition.
    mutating func add(_ listed: [ClosedRange<UInt32>]) -> TableRun {
        let start = ranges.count
        for range in listed.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if ranges.count > start, let last = ranges.last, range.lowerBound <= last.upperBound {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
        return TableRun(first: start, count: ranges.count - start)
    }

    /// Whether one of the ranges, which are ascending and disjoint, has the value.
    func contains(_ run: TableRun, _ value: UInt32) -> Bool {
        var low = run.indices.lowerBound
        var high = run.indices.upperBound
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < run.indices.upperBound && ranges[low].lowerBound <= value
    }

    // MARK: Sets of numbered things

    /// Adds a set of interfaces or forwarding classes.
    mutating func add(_ set: Set<Int>) -> Int {
        sets.append(set)
        return sets.count - 1
    }

    /// Whether a set has the number.
    func set(_ index: Int, contains number: Int) -> Bool { sets[index].contains(number) }

    // MARK: Addresses

    /// Adds an address list, literals and prefix lists together.
    mutating func add(_ entries: [AddressEntry], _ family: AddressFamily) -> AddressList {
        var prefixes: [PrefixTable.Entry] = []
        let firstMasked = masked.count
        let firstPart = parts.count
        for entry in entries {
            switch entry.value {
            case .prefix(let prefix):
                guard prefix.family == family else { continue }
                prefixes.append(.init(prefix, label: rank(prefix.length, isExcept: entry.isExcept)))
            case .masked(let address, let mask):
                guard family == .inet else { continue }
                masked.append(Masked(address: address, mask: mask, isExcept: entry.isExcept))
            case .prefixList(let name):
                // An undefined list matches nothing (lenient evaluation); so does an empty one (§2.4).
                guard let table = prefixList(name, family) else { continue }
                parts.append(ListPart(table: table, isExcept: entry.isExcept))
            }
        }
        // Of a prefix that is listed both ways, `except` is put last so that it wins.
        prefixes.sort { $0.label % 2 < $1.label % 2 }
        return AddressList(
            literals: prefixes.isEmpty
                ? TableRun(first: 0, count: 0) : PrefixTable(prefixes).append(to: &starts, &labels),
            masked: TableRun(first: firstMasked, count: masked.count - firstMasked),
            lists: TableRun(first: firstPart, count: parts.count - firstPart)
        )
    }

    /// The prefixes of one family in a prefix list, made at the first use and shared from then on; nil for none.
    private mutating func prefixList(_ name: String, _ family: AddressFamily) -> TableRun? {
        let key = ListKey(name: name, family: family)
        if let known = listRuns[key] { return known }
        let prefixes = prefixLists[name]?.prefixes.filter { $0.family == family } ?? []
        guard !prefixes.isEmpty else { return nil }
        let run = PrefixTable(prefixes.map { .init($0, label: rank($0.length, isExcept: false)) })
            .append(to: &starts, &labels)
        listRuns[key] = run
        return run
    }

    /// How specific an entry is: the longer match goes first, and for equal lengths `except` (§2.2).
    ///
    /// Masks that are no prefixes count their set bits (§2.3). Odd ranks exclude.
    private func rank(_ length: Int, isExcept: Bool) -> Int32 { Int32(length * 2 + (isExcept ? 1 : 0)) }

    /// Whether the longest match is a plain entry.
    ///
    /// An address that nothing covers does not match: the implicit `0/0 except` (§2.2).
    func matches(_ list: AddressList, _ value: UInt128) -> Bool {
        var best: Int32 = -1
        if list.literals.count > 0 {
            best = PrefixTable.label(value, starts, labels, list.literals.indices)
        }
        for index in list.lists.indices {
            let label = PrefixTable.label(value, starts, labels, parts[index].table.indices)
            guard label >= 0 else { continue }
            best = max(best, label + (parts[index].isExcept ? 1 : 0))
        }
        for index in list.masked.indices {
            let entry = masked[index]
            guard UInt32(truncatingIfNeeded: value) & entry.mask == entry.address & entry.mask else { continue }
            best = max(best, rank(entry.mask.nonzeroBitCount, isExcept: entry.isExcept))
        }
        return best >= 0 && best % 2 == 0
    }
}

extension PrefixTable.Entry {
    init(_ prefix: Prefix, label: Int32) {
        self.init(first: prefix.first.value, last: prefix.last.value, length: prefix.length, label: label)
    }
}

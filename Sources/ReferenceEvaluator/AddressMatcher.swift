// SPDX-License-Identifier: Apache-2.0
// Address lists of filters: one longest match over all entries of a field (filters reference §2.2 to §2.4).
import JunosModel
import NetworkTypes

/// One address list, literals and prefix lists together.
struct AddressMatcher: Sendable {
    /// How specific a match is, and whether it excludes.
    ///
    /// Greater wins: the longer match, and for equal lengths `except` (filters reference §2.2, same prefix plain and
    /// `except`).
    private struct Rank: Comparable {
        let length: Int
        let isExcept: Bool

        static func < (left: Rank, right: Rank) -> Bool {
            left.length == right.length ? !left.isExcept && right.isExcept : left.length < right.length
        }
    }

    /// A mask that is no prefix; ordered by its number of set bits (filters reference §2.3).
    private struct Masked: Sendable {
        let address: UInt32
        let mask: UInt32
        let isExcept: Bool
    }

    /// Literal prefixes; the label is twice the length, one more for `except`.
    private let literals: PrefixTable?
    private let masked: [Masked]
    /// Prefix lists, prepared once for all lists that name them; their labels are lengths.
    private let lists: [(table: PrefixTable, isExcept: Bool)]

    init(_ entries: [AddressEntry], _ family: AddressFamily, _ cache: inout PrefixListCache) {
        var prefixes: [PrefixTable.Entry] = []
        var masked: [Masked] = []
        var lists: [(PrefixTable, Bool)] = []
        for entry in entries {
            switch entry.value {
            case .prefix(let prefix):
                guard prefix.family == family else { continue }
                let label = Int32(prefix.length * 2 + (entry.isExcept ? 1 : 0))
                prefixes.append(.init(prefix, label: label))
            case .masked(let address, let mask):
                guard family == .inet else { continue }
                masked.append(Masked(address: address, mask: mask, isExcept: entry.isExcept))
            case .prefixList(let name):
                // An undefined list matches nothing (lenient evaluation); so does an empty one (§2.4).
                guard let table = cache.table(name, family) else { continue }
                lists.append((table, entry.isExcept))
            }
        }
        // Of a prefix that is listed both ways, `except` is put last so that it wins.
        prefixes.sort { $0.label % 2 < $1.label % 2 }
        literals = prefixes.isEmpty ? nil : PrefixTable(prefixes)
        self.masked = masked
        self.lists = lists
    }

    /// Whether the longest match is a plain entry.
    ///
    /// An address that nothing covers does not match: the implicit `0/0 except` (§2.2).
    func matches(_ value: UInt128) -> Bool {
        var best: Rank?
        func consider(_ rank: Rank) {
            if let known = best, known >= rank { return }
            best = rank
        }
        if let label = literals?.longestMatch(value) {
            consider(Rank(length: label / 2, isExcept: label % 2 == 1))
        }
        for list in lists {
            if let length = list.table.longestMatch(value) {
                consider(Rank(length: length, isExcept: list.isExcept))
            }
        }
        if !masked.isEmpty {
            let address = UInt32(truncatingIfNeeded: value)
            for entry in masked where address & entry.mask == entry.address & entry.mask {
                consider(Rank(length: entry.mask.nonzeroBitCount, isExcept: entry.isExcept))
            }
        }
        return best.map { !$0.isExcept } ?? false
    }
}

extension PrefixTable.Entry {
    init(_ prefix: Prefix, label: Int32) {
        self.init(first: prefix.first.value, last: prefix.last.value, length: prefix.length, label: label)
    }
}

/// Prefix lists as tables, made at their first use and shared from then on: cost stays linear in the configuration.
struct PrefixListCache {
    private struct Key: Hashable {
        let name: String
        let family: AddressFamily
    }

    private let lists: [String: PrefixList]
    private var tables: [Key: PrefixTable] = [:]

    init(_ lists: [String: PrefixList]) { self.lists = lists }

    /// The prefixes of one family, labelled with their lengths; nil where there are none.
    mutating func table(_ name: String, _ family: AddressFamily) -> PrefixTable? {
        let key = Key(name: name, family: family)
        if let known = tables[key] { return known }
        let prefixes = lists[name]?.prefixes.filter { $0.family == family } ?? []
        guard !prefixes.isEmpty else { return nil }
        let table = PrefixTable(prefixes.map { .init($0, label: Int32($0.length)) })
        tables[key] = table
        return table
    }
}

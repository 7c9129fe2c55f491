// SPDX-License-Identifier: Apache-2.0
// Address lists as functions of the address: the longest match decides (filters reference §2.2 to §2.4).
import DecisionDiagrams
import JunosModel
import NetworkTypes

/// What the entries of one list come to, for one IP version.
struct AddressRegions {
    /// Addresses whose longest prefix is a plain one, ascending and disjoint.
    private let ranges: [ClosedRange<UInt128>]
    /// All entries, the least specific first; only where masks that are no prefixes are among them.
    private let ranked: [Entry]?

    /// An entry as address bits under a mask.
    private struct Entry {
        let address: UInt128
        let mask: UInt128
        let isExcept: Bool
        /// Set bits of the mask: for prefixes their length (§2.3).
        var length: Int { mask.nonzeroBitCount }

        /// Of two that cover an address the one behind decides: the longer, and `except` where both are as long.
        static func isWeaker(_ one: Entry, _ other: Entry) -> Bool {
            one.length != other.length ? one.length < other.length : !one.isExcept && other.isExcept
        }
    }

    init(_ entries: [AddressEntry], _ version: AddressFamily, _ prefixLists: [String: PrefixList]) {
        var found: [Entry] = []
        var areAllPrefixes = true
        func add(_ prefix: Prefix, _ isExcept: Bool) {
            guard prefix.family == version else { return }
            found.append(Entry(address: prefix.first.value, mask: prefix.mask, isExcept: isExcept))
        }
        for entry in entries {
            switch entry.value {
            case .prefix(let prefix): add(prefix, entry.isExcept)
            // A prefix list stands for all its prefixes; an empty one for none (§2.4).
            case .prefixList(let name):
                for prefix in prefixLists[name]?.prefixes ?? [] { add(prefix, entry.isExcept) }
            case .masked(let address, let mask):
                guard version == .inet else { continue }
                areAllPrefixes = false
                found.append(
                    Entry(address: UInt128(address & mask), mask: UInt128(mask), isExcept: entry.isExcept)
                )
            }
        }
        if areAllPrefixes {
            ranges = Self.covered(found, highest: version.highest)
            ranked = nil
        } else {
            ranges = []
            ranked = found.sorted(by: Entry.isWeaker)
        }
    }

    /// Where the addresses match; one that nothing covers does not: the implicit `0/0 except` (§2.2).
    func region(_ bits: [Bit], _ store: inout DiagramStore) -> Diagram {
        guard let ranked else { return store.isInside(bits, ranges) }
        var result = Diagram.no
        for entry in ranked {
            let covered = store.isEqual(bits, entry.address, mask: entry.mask)
            result = store.choose(covered, then: entry.isExcept ? .no : .yes, otherwise: result)
        }
        return result
    }

    /// Prefixes nest or are apart, so that a walk from the lowest address on meets them as brackets.
    private static func covered(_ prefixes: [Entry], highest: UInt128) -> [ClosedRange<UInt128>] {
        var result: [ClosedRange<UInt128>] = []
        func take(_ first: UInt128, _ last: UInt128) {
            guard first <= last else { return }
            if let previous = result.last, first > 0, previous.upperBound == first - 1 {
                result[result.count - 1] = previous.lowerBound...last
            } else {
                result.append(first...last)
            }
        }
        let sorted = prefixes.sorted { one, other in
            one.address != other.address ? one.address < other.address : Entry.isWeaker(one, other)
        }
        /// The open brackets, the innermost last; `next` is the first address that is not decided.
        var open: [(last: UInt128, isExcept: Bool)] = []
        var next: UInt128 = 0
        func decide(upTo last: UInt128) {
            if let inner = open.last, !inner.isExcept { take(next, last) }
            if last < highest { next = last + 1 }
        }
        for prefix in sorted {
            while let inner = open.last, inner.last < prefix.address {
                if next <= inner.last { decide(upTo: inner.last) }
                open.removeLast()
            }
            if prefix.address > next { decide(upTo: prefix.address - 1) }
            open.append((prefix.address | highest & ~prefix.mask, prefix.isExcept))
        }
        while let inner = open.last {
            if next <= inner.last { decide(upTo: inner.last) }
            // The last address of all has none behind it to begin with.
            if inner.last == highest { break }
            open.removeLast()
        }
        return result
    }
}

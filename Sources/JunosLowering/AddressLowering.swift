// SPDX-License-Identifier: Apache-2.0
// Address lists of filter terms: longest match with `except` becomes one set of disjoint intervals
// (filters reference §2.2 to §2.4).
import JunosModel
import NetworkTypes
import PolicyModel

/// The part of an address list that one IP version can meet: intervals, and masks that are no prefixes.
struct AddressList {
    /// What prefixes say, after longest match.
    var intervals: IntervalSet
    /// Non-contiguous masks, all of them plain.
    var masked: [(address: UInt32, mask: UInt32)] = []
    /// A mask that is no prefix stands beside `except`: its order is not lowered.
    var mixesMasksWithExcept = false

    /// Resolves an address list for packets of one version.
    init(_ entries: [AddressEntry], version: AddressFamily, prefixLists: [String: PrefixList]) {
        var prefixes: [(prefix: Prefix, isExcept: Bool)] = []
        var hasExcept = false
        for entry in entries {
            hasExcept = hasExcept || entry.isExcept
            switch entry.value {
            case .prefix(let prefix):
                if prefix.family == version { prefixes.append((prefix.network, entry.isExcept)) }
            case .masked(let address, let mask):
                if version == .inet, !entry.isExcept { masked.append((address & mask, mask)) }
                if entry.isExcept { mixesMasksWithExcept = true }
            case .prefixList(let name):
                // An undefined list matches nothing; the commit check reports it.
                for prefix in prefixLists[name]?.prefixes ?? [] where prefix.family == version {
                    prefixes.append((prefix.network, entry.isExcept))
                }
            }
        }
        if hasExcept, !masked.isEmpty { mixesMasksWithExcept = true }
        intervals = longestMatch(prefixes)
    }
}

/// The addresses whose longest entry is a plain one; `except` wins over a plain entry of the same prefix.
///
/// Prefixes nest or are disjoint, so one sweep over their beginnings with a stack of the open ones is enough.
func longestMatch(_ entries: [(prefix: Prefix, isExcept: Bool)]) -> IntervalSet {
    let ordered = entries.sorted { left, right in
        if left.prefix.address.value != right.prefix.address.value {
            return left.prefix.address.value < right.prefix.address.value
        }
        if left.prefix.length != right.prefix.length { return left.prefix.length < right.prefix.length }
        return !left.isExcept && right.isExcept
    }
    var members: [ClosedRange<UInt128>] = []
    var open: [(last: UInt128, isExcept: Bool)] = []
    var position: UInt128 = 0
    var isDone = false

    /// Emits what lies before `end` (not included, or to the very end if nil) under the innermost open prefix.
    func advance(to end: UInt128) {
        if let inner = open.last, !inner.isExcept, position < end { members.append(position...(end - 1)) }
        position = max(position, end)
    }
    func close() {
        let inner = open.removeLast()
        guard !isDone, position <= inner.last else { return }
        if !inner.isExcept { members.append(position...inner.last) }
        if inner.last == UInt128.max { isDone = true } else { position = inner.last + 1 }
    }
    for entry in ordered {
        let first = entry.prefix.first.value
        while let inner = open.last, inner.last < first { close() }
        advance(to: first)
        open.append((entry.prefix.last.value, entry.isExcept))
    }
    while !open.isEmpty { close() }
    return IntervalSet(members)
}

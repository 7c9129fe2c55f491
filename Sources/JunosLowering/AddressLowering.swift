// SPDX-License-Identifier: Apache-2.0
// Address lists of filter terms: longest match with `except` becomes sets of disjoint intervals
// (filters reference §2.2 to §2.4).
import JunosModel
import NetworkTypes
import PolicyModel

/// The part of an address list that one IP version can meet: intervals, and masks that are no prefixes.
struct AddressList {
    /// A mask that is no prefix; IPv4 alone has them.
    private struct Masked {
        let address: UInt128
        let mask: UInt128
        /// How specific it is: its set bits (filters reference §2.3).
        var rank: Int { mask.nonzeroBitCount }
    }

    private let version: AddressFamily
    private var prefixes: [(prefix: Prefix, isExcept: Bool)] = []
    private var plain: [Masked] = []
    private var excluded: [Masked] = []

    /// Resolves an address list for packets of one version.
    init(_ entries: [AddressEntry], version: AddressFamily, prefixLists: [String: PrefixList]) {
        self.version = version
        for entry in entries {
            switch entry.value {
            case .prefix(let prefix):
                if prefix.family == version { prefixes.append((prefix.network, entry.isExcept)) }
            case .masked(let address, let mask):
                guard version == .inet else { continue }
                let masked = Masked(address: UInt128(address & mask), mask: UInt128(mask))
                if entry.isExcept { excluded.append(masked) } else { plain.append(masked) }
            case .prefixList(let name):
                // An undefined list matches nothing; the commit check reports it.
                for prefix in prefixLists[name]?.prefixes ?? [] where prefix.family == version {
                    prefixes.append((prefix.network, entry.isExcept))
                }
            }
        }
    }

    /// Whether every address matches.
    var coversAll: Bool { excluded.isEmpty && longestMatch(prefixes).covers(upTo: version.highest) }

    /// The ways in which a field can match; none where none can.
    ///
    /// A plain entry decides where no `except` entry that is as specific or more covers the address: the entry with more
    /// mask bits goes first, and `except` on a tie (filters reference §2.3).
    func alternatives(_ field: PacketField) -> [Condition] {
        guard !excluded.isEmpty || !plain.isEmpty else { return conditions(field, longestMatch(prefixes)) }
        // Plain prefixes with the same masks above them are one set.
        let lengths = Set(prefixes.filter { !$0.isExcept }.map(\.prefix.length))
        var sets: [Int: IntervalSet] = [:]
        for length in lengths {
            let own = IntervalSet(
                prefixes.filter { !$0.isExcept && $0.prefix.length == length }.map(\.prefix.interval)
            )
            let above = excluded.count { $0.rank >= length }
            sets[above] = IntervalSet((sets[above] ?? .empty).intervals + without(own, from: length).intervals)
        }
        let ordered = excluded.sorted { $0.rank > $1.rank }
        var result = sets.sorted { $0.key < $1.key }.flatMap { above, set in
            conditions(field, set).map { both([$0], without: ordered.prefix(above), field) }
        }
        for entry in plain {
            let own = Condition.field(field, mask: entry.mask, IntervalSet(values: [entry.address]))
            let above = ordered.prefix { $0.rank >= entry.rank }
            let rest = without(IntervalSet([0...version.highest]), from: entry.rank)
            guard !rest.isEmpty else { continue }
            let room = rest.covers(upTo: version.highest) ? [] : [Condition.field(field, mask: nil, rest)]
            result.append(both([own] + room, without: above, field))
        }
        return result
    }

    private func conditions(_ field: PacketField, _ set: IntervalSet) -> [Condition] {
        set.isEmpty ? [] : [.field(field, mask: nil, set)]
    }

    /// A set without the `except` prefixes that are as long or longer.
    private func without(_ set: IntervalSet, from length: Int) -> IntervalSet {
        let removed = prefixes.filter { $0.isExcept && $0.prefix.length >= length }.map(\.prefix.interval)
        let rest = set.complement(upTo: version.highest)
        return IntervalSet(rest.intervals + removed).complement(upTo: version.highest)
    }

    private func both(
        _ conditions: [Condition],
        without excluded: ArraySlice<Masked>,
        _ field: PacketField
    ) -> Condition {
        .all(
            conditions
                + excluded.map {
                    let others = IntervalSet(values: [$0.address]).complement(upTo: version.highest)
                    return Condition.field(field, mask: $0.mask, others)
                }
        )
    }
}

extension Prefix {
    /// Its addresses as numbers.
    fileprivate var interval: ClosedRange<UInt128> { first.value...last.value }
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

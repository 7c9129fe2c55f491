// SPDX-License-Identifier: Apache-2.0
// Two lists, one proof: entries that are the same in both need no look; what is left is decided exactly.
public import DecisionDiagrams

/// What comparing two lists came to.
public struct ListComparison: Sendable {
    /// Where the two do different things; `no` is the proof that they do not.
    public var difference: Diagram
    /// Where the second does something that its lifter has no meaning for.
    public var unknown: Diagram
    /// Entries of the two lists that had to be decided exactly.
    public var examined: Int
    /// Regions told apart: entries that take packets, and the rest.
    public var regions: Int
}

extension Semantics {
    /// Where two lists do different things to the packets of a scope.
    ///
    /// Outside the entries that stand in only one of the two lists, or in another order, packets meet the same entries
    /// in the same order; so only packets that some of those entries take are decided exactly. What entries change on
    /// the way (class, priority, DSCP) may bring a packet to such an entry, so those values are left open there.
    public mutating func compare(
        _ first: FirstMatchList,
        _ second: FirstMatchList,
        among scope: Diagram,
        _ space: PacketSpace
    ) -> ListComparison {
        guard let contested = contested(first, second, among: scope, space) else {
            return ListComparison(difference: .no, unknown: .no, examined: 0, regions: first.entries.count + 1)
        }
        let (difference, unknown) = difference(contested.first, contested.second, among: contested.region)
        return ListComparison(
            difference: difference,
            unknown: unknown,
            examined: contested.examined,
            regions: contested.regions
        )
    }

    /// The region in which two lists may do different things, with both as functions that are right there; nil where
    /// entry by entry they are the same.
    mutating func contested(
        _ first: FirstMatchList,
        _ second: FirstMatchList,
        among scope: Diagram,
        _ space: PacketSpace
    ) -> (region: Diagram, first: Diagram, second: Diagram, examined: Int, regions: Int)? {
        // Where the lists are the same for all packets, they are so for those of the scope.
        if isSame(effective(first, among: .yes, space), effective(second, among: .yes, space)) { return nil }
        let one = effective(first, among: scope, space)
        let two = effective(second, among: scope, space)
        var region = unaligned(one.entries, two.entries)
        let examined = region.count
        if one.otherwise != two.otherwise { region.matches.append(untaken(one.entries, two.entries, scope)) }
        var reached = region.matches.reduce(Diagram.no) { store.or($0, $1) }
        guard reached != .no else { return nil }
        for variables in PacketSpace.changeable { reached = store.forSome(variables, reached) }
        reached = store.and(reached, scope)
        let left = function(restricted(one, to: reached), space)
        let right = function(restricted(two, to: reached), space)
        return (reached, left, right, examined, one.entries.count + 1)
    }

    /// Where two functions of outcomes differ, and where the second one is not known.
    mutating func difference(
        _ first: Diagram,
        _ second: Diagram,
        among scope: Diagram
    ) -> (difference: Diagram, unknown: Diagram) {
        let unknown = replace(second) { _, outcome in
            if case .unknown = outcome.ending { return .yes }
            return .no
        }
        let unknownHere = store.and(unknown, scope)
        let apart = store.differ(first, second)
        let known = store.not(unknown)
        return (store.and(store.and(apart, scope), known), unknownHere)
    }

    /// The list for the packets of a scope: entries that take none of them or do nothing are left out, and entries at
    /// the end that take all of them become part of the end.
    private mutating func effective(
        _ list: FirstMatchList,
        among scope: Diagram,
        _ space: PacketSpace
    ) -> FirstMatchList {
        let nothing = terminal(StageOutcome())
        var result = FirstMatchList([], otherwise: list.otherwise, otherwiseOrigin: list.otherwiseOrigin)
        result.entries.reserveCapacity(list.entries.count)
        for var entry in list.entries where entry.outcome != nothing {
            entry.match = store.and(entry.match, scope)
            if entry.match != .no { result.entries.append(entry) }
        }
        while let last = result.entries.last, last.match == scope {
            result.entries.removeLast()
            result.otherwise = function(
                ListEntry(match: .yes, outcome: last.outcome, origin: last.origin),
                before: result.otherwise,
                space
            )
        }
        return result
    }

    private func isSame(_ first: FirstMatchList, _ second: FirstMatchList) -> Bool {
        first.otherwise == second.otherwise
            && first.entries.elementsEqual(second.entries) { $0.match == $1.match && $0.outcome == $1.outcome }
    }

    /// The part of a list that packets of a region can meet.
    ///
    /// A region is open in what entries change, so membership does not change on the way.
    private mutating func restricted(_ list: FirstMatchList, to region: Diagram) -> FirstMatchList {
        var kept = FirstMatchList([], otherwise: list.otherwise, otherwiseOrigin: list.otherwiseOrigin)
        for var entry in list.entries {
            entry.match = store.and(entry.match, region)
            if entry.match != .no { kept.entries.append(entry) }
        }
        return kept
    }

    /// The packets of entries that are not the same in both lists at their turn.
    private mutating func unaligned(
        _ first: [ListEntry],
        _ second: [ListEntry]
    ) -> (matches: [Diagram], count: Int) {
        struct Key: Hashable {
            var match: Diagram
            var outcome: Diagram
        }
        func places(_ entries: [ListEntry]) -> [Key: [Int]] {
            var result: [Key: [Int]] = [:]
            for (index, entry) in entries.enumerated() {
                result[Key(match: entry.match, outcome: entry.outcome), default: []].append(index)
            }
            return result
        }
        func next(_ entry: ListEntry, _ places: [Key: [Int]], from start: Int) -> Int? {
            places[Key(match: entry.match, outcome: entry.outcome)]?.first { $0 >= start }
        }
        let (inFirst, inSecond) = (places(first), places(second))
        var (left, right) = (0, 0)
        var result: (matches: [Diagram], count: Int) = ([], 0)
        func skip(_ entry: ListEntry) {
            result.matches.append(entry.match)
            result.count += 1
        }
        while left < first.count, right < second.count {
            let (one, two) = (first[left], second[right])
            if one.match == two.match, one.outcome == two.outcome {
                left += 1
                right += 1
                continue
            }
            if let count = alternatives(second[right...], make: one) {
                left += 1
                right += count
                continue
            }
            if let count = alternatives(first[left...], make: two) {
                left += count
                right += 1
                continue
            }
            // The nearer of the two places where both lists may meet again.
            let there = next(two, inFirst, from: left) ?? first.count
            let here = next(one, inSecond, from: right) ?? second.count
            if there == first.count, here == second.count {
                skip(one)
                skip(two)
                left += 1
                right += 1
            } else if there - left <= here - right {
                for entry in first[left..<there] { skip(entry) }
                left = there
            } else {
                for entry in second[right..<here] { skip(entry) }
                right = here
            }
        }
        for entry in first[left...] { skip(entry) }
        for entry in second[right...] { skip(entry) }
        return result
    }

    /// How many entries at the beginning of a slice are alternatives of one entry: they do the same, decide for good,
    /// and take together exactly what it takes; nil if they do not.
    private mutating func alternatives(_ entries: ArraySlice<ListEntry>, make whole: ListEntry) -> Int? {
        guard decides(whole.outcome) else { return nil }
        var taken = Diagram.no
        for (count, entry) in entries.enumerated() {
            guard entry.outcome == whole.outcome else { return nil }
            let union = store.or(taken, entry.match)
            let outside = store.and(union, store.not(whole.match))
            guard outside == .no else { return nil }
            taken = union
            if taken == whole.match { return count + 1 }
        }
        return nil
    }

    /// Whether no outcome of a function lets packets proceed.
    private func decides(_ outcome: Diagram) -> Bool {
        store.terminals(outcome).allSatisfy { self.outcome($0)?.ending != .proceed }
    }

    /// Packets that pass one of two lists to its end; more than those where that is not easily told.
    private mutating func untaken(_ first: [ListEntry], _ second: [ListEntry], _ scope: Diagram) -> Diagram {
        var result = Diagram.no
        for entries in [first, second] {
            var rest = scope
            for entry in entries where decides(entry.outcome) {
                rest = store.and(rest, store.not(entry.match))
            }
            result = store.or(result, rest)
        }
        return result
    }
}

// SPDX-License-Identifier: Apache-2.0
// Both programs in one form: entries in order, the first that matches and does not let the packet proceed decides.
public import DecisionDiagrams

/// One entry: a term of the model, or a rule of the program.
public struct ListEntry: Hashable, Sendable {
    /// Which packets it takes.
    public var match: Diagram
    /// What happens to them; outcomes that end in `.proceed` go on with the next entry.
    public var outcome: Diagram
    /// Where it came from, for people: a configuration path, or chain and rule.
    public var origin: String

    /// Makes an entry.
    public init(match: Diagram, outcome: Diagram, origin: String) {
        self.match = match
        self.outcome = outcome
        self.origin = origin
    }
}

/// A list of entries, and what happens to packets that pass them all.
public struct FirstMatchList: Hashable, Sendable {
    /// The entries in order.
    public var entries: [ListEntry]
    /// What happens to packets that pass them all.
    public var otherwise: Diagram
    /// Where that came from.
    public var otherwiseOrigin: String

    /// Makes a list.
    public init(_ entries: [ListEntry], otherwise: Diagram, otherwiseOrigin: String) {
        self.entries = entries
        self.otherwise = otherwise
        self.otherwiseOrigin = otherwiseOrigin
    }
}

extension Semantics {
    /// The list as one function, exactly.
    ///
    /// Costs as much as the list has distinct regions: for long lists compare entry by entry instead (`compare`).
    public mutating func function(_ list: FirstMatchList, _ space: PacketSpace) -> Diagram {
        var result = list.otherwise
        for entry in list.entries.reversed() { result = function(entry, before: result, space) }
        return result
    }

    /// One entry in front of a function.
    mutating func function(_ entry: ListEntry, before next: Diagram, _ space: PacketSpace) -> Diagram {
        guard entry.match != .no else { return next }
        let taken = replace(entry.outcome) { workshop, outcome in
            outcome.ending == .proceed ? workshop.proceed(outcome, into: next, space) : workshop.terminal(outcome)
        }
        return store.choose(entry.match, then: taken, otherwise: next)
    }
}

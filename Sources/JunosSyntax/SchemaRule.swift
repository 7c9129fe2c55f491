// SPDX-License-Identifier: Apache-2.0
// What the structure table can say about a keyword: only what merging and printing need, nothing about values.

/// How one keyword behaves when it is set again, and how it is printed.
struct SchemaRule: Sendable {
    /// The shape of a keyword.
    enum Kind: Sendable {
        /// Holds other keywords: `then { … }`.
        case container
        /// Holds named entries, each with keywords of its own: `term NAME { … }`.
        case list
        /// Holds at most one value, a new one taking the old one's place, and perhaps keywords beside it.
        case leaf
        /// Holds any number of values.
        case leafList
        /// Says something by being there.
        case flag
    }

    /// How it is printed where that is not clear from the kind.
    enum Style: Sendable {
        case ordinary
        /// Entries of a list stand in a block of their own: `source-address { 10.0.0.0/8; }`.
        case block
        /// A container with a single statement stands on one line: `then accept;`.
        case oneLine
        /// An entry with a single statement stands on one line: `address A 10.0.0.0/8;`.
        case shortEntry
        /// Every value of a leaf list has its own statement: `interface ge-0/0/0.0;`.
        case separate
    }

    let word: String
    let kind: Kind
    var style = Style.ordinary
    /// Entries keep the order the user gave them, so `insert` may move them.
    var isUserOrdered = false
    /// Whether an empty one means something and so survives `delete` of its contents.
    var isPresence = false
    /// The other alternatives of its choice: setting one removes the others.
    var rivals: [String] = []
    /// The keywords below it (of a list: below each entry).
    var children: [SchemaRule] = []
    /// Keywords that stand where the entries of a list stand (`interface-range` under `interfaces`).
    var siblingsOfEntries: [SchemaRule] = []
    /// Below each entry the whole configuration begins again (`groups NAME`).
    var entriesHoldRoot = false
    /// A further key follows the entry's name before the block (`from-zone A to-zone B`).
    var entryContinues = false
}

// The notation of the table: each function takes keywords separated by blanks.

/// Keywords with one value, and perhaps statements beside it (`pool { P; persistent-nat { … } }`).
func leaf(_ words: String, _ children: [[SchemaRule]] = []) -> [SchemaRule] {
    rules(words, .leaf).map { rule in
        var rule = rule
        rule.children = Array(children.joined())
        return rule
    }
}

/// Keywords with several values.
func leafList(_ words: String, ordered: Bool = false, style: SchemaRule.Style = .ordinary) -> [SchemaRule] {
    rules(words, .leafList).map { rule in
        var rule = rule
        rule.isUserOrdered = ordered
        rule.style = style
        return rule
    }
}

/// Keywords that are there or not.
func flag(_ words: String) -> [SchemaRule] { rules(words, .flag) }

/// Keywords that hold keywords.
func container(
    _ words: String,
    style: SchemaRule.Style = .ordinary,
    presence: Bool = false,
    _ children: [[SchemaRule]] = []
) -> [SchemaRule] {
    rules(words, .container).map { rule in
        var rule = rule
        rule.style = style
        rule.isPresence = presence
        rule.children = Array(children.joined())
        return rule
    }
}

/// Keywords that hold named entries.
func list(
    _ words: String,
    ordered: Bool = false,
    style: SchemaRule.Style = .ordinary,
    beside siblings: [[SchemaRule]] = [],
    _ children: [[SchemaRule]] = []
) -> [SchemaRule] {
    rules(words, .list).map { rule in
        var rule = rule
        rule.isUserOrdered = ordered
        rule.style = style
        rule.siblingsOfEntries = Array(siblings.joined())
        rule.children = Array(children.joined())
        return rule
    }
}

/// Alternatives of one choice.
func oneOf(_ alternatives: [[SchemaRule]]) -> [SchemaRule] {
    let all = Array(alternatives.joined())
    return all.map { rule in
        var rule = rule
        rule.rivals = all.map(\.word).filter { $0 != rule.word }
        return rule
    }
}

/// Leaf lists that exclude their `-except` twins (filters reference §2.1).
func twins(_ words: String) -> [SchemaRule] {
    words.split(separator: " ").flatMap { oneOf([leafList("\($0) \($0)-except")]) }
}

private func rules(_ words: String, _ kind: SchemaRule.Kind) -> [SchemaRule] {
    words.split(separator: " ").map { SchemaRule(word: String($0), kind: kind) }
}

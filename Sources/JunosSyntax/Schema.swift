// SPDX-License-Identifier: Apache-2.0
// The structure table made quick to ask: rules by number, so that nodes carry a number and no reference.

/// Where in the structure a node stands.
struct SchemaPlace: Hashable, Sendable {
    /// Which part of its rule a node is.
    enum Part: Sendable {
        /// The keyword itself.
        case keyword
        /// An entry of a list.
        case entry
        /// A value of a leaf or leaf list.
        case value
        /// Nothing is known.
        case free
    }

    /// The number of the rule.
    let rule: Int32
    let part: Part

    /// A place of which nothing is known.
    static let free = SchemaPlace(rule: -1, part: .free)
}

/// The whole structure table.
struct Schema: Sendable {
    /// One rule, flattened.
    struct Entry: Sendable {
        let rule: SchemaRule
        /// Rules by keyword below it.
        var children: [String: Int32] = [:]
        /// Rules by keyword beside the entries of a list.
        var siblings: [String: Int32] = [:]
    }

    /// The table of everything Sluice understands.
    static let junos = Schema(root: configurationRules)

    private(set) var entries: [Entry] = []
    private var global: [String: Int32] = [:]

    /// The place of the root node.
    let root = SchemaPlace(rule: 0, part: .keyword)

    private init(root: [SchemaRule]) {
        var top = SchemaRule(word: "", kind: .container)
        top.children = root
        _ = add(top)
        for rule in everywhereRules {
            global[rule.word] = add(rule)
        }
    }

    private mutating func add(_ rule: SchemaRule) -> Int32 {
        let number = Int32(entries.count)
        var bare = rule
        bare.children = []
        bare.siblingsOfEntries = []
        entries.append(Entry(rule: bare))
        for child in rule.children {
            let index = add(child)
            entries[Int(number)].children[child.word] = index
        }
        for sibling in rule.siblingsOfEntries {
            let index = add(sibling)
            entries[Int(number)].siblings[sibling.word] = index
        }
        return number
    }

    /// The rule of a place, if it has one.
    func rule(_ place: SchemaPlace) -> SchemaRule? {
        place.rule < 0 ? nil : entries[Int(place.rule)].rule
    }

    /// The kind of a place's rule, if it has one.
    func kind(_ place: SchemaPlace) -> SchemaRule.Kind? {
        place.rule < 0 ? nil : entries[Int(place.rule)].rule.kind
    }

    /// The number of the rule that a keyword has below a container or a list entry.
    func keyword(_ word: String, below place: SchemaPlace) -> Int32? {
        guard place.rule >= 0 else { return nil }
        let entry = entries[Int(place.rule)]
        if place.part == .keyword, entry.rule.kind == .list { return nil }
        if place.part == .entry, entry.rule.entriesHoldRoot {
            return entries[0].children[word]
        }
        return entry.children[word]
    }

    /// The place of a word below a node at `place`.
    func place(of word: String, below place: SchemaPlace) -> SchemaPlace {
        switch place.part {
        case .value:
            return .free
        case .free:
            return everywhere(word)
        case .entry:
            return keyword(word, below: place).map { SchemaPlace(rule: $0, part: .keyword) } ?? everywhere(word)
        case .keyword:
            switch entries[Int(place.rule)].rule.kind {
            case .container:
                return keyword(word, below: place).map { SchemaPlace(rule: $0, part: .keyword) } ?? everywhere(word)
            case .list:
                if let sibling = entries[Int(place.rule)].siblings[word] {
                    return SchemaPlace(rule: sibling, part: .keyword)
                }
                let common = everywhere(word)
                return common.rule >= 0 ? common : SchemaPlace(rule: place.rule, part: .entry)
            case .leaf:
                return keyword(word, below: place).map { SchemaPlace(rule: $0, part: .keyword) }
                    ?? SchemaPlace(rule: place.rule, part: .value)
            case .leafList:
                return SchemaPlace(rule: place.rule, part: .value)
            case .flag:
                return .free
            }
        }
    }

    /// Whether nothing that the table knows can follow in the statement: it ends, or another one begins.
    func isComplete(_ place: SchemaPlace) -> Bool {
        place.part == .value || place.part == .keyword && kind(place) == .flag
    }

    /// The place that further statements on the same line belong to, after passing a word.
    func container(after place: SchemaPlace, before: SchemaPlace) -> SchemaPlace {
        switch (place.part, kind(place)) {
        case (.entry, _), (.keyword, .container): place
        case (.keyword, .leaf) where !entries[Int(place.rule)].children.isEmpty: place
        default: before
        }
    }

    /// The text of a word, in quotes where it belongs to a value but would be taken for the next statement.
    func text(_ word: String, after previous: SchemaPlace, in container: SchemaPlace) -> String {
        quotedIfNeeded(word, force: isComplete(previous) && keyword(word, below: container) != nil)
    }

    private func everywhere(_ word: String) -> SchemaPlace {
        guard word.utf8.starts(with: "apply-".utf8), let number = global[word] else { return .free }
        return SchemaPlace(rule: number, part: .keyword)
    }
}

// SPDX-License-Identifier: Apache-2.0
// The tree while it is being edited: numbered nodes, merged as `load merge` does it (filters reference §7.2, §7.4).
import Diagnostics

/// A word of the text with its place.
struct Word {
    let text: String
    let location: SourceLocation
    var isQuoted = false
}

/// A configuration that can still change.
///
/// Nodes are numbers; the root is 0.
struct TreeBuilder {
    /// Deeper nesting is an error: it protects every recursion over the tree.
    static let maximumDepth = 128
    /// From this many children on a node keeps a dictionary of them.
    private static let indexedFrom = 12

    /// One node under construction.
    struct Node {
        var word: String
        let location: SourceLocation
        var place: SchemaPlace
        var parent: Int32
        let depth: Int32
        var isInactive = false
        var isProtected = false
        var opensBlock = false
        var isRemoved = false
        var comments: [String] = []
        /// Live and removed children in order.
        var children: [Int32] = []
        var removedChildren = 0
        var index: [String: Int32]?
    }

    private(set) var nodes: [Node]
    let schema = Schema.junos

    /// An empty configuration.
    init() {
        let nowhere = SourceLocation(file: "", line: 0, column: 0)
        nodes = [Node(word: "", location: nowhere, place: Schema.junos.root, parent: -1, depth: 0)]
    }

    // MARK: - Looking

    /// The live child with that word.
    func child(_ word: String, of parent: Int32) -> Int32? {
        if nodes[Int(parent)].index != nil {
            return nodes[Int(parent)].index?[word]
        }
        for child in nodes[Int(parent)].children where !nodes[Int(child)].isRemoved && nodes[Int(child)].word == word {
            return child
        }
        return nil
    }

    /// The live children in order.
    func children(of parent: Int32) -> [Int32] {
        let all = nodes[Int(parent)].children
        return nodes[Int(parent)].removedChildren == 0 ? all : all.filter { !nodes[Int($0)].isRemoved }
    }

    /// Whether a node has no live children.
    func isEmpty(_ node: Int32) -> Bool {
        nodes[Int(node)].children.count == nodes[Int(node)].removedChildren
    }

    /// The statement a word belongs to: where `inactive:` stands for it (filters reference §7.1).
    func statement(of node: Int32) -> Int32 {
        var current = node
        // What follows a value is part of its statement.
        var ancestor = node
        while nodes[Int(ancestor)].place.part == .free, nodes[Int(ancestor)].parent > 0 {
            ancestor = nodes[Int(ancestor)].parent
        }
        if nodes[Int(ancestor)].place.part == .value {
            current = nodes[Int(ancestor)].parent
        }
        return current
    }

    /// The words from the root to a node.
    func path(of node: Int32) -> String {
        var words: [String] = []
        var current = node
        while current > 0 {
            words.append(nodes[Int(current)].word)
            current = nodes[Int(current)].parent
        }
        return words.reversed().map { quotedIfNeeded($0) }.joined(separator: " ")
    }

    /// The protected node at or above a node.
    func protector(of node: Int32) -> Int32? {
        var current = node
        while current > 0 {
            if nodes[Int(current)].isProtected { return current }
            current = nodes[Int(current)].parent
        }
        return nil
    }

    // MARK: - Changing

    /// The child with that word, made if it is not there; alternatives and old values give way.
    mutating func make(_ word: Word, below parent: Int32) -> Int32 {
        let place = schema.place(of: word.text, below: nodes[Int(parent)].place)
        if place.part == .value, schema.kind(place) == .leaf {
            for old in children(of: parent)
            where nodes[Int(old)].place.part == .value && nodes[Int(old)].word != word.text {
                remove(old)
            }
        }
        if let existing = child(word.text, of: parent) {
            return existing
        }
        if place.part == .keyword, let rivals = schema.rule(place)?.rivals {
            for rival in rivals {
                if let loser = child(rival, of: parent) {
                    remove(loser)
                }
            }
        }
        let depth = nodes[Int(parent)].depth + 1
        return append(
            Node(word: word.text, location: word.location, place: place, parent: parent, depth: depth)
        )
    }

    private mutating func append(_ node: Node) -> Int32 {
        let number = Int32(nodes.count)
        let parent = Int(node.parent)
        nodes.append(node)
        nodes[parent].children.append(number)
        if nodes[parent].index != nil {
            nodes[parent].index?[node.word] = number
        } else if nodes[parent].children.count >= Self.indexedFrom {
            var index: [String: Int32] = [:]
            for child in nodes[parent].children where !nodes[Int(child)].isRemoved {
                index[nodes[Int(child)].word] = child
            }
            nodes[parent].index = index
        }
        return number
    }

    /// Takes a node out of its parent.
    mutating func remove(_ node: Int32) {
        guard !nodes[Int(node)].isRemoved, node > 0 else { return }
        nodes[Int(node)].isRemoved = true
        let parent = Int(nodes[Int(node)].parent)
        nodes[parent].removedChildren += 1
        let word = nodes[Int(node)].word
        nodes[parent].index?[word] = nil
        if nodes[parent].removedChildren > 16, nodes[parent].removedChildren * 2 > nodes[parent].children.count {
            compact(parent)
        }
    }

    private mutating func compact(_ parent: Int) {
        var live: [Int32] = []
        for child in nodes[parent].children where !nodes[Int(child)].isRemoved {
            live.append(child)
        }
        nodes[parent].children = live
        nodes[parent].removedChildren = 0
    }

    /// `delete`: the node goes, and parents that only existed for it go too (filters reference §7.2).
    mutating func delete(_ node: Int32) {
        var current = node
        remove(current)
        while true {
            current = nodes[Int(current)].parent
            guard current > 0, isEmpty(current), vanishesWhenEmpty(current) else { return }
            remove(current)
        }
    }

    private func vanishesWhenEmpty(_ node: Int32) -> Bool {
        let place = nodes[Int(node)].place
        switch place.part {
        case .entry, .value, .free: return false
        case .keyword:
            guard let rule = schema.rule(place) else { return false }
            return rule.kind != .flag && !rule.isPresence
        }
    }

    /// Empties a node before `replace:` fills it again; it keeps its place in the order.
    mutating func clear(_ node: Int32) {
        for child in children(of: node) {
            remove(child)
        }
        nodes[Int(node)].isInactive = false
        nodes[Int(node)].comments = []
    }

    /// Sets what stands before a statement.
    mutating func mark(_ node: Int32, inactive: Bool? = nil, protected: Bool? = nil, comments: [String]? = nil) {
        if let inactive { nodes[Int(node)].isInactive = inactive }
        if let protected { nodes[Int(node)].isProtected = protected }
        if let comments { nodes[Int(node)].comments = comments }
    }

    /// Remembers that a `{` followed.
    mutating func markBlock(_ node: Int32) {
        nodes[Int(node)].opensBlock = true
    }

    /// Gives an entry another name; the caller has made sure that it is free.
    mutating func rename(_ node: Int32, to word: String) {
        let parent = Int(nodes[Int(node)].parent)
        let old = nodes[Int(node)].word
        nodes[parent].index?[old] = nil
        nodes[Int(node)].word = word
        nodes[parent].index?[word] = node
    }

    /// Moves a node directly before or after its sibling.
    mutating func move(_ node: Int32, before: Bool, sibling: Int32) {
        let parent = Int(nodes[Int(node)].parent)
        nodes[parent].children.removeAll { $0 == node }
        guard let position = nodes[parent].children.firstIndex(of: sibling) else {
            nodes[parent].children.append(node)
            return
        }
        nodes[parent].children.insert(node, at: before ? position : position + 1)
    }

    /// Appends a copy of an entry under another name.
    mutating func copy(_ node: Int32, to word: Word) {
        let source = nodes[Int(node)]
        var top = source
        top.word = word.text
        graft(source: top, below: source.parent)
    }

    private mutating func graft(source: Node, below parent: Int32) {
        var copy = source
        copy.parent = parent
        copy.children = []
        copy.removedChildren = 0
        copy.index = nil
        let number = append(copy)
        for child in source.children where !nodes[Int(child)].isRemoved {
            graft(source: nodes[Int(child)], below: number)
        }
    }

    /// The finished value.
    func finish() -> ConfigurationTree {
        ConfigurationTree(root: finished(0))
    }

    private func finished(_ number: Int32) -> ConfigurationNode {
        let node = nodes[Int(number)]
        var children: [ConfigurationNode] = []
        children.reserveCapacity(node.children.count - node.removedChildren)
        for child in node.children where !nodes[Int(child)].isRemoved {
            children.append(finished(child))
        }
        return ConfigurationNode(
            word: node.word,
            location: node.location,
            isInactive: node.isInactive,
            isProtected: node.isProtected,
            opensBlock: node.opensBlock,
            comments: node.comments,
            children: children
        )
    }
}

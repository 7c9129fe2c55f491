// SPDX-License-Identifier: Apache-2.0
// The tree that every textual form is read into: one node a word, so that both forms mean the same tree.
public import Diagnostics

/// One word of a configuration path, with what follows it.
///
/// `term a { from protocol [ tcp udp ]; }` and `set … term a from protocol tcp` give the same chain of nodes
/// `term` → `a` → `from` → `protocol` → `tcp`, `udp`. A node without children ends a statement.
public struct ConfigurationNode: Hashable, Sendable {
    /// The word without quotes and escapes.
    public let word: String
    /// Where the word stands.
    public let location: SourceLocation
    /// `inactive:` stands before the statement that ends its keyword part here (filters reference §7.1).
    public let isInactive: Bool
    /// `protect:` stands before the statement (filters reference §7.2); it matters to editing, not to meaning.
    public let isProtected: Bool
    /// A `{` followed the word; kept so that hierarchies no schema knows are printed as they were read.
    public let opensBlock: Bool
    /// Comments attached to this statement, without their delimiters.
    public let comments: [String]
    /// What follows, in configuration order.
    public let children: [ConfigurationNode]

    /// Makes a node.
    public init(
        word: String,
        location: SourceLocation,
        isInactive: Bool = false,
        isProtected: Bool = false,
        opensBlock: Bool = false,
        comments: [String] = [],
        children: [ConfigurationNode] = []
    ) {
        self.word = word
        self.location = location
        self.isInactive = isInactive
        self.isProtected = isProtected
        self.opensBlock = opensBlock
        self.comments = comments
        self.children = children
    }

    /// The first child with that word.
    public func child(_ word: String) -> ConfigurationNode? {
        children.first { $0.word == word }
    }

    /// Follows words downwards.
    public func descendant(_ words: String...) -> ConfigurationNode? {
        words.reduce(self as ConfigurationNode?) { $0?.child($1) }
    }

    /// The same node with other children.
    func with(children: [ConfigurationNode]) -> ConfigurationNode {
        ConfigurationNode(
            word: word,
            location: location,
            isInactive: isInactive,
            isProtected: isProtected,
            opensBlock: opensBlock,
            comments: comments,
            children: children
        )
    }
}

/// A whole configuration as read: a root node whose word is empty.
public struct ConfigurationTree: Hashable, Sendable {
    /// The node above all top-level statements; its word is empty.
    public let root: ConfigurationNode

    /// Makes a tree.
    public init(root: ConfigurationNode) {
        self.root = root
    }
}

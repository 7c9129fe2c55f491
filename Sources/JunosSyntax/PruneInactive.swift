// SPDX-License-Identifier: Apache-2.0
// The first pass: what is inactive is as if it were not there (filters reference §7.2).

/// The tree without inactive statements.
///
/// A statement whose only contents were inactive stays where its emptiness means something (`term a` without an active
/// `from` matches everything, trap T64); keywords that only hold values or entries go with the last of them.
public func pruneInactive(_ tree: ConfigurationTree) -> ConfigurationTree {
    ConfigurationTree(root: pruned(tree.root, at: Schema.junos.root) ?? tree.root)
}

/// The node without its inactive parts, or nil if nothing changed.
private func pruned(_ node: ConfigurationNode, at place: SchemaPlace) -> ConfigurationNode? {
    var result: [ConfigurationNode]?
    for (position, child) in node.children.enumerated() {
        let place = Schema.junos.place(of: child.word, below: place)
        var kept: ConfigurationNode? = child
        if child.isInactive {
            kept = nil
        } else if let changed = pruned(child, at: place) {
            kept = changed.children.isEmpty && holdsOnly(child, place) ? nil : changed
        } else {
            result?.append(child)
            continue
        }
        if result == nil { result = Array(node.children[..<position]) }
        if let kept { result?.append(kept) }
    }
    return result.map { node.with(children: $0) }
}

/// Whether a node is a keyword that says nothing without what it holds.
private func holdsOnly(_ node: ConfigurationNode, _ place: SchemaPlace) -> Bool {
    switch (place.part, Schema.junos.kind(place)) {
    case (.keyword, .list), (.keyword, .leaf), (.keyword, .leafList): true
    case (.free, _): !node.opensBlock
    default: false
    }
}

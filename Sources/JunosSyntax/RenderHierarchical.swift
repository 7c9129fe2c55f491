// SPDX-License-Identifier: Apache-2.0
// The tree as text in braces, laid out as the device shows it (filters reference §7.1).

/// The hierarchical form with four blanks a level; hierarchies that the structure table does not know keep the blocks
/// they were read with.
public func renderHierarchical(_ tree: ConfigurationTree) -> String {
    var printer = HierarchyPrinter()
    printer.statements(of: tree.root, at: Schema.junos.root)
    return printer.text
}

private struct HierarchyPrinter {
    var text = ""
    private var depth = 0
    /// The block that is being printed: what its keywords begin must not be mistaken for the rest of a statement.
    private var container = Schema.junos.root

    // MARK: - Lines

    private mutating func line(_ words: String, _ end: String) {
        for _ in 0..<depth { text += "    " }
        text += words
        text += end
        text += "\n"
    }

    /// Comments go on lines of their own; the answer is what stands directly before the statement.
    private mutating func tags(_ node: ConfigurationNode) -> String {
        for comment in node.comments {
            let isOpen = comment.utf8.contains(Ascii.newline) || !comment.contains("*/")
            line(isOpen ? "/* \(comment) */" : "# \(comment)", "")
        }
        return (node.isProtected ? "protect: " : "") + (node.isInactive ? "inactive: " : "")
    }

    private mutating func block(_ words: String, _ contents: (inout HierarchyPrinter) -> Void) {
        line(words, " {")
        depth += 1
        contents(&self)
        depth -= 1
        line("}", "")
    }

    // MARK: - Statements

    mutating func statements(of node: ConfigurationNode, at place: SchemaPlace) {
        let outer = container
        container = place
        defer { container = outer }
        for child in node.children {
            statement(child, at: Schema.junos.place(of: child.word, below: place))
        }
    }

    private mutating func statement(_ node: ConfigurationNode, at place: SchemaPlace) {
        switch (place.part, Schema.junos.rule(place)) {
        case (.keyword, let rule?) where rule.kind == .list:
            list(node, at: place, rule)
        case (.keyword, let rule?) where rule.kind == .leafList:
            leafList(node, at: place, rule)
        case (.keyword, let rule?) where rule.kind == .container && rule.style == .oneLine:
            if node.children.count == 1, let line = inline(node, at: place, in: container) {
                self.line(tags(node) + line, ";")
            } else {
                blockOrEmpty(node, at: place)
            }
        case (.keyword, let rule?) where rule.kind == .container:
            blockOrEmpty(node, at: place)
        case (.entry, _):
            entry(node, at: place, prefix: "", style: .block)
        case (.keyword, _), (.value, _), (.free, _):
            chain(node, at: place)
        }
    }

    private mutating func blockOrEmpty(_ node: ConfigurationNode, at place: SchemaPlace) {
        let words = tags(node) + quotedIfNeeded(node.word)
        if node.children.isEmpty {
            line(words, ";")
        } else {
            block(words) { $0.statements(of: node, at: place) }
        }
    }

    private mutating func list(_ node: ConfigurationNode, at place: SchemaPlace, _ rule: SchemaRule) {
        let hasOnlyEntries = node.children.allSatisfy { Schema.junos.place(of: $0.word, below: place).part == .entry }
        guard rule.style != .block, !node.isMarked, hasOnlyEntries, !node.children.isEmpty else {
            return blockOrEmpty(node, at: place)
        }
        for child in node.children {
            entry(
                child,
                at: Schema.junos.place(of: child.word, below: place),
                prefix: quotedIfNeeded(node.word) + " ",
                style: rule.style
            )
        }
    }

    private mutating func entry(
        _ node: ConfigurationNode,
        at place: SchemaPlace,
        prefix: String,
        style: SchemaRule.Style
    ) {
        let name = prefix + quotedIfNeeded(node.word)
        if let further = furtherKey(of: node, at: place) {
            let inner = Schema.junos.place(of: further.word, below: place)
            for child in further.children {
                entry(
                    child,
                    at: Schema.junos.place(of: child.word, below: inner),
                    prefix: "\(name) \(further.word) ",
                    style: .ordinary
                )
            }
            return
        }
        let words = tags(node) + name
        if let rest = inlineContents(of: node, at: place, style: style) {
            line(words + rest, ";")
        } else {
            block(words) { $0.statements(of: node, at: place) }
        }
    }

    /// `from-zone A to-zone B` stands on one line.
    private func furtherKey(of node: ConfigurationNode, at place: SchemaPlace) -> ConfigurationNode? {
        guard Schema.junos.rule(place)?.entryContinues == true, !node.isMarked, node.children.count == 1,
            let only = node.children.first, !only.isMarked, !only.children.isEmpty
        else { return nil }
        let inner = Schema.junos.place(of: only.word, below: place)
        guard Schema.junos.kind(inner) == .list else { return nil }
        let hasOnlyEntries = only.children.allSatisfy { Schema.junos.place(of: $0.word, below: inner).part == .entry }
        return hasOnlyEntries ? only : nil
    }

    private mutating func leafList(_ node: ConfigurationNode, at place: SchemaPlace, _ rule: SchemaRule) {
        guard node.children.allSatisfy({ $0.children.isEmpty && !$0.isMarked }), !node.children.isEmpty else {
            if let line = inline(node, at: place, in: container) {
                self.line(tags(node) + line, ";")
            } else {
                blockOrEmpty(node, at: place)
            }
            return
        }
        let word = quotedIfNeeded(node.word)
        let values = node.children.map { quotedIfNeeded($0.word) }
        if values.count == 1 {
            line(tags(node) + word + " " + values[0], ";")
        } else if rule.style == .separate, !node.isMarked {
            for value in values { line(word + " " + value, ";") }
        } else {
            line(tags(node) + word + " [ " + values.joined(separator: " ") + " ]", ";")
        }
    }

    /// Words that follow each other on one line as far as nothing branches.
    private mutating func chain(_ node: ConfigurationNode, at place: SchemaPlace) {
        if node.isInactive || node.isProtected {
            if place.part == .keyword, let line = inline(node, at: place, in: container) {
                self.line(tags(node) + line, ";")
            } else {
                // Before a longer line with a block, the tag would be about its last word.
                blockOrEmpty(node, at: place)
            }
            return
        }
        var words = tags(node) + quotedIfNeeded(node.word)
        var lineContainer = Schema.junos.container(after: place, before: container)
        var current = node
        var place = place
        while depth > 0 || place.part == .keyword, !current.opensBlock, current.children.count == 1,
            let next = current.children.first,
            !next.isMarked
        {
            let nextPlace = Schema.junos.place(of: next.word, below: place)
            guard nextPlace.part == .free || nextPlace.part == .value else { break }
            words += " " + Schema.junos.text(next.word, after: place, in: lineContainer)
            lineContainer = Schema.junos.container(after: nextPlace, before: lineContainer)
            current = next
            place = nextPlace
        }
        if current.children.isEmpty {
            line(words, ";")
        } else {
            block(words) { $0.statements(of: current, at: place) }
        }
    }

    // MARK: - One line

    /// What follows an entry's name on its line, or nil if it needs a block.
    private func inlineContents(
        of node: ConfigurationNode,
        at place: SchemaPlace,
        style: SchemaRule.Style
    ) -> String? {
        if node.children.isEmpty { return "" }
        guard !node.opensBlock || style == .oneLine || style == .shortEntry else { return nil }
        var result = ""
        for child in node.children {
            let childPlace = Schema.junos.place(of: child.word, below: place)
            guard !child.isMarked, let line = inline(child, at: childPlace, in: place) else { return nil }
            let isFlag = childPlace.part == .keyword && Schema.junos.kind(childPlace) == .flag
            let fits: Bool
            switch style {
            case .oneLine: fits = childPlace.part == .keyword
            case .shortEntry: fits = node.children.count == 1
            case .block: fits = node.children.count == 1 && (isFlag || child.word == "to")
            case .ordinary, .separate: fits = node.children.count == 1 && child.word == "to"
            }
            guard fits else { return nil }
            result += " " + line
        }
        return result
    }

    /// A statement without branches as words on one line.
    private func inline(
        _ node: ConfigurationNode,
        at place: SchemaPlace,
        in container: SchemaPlace
    ) -> String? {
        var words = quotedIfNeeded(node.word)
        var container = Schema.junos.container(after: place, before: container)
        var current = node
        var place = place
        while let next = current.children.first {
            if current.children.count > 1, Schema.junos.kind(place) == .leafList, place.part == .keyword,
                current.children.allSatisfy({ $0.children.isEmpty && !$0.isMarked })
            {
                return words + " [ " + current.children.map { quotedIfNeeded($0.word) }.joined(separator: " ") + " ]"
            }
            guard current.children.count == 1, !next.isMarked else { return nil }
            let text = Schema.junos.text(next.word, after: place, in: container)
            place = Schema.junos.place(of: next.word, below: place)
            if Schema.junos.kind(place) == .list, place.part == .keyword { return nil }
            words += " " + text
            container = Schema.junos.container(after: place, before: container)
            current = next
        }
        return words
    }
}

extension ConfigurationNode {
    /// Whether something stands before the statement that only fits before a statement of its own.
    fileprivate var isMarked: Bool { isInactive || isProtected || !comments.isEmpty }
}

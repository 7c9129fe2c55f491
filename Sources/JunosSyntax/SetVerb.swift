// SPDX-License-Identifier: Apache-2.0
// The commands a file of lines may hold, and what each does to the tree (filters reference §7.2).
import Diagnostics

/// A command at the beginning of a line.
enum SetVerb: String, CaseIterable {
    case set
    case delete
    case deactivate
    case activate
    case insert
    case rename
    case copy
    case annotate
    case protect
    case unprotect
    case edit
    case top
    case up
    case exit
}

extension TextReader {
    /// One line: a command, or a hierarchical block in between.
    mutating func readLine() {
        if looksLikePrompt {
            report(
                "syntax-prompt",
                at: place,
                "'\(token.text)' looks like the prompt of a device; remove it, the line is left out"
            )
            return skipLine()
        }
        let comments = takeComments()
        let start = place
        var (words, endLine, endColumn) = gatherWords()
        guard let verb = words.first.flatMap({ $0.isQuoted ? nil : SetVerb(rawValue: $0.text) }) else {
            if token.kind == .openBrace || token.kind == .semicolon {
                return finishStatement(words, tags: [], comments: comments, endLine: endLine, endColumn: endColumn)
            }
            report(
                "syntax-unknown-command",
                at: start,
                "'\(words.first?.text ?? "")' is no command; lines begin with set, delete, deactivate, insert and the like"
            )
            return skipLine()
        }
        words.removeFirst()
        var values: [Word] = []
        if token.kind == .openBracket {
            values = gatherValues()
        }
        if token.kind != .newline, token.kind != .end {
            report("syntax-unexpected-character", at: place, "the line must end here; the line is left out")
            return skipLine()
        }
        run(verb, words, values: values, comments: comments, at: start)
    }

    private mutating func run(
        _ verb: SetVerb,
        _ words: [Word],
        values: [Word],
        comments: [String],
        at start: SourceLocation
    ) {
        let level = editLevels.last ?? 0
        switch verb {
        case .top, .up, .exit:
            return moveLevel(verb, words, values: values, comments: comments, at: start)
        case .set, .edit, .delete, .deactivate, .activate, .insert, .rename, .copy, .annotate, .protect, .unprotect:
            guard !words.isEmpty else {
                return report("syntax-missing-statement", at: start, "a statement must follow '\(verb.rawValue)'")
            }
        }
        switch verb {
        case .set:
            guard let placed = place(words, below: level) else { return }
            for value in values {
                guard place([value], below: placed.last) != nil else { break }
            }
            if !comments.isEmpty { builder.mark(builder.statement(of: placed.last), comments: comments) }
        case .edit:
            guard let placed = place(words, below: level) else { return }
            editLevels.append(placed.last)
        case .delete:
            let targets = values.isEmpty ? [words] : values.map { words + [$0] }
            for target in targets {
                if let node = existing(target, at: start), isFree(node, at: start) { builder.delete(node) }
            }
        case .deactivate, .activate:
            guard let node = existing(words, at: start), let subject = subject(of: node, verb, at: start) else {
                return
            }
            guard isFree(subject, at: start) else { return }
            builder.mark(subject, inactive: verb == .deactivate)
        case .protect, .unprotect:
            guard let node = existing(words, at: start), let subject = subject(of: node, verb, at: start) else {
                return
            }
            builder.mark(subject, protected: verb == .protect)
        case .annotate:
            guard words.count > 1, let text = words.last else {
                return report("syntax-missing-statement", at: start, "annotate needs a statement and a text")
            }
            guard let node = existing(Array(words.dropLast()), at: start) else { return }
            builder.mark(builder.statement(of: node), comments: text.text.isEmpty ? [] : [text.text])
        case .insert:
            insert(words, at: start)
        case .rename, .copy:
            renameOrCopy(verb, words, at: start)
        case .top, .up, .exit:
            break
        }
    }

    /// `top`, `up N`, `exit`; `top set …` runs a command from there.
    private mutating func moveLevel(
        _ verb: SetVerb,
        _ words: [Word],
        values: [Word],
        comments: [String],
        at start: SourceLocation
    ) {
        if verb == .top, let next = words.first, let command = SetVerb(rawValue: next.text) {
            let levels = editLevels
            editLevels = []
            run(command, Array(words.dropFirst()), values: values, comments: comments, at: start)
            if command != .edit { editLevels = levels }
            return
        }
        switch verb {
        case .top:
            editLevels = []
        case .up:
            let steps = words.first.map { Int($0.text) ?? 0 } ?? 1
            guard steps > 0 else {
                return report("syntax-bad-argument", at: start, "up needs a number of levels, 1 or more")
            }
            guard var node = editLevels.last else { return }
            for _ in 0..<min(steps, TreeBuilder.maximumDepth) where node > 0 { node = builder.enclosingLevel(of: node) }
            editLevels = node > 0 ? [node] : []
        default:
            _ = editLevels.popLast()
        }
    }

    // MARK: - Targets

    private mutating func existing(_ words: [Word], at start: SourceLocation) -> Int32? {
        if let node = builder.find(words, below: editLevels.last ?? 0) { return node }
        let path = words.map { quotedIfNeeded($0.text) }.joined(separator: " ")
        report("syntax-statement-not-found", at: start, "statement not found: \(path)", severity: .warning)
        return nil
    }

    private mutating func isFree(_ node: Int32, at start: SourceLocation) -> Bool {
        guard let protector = builder.protector(of: node) else { return true }
        report(
            "syntax-protected",
            at: start,
            "'\(builder.path(of: protector))' is protected; unprotect it before changing it"
        )
        return false
    }

    /// The statement that a path is about, where it can carry a tag.
    private mutating func subject(of node: Int32, _ verb: SetVerb, at start: SourceLocation) -> Int32? {
        let subject = builder.statement(of: node)
        if subject != node, builder.children(of: subject).count > 1 {
            report(
                "syntax-not-a-statement",
                at: start,
                "a single value of '\(builder.path(of: subject))' cannot be named here; \(verb.rawValue) the statement"
            )
            return nil
        }
        let place = builder.nodes[Int(subject)].place
        if place.part == .keyword, let rule = builder.schema.rule(place), rule.kind == .list, rule.style != .block {
            report("syntax-not-a-statement", at: start, "a name must follow '\(builder.path(of: subject))'")
            return nil
        }
        return subject
    }

    // MARK: - Order and names

    private mutating func insert(_ words: [Word], at start: SourceLocation) {
        guard let position = words.lastIndex(where: { $0.text == "before" || $0.text == "after" }), position > 0,
            (1...2).contains(words.count - position - 1), let name = words.last
        else {
            return report("syntax-bad-argument", at: start, "insert needs: insert PATH before|after NAME")
        }
        guard let node = existing(Array(words[..<position]), at: start) else { return }
        let parent = builder.nodes[Int(node)].parent
        guard isFree(node, at: start) else { return }
        guard let sibling = builder.child(name.text, of: parent), sibling != node,
            words.count - position == 2 || words[position + 1].text == builder.nodes[Int(parent)].word
        else {
            return report(
                "syntax-statement-not-found",
                at: name.location,
                "there is no '\(name.text)' beside '\(builder.path(of: node))'"
            )
        }
        if let rule = builder.schema.rule(builder.nodes[Int(node)].place), !rule.isUserOrdered {
            return report("syntax-not-ordered", at: start, "entries of '\(rule.word)' have no order to change")
        }
        builder.move(node, before: words[position].text == "before", sibling: sibling)
    }

    private mutating func renameOrCopy(_ verb: SetVerb, _ words: [Word], at start: SourceLocation) {
        guard let position = words.lastIndex(where: { $0.text == "to" }), position > 0,
            (1...2).contains(words.count - position - 1), let name = words.last
        else {
            return report("syntax-bad-argument", at: start, "\(verb.rawValue) needs: \(verb.rawValue) PATH to NAME")
        }
        guard let node = existing(Array(words[..<position]), at: start) else { return }
        let parent = builder.nodes[Int(node)].parent
        guard isFree(node, at: start) else { return }
        guard parent > 0, words.count - position == 2 || words[position + 1].text == builder.nodes[Int(parent)].word
        else {
            return report("syntax-bad-argument", at: name.location, "the new name must be of the same kind")
        }
        guard builder.child(name.text, of: parent) == nil else {
            return report("syntax-already-exists", at: name.location, "'\(name.text)' exists already")
        }
        if verb == .rename {
            builder.rename(node, to: name.text)
        } else {
            builder.copy(node, to: name)
        }
    }
}

extension TreeBuilder {
    /// The level above an edit level: list keywords are no level of their own.
    func enclosingLevel(of node: Int32) -> Int32 {
        var parent = nodes[Int(node)].parent
        while parent > 0, nodes[Int(parent)].place.part == .keyword,
            schema.kind(nodes[Int(parent)].place) == .list
        {
            parent = nodes[Int(parent)].parent
        }
        return parent
    }
}

// SPDX-License-Identifier: Apache-2.0
// From the words of one statement to nodes: which words are siblings, and which of them the statement is about.

/// Where a statement ended up.
struct PlacedStatement {
    /// The node of the last word.
    let last: Int32
    /// The node that a tag before the statement is about (filters reference §7.1).
    let subject: Int32
    /// The node that a comment before the statement is kept at.
    let commented: Int32
    /// A word that begins another statement of the block although no `;` ended the one before.
    let begunWithoutSemicolon: Word?
}

/// Why a statement has no place.
enum PlacementFailure: Error {
    case tooDeep
    case protected(Int32)
}

extension TreeBuilder {
    /// Makes the nodes of a statement's words below a node.
    ///
    /// Words that complete one statement begin the next below the same container:
    /// `term t protocol tcp destination-port 22` puts two statements below `t`.
    mutating func place(
        _ words: some Sequence<Word>,
        below base: Int32,
        opensBlock: Bool = false
    ) throws(PlacementFailure) -> PlacedStatement {
        var current = base
        var container = base
        var begunWithoutSemicolon: Word?
        var subject: Int32 = -1
        var unknown: [Int32] = []
        for word in words {
            if schema.isComplete(nodes[Int(current)].place), current != base, beginsStatement(word, below: container) {
                if container == base { begunWithoutSemicolon = begunWithoutSemicolon ?? word }
                current = container
            }
            guard nodes[Int(current)].depth < Self.maximumDepth else { throw .tooDeep }
            if nodes[Int(current)].isProtected { throw .protected(current) }
            current = make(word, below: current)
            let place = nodes[Int(current)].place
            switch (place.part, schema.kind(place)) {
            case (.entry, _) where schema.rule(place)?.entryContinues != true,
                (.keyword, .container), (.keyword, .leaf), (.keyword, .leafList), (.keyword, .flag):
                if subject < 0 { subject = current }
            case (.free, _):
                unknown.append(current)
            default:
                break
            }
            if schema.container(after: place, before: .free) == place, place.part != .free { container = current }
        }
        let commented = subject >= 0 ? subject : unknown.first ?? current
        if opensBlock {
            subject = current
        } else if subject < 0 {
            subject = unknown.count >= 3 ? unknown[1] : current
        }
        return PlacedStatement(
            last: current,
            subject: subject,
            commented: opensBlock && schema.rule(nodes[Int(current)].place) != nil ? current : commented,
            begunWithoutSemicolon: begunWithoutSemicolon
        )
    }

    private func beginsStatement(_ word: Word, below container: Int32) -> Bool {
        !word.isQuoted && schema.keyword(word.text, below: nodes[Int(container)].place) != nil
    }

    /// The node at a path that exists already.
    func find(_ words: some Sequence<Word>, below base: Int32) -> Int32? {
        var current = base
        for word in words {
            guard let next = child(word.text, of: current) else { return nil }
            current = next
        }
        return current
    }
}

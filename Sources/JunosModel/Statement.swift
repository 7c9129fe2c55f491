// SPDX-License-Identifier: Apache-2.0
// A node of the tree together with its path, which is all that an extractor needs to read and to complain.
import Diagnostics
import JunosSyntax

/// One statement of the configuration and where it stands.
struct Statement {
    /// The node.
    let node: ConfigurationNode
    /// The path down to and including the node's word.
    let path: String

    /// A statement under a path; the path of the root is empty.
    init(_ node: ConfigurationNode, under path: String = "") {
        self.node = node
        self.path = path.isEmpty ? quoted(node.word) : node.word.isEmpty ? path : path + " " + quoted(node.word)
    }

    /// The statement's own word.
    var word: String { node.word }

    /// What follows the word.
    var children: [ConfigurationNode] { node.children }

    /// Whether anything follows the word.
    var isEmpty: Bool { node.children.isEmpty }

    /// The value of a leaf: the one that was set last, as `set` replaces (filters reference §1.3).
    var value: ConfigurationNode? { node.children.last }

    /// What the model keeps to name this statement.
    var reference: StatementReference { StatementReference(path: path, location: node.location) }

    /// The same reference under the path that diagnostics and answers use for it.
    func reference(as path: String) -> StatementReference {
        StatementReference(path: path, location: node.location)
    }

    /// A child as a statement.
    func statement(_ child: ConfigurationNode) -> Statement { Statement(child, under: path) }

    /// The child with that word.
    func child(_ word: String) -> Statement? { node.child(word).map(statement) }

    /// All children.
    var statements: [Statement] { node.children.map(statement) }

    /// The named entries under a keyword, in configuration order: each `NAME` of `term NAME`.
    func entries(_ keyword: String) -> [Statement] { child(keyword)?.statements ?? [] }
}

/// A word as it must be written: in quotes where it would not be read back as one word (filters reference §7.1).
func quoted(_ word: String) -> String {
    func needsQuotes(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "|"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "&"), UInt8(ascii: "!"):
            true
        default: false
        }
    }
    return word.utf8.contains(where: needsQuotes) ? "\"\(word)\"" : word
}

extension [Diagnostic] {
    /// Notes something that keeps the configuration from being applied.
    mutating func error(_ code: String, _ statement: Statement, _ message: String) {
        append(Diagnostic(.error, code, at: statement.node.location, path: statement.path, message))
    }

    /// Notes something that is probably not meant.
    mutating func warning(_ code: String, _ statement: Statement, _ message: String) {
        append(Diagnostic(.warning, code, at: statement.node.location, path: statement.path, message))
    }

    /// Notes something worth knowing.
    mutating func notice(_ code: String, _ statement: Statement, _ message: String) {
        append(Diagnostic(.notice, code, at: statement.node.location, path: statement.path, message))
    }

    /// Notes an error about something whose statement is known only by reference.
    mutating func error(_ code: String, _ source: StatementReference, _ message: String) {
        append(Diagnostic(.error, code, at: source.location, path: source.path, message))
    }

    /// Notes a warning about something whose statement is known only by reference.
    mutating func warning(_ code: String, _ source: StatementReference, _ message: String) {
        append(Diagnostic(.warning, code, at: source.location, path: source.path, message))
    }
}

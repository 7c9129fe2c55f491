// SPDX-License-Identifier: Apache-2.0
// Reads one text, line commands and hierarchical statements alike, onto a tree; after an error it goes on.
import Diagnostics

/// The form of a text, told by how it begins.
enum TextForm {
    case hierarchical
    case set
    /// XML or JSON, which this reader does not read.
    case foreign(String)

    /// Looks at the first line that says what it is; what a terminal session left before it does not count.
    static func recognise(_ text: String) -> TextForm {
        var lexer = Lexer(file: "", text: text)
        lexer.emitsNewlines = true
        var token = lexer.next()
        while token.kind == .newline { token = lexer.next() }
        if token.kind == .openBrace {
            token = lexer.next()
            while token.kind == .newline { token = lexer.next() }
            if token.kind == .closeBrace || token.isQuoted { return .foreign("JSON") }
        }
        if !token.isQuoted, ["<?xml", "<rpc", "<configuration"].contains(where: token.text.hasPrefix) {
            return .foreign("XML")
        }
        while token.kind != .end {
            let first = token
            var last = token
            while token.kind != .newline, token.kind != .end {
                last = token
                token = lexer.next()
            }
            if first.kind == .word, !first.isQuoted, SetVerb(rawValue: first.text) != nil { return .set }
            if last.kind == .openBrace || last.kind == .semicolon { return .hierarchical }
            token = token.kind == .end ? token : lexer.next()
        }
        return .hierarchical
    }
}

/// Reads one text.
struct TextReader {
    /// An open block.
    struct Frame {
        /// The node it fills, or -1 where its contents are left out.
        let node: Int32
        /// The innermost node that is not left out.
        let level: Int32
        let openedAt: SourceLocation
        /// Protection starts when the block is complete.
        var protects: Int32 = -1
    }

    var builder: TreeBuilder
    var diagnostics: [Diagnostic] = []
    /// The edit level of line commands, outermost first; empty at the top.
    var editLevels: [Int32] = []
    private(set) var token: Token
    private var lexer: Lexer
    private let file: String
    private let isSetForm: Bool
    private var frames: [Frame] = []

    /// Starts on a text whose form is known.
    init(file: String, text: String, isSetForm: Bool, onto builder: TreeBuilder) {
        self.file = file
        self.isSetForm = isSetForm
        self.builder = builder
        lexer = Lexer(file: file, text: text)
        lexer.emitsNewlines = isSetForm
        token = lexer.next()
    }

    /// Reads to the end.
    mutating func read() {
        while token.kind != .end {
            if token.kind == .newline {
                advance()
            } else if frames.isEmpty, token.kind == .word, token.isFirstOnLine, !token.isQuoted,
                isSetForm || SetVerb(rawValue: token.text) != nil
            {
                lexer.emitsNewlines = true
                readLine()
            } else {
                readStatement()
            }
            if frames.isEmpty { lexer.emitsNewlines = isSetForm }
        }
        while let frame = frames.popLast() {
            // Of blocks that are left out, the outermost says enough.
            if frame.node < 0, let outer = frames.last, outer.node < 0 { continue }
            report("syntax-unclosed-block", at: frame.openedAt, "the block that opens here is never closed by }")
        }
        diagnostics = (diagnostics + lexer.diagnostics).sorted { before, after in
            guard let one = before.location, let other = after.location else { return false }
            return (one.line, one.column) < (other.line, other.column)
        }
    }

    // MARK: - Tokens

    mutating func advance() {
        token = lexer.next()
    }

    /// The place of the current token.
    var place: SourceLocation { SourceLocation(file: file, line: token.line, column: token.column) }

    /// The comments that stand before what is being read.
    mutating func takeComments() -> [String] {
        defer { lexer.comments = [] }
        return lexer.comments
    }

    /// Drops the rest of the line that the current token stands on.
    mutating func skipLine() {
        let line = token.line
        if token.kind == .newline { return }
        lexer.skipLine()
        advance()
        while token.line == line, token.kind != .end, token.kind != .newline { advance() }
    }

    mutating func report(
        _ code: String,
        at location: SourceLocation,
        _ message: String,
        severity: Severity = .error
    ) {
        let level = frames.last?.level ?? editLevels.last ?? 0
        diagnostics.append(Diagnostic(severity, code, at: location, path: builder.path(of: level), message))
    }

    private mutating func takeWord() -> Word {
        let word = Word(text: token.text, location: place, isQuoted: token.isQuoted)
        advance()
        return word
    }

    /// Words up to the first other token.
    mutating func gatherWords() -> (words: [Word], endLine: Int, endColumn: Int) {
        var words: [Word] = []
        var (endLine, endColumn) = (token.line, token.column)
        while token.kind == .word, words.isEmpty || lexer.emitsNewlines || !token.isFirstOnLine {
            (endLine, endColumn) = (token.endLine, token.endColumn)
            words.append(takeWord())
        }
        return (words, endLine, endColumn)
    }

    /// The values of `[ a b ]`; the current token is `[`.
    mutating func gatherValues() -> [Word] {
        let start = place
        advance()
        var values: [Word] = []
        while true {
            switch token.kind {
            case .word:
                values.append(takeWord())
            case .closeBracket:
                advance()
                if values.isEmpty {
                    report("syntax-empty-list", at: start, "the list has no values")
                }
                return values
            case .newline where !isSetForm && !lexer.emitsNewlines:
                advance()
            case .openBrace, .closeBrace, .openBracket, .semicolon, .newline, .end:
                report("syntax-unclosed-list", at: start, "the list that opens here is never closed by ]")
                return values
            }
        }
    }

    // MARK: - Hierarchical statements

    private mutating func open(_ node: Int32, protects: Int32 = -1) {
        let level = node >= 0 ? node : frames.last?.level ?? 0
        frames.append(Frame(node: node, level: level, openedAt: place, protects: protects))
    }

    private mutating func readStatement() {
        switch token.kind {
        case .closeBrace:
            if let frame = frames.popLast() {
                if frame.protects >= 0 { builder.mark(frame.protects, protected: true) }
            } else {
                report("syntax-unexpected-brace", at: place, "this } closes nothing")
            }
            lexer.comments = []
            advance()
        case .semicolon:
            // An empty statement, as `login { … };` leaves behind.
            lexer.comments = []
            advance()
        case .openBrace:
            report("syntax-unexpected-brace", at: place, "a statement must begin with a word, not with {")
            open(-1)
            advance()
        case .openBracket, .closeBracket:
            report("syntax-unexpected-bracket", at: place, "a statement must begin with a word; the line is left out")
            skipLine()
        case .word:
            if looksLikePrompt {
                report(
                    "syntax-prompt",
                    at: place,
                    "'\(token.text)' looks like the prompt of a device; remove it, the line is left out"
                )
                skipLine()
                return
            }
            readTaggedStatement()
        case .newline, .end:
            advance()
        }
    }

    /// `user@host>` and the like at the beginning of a line.
    var looksLikePrompt: Bool {
        guard token.isFirstOnLine, !token.isQuoted, let last = token.text.last else { return false }
        return token.text.contains("@") && "#>%$".contains(last)
    }

    private mutating func readTaggedStatement() {
        var tags: [StatementTag] = []
        let comments = takeComments()
        while token.kind == .word, !token.isQuoted, let tag = StatementTag(rawValue: token.text) {
            tags.append(tag)
            advance()
        }
        let start = place
        let (words, endLine, endColumn) = gatherWords()
        guard !words.isEmpty else {
            report("syntax-missing-statement", at: start, "a statement must follow '\(tags.last?.rawValue ?? "")'")
            if token.kind == .openBracket || token.kind == .closeBracket { skipLine() }
            return
        }
        finishStatement(words, tags: tags, comments: comments, endLine: endLine, endColumn: endColumn)
    }

    /// What follows the words of a statement: `;`, `{` or `[ … ]`.
    mutating func finishStatement(
        _ words: [Word],
        tags: [StatementTag],
        comments: [String],
        endLine: Int,
        endColumn: Int
    ) {
        var end = SourceLocation(file: file, line: endLine, column: endColumn)
        switch token.kind {
        case .openBrace:
            let node = add(words, values: nil, tags: tags, comments: comments, opensBlock: true)
            let protects = node >= 0 && tags.contains(.protect) ? node : -1
            open(node, protects: protects)
            lexer.emitsNewlines = false
            advance()
            return
        case .semicolon:
            _ = add(words, values: nil, tags: tags, comments: comments, opensBlock: false)
            advance()
            return
        case .openBracket:
            let values = gatherValues()
            _ = add(words, values: values, tags: tags, comments: comments, opensBlock: false)
            if token.kind == .semicolon {
                advance()
                return
            }
            end = place
        case .word, .closeBrace, .closeBracket, .newline, .end:
            _ = add(words, values: nil, tags: tags, comments: comments, opensBlock: false)
        }
        if token.kind == .closeBracket {
            report("syntax-unexpected-bracket", at: place, "this ] closes nothing")
            advance()
            if token.kind == .semicolon { advance() }
        } else {
            report("syntax-missing-semicolon", at: end, "a ; is missing behind '\(words.last?.text ?? "")'")
        }
    }

    /// Merges one statement; answers the node a block would fill, or -1 to leave the block out.
    private mutating func add(
        _ words: [Word],
        values: [Word]?,
        tags: [StatementTag],
        comments: [String],
        opensBlock: Bool
    ) -> Int32 {
        let base = frames.last?.node ?? 0
        guard base >= 0 else { return -1 }
        if tags.contains(.delete) {
            if let target = builder.find(words, below: base) { builder.delete(target) }
            return -1
        }
        if tags.contains(.replace) {
            clearTarget(words, below: base, opensBlock: opensBlock)
        }
        guard let placed = place(words, below: base, opensBlock: opensBlock) else { return -1 }
        for value in values ?? [] {
            guard place([value], below: placed.last) != nil else { break }
        }
        if opensBlock { builder.markBlock(placed.last) }
        let isStatement = builder.statement(of: placed.subject) == placed.subject
        if !isStatement, let tag = tags.first(where: { $0 != .replace }) {
            report(
                "syntax-not-a-statement",
                at: words.first?.location ?? place,
                "'\(tag.rawValue)' cannot stand before a single value; put it before the statement"
            )
        }
        for tag in isStatement ? tags : [] {
            switch tag {
            case .inactive: builder.mark(placed.subject, inactive: true)
            case .active: builder.mark(placed.subject, inactive: false)
            case .protect where !opensBlock: builder.mark(placed.subject, protected: true)
            case .unprotect: builder.mark(placed.subject, protected: false)
            case .protect, .replace, .delete: break
            }
        }
        if !comments.isEmpty { builder.mark(placed.commented, comments: comments) }
        return placed.last
    }

    /// `replace:` empties what the statement is about, found on a copy of the words' places.
    private mutating func clearTarget(_ words: [Word], below base: Int32, opensBlock: Bool) {
        guard let placed = place(words, below: base, opensBlock: opensBlock) else { return }
        builder.clear(placed.subject)
    }

    /// Places words and reports when they have no place.
    mutating func place(_ words: [Word], below base: Int32, opensBlock: Bool = false) -> PlacedStatement? {
        if base == 0, let first = words.first, SetVerb(rawValue: first.text) != nil {
            report("syntax-unexpected-command", at: first.location, "'\(first.text)' is a command and no statement")
            return nil
        }
        do throws(PlacementFailure) {
            let placed = try builder.place(words, below: base, opensBlock: opensBlock)
            if let word = placed.begunWithoutSemicolon, !lexer.emitsNewlines {
                report("syntax-missing-semicolon", at: word.location, "a ; is missing before '\(word.text)'")
            }
            return placed
        } catch {
            report(error, at: words.first?.location ?? place)
            return nil
        }
    }

    private mutating func report(_ failure: PlacementFailure, at location: SourceLocation) {
        switch failure {
        case .tooDeep:
            report(
                "syntax-too-deep",
                at: location,
                "more than \(TreeBuilder.maximumDepth) levels are nested here; the statement is left out"
            )
        case .protected(let node):
            report(
                "syntax-protected",
                at: location,
                "'\(builder.path(of: node))' is protected; unprotect it before changing it"
            )
        }
    }
}

/// What may stand before a statement (filters reference §7.1).
enum StatementTag: String {
    case inactive = "inactive:"
    case active = "active:"
    case protect = "protect:"
    case unprotect = "unprotect:"
    case replace = "replace:"
    case delete = "delete:"
}

// SPDX-License-Identifier: Apache-2.0
// Cuts configuration text into tokens; any bytes are allowed, time is linear, and each error has its exact place.
import Diagnostics

/// One token of configuration text (filters reference §7.1).
struct Token {
    /// What a token can be.
    enum Kind {
        case word
        case openBrace
        case closeBrace
        case openBracket
        case closeBracket
        case semicolon
        /// Only where lines matter: between the commands of a set file.
        case newline
        case end
    }

    let kind: Kind
    /// The word without quotes and escapes; empty for punctuation.
    var text = ""
    /// Whether the word stood in quotes and so is never a tag or a verb.
    var isQuoted = false
    /// Whether nothing but blanks and comments stands before it on its line.
    var isFirstOnLine = false
    let line: Int
    let column: Int
    /// Just behind the token, where a missing semicolon is missing.
    var endLine = 0
    var endColumn = 0
}

/// The tokens of one text, in order.
struct Lexer {
    /// Whether line ends are tokens.
    var emitsNewlines = false
    /// Comments met since they were last taken, without delimiters.
    var comments: [String] = []
    /// Errors met so far.
    var diagnostics: [Diagnostic] = []

    private let file: String
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0
    /// Bytes of this line that only continue a character, so that columns count characters.
    private var continuations = 0
    private var isAtLineStart = true
    /// No `]` closes a mid-word bracket before this position: keeps looking ahead linear.
    private var bracketSearchedUpTo = 0
    private var knowsNoMoreCommentEnds = false
    /// How many bytes may still be looked at in vain for the end of a string of several lines.
    private var stringBudget: Int
    /// The bytes that only go on with a word.
    private let isPlain: [Bool]

    /// Starts at the beginning of a text.
    init(file: String, text: String) {
        self.file = file
        var bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            bytes.removeFirst(3)
        }
        self.bytes = bytes
        stringBudget = 4 * bytes.count
        isPlain = (UInt8.min...UInt8.max).map { byte in
            let special = [
                Ascii.openBrace, Ascii.closeBrace, Ascii.openBracket, Ascii.closeBracket, Ascii.semicolon, Ascii.quote,
            ]
            return !Ascii.isBlank(byte) && !special.contains(byte)
        }
    }

    /// The column of the next byte, in characters.
    private var column: Int { position - lineStart - continuations + 1 }

    /// The place of the next byte.
    var location: SourceLocation { SourceLocation(file: file, line: line, column: column) }

    private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func step() {
        let byte = bytes[position]
        position += 1
        if byte == Ascii.newline {
            line += 1
            lineStart = position
            continuations = 0
            isAtLineStart = true
        } else if byte & 0xC0 == 0x80 {
            continuations += 1
        }
    }

    private mutating func report(_ code: String, line: Int, column: Int, _ message: String) {
        let place = SourceLocation(file: file, line: line, column: column)
        diagnostics.append(Diagnostic(.error, code, at: place, message))
    }

    /// Drops the rest of the line; what follows begins on the next one.
    mutating func skipLine() {
        while position < bytes.count, bytes[position] != 0x0A {
            step()
        }
    }

    /// The next token.
    mutating func next() -> Token {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x20:
                position += 1
            case Ascii.newline:
                if emitsNewlines {
                    let token = Token(kind: .newline, line: line, column: column, endLine: line, endColumn: column)
                    step()
                    return token
                }
                step()
            case Ascii.tab, Ascii.carriageReturn, Ascii.formFeed:
                step()
            case Ascii.hash:
                lineComment()
            case Ascii.slash where self.byte(at: position + 1) == Ascii.star:
                blockComment()
            case Ascii.openBrace: return punctuation(.openBrace)
            case Ascii.closeBrace: return punctuation(.closeBrace)
            case Ascii.openBracket: return punctuation(.openBracket)
            case Ascii.closeBracket: return punctuation(.closeBracket)
            case Ascii.semicolon: return punctuation(.semicolon)
            case Ascii.quote: return quoted()
            default: return word()
            }
        }
        return Token(kind: .end, isFirstOnLine: true, line: line, column: column, endLine: line, endColumn: column)
    }

    private mutating func punctuation(_ kind: Token.Kind) -> Token {
        var token = Token(kind: kind, isFirstOnLine: isAtLineStart, line: line, column: column)
        isAtLineStart = false
        step()
        token.endLine = line
        token.endColumn = column
        return token
    }

    /// `# text` is kept; lines that begin with `##` are notes of the device and are not.
    private mutating func lineComment() {
        let start = position + 1
        skipLine()
        if byte(at: start) != Ascii.hash {
            keepComment(bytes[start..<position])
        }
    }

    private mutating func blockComment() {
        let (startLine, startColumn, start) = (line, column, position + 2)
        var index = start
        if !knowsNoMoreCommentEnds {
            while index + 1 < bytes.count {
                if bytes[index] == Ascii.star, bytes[index + 1] == Ascii.slash {
                    keepComment(bytes[start..<index])
                    while position < index + 2 {
                        let wasAtLineStart = isAtLineStart
                        step()
                        isAtLineStart = isAtLineStart || wasAtLineStart
                    }
                    return
                }
                index += 1
            }
            knowsNoMoreCommentEnds = true
        }
        report("syntax-unterminated-comment", line: startLine, column: startColumn, "the comment is never closed by */")
        skipLine()
    }

    private mutating func keepComment(_ text: ArraySlice<UInt8>) {
        var words = text
        while let first = words.first, Ascii.isBlank(first) { words.removeFirst() }
        while let last = words.last, Ascii.isBlank(last) { words.removeLast() }
        if !words.isEmpty {
            comments.append(String(decoding: words, as: UTF8.self))
        }
    }

    /// A quoted string.
    ///
    /// One that runs over several lines is taken where its continuation does not look like statements.
    private mutating func quoted() -> Token {
        var token = Token(kind: .word, isQuoted: true, isFirstOnLine: isAtLineStart, line: line, column: column)
        isAtLineStart = false
        guard let end = endOfQuoted() else {
            report(
                "syntax-unterminated-string",
                line: line,
                column: column,
                "the string is never closed by a quote; the rest of the line is left out"
            )
            skipLine()
            (token.endLine, token.endColumn) = (line, column)
            return token
        }
        var text: [UInt8] = []
        step()
        while position < end {
            var byte = bytes[position]
            if byte == Ascii.backslash, position + 1 < end {
                switch bytes[position + 1] {
                case Ascii.quote, Ascii.backslash:
                    step()
                    byte = bytes[position]
                case Ascii.lowercaseN:
                    step()
                    byte = Ascii.newline
                default:
                    break
                }
            }
            text.append(byte)
            step()
        }
        step()
        isAtLineStart = false
        token.text = String(decoding: text, as: UTF8.self)
        (token.endLine, token.endColumn) = (line, column)
        return token
    }

    /// Where the closing quote stands.
    ///
    /// Stops at the first line that must be another statement.
    private mutating func endOfQuoted() -> Int? {
        var index = position + 1
        var lastVisible: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case Ascii.backslash where index + 1 < bytes.count && bytes[index + 1] != Ascii.newline:
                index += 1
                lastVisible = byte
            case Ascii.quote:
                return index
            case Ascii.newline:
                let endsStatement =
                    lastVisible == Ascii.semicolon || lastVisible == Ascii.openBrace || lastVisible == Ascii.closeBrace
                if endsStatement || stringBudget <= 0 || emitsNewlines && startsWithVerb(at: index + 1) {
                    stringBudget -= index - position
                    return nil
                }
            default:
                if !Ascii.isBlank(byte) {
                    lastVisible = byte
                }
            }
            index += 1
        }
        stringBudget -= index - position
        return nil
    }

    private func startsWithVerb(at index: Int) -> Bool {
        SetVerb.allCases.contains { verb in
            let name = verb.rawValue.utf8
            guard index + name.count < bytes.count else { return false }
            return bytes[index..<(index + name.count)].elementsEqual(name)
                && Ascii.isBlank(bytes[index + name.count])
        }
    }

    private mutating func word() -> Token {
        var token = Token(kind: .word, isFirstOnLine: isAtLineStart, line: line, column: column)
        isAtLineStart = false
        let start = position
        var openBrackets = 0
        scan: while position < bytes.count {
            let byte = bytes[position]
            if isPlain[Int(byte)] {
                continuations += byte & 0xC0 == 0x80 ? 1 : 0
                position += 1
                continue
            }
            switch byte {
            case Ascii.space, Ascii.tab, Ascii.newline, Ascii.carriageReturn, Ascii.formFeed: break scan
            case Ascii.openBrace where bytes[position - (position > start ? 1 : 0)] == Ascii.dollar:
                // `${node}`: the one place where a brace belongs to a word.
                guard let end = bytes[position...].prefix(32).firstIndex(of: Ascii.closeBrace) else { break scan }
                while position < end { step() }
            case Ascii.openBrace, Ascii.closeBrace, Ascii.semicolon, Ascii.quote: break scan
            case Ascii.openBracket:
                guard openBrackets > 0 || closesWithinWord() else { break scan }
                openBrackets += 1
            case Ascii.closeBracket:
                guard openBrackets > 0 else { break scan }
                openBrackets -= 1
            default: break
            }
            step()
        }
        token.text = String(decoding: bytes[start..<position], as: UTF8.self)
        (token.endLine, token.endColumn) = (line, column)
        return token
    }

    /// Whether the bracket at hand belongs to a pattern such as `<[a-d]*>` or `ge-0/0/[0-3]`.
    private mutating func closesWithinWord() -> Bool {
        guard position >= bracketSearchedUpTo else { return false }
        var index = position + 1
        while let byte = byte(at: index), !Ascii.isBlank(byte), byte != Ascii.semicolon, byte != Ascii.openBrace {
            if byte == Ascii.closeBracket {
                return true
            }
            index += 1
        }
        bracketSearchedUpTo = index
        return false
    }
}

/// The bytes the reader knows by name.
enum Ascii {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0A
    static let formFeed: UInt8 = 0x0C
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let dollar: UInt8 = 0x24
    static let star: UInt8 = 0x2A
    static let slash: UInt8 = 0x2F
    static let semicolon: UInt8 = 0x3B
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let lowercaseN: UInt8 = 0x6E
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D

    /// Whether a byte separates words.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == newline || byte == carriageReturn || byte == formFeed
    }
}

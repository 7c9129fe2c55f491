// SPDX-License-Identifier: Apache-2.0
// The language of `tcp-flags` and `fragment-flags`: filters reference §3.8.

/// What reading a bit expression gave.
struct ParsedBitExpression {
    /// The expression.
    let expression: BitExpression
    /// Spellings that Junos does not document and that were understood.
    let synonyms: [String]
}

/// Reads `expr := and { ("|" | ",") and }`, `and := unary { ("&" | "+") unary }`,
/// `unary := "!" unary | "(" expr ")" | name | dec | 0xhex`.
func parseBitExpression(
    _ text: String,
    bits: [String: UInt8],
    synonyms: [String: String] = [:]
) throws(ValueProblem) -> ParsedBitExpression {
    // A bound on the text bounds the depth of the expression, which others walk by recursion.
    guard text.utf8.count <= 2048 else { throw ValueProblem(text: "is longer than 2048 octets") }
    let highest = bits.values.reduce(0, |)
    var parser = BitExpressionParser(text: Array(text.utf8), bits: bits, synonyms: synonyms, highest: highest)
    let expression = try parser.alternatives()
    guard parser.next == nil else { throw ValueProblem(text: "goes on after its end with '\(parser.rest)'") }
    return ParsedBitExpression(expression: expression, synonyms: parser.synonymsSeen)
}

/// Synonyms of TCP flags that other tools write; accepted with a warning.
let tcpFlagSynonyms = ["psh": "push", "urg": "urgent"]

/// Recursive descent over the octets of one value.
private struct BitExpressionParser {
    let text: [UInt8]
    let bits: [String: UInt8]
    let synonyms: [String: String]
    let highest: UInt8
    var position = 0
    var depth = 0
    var synonymsSeen: [String] = []

    init(text: [UInt8], bits: [String: UInt8], synonyms: [String: String], highest: UInt8) {
        self.text = text
        self.bits = bits
        self.synonyms = synonyms
        self.highest = highest
    }

    /// The next octet that is no blank.
    var next: UInt8? {
        mutating get {
            while position < text.count, text[position] == UInt8(ascii: " ") || text[position] == UInt8(ascii: "\t") {
                position += 1
            }
            return position < text.count ? text[position] : nil
        }
    }

    var rest: String { String(decoding: text[min(position, text.count)...], as: UTF8.self) }

    mutating func alternatives() throws(ValueProblem) -> BitExpression {
        var result = try conjunction()
        while next == UInt8(ascii: "|") || next == UInt8(ascii: ",") {
            position += 1
            result = .or(result, try conjunction())
        }
        return result
    }

    mutating func conjunction() throws(ValueProblem) -> BitExpression {
        var result = try unary()
        while next == UInt8(ascii: "&") || next == UInt8(ascii: "+") {
            position += 1
            result = .and(result, try unary())
        }
        return result
    }

    mutating func unary() throws(ValueProblem) -> BitExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw ValueProblem(text: "is nested more than 64 levels deep") }
        switch next {
        case UInt8(ascii: "!"):
            position += 1
            return .not(try unary())
        case UInt8(ascii: "("):
            position += 1
            let inner = try alternatives()
            guard next == UInt8(ascii: ")") else { throw ValueProblem(text: "lacks a closing parenthesis") }
            position += 1
            return inner
        case nil: throw ValueProblem(text: "ends where a flag is expected")
        default: return .bits(try operand())
        }
    }

    mutating func operand() throws(ValueProblem) -> UInt8 {
        let start = position
        while position < text.count, isWordOctet(text[position]) { position += 1 }
        let word = String(decoding: text[start..<position], as: UTF8.self)
        guard !word.isEmpty else { throw ValueProblem(text: "has '\(rest)' where a flag is expected") }
        if let bit = bits[word] { return bit }
        if let name = synonyms[word], let bit = bits[name] {
            synonymsSeen.append(word)
            return bit
        }
        guard let number = parseNumber(Substring(word)) else {
            throw ValueProblem(text: "has the unknown flag '\(word)'")
        }
        guard number > 0, number <= UInt64(highest), UInt8(number) & ~highest == 0 else {
            throw ValueProblem(text: "has the number '\(word)', which names no flag or more than there are")
        }
        return UInt8(number)
    }

    func isWordOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension BitExpression {
    /// Whether it holds for these bits.
    func holds(for value: UInt8) -> Bool {
        switch self {
        case .bits(let mask): value & mask == mask
        case .not(let inner): !inner.holds(for: value)
        case .and(let left, let right): left.holds(for: value) && right.holds(for: value)
        case .or(let left, let right): left.holds(for: value) || right.holds(for: value)
        }
    }
}

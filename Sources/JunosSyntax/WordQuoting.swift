// SPDX-License-Identifier: Apache-2.0
// Which words need quotes, and how they are escaped (filters reference §7.1).

/// The word as it stands in text: in quotes where it would not be read back as one word, or where that is forced.
func quotedIfNeeded(_ word: String, force: Bool = false) -> String {
    guard force || needsQuotes(word) else { return word }
    var result: [UInt8] = [Ascii.quote]
    let bytes = Array(word.utf8)
    for (index, byte) in bytes.enumerated() {
        switch byte {
        case Ascii.quote:
            result.append(Ascii.backslash)
        case Ascii.newline:
            result += [Ascii.backslash, Ascii.lowercaseN]
            continue
        case Ascii.backslash:
            // Regular expressions keep `\d` as it is; only a backslash that would be taken for an escape is doubled.
            let next = index + 1 < bytes.count ? bytes[index + 1] : Ascii.quote
            if next == Ascii.quote || next == Ascii.backslash || next == Ascii.lowercaseN || next == Ascii.newline {
                result.append(Ascii.backslash)
            }
        default:
            break
        }
        result.append(byte)
    }
    result.append(Ascii.quote)
    return String(decoding: result, as: UTF8.self)
}

private func needsQuotes(_ word: String) -> Bool {
    if word.isEmpty || StatementTag(rawValue: word) != nil || word.unicodeScalars.first == "\u{FEFF}" { return true }
    let isPattern = word.utf8.first == UInt8(ascii: "<") && word.utf8.last == UInt8(ascii: ">")
    var openBrackets = 0
    var previous: UInt8 = 0
    for byte in word.utf8 {
        switch byte {
        case Ascii.openBracket:
            guard isPattern else { return true }
            openBrackets += 1
        case Ascii.closeBracket:
            guard openBrackets > 0 else { return true }
            openBrackets -= 1
        case Ascii.star:
            if previous == Ascii.slash { return true }
        case 0...Ascii.space, Ascii.quote, Ascii.semicolon, Ascii.openBrace, Ascii.closeBrace, Ascii.hash,
            UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "&"), UInt8(ascii: "!"):
            return true
        default:
            break
        }
        previous = byte
    }
    return openBrackets > 0
}

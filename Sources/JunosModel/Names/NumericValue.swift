// SPDX-License-Identifier: Apache-2.0
// Numbers, ranges and names as conditions write them: filters reference §2.5.

/// Why a value cannot be understood; the text ends a sentence that begins with the value.
struct ValueProblem: Error {
    let text: String
}

/// Reads decimal, `0x` hexadecimal and, where allowed, `b` binary numbers.
func parseNumber(_ text: Substring, allowsBinary: Bool = false) -> UInt64? {
    func digits(_ part: Substring, radix: Int) -> UInt64? {
        guard let first = part.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return UInt64(part, radix: radix)
    }
    if text.hasPrefix("0x") { return digits(text.dropFirst(2), radix: 16) }
    if allowsBinary, text.hasPrefix("b") { return digits(text.dropFirst(), radix: 2) }
    return digits(text, radix: 10)
}

/// Reads one value of a numeric condition: a name, a number or an inclusive range of numbers.
func parseRange(
    _ text: String,
    names: [String: UInt32],
    highest: UInt32,
    allowsBinary: Bool = false
) throws(ValueProblem) -> ClosedRange<UInt32> {
    if let number = names[text] { return number...number }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    var numbers: [UInt32] = []
    for end in ends {
        guard let number = parseNumber(end, allowsBinary: allowsBinary) else {
            throw ValueProblem(
                text: "is neither a known name nor a number nor a range '<minimum-value>-<maximum-value>'"
            )
        }
        guard number <= UInt64(highest) else { throw ValueProblem(text: "is above \(highest)") }
        numbers.append(UInt32(number))
    }
    guard let low = numbers.first, let high = numbers.last else { throw ValueProblem(text: "is empty") }
    guard low <= high else { throw ValueProblem(text: "is a range whose low end is above its high end") }
    return low...high
}

/// Reads a precedence: the three-bit value or the octet with that value in its top bits (filters reference §3.7).
func parsePrecedence(_ text: String, names: [String: UInt32]) throws(ValueProblem) -> ClosedRange<UInt32> {
    let range = try parseRange(text, names: names, highest: 0xE0, allowsBinary: true)
    if range.upperBound <= 7 { return range }
    guard range.lowerBound == range.upperBound, range.lowerBound % 0x20 == 0 else {
        throw ValueProblem(text: "is neither 0 to 7 nor a multiple of 0x20 up to 0xe0")
    }
    return range.lowerBound / 0x20...range.lowerBound / 0x20
}

/// Reads a number with the decimal suffixes `k`, `m` and `g` (filters reference §4.4).
func parseRate(_ text: String) -> UInt64? {
    let factor: UInt64
    switch text.utf8.last {
    case UInt8(ascii: "k"): factor = 1000
    case UInt8(ascii: "m"): factor = 1_000_000
    case UInt8(ascii: "g"): factor = 1_000_000_000
    default: factor = 1
    }
    let digits = factor == 1 ? Substring(text) : text.dropLast()
    guard !digits.hasPrefix("+"), !digits.hasPrefix("-"), let number = UInt64(digits) else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
}

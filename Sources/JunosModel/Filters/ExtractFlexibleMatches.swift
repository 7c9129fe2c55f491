// SPDX-License-Identifier: Apache-2.0
// `flexible-match-mask`, `flexible-match-range` and their templates `firewall flexible-match`: filters reference §3.2, §7.7.
import Diagnostics
import JunosSyntax

/// What may stand under `firewall flexible-match NAME`, and in a condition beside its values.
struct FlexibleTemplate {
    var start: FlexibleField.Start?
    var byteOffset: Int?
    var bitOffset: Int?
    var bitLength: Int?

    /// Reads one statement into the template: true if it belongs to one, nil if it does and is wrong.
    mutating func read(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Bool? {
        let text = statement.value?.word ?? ""
        func number(_ range: ClosedRange<UInt64>, _ diagnostics: inout [Diagnostic]) -> Int? {
            if let number = parseNumber(Substring(text)), range.contains(number) { return Int(number) }
            diagnostics.error(
                "invalid-value",
                statement,
                "'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        switch statement.word {
        case "match-start":
            start = FlexibleField.Start(rawValue: text)
            if start == nil {
                diagnostics.error(
                    text == "layer-2" ? "unsupported-statement" : "invalid-value",
                    statement,
                    text == "layer-2"
                        ? "'match-start layer-2' is not supported: filters see IP packets without their link-layer header"
                        : "'\(text)' is not layer-3, layer-4 or payload"
                )
            }
            return start == nil ? nil : true
        case "byte-offset":
            byteOffset = number(0...255, &diagnostics)
            return byteOffset == nil ? nil : true
        case "bit-offset":
            bitOffset = number(0...7, &diagnostics)
            return bitOffset == nil ? nil : true
        case "bit-length":
            bitLength = number(1...128, &diagnostics)
            return bitLength == nil ? nil : true
        default: return false
        }
    }
}

/// Extracts `firewall flexible-match`; a template with an error is nil, so that terms that name it are not told twice.
func extractFlexibleTemplates(
    _ templates: Statement,
    _ diagnostics: inout [Diagnostic]
) -> [String: FlexibleTemplate?] {
    var result: [String: FlexibleTemplate?] = [:]
    for statement in templates.statements where !wordsAllowedEverywhere.contains(statement.word) {
        checkFirewallName(statement, &diagnostics)
        var template = FlexibleTemplate()
        var isWhole = true
        for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
            switch template.read(child, &diagnostics) {
            case true?: break
            case nil: isWhole = false
            case false?:
                isWhole = false
                diagnostics.error(
                    "unknown-statement",
                    child,
                    "'\(child.word)' is not known in a template of flexible matches; correct or remove it"
                )
            }
        }
        if isWhole, template.start == nil {
            isWhole = false
            diagnostics.error("missing-value", statement, "the template needs 'match-start'")
        }
        result.updateValue(isWhole ? template : nil, forKey: statement.word)
    }
    return result
}

/// A condition as read: where it looks, and the statements that are its own.
private struct FlexibleCondition {
    var place: FlexibleTemplate
    var own: [String: Statement] = [:]

    /// Reads a condition; nil after an error.
    init?(
        _ condition: Statement,
        own words: Set<String>,
        nameWord: String,
        _ templates: [String: FlexibleTemplate?],
        _ diagnostics: inout [Diagnostic]
    ) {
        place = FlexibleTemplate()
        var isWhole = true
        var template: Statement?
        var local: Statement?
        for child in condition.statements where !wordsAllowedEverywhere.contains(child.word) {
            if child.word == nameWord {
                template = child
                continue
            }
            if words.contains(child.word) {
                own[child.word] = child
                continue
            }
            switch place.read(child, &diagnostics) {
            case true?: local = child
            case nil: isWhole = false
            case false?:
                isWhole = false
                diagnostics.error(
                    "unknown-statement",
                    child,
                    "'\(child.word)' is not known under '\(condition.word)'; correct or remove it"
                )
            }
        }
        if let template {
            let name = template.value?.word ?? ""
            switch templates[name] {
            case .some(.some(let known)):
                if let local {
                    // Decision: a template says all of the place, so that no mixture of the two can be misread.
                    diagnostics.error(
                        "conflicting-conditions",
                        local,
                        "'\(local.word)' cannot be combined with '\(nameWord)': the template '\(name)' says it"
                    )
                    isWhole = false
                }
                place = known
            case .some(.none): isWhole = false
            case nil:
                diagnostics.error(
                    "undefined-flexible-match",
                    template,
                    "Referenced flexible-match '\(name)' is not defined"
                )
                isWhole = false
            }
        }
        if !isWhole { return nil }
    }

    /// The field; nil without a start.
    func field(bitLength: Int) -> FlexibleField? {
        place.start.map {
            FlexibleField(
                start: $0,
                byteOffset: place.byteOffset ?? 0,
                bitOffset: place.bitOffset ?? 0,
                bitLength: bitLength
            )
        }
    }
}

/// Reads `flexible-match-mask`; nil after an error.
///
/// Decision: a `prefix` of digits or in hexadecimal is a number of `bit-length` bits, its last bit the last one of the
/// field; everything else is a string of up to 16 octets, which also says the length. `mask-in-hex` is as long; without
/// it all bits count. What does not fit the field is refused.
func readFlexibleMask(
    _ statement: Statement,
    _ templates: [String: FlexibleTemplate?],
    _ diagnostics: inout [Diagnostic]
) -> MatchCondition? {
    guard
        let condition = FlexibleCondition(
            statement,
            own: ["mask-in-hex", "prefix"],
            nameWord: "flexible-mask-name",
            templates,
            &diagnostics
        )
    else { return nil }
    guard let prefix = condition.own["prefix"] else {
        diagnostics.error("missing-value", statement, "'flexible-match-mask' needs 'prefix', what the bits must be")
        return nil
    }
    guard condition.place.start != nil else {
        diagnostics.error(
            "missing-value",
            statement,
            "To configure prefix, 'flexible-mask-name' or 'match-start' must be configured"
        )
        return nil
    }
    let text = prefix.value?.word ?? ""
    let octets = Array(text.utf8)
    let isNumber = text.hasPrefix("0x") || !octets.isEmpty && octets.allSatisfy { (0x30...0x39).contains($0) }
    let length = condition.place.bitLength ?? (isNumber ? 0 : octets.count * 8)
    guard (1...128).contains(length) else {
        diagnostics.error(
            "missing-value",
            prefix,
            isNumber ? "a number needs 'bit-length'" : "'\(text)' is not a string of 1 to 16 octets"
        )
        return nil
    }
    guard let field = condition.field(bitLength: length) else { return nil }
    let highest = UInt128.max >> UInt128(128 - length)
    let value: UInt128? =
        isNumber ? wideNumber(text) : octets.count * 8 == length ? octets.reduce(0) { $0 << 8 | UInt128($1) } : nil
    guard let value, value <= highest else {
        diagnostics.error(
            "invalid-value",
            prefix,
            isNumber
                ? "'\(text)' does not fit \(length) bits; the last bit of a number is the last one of the field"
                : "'\(text)' has \(octets.count * 8) bits and 'bit-length' says \(length)"
        )
        return nil
    }
    var mask = highest
    if let statement = condition.own["mask-in-hex"] {
        let text = statement.value?.word ?? ""
        guard let given = wideNumber(text.hasPrefix("0x") ? text : "0x" + text), given <= highest else {
            diagnostics.error("invalid-value", statement, "'\(text)' is no hexadecimal number of \(length) bits")
            return nil
        }
        mask = given
    }
    return .flexibleMask(field, mask: mask, value: value)
}

/// Reads `flexible-match-range`; nil after an error.
func readFlexibleRange(
    _ statement: Statement,
    _ templates: [String: FlexibleTemplate?],
    _ diagnostics: inout [Diagnostic]
) -> MatchCondition? {
    guard
        let condition = FlexibleCondition(
            statement,
            own: ["range", "range-except"],
            nameWord: "flexible-range-name",
            templates,
            &diagnostics
        )
    else { return nil }
    guard condition.place.start != nil, let length = condition.place.bitLength else {
        diagnostics.error(
            "missing-value",
            statement,
            "To configure range, 'flexible-range-name' or 'match-start & bit-length' must be configured"
        )
        return nil
    }
    guard length <= 32, let field = condition.field(bitLength: length) else {
        diagnostics.error("invalid-value", statement, "a range is over 1 to 32 bits, 'bit-length' says \(length)")
        return nil
    }
    // Of the two the one that was set last stays, as of a condition and its `-except` twin (filters reference §2.1).
    let last = statement.statements.last { condition.own[$0.word] != nil }
    guard let last, !last.isEmpty else {
        diagnostics.error("missing-value", statement, "'flexible-match-range' needs 'range' or 'range-except'")
        return nil
    }
    for other in condition.own.values where other.word != last.word {
        diagnostics.warning(
            "replaced-statement",
            other,
            "'\(other.word)' is void: '\(last.word)', which was set later, takes its place"
        )
    }
    var ranges: [ClosedRange<UInt32>] = []
    for child in last.children {
        do throws(ValueProblem) {
            ranges.append(try parseRange(child.word, names: [:], highest: UInt32.max >> UInt32(32 - length)))
        } catch {
            diagnostics.error("invalid-value", last, "'\(child.word)' \(error.text)")
            return nil
        }
    }
    return .flexibleRange(field, ranges, isExcept: last.word == "range-except")
}

/// A decimal or `0x` hexadecimal number of up to 128 bits.
private func wideNumber(_ text: String) -> UInt128? {
    let isHex = text.hasPrefix("0x")
    let digits = isHex ? text.dropFirst(2) : Substring(text)
    guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
    return UInt128(digits, radix: isHex ? 16 : 10)
}

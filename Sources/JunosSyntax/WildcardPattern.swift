// SPDX-License-Identifier: Apache-2.0
// `<ge-*>`: names that match by pattern, in groups and apply-paths (filters reference §7.5).

/// A pattern in angle brackets.
struct WildcardPattern {
    private enum Element {
        case any
        case one
        case character(Unicode.Scalar)
        case set(ranges: [ClosedRange<UInt32>], isNegated: Bool)
    }

    private let elements: [Element]

    /// Takes a word apart; nil if it is an ordinary name.
    init?(_ word: String) {
        guard word.utf8.first == UInt8(ascii: "<"), word.utf8.last == UInt8(ascii: ">"), word.utf8.count > 2 else {
            return nil
        }
        let scalars = Array(word.unicodeScalars.dropFirst().dropLast())
        var elements: [Element] = []
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "*":
                elements.append(.any)
            case "?":
                elements.append(.one)
            case "[":
                if let (set, end) = Self.set(scalars, from: index + 1) {
                    elements.append(set)
                    index = end
                } else {
                    elements.append(.character("["))
                }
            case let scalar:
                elements.append(.character(scalar))
            }
            index += 1
        }
        self.elements = elements
    }

    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (Element, end: Int)? {
        guard let end = scalars[start...].firstIndex(of: "]"), end > start else { return nil }
        var index = start
        let isNegated = scalars[index] == "!" || scalars[index] == "^"
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        while index < end {
            let low = scalars[index].value
            if index + 2 < end, scalars[index + 1] == "-" {
                let high = scalars[index + 2].value
                if low <= high { ranges.append(low...high) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        return (.set(ranges: ranges, isNegated: isNegated), end)
    }

    /// Whether a name fits the whole pattern.
    func matches(_ name: String) -> Bool {
        if elements.count == 1, case .any = elements[0] { return true }
        let scalars = Array(name.unicodeScalars)
        var (element, scalar) = (0, 0)
        var (lastAny, resumeAt) = (-1, 0)
        while scalar < scalars.count {
            if element < elements.count, case .any = elements[element] {
                (lastAny, resumeAt) = (element, scalar)
                element += 1
            } else if element < elements.count, fits(elements[element], scalars[scalar]) {
                element += 1
                scalar += 1
            } else if lastAny >= 0 {
                resumeAt += 1
                (element, scalar) = (lastAny + 1, resumeAt)
            } else {
                return false
            }
        }
        while element < elements.count, case .any = elements[element] { element += 1 }
        return element == elements.count
    }

    private func fits(_ element: Element, _ scalar: Unicode.Scalar) -> Bool {
        switch element {
        case .any, .one: true
        case .character(let expected): expected == scalar
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }
}

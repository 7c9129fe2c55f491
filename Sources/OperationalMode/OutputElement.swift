// SPDX-License-Identifier: Apache-2.0
// What an operational command tells programs: a tree of tagged elements, as devices have it (filters reference §6.3).

/// One element of an operational answer.
public struct OutputElement: Hashable, Sendable {
    /// What an element holds.
    public enum Content: Hashable, Sendable {
        /// A value.
        case text(String)
        /// Other elements, in order.
        case elements([OutputElement])
    }

    /// Its tag.
    public var tag: String
    /// What it holds.
    public var content: Content

    /// Makes an element with a value.
    public init(_ tag: String, _ text: String) {
        self.tag = tag
        content = .text(text)
    }

    /// Makes an element with a number.
    public init(_ tag: String, _ number: UInt64) { self.init(tag, String(number)) }

    /// Makes an element with other elements.
    public init(_ tag: String, _ elements: [OutputElement]) {
        self.tag = tag
        content = .elements(elements)
    }

    /// The elements in it with a tag.
    public func elements(_ tag: String) -> [OutputElement] {
        guard case .elements(let elements) = content else { return [] }
        return elements.filter { $0.tag == tag }
    }

    /// The value in it; nil if it holds elements.
    public var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }
}

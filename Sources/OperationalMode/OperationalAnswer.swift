// SPDX-License-Identifier: Apache-2.0
// What an operational command gives, in the three forms that can be asked for.

/// The form in which an answer is wanted.
public enum OutputFormat: String, Hashable, Sendable, CaseIterable, Codable {
    /// Columns, for people.
    case text
    /// As `| display json`.
    case json
    /// As `| display xml`.
    case xml
}

/// What a command shows: one value in two renderings.
protocol OperationalView {
    /// In the layout of devices.
    var text: String { get }
    /// With the tags of devices.
    var element: OutputElement { get }
}

/// The answer to a command.
public struct OperationalAnswer: Hashable, Sendable {
    /// In the layout of devices; empty if the command only did something.
    public let text: String
    /// With the tags of devices; nil if the command only did something.
    public let element: OutputElement?

    /// The answer of a command that did something and has nothing to say.
    static let done = OperationalAnswer(text: "", element: nil)

    private init(text: String, element: OutputElement?) {
        self.text = text
        self.element = element
    }

    init(_ view: some OperationalView) { self.init(text: view.text, element: view.element) }

    /// The answer in a form, with the line feed that ends it.
    public func rendered(_ format: OutputFormat) -> String {
        switch format {
        case .text: text
        case .json: element?.json ?? ""
        case .xml: element?.xml ?? ""
        }
    }
}

/// Why a command has no answer; says what there is, or what to do.
public struct OperationalProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    /// Makes a problem.
    public init(_ description: String) { self.description = description }
}

// SPDX-License-Identifier: Apache-2.0
// What a pure stage says about its input: values with a severity, a stable code, a place and a path (house style 3.7).

/// A place in a text that the user wrote.
public struct SourceLocation: Hashable, Sendable {
    /// The name under which the text was given (`-` for standard input).
    public let file: String
    /// The line, counted from 1.
    public let line: Int
    /// The column in characters, counted from 1.
    public let column: Int

    /// Makes a place.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// How serious a diagnostic is.
///
/// Only an error keeps a configuration from the kernel (DESIGN §3.19).
public enum Severity: String, Hashable, Sendable {
    case error
    case warning
    case notice
}

/// One remark about a configuration, as `sluice check` prints it (DESIGN §6).
public struct Diagnostic: Hashable, Sendable {
    /// How serious it is.
    public let severity: Severity
    /// A stable kebab-case word; those that begin with `syntax-` come from reading the text.
    public let code: String
    /// Where the statement stands, if it stands anywhere.
    public let location: SourceLocation?
    /// The configuration path of the statement (`firewall family inet filter F term T`), or empty.
    public let path: String
    /// What is wrong, and what follows for traffic.
    public let message: String

    /// Makes a diagnostic.
    public init(
        _ severity: Severity,
        _ code: String,
        at location: SourceLocation? = nil,
        path: String = "",
        _ message: String
    ) {
        self.severity = severity
        self.code = code
        self.location = location
        self.path = path
        self.message = message
    }

    /// `FILE:LINE:COLUMN: error: [edit PATH] text` (DESIGN §6).
    public var text: String {
        var line = ""
        if let location {
            line += "\(location.file):\(location.line):\(location.column): "
        }
        line += "\(severity.rawValue): "
        if !path.isEmpty {
            line += "[edit \(path)] "
        }
        return line + message
    }

    /// One JSON object on one line, with the keys of DESIGN §6.
    public var json: String {
        let place =
            location.map { ",\"file\":\(jsonString($0.file)),\"line\":\($0.line),\"column\":\($0.column)" }
            ?? ",\"file\":null,\"line\":null,\"column\":null"
        return "{\"severity\":\"\(severity.rawValue)\",\"code\":\(jsonString(code))\(place)"
            + ",\"path\":\(jsonString(path)),\"message\":\(jsonString(message))}"
    }
}

extension Sequence where Element == Diagnostic {
    /// Whether one of them is an error.
    public var containsErrors: Bool { contains { $0.severity == .error } }
}

/// A JSON string literal, quotes included (RFC 8259 §7).
public func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case let control where control.value < 0x20:
            let hex = String(control.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

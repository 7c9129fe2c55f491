// SPDX-License-Identifier: Apache-2.0
// In which form sessions are logged: `security log format`, `system syslog … structured-data` (flow reference §9.5).
import Diagnostics
import JunosSyntax

/// The form of RT_FLOW messages.
public enum SessionLogFormat: String, Hashable, Sendable {
    /// Positions in a text.
    case plain
    /// RFC 5424 structured data.
    case structured
}

/// The form that the configuration asks for: `security log` decides, else any target of syslog with structured data.
func extractSessionLogFormat(
    _ security: Statement,
    _ system: Statement?,
    _ diagnostics: inout [Diagnostic]
) -> SessionLogFormat {
    if let log = security.child("log") {
        // Streams to collectors of their own are not opened: everything goes to this host's syslog.
        for stream in log.entries("stream") {
            diagnostics.warning(
                "not-applicable",
                stream,
                "a stream of its own is not opened: messages go to this host's syslog, which can pass them on"
            )
        }
        if let format = log.child("format"), let value = format.value {
            switch value.word {
            case "sd-syslog": return .structured
            case "syslog": return .plain
            default:
                diagnostics.warning(
                    "not-applicable",
                    format,
                    "'\(value.word)' is not written here: messages have the form of 'syslog'"
                )
                return .plain
            }
        }
    }
    let targets = system?.child("syslog")?.statements.flatMap(\.statements) ?? []
    return targets.contains { $0.child("structured-data") != nil } ? .structured : .plain
}

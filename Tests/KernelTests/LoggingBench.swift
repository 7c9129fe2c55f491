// SPDX-License-Identifier: Apache-2.0
// The daemon in a sandbox with a syslog of its own, for tests of what it says about sessions.
import Foundation
import Laboratory

/// What a message says, without what differs from run to run: time, numbers of sessions, seconds.
private func plain(_ line: String) -> String {
    guard let begin = line.range(of: "RT_FLOW: ") else { return line }
    let words = line[begin.upperBound...].split(separator: " ").map(String.init)
    var result = words
    // The session's number stands behind the zones.
    if let zone = words.firstIndex(of: "untrust"), zone + 1 < words.count, UInt32(words[zone + 1]) != nil {
        result[zone + 1] = "ID"
        if words[0] == "RT_FLOW_SESSION_CLOSE:", zone + 4 < words.count { result[zone + 4] = "SECONDS" }
    }
    return result.joined(separator: " ")
}

/// A daemon with a syslog of its own.
final class LoggingBench {
    let bench: DaemonBench
    private let syslog: SyslogSocket
    private var heard: [String] = []

    init(_ text: String) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "syslog-\(UUID().uuidString.prefix(8))").path
        syslog = try SyslogSocket(path: path)
        // The predecessor must not log: the sandbox would take the reports.
        let quiet = text.replacing("log { session-init; session-close; }", with: "")
            .replacing("log { session-close; }", with: "").replacing("log { session-init; }", with: "")
        bench = try DaemonBench(text, predecessor: quiet, options: ["--syslog-socket", path])
        try bench.metrics(holding: "sluice_last_commit_success 1")
        // Events are heard of as soon as the daemon answers about sessions.
        try bench.sluice("show", "security", "flow", "session", "summary") { $0.contains("Sessions-in-use: 0") }
    }

    /// Sends packets, and makes room for what syslog is told meanwhile: its queue holds ten lines.
    func send(_ lines: [String]) throws -> [Observation] {
        heard += syslog.waitingLines()
        return try bench.send(vectors: lines)
    }

    /// The next lines, in no order.
    func lines(_ count: Int) throws -> [String] {
        while heard.count < count { heard.append(try syslog.line()) }
        defer { heard.removeFirst(count) }
        return heard.prefix(count).sorted()
    }

    /// The next messages, in no order.
    func messages(_ count: Int) throws -> [String] { try lines(count).map(plain).sorted() }
}

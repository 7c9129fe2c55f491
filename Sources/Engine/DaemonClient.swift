// SPDX-License-Identifier: Apache-2.0
// Asks the daemon behind its control socket.
import Foundation

/// Asks `sluiced` an operational command.
///
/// - Throws: `DeploymentError` if nobody answers there or the command is unknown.
public func askDaemon(_ words: [String], socket: String) throws -> String {
    // curl is the best-kept client for HTTP over a Unix socket; it is among our packages' dependencies.
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    var arguments = [
        "curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "10", "--unix-socket", socket,
    ]
    arguments += ["--get", "http://sluiced/show"]
    for word in words { arguments += ["--data-urlencode", "word=\(word)"] }
    process.arguments = arguments
    let output = Pipe()
    let problems = Pipe()
    process.standardOutput = output
    process.standardError = problems
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let problem = String(decoding: problems.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        let reason = text.isEmpty ? problem.trimmingCharacters(in: .whitespacesAndNewlines) : text
        throw DeploymentError(kind: .refused, problems: ["sluiced at \(socket): \(reason)"])
    }
    return text
}

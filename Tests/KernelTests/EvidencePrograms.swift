// SPDX-License-Identifier: Apache-2.0
// The programs of this build, for tests that run them as an administrator does.
import Foundation
import Laboratory

/// Why a built program could not be used.
struct MissingProgram: Error, CustomStringConvertible {
    let description: String
}

/// The path of `sluice` or `sluiced` beside the tests; a program that was not built fails the test.
func builtProgram(_ name: String) throws -> String {
    let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    // The bundle of tests stands in the folder of the build's products.
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let candidates = [own.appending(path: name), root.appending(path: ".build/debug/\(name)")]
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
        throw MissingProgram(description: "\(name) is not built: looked for \(candidates.map(\.path))")
    }
    return found.path
}

/// The inode of the calling thread's network namespace.
func networkNamespaceNumber() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net").filter(\.isNumber)
}

/// Deletes what programs recorded about the calling thread's network namespace.
func forgetRecordedState() {
    guard let number = try? networkNamespaceNumber() else { return }
    try? FileManager.default.removeItem(atPath: "/run/sluice/netns-\(number)")
}

/// Runs a program in the namespace of a thread and gives what it prints; throws if it fails.
///
/// It is not started from that thread, which blocks every signal: its children would do so too.
@discardableResult
func run(
    beside thread: NetworkNamespaceThread,
    _ program: String,
    _ arguments: String...,
    mayFail: Bool = false
) throws -> String {
    try run(beside: thread, program, arguments, mayFail: mayFail)
}

/// Runs a program in the namespace of a thread and gives what it prints; throws if it fails.
@discardableResult
func run(
    beside thread: NetworkNamespaceThread,
    _ program: String,
    _ arguments: [String],
    mayFail: Bool = false
) throws -> String {
    let output = FileManager.default.temporaryDirectory.appending(path: "evidence-\(UUID().uuidString)")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    let ended = DispatchSemaphore(value: 0)
    process.executableURL = URL(filePath: "/usr/bin/nsenter")
    process.arguments = ["--net=\(namespacePath(thread))", program] + arguments
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    guard ended.wait(timeout: .now() + 60) == .success else {
        throw WitnessFailure(description: "\(program) \(arguments) does not end")
    }
    let text = try String(contentsOf: output, encoding: .utf8)
    guard mayFail || process.terminationStatus == 0 else {
        throw WitnessFailure(description: "\(program) \(arguments) failed: \(text)")
    }
    return text
}

/// The namespace of a thread of ours, as other processes reach it.
func namespacePath(_ thread: NetworkNamespaceThread) -> String {
    "/proc/\(ProcessInfo.processInfo.processIdentifier)/task/\(thread.number)/ns/net"
}

// SPDX-License-Identifier: Apache-2.0
// Private network namespaces for tests of the real kernel, and the `nft` program in them as an outside witness.
import Foundation
import Netlink
import Synchronization

/// Runs a body on a fresh thread in a network namespace of its own, and waits for it.
///
/// The thread ends with the body, and the namespace with it. Without the privilege it throws: never a skip.
func inNewNetworkNamespace<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    guard childMachineryRuns else { throw WitnessFailure(description: "no child process can be run") }
    let box = Box<Value>()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
        let result = Result { () throws -> Value in
            try NetworkNamespace.enterNew()
            return try body()
        }
        box.store(result)
        done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
    done.wait()
    return try box.load().get()
}

/// Carries one result from a thread to the one that waits for it.
private final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Result<Value, any Error>?>(nil)

    func store(_ result: Result<Value, any Error>) { content.withLock { $0 = result } }

    func load() -> Result<Value, any Error> {
        content.withLock { $0 } ?? .failure(WitnessFailure(description: "the thread ended without a result"))
    }
}

/// Whether Foundation's machinery for child processes runs.
///
/// It is made by the first child and watches all of them from a thread of its own. Made inside a private namespace,
/// whose loopback is down, it would never hear of a child's end; so a child is run before any namespace is made.
private let childMachineryRuns: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    let done = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in done.signal() }
    guard (try? process.run()) != nil else { return false }
    return done.wait(timeout: .now() + 30) == .success
}()

/// Why the witness could not be heard.
struct WitnessFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs a program in the calling thread's network namespace and gives what it prints; throws if it fails.
@discardableResult
func run(_ program: String, _ arguments: [String], input: String = "", mayFail: Bool = false) throws -> String {
    let folder = FileManager.default.temporaryDirectory
    let stem = folder.appending(path: "kernel-tests-\(UUID().uuidString)")
    let (inputFile, outputFile) = (stem.appendingPathExtension("in"), stem.appendingPathExtension("out"))
    try Data(input.utf8).write(to: inputFile)
    try Data().write(to: outputFile)
    defer {
        try? FileManager.default.removeItem(at: inputFile)
        try? FileManager.default.removeItem(at: outputFile)
    }
    // nsenter names the namespace outright: which thread a child is born from is nobody's promise.
    let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/nsenter")
    process.arguments = ["--net=/proc/\(thread)/ns/net", program] + arguments
    let output = try FileHandle(forWritingTo: outputFile)
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = output
    process.standardError = output
    let done = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in done.signal() }
    try process.run()
    guard done.wait(timeout: .now() + 300) == .success else {
        process.terminate()
        throw WitnessFailure(description: "\(program) \(arguments) does not end")
    }
    let text = try String(contentsOf: outputFile, encoding: .utf8)
    guard mayFail || process.terminationStatus == 0 else {
        throw WitnessFailure(description: "\(program) \(arguments) failed: \(text)")
    }
    return text
}

/// Loads a ruleset in `nft`'s language.
func loadWithNft(_ text: String) throws { try run("/usr/sbin/nft", ["-f", "-"], input: text) }

/// What `nft` prints.
func nft(_ arguments: String...) throws -> String { try run("/usr/sbin/nft", arguments) }

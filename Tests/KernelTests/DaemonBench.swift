// SPDX-License-Identifier: Apache-2.0
// The daemon as an administrator starts it, in a namespace into which packets can be sent.
import Engine
import Foundation
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// A sandbox for packets with the daemon in its namespace.
///
/// What the daemon runs may log: the sandbox listens only to the reports of the program that it was given itself.
final class DaemonBench {
    let sandbox: Sandbox
    let thread: NetworkNamespaceThread
    let folder: URL
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private var hasEnded = false
    private static let page = "http://127.0.0.1:9723/metrics"

    /// Starts the daemon.
    ///
    /// - Parameters:
    ///   - text: its configuration.
    ///   - predecessor: what the sandbox is given before; with the same devices and base chains.
    ///   - options: further options of the daemon.
    ///   - earlier: what happens in the router before the daemon starts.
    init(
        _ text: String,
        predecessor: String? = nil,
        options: [String] = [],
        earlier: (DaemonBench) throws -> Void = { _ in }
    ) throws {
        let compiled = try compiled(predecessor ?? text)
        sandbox = try makeSandbox(of: compiled.configuration)
        // The sandbox's observers need a program; the daemon finds it there and takes it over.
        try sandbox.load(compiled.table)
        thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
        folder = FileManager.default.temporaryDirectory.appending(path: "evidence-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(text)
        try run(beside: thread, "/usr/bin/env", "ip", "link", "set", "lo", "up")
        try earlier(self)
        // Started from here, for that thread blocks signals, which a child would inherit.
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments =
            [
                "--net=\(namespacePath(thread))",
                try builtProgram("sluiced"), "--config-dir", folder.path, "--control-socket", controlSocket,
            ] + options
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    deinit {
        if !hasEnded, process.isRunning {
            process.terminate()
            ended.wait()
        }
        try? thread.run { forgetRecordedState() }
        thread.stop()
        sandbox.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Where `sluice` asks the daemon.
    var controlSocket: String { folder.appending(path: "control").path }

    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    func write(_ text: String) throws {
        try text.write(to: folder.appending(path: "sluice.conf"), atomically: true, encoding: .utf8)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the daemon's end and gives its exit status.
    func end() throws -> Int32 {
        guard ended.wait(timeout: .now() + 60) == .success else {
            throw WitnessFailure(description: "the daemon does not end: \(log)")
        }
        hasEnded = true
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    /// The namespace that the daemon is in.
    func namespaceOfDaemon() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.processIdentifier)/ns/net")
            .filter(\.isNumber)
    }

    /// The metrics page; empty while nobody answers.
    func metrics() throws -> String {
        try run(beside: thread, "/usr/bin/env", "curl", "--silent", "--max-time", "10", Self.page, mayFail: true)
    }

    /// The metrics page once it holds a line; after a minute the test fails with what there is.
    @discardableResult
    func metrics(holding line: String) throws -> String {
        var page = ""
        for _ in 0..<300 {
            page = try metrics()
            if page.split(separator: "\n").contains(Substring(line)) { return page }
            Thread.sleep(forTimeInterval: 0.2)
        }
        throw WitnessFailure(description: "never '\(line)':\n\(page)\n\(log)")
    }

    /// Runs `sluice` beside the daemon and gives what it prints.
    func sluice(_ arguments: String..., asksDaemon: Bool = true, mayFail: Bool = false) throws -> String {
        let socket = asksDaemon ? ["--control-socket", controlSocket] : []
        return try run(beside: thread, try builtProgram("sluice"), arguments + socket, mayFail: mayFail)
    }

    /// What a command of `sluice` prints once it is as wanted; after a minute the test fails with what there is.
    @discardableResult
    func sluice(_ arguments: String..., until isWanted: (String) -> Bool) throws -> String {
        var text = ""
        for _ in 0..<300 {
            text = try run(
                beside: thread,
                try builtProgram("sluice"),
                arguments + ["--control-socket", controlSocket],
                mayFail: true
            )
            if isWanted(text) { return text }
            Thread.sleep(forTimeInterval: 0.2)
        }
        throw WitnessFailure(description: "\(arguments) never gives what is wanted:\n\(text)\n\(log)")
    }

    /// Sends packets in, written as vectors.
    func send(vectors: [String]) throws -> [Observation] {
        try sandbox.inject(try readPacketVectors(vectors.joined(separator: "\n"), file: "test").map(injection))
    }

    /// Sends one UDP packet to each port, and says which passed.
    func send(_ ports: Int...) throws -> [Bool] {
        let lines = ports.map { vector("udp", port: $0) }.joined(separator: "\n")
        return try sandbox.inject(try readPacketVectors(lines, file: "test").map(injection)).map {
            verdict($0) == .accept
        }
    }

    /// Runs `nft` beside the daemon.
    func nftBeside(_ command: String) throws { try run(beside: thread, "/usr/sbin/nft", command) }
}

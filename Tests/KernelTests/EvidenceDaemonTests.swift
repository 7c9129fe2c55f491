// SPDX-License-Identifier: Apache-2.0
// The daemon as an administrator runs it: metrics, repair, a refused reload, and an end that leaves the router filtering.
import Engine
import Foundation
import Laboratory
import NetworkTypes
import NftablesIR
import Synchronization
import ReferenceEvaluator
import Testing

private func configuration(filter: String) -> String {
    """
    interfaces {
        eth1 { unit 0 { family inet { filter { input \(filter); } address 10.1.0.1/24; } } }
        eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
    }
    firewall { family inet { filter F {
        term a { from { protocol udp; destination-port 1000; } then { count a; accept; } }
        term b { from { protocol udp; destination-port 2000; } then { count b; discard; } }
        term c { then { count c; accept; } }
    } } }
    """
}

/// A sandbox for packets with the daemon in its namespace.
private final class DaemonBench {
    let sandbox: Sandbox
    let thread: NetworkNamespaceThread
    let folder: URL
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private var hasEnded = false
    private static let page = "http://127.0.0.1:9723/metrics"

    init() throws {
        let compiled = try compiled(configuration(filter: "F"))
        sandbox = try makeSandbox(of: compiled.configuration)
        // The sandbox's observers need a program; the daemon finds it there and takes it over.
        try sandbox.load(compiled.table)
        thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
        folder = FileManager.default.temporaryDirectory.appending(path: "evidence-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(configuration(filter: "F"))
        try run(beside: thread, "/usr/bin/env", "ip", "link", "set", "lo", "up")
        // Started from here, for that thread blocks signals, which a child would inherit.
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments = [
            "--net=\(namespacePath(thread))",
            try builtProgram("sluiced"), "--config-dir", folder.path,
        ]
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    deinit {
        if !hasEnded {
            process.terminate()
            ended.wait()
        }
        try? thread.run { forgetRecordedState() }
        thread.stop()
        sandbox.stop()
        try? FileManager.default.removeItem(at: folder)
    }

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

private func packets(_ counter: String, _ value: Int) -> String {
    "sluice_filter_packets_total{family=\"inet\",filter=\"F\",counter=\"\(counter)\",interface=\"eth1.0\","
        + "direction=\"input\",pass=\"packet-forwarding-engine\"} \(value)"
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct `The daemon` {
    @Test func `serves counters, repairs drift, survives a broken reload and ends leaving its program`() throws {
        let bench = try DaemonBench()
        try bench.metrics(holding: "sluice_last_commit_success 1")
        #expect(try bench.namespaceOfDaemon() == bench.thread.run { try networkNamespaceNumber() })
        #expect(try bench.namespaceOfDaemon() != networkNamespaceNumber())
        let table = try #require(try bench.thread.run { try Deployment().read() })
        #expect(table == (try compiled(configuration(filter: "F"))).table)

        // Counters.
        #expect(try bench.send(1000, 1000, 2000, 3000) == [true, true, false, true])
        var page = try bench.metrics()
        for line in [packets("a", 2), packets("b", 1), packets("c", 1)] {
            #expect(page.contains(line + "\n"), "\(page)")
        }
        #expect(page.contains("sluice_repairs_total 0\n"))

        // Drift: a chain is emptied, then elements of a map are deleted, then a rule is put in front.
        let chain = try #require(table.chains.values.filter { $0.base == nil && !$0.rules.isEmpty }.map(\.name).min())
        let map = try #require(table.sets.values.filter { !$0.isConstant && !$0.elements.isEmpty }.map(\.name).min())
        let drifts = [
            "flush chain inet sluice \(chain)", "flush map inet sluice \(map)",
            "insert rule inet sluice input-filters drop",
        ]
        for (number, drift) in drifts.enumerated() {
            try bench.nftBeside(drift)
            page = try bench.metrics(holding: "sluice_repairs_total \(number + 1)")
            #expect(try bench.thread.run { try Deployment().read() } == table, "\(drift)")
            for line in [packets("a", 2), packets("b", 1), packets("c", 1)] {
                #expect(page.contains(line + "\n"), "\(drift): \(page)")
            }
        }
        #expect(try bench.send(1000, 2000, 3000) == [true, false, true])
        page = try bench.metrics()
        for line in [packets("a", 3), packets("b", 2), packets("c", 2)] {
            #expect(page.contains(line + "\n"), "\(page)")
        }

        // A broken file is refused; the program stays, also against drift.
        try bench.write(configuration(filter: "NO-SUCH-FILTER"))
        bench.signal(SIGHUP)
        page = try bench.metrics(holding: "sluice_last_commit_success 0")
        #expect(page.contains("sluice_commit_failures_total 1\n"))
        #expect(bench.log.contains("NO-SUCH-FILTER"))
        #expect(try bench.thread.run { try Deployment().read() } == table)
        try bench.nftBeside("flush chain inet sluice \(chain)")
        try bench.metrics(holding: "sluice_repairs_total \(drifts.count + 1)")
        #expect(try bench.send(1000, 2000) == [true, false])

        // A whole one is taken again.
        try bench.write(configuration(filter: "F"))
        bench.signal(SIGHUP)
        try bench.metrics(holding: "sluice_last_commit_success 1")

        // The end: exit 0, program and counters in the kernel.
        bench.signal(SIGTERM)
        #expect(try bench.end() == 0, "\(bench.log)")
        #expect(try bench.thread.run { try Deployment().read() } == table)
        #expect(try bench.send(1000, 2000, 3000) == [true, false, true])
        let counters = try bench.thread.run { try Deployment().counters() }
        #expect(counters["inet/F/a/eth1.0/i"]?.packets == 5)
        #expect(counters["inet/F/b/eth1.0/i"]?.packets == 4)
    }
}

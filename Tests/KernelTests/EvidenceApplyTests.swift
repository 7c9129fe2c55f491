// SPDX-License-Identifier: Apache-2.0
// What applying promises: nothing on an error, nothing without a change, nothing lost with one, repair of drift.
import Engine
import Foundation
import Laboratory
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import Testing

/// A router whose filter has terms a, b, c with a counter each, and b's port as given.
private func counting(portOfB: Int) -> String {
    """
    interfaces {
        eth1 { unit 0 { family inet { filter { input F; } address 10.1.0.1/24; } } }
        eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
    }
    firewall { family inet { filter F {
        term a { from { protocol udp; destination-port 1000; } then { count a; accept; } }
        term b { from { protocol udp; destination-port \(portOfB); } then { count b; discard; } }
        term c { then { count c; accept; } }
    } } }
    """
}

/// A sandbox that holds a program, and a thread in its namespace for deployments.
private final class Bench: Sendable {
    let sandbox: Sandbox
    let thread: NetworkNamespaceThread

    init(_ compiled: CompiledConfiguration) throws {
        sandbox = try makeSandbox(of: compiled.configuration)
        try sandbox.load(compiled.table)
        thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
    }

    deinit {
        thread.stop()
        sandbox.stop()
    }

    /// Sends one UDP packet to each port.
    func send(_ ports: Int...) throws -> [Bool] {
        let lines = ports.map { vector("udp", port: $0) }.joined(separator: "\n")
        return try sandbox.inject(try readPacketVectors(lines, file: "test").map(injection)).map {
            verdict($0) == .accept
        }
    }

    /// Packets by counter of filter F.
    func readings() throws -> [String: UInt64] {
        let counters = try thread.run { try Deployment().counters() }
        return ["a", "b", "c"].reduce(into: [:]) { $0[$1] = counters["inet/F/\($1)/eth1.0/i"]?.packets }
    }

    func apply(_ table: Table) throws -> DeploymentReport {
        try thread.run {
            let deployment = try Deployment()
            let report = try deployment.apply(table)
            try deployment.confirm(table)
            return report
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Applying a configuration` {
    @Test func `a broken configuration never touches the kernel`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evidence-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (good, broken) = (folder.appending(path: "good.conf").path, folder.appending(path: "broken.conf").path)
        try counting(portOfB: 2000).write(toFile: good, atomically: true, encoding: .utf8)
        let text = counting(portOfB: 3000).replacing("input F;", with: "input NO-SUCH-FILTER;")
        try text.write(toFile: broken, atomically: true, encoding: .utf8)
        let program = try builtProgram("sluice")
        try inNewNetworkNamespace {
            defer { forgetRecordedState() }
            try run(program, ["apply", good])
            let deployment = try Deployment()
            let (table, generation) = (try deployment.read(), try deployment.generation())
            try #require(table != nil)
            let said = try run("/bin/sh", ["-c", "\(program) apply \(broken); echo status $?"])
            #expect(said.contains("status 1\n") && said.contains("NO-SUCH-FILTER"), "\(said)")
            #expect(try deployment.read() == table)
            #expect(try deployment.generation() == generation)
        }
    }

    @Test func `a namespace is free again though a process that just starts holds a copy of the lock`() throws {
        try inNewNetworkNamespace {
            defer { forgetRecordedState() }
            var state: RecordedState? = try RecordedState(holder: "test")
            let path = try #require(state).folder.appending(path: "lock").path
            #expect(throws: RecordedStateError.self) { try RecordedState(holder: "another") }
            // As between fork and exec, the description of the open file lives on in another descriptor.
            let copy = try #require(
                (3..<1024).first { (descriptor: Int32) in
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\(descriptor)"
                    )
                    return target == path
                }
                .map { dup($0) }
            )
            defer { close(copy) }
            state = nil
            _ = try RecordedState(holder: "next")
        }
    }

    @Test func `applying the same configuration again sends nothing`() throws {
        let compiled = try compiled(counting(portOfB: 2000))
        try inNewNetworkNamespace {
            let deployment = try Deployment()
            let first = try deployment.apply(compiled.table)
            #expect(first.changes > 0)
            let generation = try deployment.generation()
            let second = try deployment.apply(compiled.table)
            #expect(second.changes == 0 && second.drift.isEmpty)
            #expect(try deployment.generation() == generation)
        }
    }

    @Test func `a change of one term keeps the readings of all counters`() throws {
        let bench = try Bench(try compiled(counting(portOfB: 2000)))
        #expect(try bench.send(1000, 1000, 2000, 3000, 3000, 3000) == [true, true, false, true, true, true])
        #expect(try bench.readings() == ["a": 2, "b": 1, "c": 3])
        let report = try bench.apply(try compiled(counting(portOfB: 3000)).table)
        #expect(report.changes > 0)
        #expect(try bench.readings() == ["a": 2, "b": 1, "c": 3])
        #expect(try bench.send(1000, 2000, 3000) == [true, true, false])
        #expect(try bench.readings() == ["a": 3, "b": 2, "c": 4])
    }

    @Test func `what the kernel refuses is named by its configuration statement, and nothing is loaded`() throws {
        // The kernel cannot reject behind routing (kernel facts §3); the compiler never says so, so we do.
        let path = "firewall family inet filter F term impossible"
        var table = try compiled(counting(portOfB: 2000)).table
        let name = "refused"
        table.chains[name] = Chain(
            name: name,
            base: BaseChain(hook: .postrouting, priority: 310, policy: .accept),
            rules: [Rule([.reject(.icmp(code: 1))], comment: path)]
        )
        let impossible = table
        try inNewNetworkNamespace {
            let deployment = try Deployment()
            let error = try #require(throws: DeploymentError.self) { try deployment.apply(impossible) }
            #expect(error.kind == .refused)
            #expect(error.problems.contains { $0.contains(path) }, "\(error.problems)")
        }
    }

    /// What somebody else may do to the table, in the words of `nft`; CHAIN is the filter's own chain.
    @Test(arguments: [
        "flush chain inet sluice CHAIN",
        "flush chain inet sluice input-filters",
        "insert rule inet sluice input-filters accept",
        "add chain inet sluice foreign",
        "add rule inet sluice CHAIN counter",
        "add set inet sluice foreign { type ipv4_addr; }",
    ])
    func `foreign changes are repaired, with all counters kept`(command: String) throws {
        let table = try compiled(counting(portOfB: 2000)).table
        let bench = try Bench(try compiled(counting(portOfB: 2000)))
        #expect(try bench.send(1000, 2000, 3000) == [true, false, true])
        let chain = try #require(
            table.chains.values.filter { $0.base == nil && !$0.rules.isEmpty }.map(\.name).sorted().first
        )
        try run(beside: bench.thread, "/usr/sbin/nft", command.replacing("CHAIN", with: chain))
        try bench.thread.run {
            _ = #expect(throws: DeploymentError.self) { try Deployment().confirm(table) }
        }
        let report = try bench.apply(table)
        #expect(report.changes > 0 && !report.drift.isEmpty)
        #expect(try bench.readings() == ["a": 1, "b": 1, "c": 1])
        #expect(try bench.send(1000, 2000, 3000) == [true, false, true])
        #expect(try bench.readings() == ["a": 2, "b": 2, "c": 2])
    }
}

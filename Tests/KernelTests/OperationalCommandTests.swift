// SPDX-License-Identifier: Apache-2.0
// Operational commands as an administrator types them, against real packets: shown, cleared, refused
// (filters reference §6; DESIGN §3.8, §6).
import Engine
import Foundation
import Laboratory
import NftablesIR
import Synchronization
import Testing

private let counting = """
    interfaces {
        eth1 { unit 0 { family inet { filter { input F; } address 10.1.0.1/24; } } }
        eth2 { unit 0 { family inet { filter { input G; output-list [ G H ]; } address 10.2.0.1/24; } } }
    }
    firewall { family inet {
        filter F {
            interface-specific;
            term a { from { protocol udp; destination-port 1000; } then { count a; accept; } }
            term b { then { count b; accept; } }
        }
        filter G { term a { from { protocol tcp; } then { count g; accept; } } }
        filter H { term a { then { count h; accept; } } }
    } }
    """

/// Rows of `show firewall` by `FILTER/NAME`: bytes and packets.
private func rows(_ text: String) -> [String: [UInt64]] {
    var filter = ""
    var result: [String: [UInt64]] = [:]
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        if words.first == "Filter:" { filter = words.last ?? "" }
        if words.count == 3, let bytes = UInt64(words[1]), let packets = UInt64(words[2]) {
            result["\(filter)/\(words[0])"] = [bytes, packets]
        }
    }
    return result
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `Operational commands` {
    @Test func `show what real packets did, and clear it, with a daemon and without`() throws {
        let bench = try DaemonBench(counting)
        try bench.metrics(holding: "sluice_last_commit_success 1")
        _ = try bench.send(1000, 1000, 2000)
        let shown = try bench.sluice("show", "firewall")
        #expect(
            rows(shown) == [
                "F-eth1.0-i/a-eth1.0-i": [56, 2], "F-eth1.0-i/b-eth1.0-i": [28, 1], "G/g": [0, 0],
                "eth2.0-o/g-eth2.0-o": [0, 0], "eth2.0-o/h-eth2.0-o": [84, 3],
            ]
        )
        // Without the daemon's help: the same.
        #expect(try bench.sluice("show", "firewall", asksDaemon: false) == shown)
        let xml = try bench.sluice("show", "firewall", "counter", "a", "filter", "F", "--xml")
        #expect(xml.contains("<counter-name>a-eth1.0-i</counter-name>\n            <packet-count>2</packet-count>"))
        #expect(
            try bench.sluice("show", "interfaces", "filters") == """
                Interface       Admin Link Proto Input Filter         Output Filter
                eth1            up    up\("  ")
                eth1.0          up    up   inet  F-eth1.0-i
                eth2            up    up\("  ")
                eth2.0          up    up   inet  G                    eth2.0-o

                """
        )
        try run(beside: bench.thread, "/usr/bin/env", "ip", "link", "set", "eth1", "down")
        #expect(
            try bench.sluice("show", "interfaces", "filters", "eth1.0").contains("eth1.0          down  down inet  F")
        )
        try run(beside: bench.thread, "/usr/bin/env", "ip", "link", "set", "eth1", "up")

        // One counter, one filter, all; metrics go on.
        #expect(try bench.sluice("clear", "firewall", "counter", "a", "filter", "F").isEmpty)
        var now = rows(try bench.sluice("show", "firewall"))
        #expect(now["F-eth1.0-i/a-eth1.0-i"] == [0, 0])
        #expect(now["F-eth1.0-i/b-eth1.0-i"] == [28, 1])
        _ = try bench.send(1000, 2000)
        #expect(try bench.sluice("clear", "firewall", "filter", "F").isEmpty)
        now = rows(try bench.sluice("show", "firewall"))
        #expect(now["F-eth1.0-i/b-eth1.0-i"] == [0, 0])
        #expect(now["eth2.0-o/h-eth2.0-o"] == [140, 5])
        #expect(try bench.sluice("clear", "firewall", "all").isEmpty)
        #expect(rows(try bench.sluice("show", "firewall")).values.allSatisfy { $0 == [0, 0] })
        _ = try bench.send(1000)
        let page = try bench.metrics()
        for (counter, packets) in [("a", 4), ("b", 2)] {
            #expect(
                page.contains(
                    "counter=\"\(counter)\",interface=\"eth1.0\",direction=\"input\",pass=\"packet-forwarding-engine\"} \(packets)\n"
                )
            )
        }

        // Wrong usage is 2, also through the daemon; what the daemon holds is 3.
        let socket = bench.controlSocket
        let refusals: [(status: String, text: String, command: [String])] = [
            ("status 2", "error: filter X not found", ["show", "firewall", "filter", "X", "--control-socket", socket]),
            ("status 2", "error: filter X not found", ["show", "firewall", "filter", "X"]),
            ("status 2", "error: the log of filters is kept by sluiced", ["show", "firewall", "log"]),
            ("status 2", "error: no such command", ["show", "nothing", "--control-socket", socket]),
            ("status 3", "error: this network namespace is held by sluiced", ["clear", "firewall", "all"]),
            (
                "status 3", "error: nobody answers at /nonexistent",
                ["show", "firewall", "--control-socket", "/nonexistent"]
            ),
            ("status 2", "--json and --xml exclude each other", ["show", "firewall", "--json", "--xml"]),
        ]
        for refusal in refusals {
            let words = [try builtProgram("sluice")] + refusal.command
            let text = try run(beside: bench.thread, "/bin/sh", ["-c", "\"$@\"; echo \"status $?\"", "sh"] + words)
            #expect(text.contains(refusal.text), "\(refusal.command): \(text)")
            #expect(text.hasSuffix("\(refusal.status)\n"), "\(refusal.command): \(text)")
        }

        // Without a daemon the kernel is cleared directly.
        bench.signal(SIGTERM)
        #expect(try bench.end() == 0)
        #expect(rows(try bench.sluice("show", "firewall", asksDaemon: false))["F-eth1.0-i/a-eth1.0-i"] == [28, 1])
        #expect(try bench.sluice("clear", "firewall", "all", asksDaemon: false).isEmpty)
        #expect(rows(try bench.sluice("show", "firewall", asksDaemon: false)).values.allSatisfy { $0 == [0, 0] })
    }

    @Test func `clear without losing a packet, and metrics never go back`() throws {
        let bench = try DaemonBench(counting)
        try bench.metrics(holding: "sluice_last_commit_success 1")
        let sent = Mutex<UInt64>(0)
        let isEnough = Mutex(false)
        let sandbox = bench.sandbox
        let injections = try readPacketVectors(vector("udp", port: 1000), file: "test").map(injection)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            while !isEnough.withLock({ $0 }), (try? sandbox.inject(injections)) != nil { sent.withLock { $0 += 1 } }
        }
        func counted() throws -> UInt64 {
            let page = try bench.metrics()
            let line = page.split(separator: "\n").first {
                $0.hasPrefix("sluice_filter_packets_total{family=\"inet\",filter=\"F\",counter=\"a\"")
            }
            let words = try #require(line).split(separator: " ")
            return try #require(UInt64(words.last ?? ""))
        }
        // The first packets are on their way before the first clear.
        while sent.withLock({ $0 }) == 0 { usleep(1000) }
        var last: UInt64 = 0
        for _ in 0..<8 {
            _ = try bench.sluice("clear", "firewall", "counter", "a", "filter", "F")
            let value = try counted()
            #expect(value >= last)
            last = value
        }
        isEnough.withLock { $0 = true }
        group.wait()
        #expect(try counted() == sent.withLock { $0 })
    }

    @Test func `reset in the kernel what they read, under traffic`() throws {
        let compiled = try compiled(counting)
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
        defer { thread.stop() }
        let injections = try readPacketVectors(vector("udp", port: 1000), file: "test").map(injection)
        let isDone = Mutex(false)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            for _ in 0..<2000 { _ = try? sandbox.inject(injections) }
            isDone.withLock { $0 = true }
        }
        let name = "inet/F/a/eth1.0/i"
        var sum = CounterValue()
        var resets = 0
        func take() throws {
            let reading = try thread.run { try Deployment().reset([name, "inet/F/gone/eth1.0/i"]) }
            #expect(Set(reading.keys) == [name])
            let value = try #require(reading[name])
            sum = CounterValue(packets: sum.packets + value.packets, bytes: sum.bytes + value.bytes)
            resets += 1
        }
        while !isDone.withLock({ $0 }) { try take() }
        group.wait()
        try take()
        #expect(sum == CounterValue(packets: 2000, bytes: 2000 * 28))
        #expect(resets > 100)
    }
}

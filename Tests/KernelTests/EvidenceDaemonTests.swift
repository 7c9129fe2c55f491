// SPDX-License-Identifier: Apache-2.0
// The daemon as an administrator runs it: metrics, repair, a refused reload, and an end that leaves the router filtering.
import Engine
import Foundation
import Laboratory
import NftablesIR
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

private func packets(_ counter: String, _ value: Int) -> String {
    "sluice_filter_packets_total{family=\"inet\",filter=\"F\",counter=\"\(counter)\",interface=\"eth1.0\","
        + "direction=\"input\",pass=\"packet-forwarding-engine\"} \(value)"
}

@Suite(.serialized) struct `The daemon` {
    @Test func `serves counters, repairs drift, survives a broken reload and ends leaving its program`() throws {
        let bench = try DaemonBench(configuration(filter: "F"))
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

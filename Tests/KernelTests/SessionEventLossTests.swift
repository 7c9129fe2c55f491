// SPDX-License-Identifier: Apache-2.0
// Events of sessions that do not reach the daemon: counted, and made good by a look at all sessions (flow reference §10.4).
import Foundation
import Laboratory
import NetworkTypes
import Testing

@Suite(.timeLimit(.minutes(3))) struct SessionEventLossTests {
    @Test func `what the kernel could not tell is counted, and told after a look`() throws {
        let logging = try LoggingBench(
            TrapRouter.text([
                TrapRouter.policy("Q", application: "junos-ntp"),
                TrapRouter.policy("B", application: "junos-syslog", then: "permit; log { session-init; }"),
            ])
        )
        let bench = logging.bench
        // While the daemon holds still, more begins than its socket holds; what is to be logged comes last.
        bench.signal(SIGSTOP)
        defer { bench.signal(SIGCONT) }
        var round: UInt8 = 0
        while try !hasDropped(bench) {
            try #require(round < 20, "the socket holds everything")
            round += 1
            #expect(try pass(1...20_000, to: 123, at: "203.0.113.\(100 + round)", bench))
        }
        let logged = UInt16(1)...3000
        #expect(try pass(logged, to: 514, at: "203.0.113.9", bench))
        bench.signal(SIGCONT)
        let told = try logging.lines(logged.count).compactMap { line in
            line.firstMatch(of: #/session created 10\.1\.0\.5/(\d+)->203\.0\.113\.9/514 /#)?.1
        }
        #expect(Set(told).count == logged.count)
        let page = try bench.metrics()
        let lost = try #require(page.firstMatch(of: /\nsluice_session_events_lost_total (\d+)\n/)?.1)
        #expect(lost != "0" && page.contains("\nsluice_syslog_lost_total 0\n"), "\(page)")
    }

    /// Sends a datagram from each port; whether all got through.
    private func pass(_ ports: ClosedRange<UInt16>, to service: UInt16, at server: String, _ bench: DaemonBench) throws
        -> Bool
    {
        var fields = PacketFields(
            17,
            from: try #require(IPAddress("10.1.0.5")),
            to: try #require(IPAddress(server))
        )
        fields.destinationPort = service
        let injections = try ports.map { port in
            fields.sourcePort = port
            return Injection(try fields.build(), from: .device("t0"), to: .device("u0"))
        }
        return try bench.sandbox.pass(injections).allSatisfy { $0.fate != .vanished }
    }

    /// Whether a socket of netfilter's could not take a message.
    private func hasDropped(_ bench: DaemonBench) throws -> Bool {
        let table = try bench.thread.run {
            try String(contentsOfFile: "/proc/thread-self/net/netlink", encoding: .utf8)
        }
        // sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
        return table.split(separator: "\n").contains { line in
            let columns = line.split(separator: " ")
            return columns.count > 8 && columns[1] == "12" && columns[8] != "0"
        }
    }
}

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
        let client = try #require(IPAddress("10.1.0.5"))
        let server = try #require(IPAddress("203.0.113.9"))
        func injection(_ port: UInt16, _ service: UInt16) throws -> Injection {
            var fields = PacketFields(17, from: client, to: server)
            fields.sourcePort = port
            fields.destinationPort = service
            return Injection(try fields.build(), from: .device("t0"), to: .device("u0"))
        }
        let quiet = try (1...60_000).map { try injection($0, 123) }
        let logged = try (1...3_000).map { try injection($0, 514) }
        #expect(try bench.sandbox.pass(quiet + logged).allSatisfy { $0 != .vanished })
        bench.signal(SIGCONT)
        let told = try logging.lines(logged.count).compactMap { line in
            line.firstMatch(of: #/session created 10\.1\.0\.5/(\d+)->203\.0\.113\.9/514 /#)?.1
        }
        #expect(Set(told).count == logged.count)
        let page = try bench.metrics()
        let lost = try #require(page.firstMatch(of: /\nsluice_session_events_lost_total (\d+)\n/)?.1)
        #expect(lost != "0" && page.contains("\nsluice_syslog_lost_total 0\n"), "\(page)")
    }
}

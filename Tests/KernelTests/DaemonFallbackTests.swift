// SPDX-License-Identifier: Apache-2.0
// The daemon that finds no valid configuration at its start goes on with the recorded one: as it is now, not as it was
// when the daemon ended (DESIGN §3.20; flow reference §4, §6.4, §6.5).
import Engine
import Foundation
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

private func datagram(_ port: Int, to service: Int, at server: String = "203.0.113.9") -> String {
    """
    {"in":"t0","out":"u0","protocol":"udp","source":"10.1.0.5","destination":"\(server)","source-port":\(port),\
    "destination-port":\(service)}
    """
}

@Suite(.serialized, .timeLimit(.minutes(3))) struct DaemonFallbackTests {
    @Test func `what changed while the daemon was away holds, and sessions feel it`() throws {
        // The slot lies on the other half of the day.
        let now = LocalTime.now()
        let hour = now.secondOfDay < 43_200 ? 20 : 10
        let text = TrapRouter.text(
            [
                TrapRouter.policy("S", application: "junos-syslog")
                    .replacing("then {", with: "scheduler-name S; then {"),
                TrapRouter.policy("N", application: "junos-ntp")
                    .replacing("destination-address any", with: "destination-address web"),
            ],
            "",
            """
            security { address-book { global { address web { dns-name web.example; } } } }
            schedulers { scheduler S { daily { start-time \(hour):00 { stop-time \(hour + 2):00; } } } }
            """
        )
        let then = Circumstances(
            localTime: LocalTime(dayNumber: now.dayNumber, secondOfDay: hour * 3600 + 1800),
            hostAddresses: ["web.example": [try #require(IPAddress("203.0.113.9"))]]
        )
        var names: TestNameServer?
        defer { names?.stop() }
        let bench = try DaemonBench(
            "this is no configuration",
            predecessor: text,
            options: ["--name-server", "127.0.0.1:\(TestNameServer.port)"]
        ) { bench in
            names = try TestNameServer(beside: bench.thread, records: ["--host-record=web.example,203.0.113.8,60"])
            try bench.thread.run {
                let router = try Router(holder: "test")
                let compiled = try router.compile([ConfigurationSource(name: "test.conf", text: text)]) { _ in then }
                _ = try router.apply(compiled) { _ in }
            }
            let verdicts = try bench.send(vectors: [
                datagram(4000, to: 514), datagram(4001, to: 123), datagram(4002, to: 123, at: "203.0.113.8"),
            ])
            #expect(verdicts.map { verdict($0) } == [.accept, .accept, .discard])
        }
        try bench.sluice("show", "security", "policies") { $0.contains("Policy: S, State: disabled") }
        #expect(bench.log.contains("keeping the program that is loaded"))
        try bench.sluice("show", "security", "policies", "detail") { $0.contains("web.example 203.0.113.8\n") }
        // The scheduled session is over; the other one lives on, for its policy is still there.
        let sessions = try bench.sluice("show", "security", "flow", "session")
        #expect(!sessions.contains("10.1.0.5/4000") && sessions.contains("10.1.0.5/4001"), "\(sessions)")
        let verdicts = try bench.send(vectors: [
            datagram(4000, to: 514), datagram(4003, to: 123), datagram(4004, to: 123, at: "203.0.113.8"),
        ])
        #expect(verdicts.map { verdict($0) } == [.discard, .discard, .accept], "\(bench.log)")
        let page = try bench.metrics()
        #expect(page.contains("sluice_last_commit_success 0\n") && page.contains("sluice_drift_total 0\n"), "\(page)")
    }
}

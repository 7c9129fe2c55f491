// SPDX-License-Identifier: Apache-2.0
// Policies that come and go by themselves, and what survives: schedulers, names of hosts, hit counts.
import Engine
import Foundation
import JunosModel
import Laboratory
import NameResolution
import NetworkTypes
import Testing

private let schedulers = "schedulers { scheduler S { daily { start-time 08:00 { stop-time 18:00; } } } }"

private func line(_ port: Int, to destination: String = "203.0.113.9") -> String {
    """
    {"in":"t0","out":"u0","protocol":"udp","source":"10.1.0.5","destination":"\(destination)","source-port":\(port),\
    "destination-port":514}
    """
}

private func scheduled(_ name: String) -> String {
    TrapRouter.policy(name).replacing("then {", with: "scheduler-name S; then {")
}

private func at(_ hour: Int, _ minute: Int) -> Circumstances {
    Circumstances(localTime: LocalTime(year: 2026, month: 12, day: 1, hour: hour, minute: minute))
}

@Suite(.serialized, .timeLimit(.minutes(3))) struct PolicyLifeTests {
    @Test(arguments: ["", "policy-rematch;", "policy-rematch { extensive; }"])
    func `trap 53: at the stop time sessions end and the policy is as if absent`(mode: String) throws {
        let text = TrapRouter.text(
            [scheduled("W1"), TrapRouter.policy("W2", application: "junos-ntp")],
            mode,
            schedulers
        )
        let bench = try SessionBench(text)
        let before = try bench.apply(text, in: at(17, 59))
        #expect(before.warnings.contains { $0.contains("schedulers are as they are now") })
        #expect(try bench.send(line(4000)) == [true])
        #expect(try bench.hits()["W1"] == 1)
        let outcome = try bench.apply(text, in: at(18, 0))
        #expect(outcome.sessions.closed == 1)
        #expect(try bench.sessions().isEmpty)
        #expect(try bench.send(line(4000)) == [false])
        #expect(try bench.hits()["W1"] == 1, "its hit count waits for it")
        try bench.apply(text, in: at(8, 0))
        #expect(try bench.send(line(4000)) == [true])
        #expect(try bench.hits()["W1"] == 2)
    }

    @Test func `with extensive rematch, another policy does not inherit what a scheduler ends`() throws {
        let text = TrapRouter.text(
            [scheduled("W1"), TrapRouter.policy("W2")],
            "policy-rematch { extensive; }",
            schedulers
        )
        let bench = try SessionBench(text)
        try bench.apply(text, in: at(17, 59))
        #expect(try bench.send(line(4000)) == [true])
        try bench.apply(text, in: at(18, 0))
        #expect(try bench.sessions().isEmpty)
        #expect(try bench.send(line(4000)) == [true])
        #expect(try bench.owners() == ["W2"])
    }

    @Test func `hit counts survive edits, moves, deactivation and schedulers, but not deletion`() throws {
        let a = TrapRouter.policy("A", application: "junos-syslog")
        let b = TrapRouter.policy("B", application: "junos-ntp")
        let bench = try SessionBench(TrapRouter.text([a, b]))
        try bench.apply(TrapRouter.text([a, b]))
        #expect(try bench.send(line(4000), line(4001)) == [true, true])
        #expect(try bench.hits() == ["A": 2, "B": 0, "default-policy": 0])
        let edited = TrapRouter.policy("A", application: "[ junos-syslog junos-tftp ]", then: "permit; count;")
        for (what, policies) in [
            ("edited", [edited, b]), ("moved behind", [b, edited]), ("moved before", [edited, b]),
            ("one inserted before", [TrapRouter.policy("C", application: "junos-ntp"), edited, b]),
            ("deactivated", ["inactive: " + edited, b]), ("its context deactivated", ["inactive: " + edited, b]),
            ("activated", [edited, b]),
        ] {
            try bench.apply(TrapRouter.text(policies))
            #expect(try bench.hits()["A"] == 2, "\(what)")
        }
        try bench.apply(TrapRouter.text([b]))
        #expect(try bench.hits()["A"] == nil)
        try bench.apply(TrapRouter.text([a, b]))
        #expect(try bench.hits()["A"] == 0)
    }

    @Test func `a name of a host is what the name server says; unknown names match nothing`() throws {
        let book =
            "security { address-book { global { address A { dns-name web.example; } address B { dns-name none.example; } } } }"
        func text(_ match: String) -> String {
            TrapRouter.text(
                [
                    "policy P { match { source-address any; \(match) application any; } then { permit; } }"
                ],
                "",
                book
            )
        }
        let bench = try SessionBench(text("destination-address A;"))
        let names = try TestNameServer(
            beside: bench.thread,
            records: ["--host-record=web.example,203.0.113.9,2001:db8:2::9,30", "--address=/none.example/"]
        )
        defer { names.stop() }
        let server = NameServer(address: "127.0.0.1", port: TestNameServer.port)
        let found = try bench.thread.run { resolveHosts(["web.example", "none.example"], at: server) }
        #expect(found["web.example"]?.addresses.map(\.description) == ["203.0.113.9", "2001:db8:2::9"])
        #expect(found["web.example"]?.timeToLive == 30)
        #expect(found["none.example"]?.addresses == [])
        #expect(
            try bench.thread.run { resolveHost("web.example", at: NameServer(address: "127.0.0.1", port: 5398)) } == nil
        )

        let circumstances = Circumstances(hostAddresses: ["web.example": try #require(found["web.example"]).addresses])
        let outcome = try bench.apply(text("destination-address A;"), in: circumstances)
        #expect(outcome.warnings.contains { $0.contains("none.example") })
        #expect(try bench.send(line(4000), line(4001, to: "203.0.113.8")) == [true, false])
        // Another answer: sessions stay, the hit count too, new packets are judged anew.
        let moved = Circumstances(hostAddresses: ["web.example": [try #require(IPAddress("203.0.113.8"))]])
        try bench.apply(text("destination-address A;"), in: moved)
        #expect(try bench.send(line(4000), line(4002), line(4003, to: "203.0.113.8")) == [true, false, true])
        #expect(try bench.hits()["P"] == 2)
        try bench.apply(text("destination-address B;"), in: moved)
        #expect(try bench.send(line(4004)) == [false])
        // Excluding a name that nobody knows excludes everybody.
        try bench.apply(text("destination-address [ A B ]; destination-address-excluded;"), in: moved)
        #expect(try bench.send(line(4005), line(4006, to: "203.0.113.8")) == [false, false])
        try bench.apply(text("destination-address A; destination-address-excluded;"), in: moved)
        #expect(try bench.send(line(4007), line(4008, to: "203.0.113.8")) == [true, false])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Sessions as an operator sees them while they live, and as syslog hears of their beginnings and ends, with the daemon
// in the real kernel (flow reference §9.1, §9.5, §10.4).
import Engine
import Foundation
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

private let policies = """
    from-zone trust to-zone untrust {
        policy W { match { source-address any; destination-address any; application [ junos-http junos-icmp-ping ]; }
            then { permit; log { session-init; session-close; } count; } }
        policy U { match { source-address any; destination-address any; application junos-syslog; }
            then { permit; log { session-close; } } }
        policy Q { match { source-address any; destination-address any; application junos-ntp; } then { permit; } }
        policy D { match { source-address any; destination-address any; application junos-telnet; }
            then { deny; log { session-init; } } }
        policy R { match { source-address any; destination-address any; application junos-dns-udp; }
            then { reject; log { session-init; session-close; } } }
    }
    """

private func configuration(_ more: String = "") -> String {
    TrapRouter.frame + "security { policies { \(policies) } \(more) }\n"
}

/// One segment of the connection from 10.1.0.5 to 203.0.113.9:80.
private func segment(
    _ port: Int,
    _ flags: String,
    fromServer: Bool = false,
    sequence: Int,
    acknowledgment: Int = 0
) -> String {
    let names = flags.map { ["S": "syn", "A": "ack", "F": "fin", "R": "rst", "P": "psh"][$0] ?? "" }
    let (client, server) = ("10.1.0.5", "203.0.113.9")
    return """
        {"in":"\(fromServer ? "u0" : "t0")","out":"\(fromServer ? "t0" : "u0")","protocol":"tcp",\
        "source":"\(fromServer ? server : client)","destination":"\(fromServer ? client : server)",\
        "source-port":\(fromServer ? 80 : port),"destination-port":\(fromServer ? port : 80),\
        "tcp-flags":[\(names.map { "\"\($0)\"" }.joined(separator: ","))],"tcp-sequence":\(sequence),\
        "tcp-acknowledgment":\(acknowledgment)}
        """
}

private func handshake(_ port: Int) -> [String] {
    [
        segment(port, "S", sequence: 100),
        segment(port, "SA", fromServer: true, sequence: 500, acknowledgment: 101),
        segment(port, "A", sequence: 101, acknowledgment: 501),
    ]
}

private func datagram(_ port: Int, to service: Int) -> String {
    """
    {"in":"t0","out":"u0","protocol":"udp","source":"10.1.0.5","destination":"203.0.113.9","source-port":\(port),\
    "destination-port":\(service)}
    """
}

private let echo = """
    {"in":"t0","out":"u0","protocol":"icmp","source":"10.1.0.5","destination":"203.0.113.9","icmp-type":8,\
    "icmp-identifier":77,"icmp-sequence":1}
    """
private let echoReply = """
    {"in":"u0","out":"t0","protocol":"icmp","source":"203.0.113.9","destination":"10.1.0.5","icmp-type":0,\
    "icmp-identifier":77,"icmp-sequence":1}
    """

private func closed(_ reason: String, _ port: Int, _ client: String, _ server: String) -> String {
    "RT_FLOW_SESSION_CLOSE: session closed \(reason): 10.1.0.5/\(port)->203.0.113.9/80 0x0 junos-http "
        + "10.1.0.5/\(port)->203.0.113.9/80 0x0 N/A N/A N/A N/A 6 W trust untrust ID \(client) \(server) SECONDS "
        + "UNKNOWN UNKNOWN N/A(N/A) t0.0 UNKNOWN"
}

private func created(_ port: Int) -> String {
    "RT_FLOW_SESSION_CREATE: session created 10.1.0.5/\(port)->203.0.113.9/80 0x0 junos-http "
        + "10.1.0.5/\(port)->203.0.113.9/80 0x0 N/A N/A N/A N/A 6 W trust untrust ID N/A(N/A) t0.0 "
        + "UNKNOWN UNKNOWN UNKNOWN"
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct SessionLogTests {
    @Test func `beginnings and ends are told with their reasons, bytes and packets`() throws {
        let logging = try LoggingBench(configuration())
        let bench = logging.bench
        func pass(_ lines: [String]) throws {
            let seen = try logging.send(lines)
            #expect(seen.allSatisfy { verdict($0) == .accept }, "\(lines)")
        }
        // A connection of each end, on ports 4000 to 4005.
        for port in 4000...4005 { try pass(handshake(port)) }
        #expect(try logging.messages(6) == (4000...4005).map(created))
        let all = try bench.sluice("show", "security", "flow", "session")
        #expect(all.contains("Total sessions: 6\n"))
        let one = try bench.sluice("show", "security", "flow", "session", "source-port", "4000")
        #expect(one.contains("Policy name: W/4, Timeout: ") && one.contains(", Session State: Valid\n"))
        #expect(
            one.contains("  In: 10.1.0.5/4000 --> 203.0.113.9/80;tcp, Conn Tag: 0x0, If: t0.0, Pkts: 2, Bytes: 80,\n")
        )
        #expect(
            one.contains("  Out: 203.0.113.9/80 --> 10.1.0.5/4000;tcp, Conn Tag: 0x0, If: u0.0, Pkts: 1, Bytes: 40,\n")
        )
        #expect(one.hasSuffix("\nTotal sessions: 1\n"))

        try pass([
            segment(4000, "FA", sequence: 101, acknowledgment: 501),
            segment(4000, "FA", fromServer: true, sequence: 501, acknowledgment: 102),
            segment(4000, "A", sequence: 102, acknowledgment: 502),
        ])
        try pass([segment(4001, "R", sequence: 101)])
        try pass([segment(4002, "R", fromServer: true, sequence: 501)])
        #expect(
            try bench.sluice("clear", "security", "flow", "session", "source-port", "4003")
                == "1 active sessions cleared\n"
        )
        #expect(
            try bench.sluice("clear", "security", "flow", "session", "source-port", "4003", "--json")
                .contains("\"cleared-flow-session-count\"")
        )
        // Half open, and refused by the server; given up by the client.
        try pass([
            segment(4006, "S", sequence: 100), segment(4006, "RA", fromServer: true, sequence: 0, acknowledgment: 101),
            segment(4007, "S", sequence: 100), segment(4007, "R", sequence: 101),
        ])
        try pass([echo, echoReply])
        try run(beside: bench.thread, "/usr/sbin/sysctl", "-qw", "net.netfilter.nf_conntrack_icmp_timeout=1")
        try pass([echo, echoReply])
        let ping =
            "203.0.113.9/77 0x0 junos-icmp-ping 10.1.0.5/0->203.0.113.9/77 0x0 N/A N/A N/A N/A 1 W trust untrust ID"
        let ends = try logging.messages(10)
        #expect(
            ends
                == [
                    closed("CLI", 4003, "2(80)", "1(40)"), closed("TCP CLIENT RST", 4001, "3(120)", "1(40)"),
                    closed("TCP FIN", 4000, "4(160)", "2(80)"), closed("TCP SERVER RST", 4002, "2(80)", "2(80)"),
                    closed("TCP SERVER RST", 4006, "1(40)", "1(40)"), created(4006),
                    closed("TCP CLIENT RST", 4007, "2(80)", "0(0)"), created(4007),
                    "RT_FLOW_SESSION_CLOSE: session closed response received: 10.1.0.5/0->\(ping) 2(56) 2(56) SECONDS "
                        + "UNKNOWN UNKNOWN N/A(N/A) t0.0 UNKNOWN",
                    "RT_FLOW_SESSION_CREATE: session created 10.1.0.5/0->\(ping) N/A(N/A) t0.0 UNKNOWN UNKNOWN UNKNOWN",
                ].sorted()
        )

        // Refused: told at once, session-close says nothing about them; the silent policy stays silent.
        let refused = try bench.send(vectors: [
            datagram(4100, to: 53),
            segment(4101, "S", sequence: 1).replacing("\"destination-port\":80", with: "\"destination-port\":23"),
            datagram(4102, to: 123),
        ])
        #expect(refused.map { verdict($0) } == [.reject, .discard, .accept])
        #expect(
            try logging.messages(2) == [
                "RT_FLOW_SESSION_DENY: session denied 10.1.0.5/4100->203.0.113.9/53 0x0 junos-dns-udp 17(0) R trust untrust "
                    + "UNKNOWN UNKNOWN N/A(N/A) t0.0 UNKNOWN policy deny",
                "RT_FLOW_SESSION_DENY: session denied 10.1.0.5/4101->203.0.113.9/23 0x0 junos-telnet 6(0) D trust untrust "
                    + "UNKNOWN UNKNOWN N/A(N/A) t0.0 UNKNOWN policy deny",
            ]
        )

        // Statistics of the policy that counts: seven sessions are over, two live.
        let detail = try bench.sluice("show", "security", "policies", "detail", "policy-name", "W")
        #expect(detail.contains(words: "Active sessions : 2") && detail.contains(words: "Session deletions : 7"))
        #expect(detail.contains(words: "Policy lookups : 9"))

        // Who would decide: the model and the program read back say the same.
        for (name, port, policy) in [
            ("tcp", 80, "W"), ("tcp", 23, "D"), ("udp", 53, "R"), ("tcp", 22, "Default-Policy"),
        ] {
            let question = [
                "show", "security", "match-policies", "from-zone", "trust", "to-zone", "untrust", "source-ip",
                "10.1.0.5",
                "destination-ip", "203.0.113.9", "source-port", "4000", "destination-port", "\(port)", "protocol", name,
            ]
            let socket = ["--control-socket", bench.controlSocket]
            let answers = try [[], ["kernel"]].map { more in
                try run(beside: bench.thread, try builtProgram("sluice"), question + more + socket)
            }
            #expect(answers[0].hasPrefix("Policy: \(policy), action-type: ") && answers[0] == answers[1], "\(answers)")
        }

        // Idle, then the policy deleted.
        try run(beside: bench.thread, "/usr/sbin/sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=1")
        try pass([datagram(4200, to: 514)])
        let idle = try logging.messages(1)
        #expect(idle[0].hasPrefix("RT_FLOW_SESSION_CLOSE: session closed idle Timeout: 10.1.0.5/4200->203.0.113.9/514"))
        try bench.write(configuration().replacing("policy W ", with: "policy WW "))
        bench.signal(SIGHUP)
        #expect(
            try logging.messages(2)
                == [closed("policy delete", 4004, "2(80)", "1(40)"), closed("policy delete", 4005, "2(80)", "1(40)")]
        )
        #expect(try bench.metrics().contains("sluice_session_events_lost_total 0\n"))
    }

    @Test func `structured data has the keys of devices`() throws {
        let logging = try LoggingBench(configuration("log { mode stream; format sd-syslog; }"))
        _ = try logging.bench.send(vectors: [datagram(4100, to: 53)] + handshake(4000))
        let lines = try logging.lines(2)
        #expect(
            lines[1].firstMatch(of: /^<14>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S+ \S+ RT_FLOW - RT_FLOW_SESSION_/)
                != nil,
            "\(lines)"
        )
        func data(_ tag: String) -> String {
            lines.first { $0.contains(tag) }.flatMap { line in
                line.range(of: "[").map { String(line[$0.lowerBound...]) }
            } ?? ""
        }
        #expect(
            data("RT_FLOW_SESSION_DENY") == """
                [junos@2636.1.1.1.2.129 source-address="10.1.0.5" source-port="4100" destination-address="203.0.113.9" \
                destination-port="53" connection-tag="0" service-name="junos-dns-udp" protocol-id="17" icmp-type="0" \
                policy-name="R" source-zone-name="trust" destination-zone-name="untrust" application="UNKNOWN" \
                nested-application="UNKNOWN" username="N/A" roles="N/A" packet-incoming-interface="t0.0" \
                encrypted="UNKNOWN" reason="policy deny"]
                """
        )
        #expect(
            data("RT_FLOW_SESSION_CREATE").replacing(/session-id="\d+"/, with: "session-id=\"ID\"") == """
                [junos@2636.1.1.1.2.129 source-address="10.1.0.5" source-port="4000" destination-address="203.0.113.9" \
                destination-port="80" connection-tag="0" service-name="junos-http" nat-source-address="10.1.0.5" \
                nat-source-port="4000" nat-destination-address="203.0.113.9" nat-destination-port="80" \
                nat-connection-tag="0" src-nat-rule-type="N/A" src-nat-rule-name="N/A" dst-nat-rule-type="N/A" \
                dst-nat-rule-name="N/A" protocol-id="6" policy-name="W" source-zone-name="trust" \
                destination-zone-name="untrust" session-id="ID" username="N/A" roles="N/A" \
                packet-incoming-interface="t0.0" application="UNKNOWN" nested-application="UNKNOWN" encrypted="UNKNOWN"]
                """
        )
    }

    @Test func `a scheduler is switched while the daemon runs, and its sessions end`() throws {
        func text(until stop: String) -> String {
            """
            \(TrapRouter.frame)
            schedulers { scheduler S { daily { start-time 00:00 { stop-time \(stop); } } } }
            security { policies { from-zone trust to-zone untrust {
                policy S { match { source-address any; destination-address any; application junos-syslog; }
                    scheduler-name S; then { permit; log { session-close; } } }
            } } }
            """
        }
        let logging = try LoggingBench(text(until: "24:00"))
        let bench = logging.bench
        #expect(try bench.send(vectors: [datagram(4000, to: 514)]).map { verdict($0) } == [.accept])
        #expect(try bench.sluice("show", "security", "policies").contains("Policy: S, State: enabled"))
        // A slot that ends in a moment; right after midnight it has no beginning, so then it ends in a moment too.
        let stop = min(86_399, LocalTime.now().secondOfDay + 4)
        let clock = [stop / 3600, stop / 60 % 60, stop % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        try bench.write(text(until: clock))
        bench.signal(SIGHUP)
        let shown = try bench.sluice("show", "security", "policies") { $0.contains("State: disabled") }
        #expect(shown.contains("Policy: S, State: disabled"))
        #expect(
            try logging.messages(1)[0].hasPrefix("RT_FLOW_SESSION_CLOSE: session closed policy delete: 10.1.0.5/4000")
        )
        #expect(try bench.send(vectors: [datagram(4000, to: 514)]).map { verdict($0) } == [.discard])
    }
}

extension String {
    /// Whether some line has these words, whatever the space between them.
    fileprivate func contains(words: String) -> Bool {
        split(separator: "\n").contains { line in
            line.split { $0 == " " || $0 == ":" }.joined(separator: " ")
                == words.split { $0 == " " || $0 == ":" }.joined(separator: " ")
        }
    }
}

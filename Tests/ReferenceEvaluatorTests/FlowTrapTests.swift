// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 about sessions, and the steps of the flow seed.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import Testing

@Suite struct `Flow traps of the reference` {
    @Test func `1: replies need no policy, and policy is asked once`() throws {
        try check(firewall(), "1", handshake, hits: [web: 1])
    }

    @Test func `2: nothing gets in unasked`() throws {
        try check(firewall(), "2", [Step("tcp 203.0.113.5:1000 > 10.1.0.5:80 flags=S", "u0", "discard")])
    }

    @Test(arguments: ["A", "PA", "FA", "R", "SA", "FS", "SR", "", "RA"])
    func `3: a first segment that is no SYN is dropped before policy`(flags: String) throws {
        let line = "tcp 10.1.0.5:40000 > 203.0.113.5:443 flags=\(flags)"
        try check(firewall(), "3", [Step(line, "t0", "discard")])
    }

    @Test(arguments: ["S", "SP", "SU"])
    func `3: a SYN may carry push or urgent`(flags: String) throws {
        let line = "tcp 10.1.0.5:40000 > 203.0.113.5:443 flags=\(flags)"
        try check(firewall(), "3", [Step(line, "t0", "accept create")], hits: [web: 1])
    }

    @Test func `4: tcp-rst answers a stray segment, but never a reset`() throws {
        try check(
            firewall(trust: "tcp-rst;"),
            "4",
            [
                Step("tcp 10.1.0.5:40000 > 203.0.113.5:443 flags=A", "t0", "reject tcp-reset"),
                Step("tcp 10.1.0.5:40000 > 203.0.113.5:443 flags=R", "t0", "discard"),
                Step("tcp 203.0.113.5:443 > 10.1.0.5:40000 flags=A", "u0", "discard"),
            ]
        )
    }

    @Test func `5 and 6: no-syn-check picks data up, a SYN-ACK not`() throws {
        let model = firewall(flow: "flow { tcp-session { no-syn-check; } }")
        let line = "tcp 10.1.0.5:40000 > 203.0.113.5:443"
        try check(model, "5", [Step(line + " flags=PA payload=10", "t0", "accept create")], hits: [web: 1])
        try check(model, "6", [Step(line + " flags=SA", "t0", "discard")])
    }

    @Test func `7: data before the answer is invalid`() throws {
        try check(firewall(), "7", [Step(syn, "t0", "accept create"), Step(data, "t0", "discard")], hits: [web: 1])
    }

    @Test func `9: data far out of the window is dropped, the session stays`() throws {
        let far = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100 seqno=9000000"
        try check(
            firewall(),
            "9",
            handshake + [Step(far, "t0", "discard"), Step(data, "t0", "accept match")],
            hits: [web: 1]
        )
    }

    @Test func `10: no-sequence-check asks for no window`() throws {
        let far = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100 seqno=9000000"
        try check(
            firewall(flow: "flow { tcp-session { no-sequence-check; } }"),
            "10",
            handshake + [Step(far, "t0", "accept match")],
            hits: [web: 1]
        )
    }

    @Test func `12: after a reset the session lives two seconds`() throws {
        let reset = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=R"
        try check(
            firewall(),
            "12",
            handshake + [Step(reset, "u0", at: 1, "accept match"), Step(data, "t0", at: 6, "discard")],
            hits: [web: 1]
        )
    }

    @Test func `a reset as the answer to a SYN ends the session at once`() throws {
        let reset = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=RA"
        try check(
            firewall(),
            "refused",
            [
                Step(syn, "t0", "accept create"), Step(reset, "u0", "accept match"), Step(reset, "u0", "discard"),
                Step(syn, "t0", "accept create"),
            ],
            hits: [web: 2]
        )
    }

    @Test func `a connection closes by two FINs, and may then be opened anew`() throws {
        let fin = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=FA"
        let finBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=FA"
        try check(
            firewall(),
            "close",
            handshake + [
                Step(fin, "t0", at: 1, "accept match"), Step(finBack, "u0", at: 1, "accept match"),
                Step(ack, "t0", at: 1, "accept match"), Step(syn, "t0", at: 2, "accept create"),
                Step(synAck, "u0", at: 2, "accept match"),
            ],
            hits: [web: 2]
        )
    }

    @Test func `half-open sessions live 20 seconds, established ones 1800`() throws {
        let late = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=SA"
        try check(
            firewall(),
            "half-open",
            [Step(syn, "t0", "accept create"), Step(late, "u0", at: 20, "discard")],
            hits: [web: 1]
        )
        // The application's own idle time goes before the protocol's (flow reference §2.2): 300 s for junos-http.
        for (port, seconds) in [(80, 300.0), (443, 1800.0)] {
            let out = "tcp 10.1.0.5:40000 > 203.0.113.5:\(port)"
            let back = "tcp 203.0.113.5:\(port) > 10.1.0.5:40000"
            try check(
                firewall(),
                "idle",
                [
                    Step("\(out) flags=S", "t0", "accept create"), Step("\(back) flags=SA", "u0", "accept match"),
                    Step("\(out) flags=A", "t0", "accept match"),
                    Step("\(back) flags=A", "u0", at: seconds - 1, "accept match"),
                    Step("\(out) flags=A", "t0", at: 2 * seconds - 1, "discard"),
                ],
                hits: [web: 1]
            )
        }
    }

    @Test func `14: a stream in one direction is one session and one hit`() throws {
        let policy =
            "from-zone trust to-zone untrust { policy U1 { match { source-address any; destination-address any; "
            + "application junos-syslog; } then { permit; } } }"
        let line = "udp 10.1.0.5:5000 > 203.0.113.5:514"
        try check(
            firewall(policy),
            "14",
            [Step(line, "t0", "accept create")] + (1...4).map { Step(line, "t0", at: Double($0), "accept match") }
                + [Step(line, "t0", at: 70, "accept create")],
            hits: ["trust/untrust/U1": 2]
        )
    }
}

@Suite struct `Steps of the flow seed` {
    @Test func `1 and 2: header fields find the flow, and a known flow is used with its policy`() throws {
        try check(firewall(), "2", handshake + [Step(data, "t0", "accept match")], hits: [web: 1])
    }

    @Test func `3: an unknown flow makes an entry`() throws {
        var model = firewall()
        _ = try model.receive(syn, on: "t0")
        #expect(model.sessionCount == 1)
    }

    @Test func `4 and 5: a packet that a policy allows is forwarded`() throws {
        var model = firewall()
        #expect(
            try model.receive(syn, on: "t0").decidedBy == "security policies from-zone trust to-zone untrust policy W1"
        )
    }

    @Test func `6: a denied packet is dropped and leaves nothing`() throws {
        var model = firewall()
        let answer = try model.receive("tcp 10.1.0.5:40000 > 203.0.113.5:22 flags=S", on: "t0")
        #expect(answer.verdict == .discard && answer.decidedBy == "security policies default-policy")
        #expect(model.sessionCount == 0)
    }

    @Test func `packet mode judges each packet by itself`() throws {
        var model = evaluator(
            """
            interfaces {
                t0 { unit 0 { family inet { address 10.1.0.1/16; } } }
                u0 { unit 0 { family inet { address 203.0.113.1/24; } } }
            }
            security { forwarding-options { family { inet { mode packet-based; } } } }
            """
        )
        for line in [ack, "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=SF", syn] {
            let answer = try model.receive(line, on: "t0")
            #expect(answer.verdict == .accept && answer.session == .none && answer.stage == .mode)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 about sessions.
import NetworkTypes
import TestSupport

let syn = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=S"
let synAck = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=SA"
let ack = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=A"
private let data = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100"
private let fin = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=FA"
private let dataBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=PA payload=100"
private let finBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=FA"
private let ackBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=A"
private let resetBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=R"
private let toHTTPS = "tcp 10.1.0.5:40000 > 203.0.113.5:443"
let webHits = "trust/untrust/W1"
private let handshake = [
    TrapStep(syn, "t0", "accept create"), TrapStep(synAck, "u0", "accept match"), TrapStep(ack, "t0", "accept match"),
]
private let far = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100 seqno=9000000 ack=1"

private func session(_ option: String) -> String { trapFirewall(flow: "tcp-session { \(option) }") }

private func idle(_ application: String, _ definition: String = "") -> String {
    trapFirewall(
        "from-zone trust to-zone untrust { \(policy("P", "permit;", for: application)) }",
        top: definition.isEmpty ? "" : "applications { \(definition) }"
    )
}

/// Traps about sessions.
let sessionTraps: [FlowTrap] = [
    FlowTrap([1], "replies need no policy, and policy is asked once", handshake, hits: [webHits: 1], sessions: 1),
    FlowTrap([2], "nothing gets in unasked", [TrapStep("tcp 203.0.113.5:1000 > 10.1.0.5:80 flags=S", "u0", "discard")]),
    FlowTrap(
        [3],
        "a first segment that is no SYN is dropped before policy, without a log",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("W1", "permit; log { session-init; }", for: "junos-https")) }"
        ),
        ["A", "PA", "FA", "R", "SA", "FS", "SR", "", "RA"].map { TrapStep("\(toHTTPS) flags=\($0)", "t0", "discard") }
    ),
    FlowTrap(
        [],
        "a SYN may carry push, urgent or data",
        [
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:443 flags=S payload=20", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:2 > 203.0.113.5:443 flags=SP", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:3 > 203.0.113.5:443 flags=SU", "t0", "accept create"),
        ],
        hits: [webHits: 3],
        sessions: 3
    ),
    FlowTrap(
        [4],
        "tcp-rst answers a stray segment, but never a reset",
        trapFirewall(trust: "tcp-rst;"),
        [
            TrapStep("\(toHTTPS) flags=A", "t0", "reject tcp-reset"),
            TrapStep("\(toHTTPS) flags=SA", "t0", "reject tcp-reset"),
            TrapStep("\(toHTTPS) flags=R", "t0", "discard"), TrapStep("\(toHTTPS) flags=RA", "t0", "discard"),
            TrapStep("tcp 10.1.0.5:40000 > 10.1.0.1:22 flags=A", "t0", "reject tcp-reset"),
            TrapStep("tcp 203.0.113.5:443 > 10.1.0.5:40000 flags=A", "u0", "discard"),
        ]
    ),
    FlowTrap(
        [5],
        "no-syn-check picks data up",
        session("no-syn-check;"),
        [TrapStep("\(toHTTPS) flags=PA payload=10", "t0", "accept create")],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [6],
        "no-syn-check picks no SYN-ACK up: the kernel is stricter",
        session("no-syn-check;"),
        ["SA", "FA", "R"].map { TrapStep("\(toHTTPS) flags=\($0)", "t0", "discard") }
    ),
    FlowTrap(
        [7],
        "data before the answer is invalid: the kernel is stricter",
        [TrapStep(syn, "t0", "accept create"), TrapStep(data, "t0", "discard")],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [8],
        "strict-syn-check lets nobody talk before the handshake is complete",
        session("strict-syn-check;"),
        [
            TrapStep(syn, "t0", "accept create"), TrapStep(data, "t0", "discard"),
            TrapStep(synAck, "u0", "accept match"),
            TrapStep(dataBack, "u0", "discard"), TrapStep(ackBack, "u0", "discard"),
            TrapStep(synAck, "u0", "accept match"),
            TrapStep(ack, "t0", "accept match"), TrapStep(dataBack, "u0", "accept match"),
            TrapStep(data, "t0", "accept match"),
        ],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "without strict-syn-check the server may talk before the client has acknowledged",
        [
            TrapStep(syn, "t0", "accept create"), TrapStep(synAck, "u0", "accept match"),
            TrapStep(dataBack, "u0", "accept match"),
        ],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "strict-syn-check lets a server refuse",
        session("strict-syn-check;"),
        [
            TrapStep(syn, "t0", "accept create"), TrapStep(synAck, "u0", "accept match"),
            TrapStep(resetBack, "u0", "accept match"),
        ],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [9],
        "data far out of the window is dropped, the session stays",
        handshake + [TrapStep(far, "t0", "discard"), TrapStep(data, "t0", "accept match")],
        hits: [webHits: 1],
        sessions: 1,
        isProgramAsked: false
    ),
    FlowTrap(
        [10],
        "no-sequence-check asks for no window",
        session("no-sequence-check;"),
        handshake + [TrapStep(far, "t0", "accept match")],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [11],
        "rst-invalidate-session ends a session at once",
        session("rst-invalidate-session;"),
        handshake + [TrapStep(resetBack, "u0", "accept match"), TrapStep(data, "t0", "discard")],
        hits: [webHits: 1]
    ),
    FlowTrap(
        [12],
        "after a reset a session lives two seconds",
        handshake + [TrapStep(resetBack, "u0", at: 1, "accept match"), TrapStep(data, "t0", at: 6, "discard")],
        hits: [webHits: 1]
    ),
    FlowTrap(
        [13],
        "a first datagram to port 53 that is a response is dropped before policy",
        trapFirewall("from-zone untrust to-zone trust { \(policy("DNS", "permit;", for: "junos-dns-udp")) }"),
        [
            TrapStep("response", "u0", "discard") { try dns("203.0.113.5:53 > 10.1.0.5:53", isResponse: true) },
            TrapStep("query", "u0", "accept create") { try dns("203.0.113.5:53 > 10.1.0.5:53", isResponse: false) },
            // Of a session that is there: no first packet.
            TrapStep("answer", "t0", "accept match") { try dns("10.1.0.5:53 > 203.0.113.5:53", isResponse: true) },
        ],
        hits: ["untrust/trust/DNS": 1],
        sessions: 1
    ),
    FlowTrap(
        [13],
        "allow-dns-reply leaves responses to policies",
        trapFirewall(
            "from-zone untrust to-zone trust { \(policy("DNS", "permit;", for: "junos-dns-udp")) }",
            flow: "allow-dns-reply;"
        ),
        [
            TrapStep("response", "u0", "accept create") { try dns("203.0.113.5:53 > 10.1.0.5:53", isResponse: true) }
        ],
        hits: ["untrust/trust/DNS": 1],
        sessions: 1
    ),
    FlowTrap(
        [55],
        "an application's inactivity-timeout",
        idle("A", "application A { protocol tcp; destination-port 8080; inactivity-timeout 60; }"),
        [
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:8080 flags=S", "t0", "accept create"),
            TrapStep("tcp 203.0.113.5:8080 > 10.1.0.5:4 flags=SA", "u0", "accept match"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:8080 flags=A", "t0", "accept match"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:8080 flags=PA payload=9", "t0", at: 59, "accept match"),
            TrapStep("tcp 203.0.113.5:8080 > 10.1.0.5:4 flags=A", "u0", at: 118, "accept match"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:8080 flags=A", "t0", at: 179, "discard"),
        ],
        hits: ["trust/untrust/P": 1]
    ),
    FlowTrap(
        [],
        "idle times of UDP, and of what matches no application with one",
        idle("[ U junos-udp-any ]", "application U { protocol udp; destination-port 7; inactivity-timeout 9; }"),
        [
            TrapStep("udp 10.1.0.5:4 > 203.0.113.5:7", "t0", "accept create"),
            TrapStep("udp 203.0.113.5:7 > 10.1.0.5:4", "u0", at: 8, "accept match"),
            TrapStep("udp 10.1.0.5:4 > 203.0.113.5:7", "t0", at: 17, "accept create"),
            TrapStep("udp 10.1.0.5:4 > 203.0.113.5:8", "t0", at: 17, "accept create"),
            TrapStep("udp 203.0.113.5:8 > 10.1.0.5:4", "u0", at: 30, "accept match"),
        ],
        hits: ["trust/untrust/P": 3],
        sessions: 1
    ),
    FlowTrap(
        [],
        "the first application that matches says the idle time",
        idle(
            "[ wide narrow ]",
            "application wide { protocol udp; destination-port 1-100; inactivity-timeout 40; } "
                + "application narrow { protocol udp; destination-port 7-200; inactivity-timeout 9; }"
        ),
        [
            TrapStep("udp 10.1.0.5:4 > 203.0.113.5:7", "t0", "accept create"),
            TrapStep("udp 10.1.0.5:4 > 203.0.113.5:101", "t0", "accept create"),
        ],
        hits: ["trust/untrust/P": 2],
        sessions: 2
    ),
    FlowTrap(
        [],
        "idle times of ICMP and of GRE, and never",
        idle(
            "[ I G N ]",
            "application I { protocol icmp; inactivity-timeout 5; } application G { protocol gre; inactivity-timeout 6; } "
                + "application N { protocol tcp; destination-port 9; inactivity-timeout never; }"
        ),
        [
            TrapStep("icmp 10.1.0.5 > 203.0.113.5", "t0", "accept create"),
            TrapStep("icmp 203.0.113.5 > 10.1.0.5 type=0", "u0", at: 4, "accept match"),
            TrapStep("icmp 203.0.113.5 > 10.1.0.5 type=0", "u0", at: 9, "discard"),
            TrapStep("gre 10.1.0.5 > 203.0.113.5 body=00000800", "t0", at: 9, "accept create"),
            TrapStep("gre 10.1.0.5 > 203.0.113.5 body=00000800", "t0", at: 15, "accept create"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:9 flags=S", "t0", at: 20, "accept create"),
            TrapStep("tcp 203.0.113.5:9 > 10.1.0.5:4 flags=SA", "u0", at: 20, "accept match"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:9 flags=A", "t0", at: 20, "accept match"),
        ],
        hits: ["trust/untrust/P": 4],
        sessions: 2
    ),
    FlowTrap(
        [57],
        "later fragments alone make no session, a whole datagram does",
        idle("junos-dns-udp"),
        [
            TrapStep("third fragment", "t0", "accept") { try fragments()[2] },
            TrapStep("second fragment", "t0", "accept") { try fragments()[1] },
            TrapStep("first fragment", "t0", "accept create") { try fragments()[0] },
        ],
        hits: ["trust/untrust/P": 1],
        sessions: 1
    ),
    FlowTrap(
        [57],
        "a datagram whose first fragment is lost makes no session",
        idle("junos-dns-udp"),
        [
            TrapStep("third fragment", "t0", "accept") { try fragments()[2] },
            TrapStep("second fragment", "t0", "accept") { try fragments()[1] },
        ]
    ),
    FlowTrap(
        [58],
        "an ICMP error about a session rides it, any other is dropped",
        trapFirewall("from-zone trust to-zone dmz { \(policy("U", "permit;")) }"),
        [
            TrapStep("udp 10.1.0.5:5000 > 10.2.0.10:53 payload=20", "t0", "accept create"),
            TrapStep("port unreachable", "d0", "accept match") { try unreachable(5000) },
            TrapStep("port unreachable about another", "d0", "discard") { try unreachable(5001) },
        ],
        hits: ["trust/dmz/U": 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "allow-embedded-icmp leaves errors of no session to policies",
        trapFirewall(
            "from-zone dmz to-zone trust { \(policy("E", "permit;", for: "junos-icmp-all")) }",
            flow: "allow-embedded-icmp;"
        ),
        [
            TrapStep("port unreachable about another", "d0", "accept") { try unreachable(5001) },
            TrapStep("port unreachable about another", "d0", "accept") { try unreachable(5001) },
            TrapStep("icmp 10.2.0.10 > 10.1.0.5 type=3 code=3", "d0", "discard"),
            TrapStep("icmp 10.2.0.10 > 10.1.0.5 type=0", "d0", "discard"),
        ],
        hits: ["dmz/trust/E": 2]
    ),
    FlowTrap(
        [61],
        "two interfaces share one session of one 5-tuple: the kernel's key has no zone",
        trapFirewall("global { \(policy("G", "permit;")) }"),
        [
            TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:53", "t0", "accept create"),
            TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:53", "d0", "accept match"),
        ],
        hits: ["junos-global/junos-global/G": 1],
        sessions: 1
    ),
    FlowTrap(
        [62],
        "syn-check-required of one policy beside no-syn-check",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("S", "permit { tcp-options { syn-check-required; } }", for: "junos-http")) "
                + "\(policy("L", "permit;", for: "junos-https")) }",
            flow: "tcp-session { no-syn-check; }"
        ),
        [
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=A", "t0", "discard"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:443 flags=A", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=S", "t0", "accept create"),
        ],
        hits: ["trust/untrust/S": 1, "trust/untrust/L": 1],
        sessions: 2
    ),
    FlowTrap(
        [62],
        "syn-check-required answers with a reset where the zone does",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("S", "permit { tcp-options { syn-check-required; } }", for: "junos-http")) }",
            flow: "tcp-session { no-syn-check; }",
            trust: "tcp-rst;"
        ),
        [TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=A", "t0", "reject tcp-reset")]
    ),
    FlowTrap(
        [],
        "a reset as the answer to a SYN ends the session at once",
        [
            TrapStep(syn, "t0", "accept create"), TrapStep(resetBack + "A", "u0", "accept match"),
            TrapStep(resetBack + "A", "u0", "discard"), TrapStep(syn, "t0", "accept create"),
        ],
        hits: [webHits: 2],
        sessions: 1
    ),
    FlowTrap(
        [],
        "a connection closes by two FINs, and may then be opened anew",
        handshake + [
            TrapStep(fin, "t0", at: 1, "accept match"), TrapStep(ackBack, "u0", at: 1, "accept match"),
            TrapStep(finBack, "u0", at: 1, "accept match"), TrapStep(ack, "t0", at: 1, "accept match"),
            TrapStep(syn, "t0", at: 2, "accept create"), TrapStep(synAck, "u0", at: 2, "accept match"),
        ],
        hits: [webHits: 2],
        sessions: 1
    ),
    FlowTrap(
        [],
        "fin-invalidate-session ends it with the last acknowledgment",
        session("fin-invalidate-session;"),
        handshake + [
            TrapStep(fin, "t0", "accept match"), TrapStep(finBack, "u0", "accept match"),
            TrapStep(ack, "t0", "accept match"), TrapStep(ackBack, "u0", "discard"),
        ],
        hits: [webHits: 1]
    ),
    FlowTrap(
        [],
        "time-wait-state holds a closed session, and a half-closed one",
        session("time-wait-state { session-timeout 77; apply-to-half-close-state; }"),
        handshake + [
            TrapStep(fin, "t0", "accept match"), TrapStep(ackBack, "u0", "accept match"),
            TrapStep(finBack, "u0", "accept match"), TrapStep(ack, "t0", "accept match"),
            TrapStep(ackBack, "u0", at: 76, "accept match"),
        ],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "session-ageout keeps the service's time",
        session("time-wait-state { session-ageout; }"),
        handshake + [
            TrapStep(fin, "t0", "accept match"), TrapStep(finBack, "u0", "accept match"),
            TrapStep(ack, "t0", "accept match"), TrapStep(ackBack, "u0", at: 299, "accept match"),
        ],
        hits: [webHits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "tcp-initial-timeout is the life of a half-open session",
        session("tcp-initial-timeout 7;"),
        [
            TrapStep(syn, "t0", "accept create"), TrapStep(synAck, "u0", at: 6, "accept match"),
            TrapStep(ack, "t0", at: 13, "discard"),
        ],
        hits: [webHits: 1]
    ),
    FlowTrap(
        [],
        "tcp-mss lowers what both ends announce, and raises nothing",
        trapFirewall(flow: "tcp-mss { all-tcp { mss 1300; } }"),
        [
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:80 flags=S mss=1460", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:80 flags=S mss=1460", "t0", "accept match"),
            TrapStep("tcp 203.0.113.5:80 > 10.1.0.5:1 flags=SA mss=1460", "u0", "accept match"),
            TrapStep("tcp 10.1.0.5:2 > 203.0.113.5:80 flags=S mss=536", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:3 > 203.0.113.5:80 flags=S", "t0", "accept create"),
        ],
        hits: [webHits: 3],
        sessions: 3
    ),
    FlowTrap(
        [],
        "a policy's segment sizes go before the common one, each in its direction",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("M", "permit { tcp-options { initial-tcp-mss 1400; reverse-tcp-mss 1200; } }", for: "junos-http")) "
                + "\(policy("C", "permit { tcp-options { reverse-tcp-mss 1350; } }", for: "junos-https")) }",
            flow: "tcp-mss { all-tcp { mss 1300; } }"
        ),
        [80, 443].flatMap { port in
            [
                TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:\(port) flags=S mss=1460", "t0", "accept create"),
                TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:\(port) flags=S mss=1460", "t0", "accept match"),
                TrapStep("tcp 203.0.113.5:\(port) > 10.1.0.5:1 flags=SA mss=1460", "u0", "accept match"),
            ]
        },
        hits: ["trust/untrust/M": 1, "trust/untrust/C": 1],
        sessions: 2
    ),
]

private func fragments() throws -> [Packet] {
    try packet("udp 10.1.0.5:5000 > 203.0.113.5:53 payload=900").fragmented(payload: 400)
}

/// The server's error about a datagram from that port.
private func unreachable(_ port: Int) throws -> Packet {
    let about = try packet("udp 10.1.0.5:\(port) > 10.2.0.10:53 payload=20")
    return try PacketFields.icmpError(type: 3, code: 3, about: about, from: IPAddress(.inet, 0x0a02_000a)).build()
}

/// A DNS message without a checksum around it.
private func dns(_ ends: String, isResponse: Bool) throws -> Packet {
    var bytes = try packet("udp \(ends) payload=12").bytes
    bytes.replaceSubrange(26..<31, with: [0, 0, 0, 1, isResponse ? 0x80 : 0x01])
    return Packet(family: .inet, bytes: bytes)
}

// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 about sessions.
import NetworkTypes
import TestSupport

/// Traps about sessions.
let sessionTraps: [FlowTrap] = [
    FlowTrap([1], "replies need no policy, and policy is asked once", Web.handshake, hits: [Web.hits: 1], sessions: 1),
    FlowTrap([2], "nothing gets in unasked", [TrapStep("tcp 203.0.113.5:1000 > 10.1.0.5:80 flags=S", "u0", "discard")]),
    FlowTrap(
        [3],
        "a first segment that is no SYN is dropped before policy, without a log",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("W1", "permit; log { session-init; }", for: "junos-https")) }"
        ),
        ["A", "PA", "FA", "R", "SA", "FS", "SR", "", "RA"].map {
            TrapStep("\(Web.toHTTPS) flags=\($0)", "t0", "discard")
        }
    ),
    FlowTrap(
        [],
        "a SYN may carry push, urgent or data",
        [
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:443 flags=S payload=20", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:2 > 203.0.113.5:443 flags=SP", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:3 > 203.0.113.5:443 flags=SU", "t0", "accept create"),
        ],
        hits: [Web.hits: 3],
        sessions: 3
    ),
    FlowTrap(
        [4],
        "tcp-rst answers a stray segment, but never a reset",
        trapFirewall(trust: "tcp-rst;"),
        [
            TrapStep("\(Web.toHTTPS) flags=A", "t0", "reject tcp-reset"),
            TrapStep("\(Web.toHTTPS) flags=SA", "t0", "reject tcp-reset"),
            TrapStep("\(Web.toHTTPS) flags=R", "t0", "discard"), TrapStep("\(Web.toHTTPS) flags=RA", "t0", "discard"),
            TrapStep("tcp 10.1.0.5:40000 > 10.1.0.1:22 flags=A", "t0", "reject tcp-reset"),
            TrapStep("tcp 203.0.113.5:443 > 10.1.0.5:40000 flags=A", "u0", "discard"),
        ]
    ),
    FlowTrap(
        [5],
        "no-syn-check picks data up",
        sessionFirewall("no-syn-check;"),
        [TrapStep("\(Web.toHTTPS) flags=PA payload=10", "t0", "accept create")],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [6],
        "no-syn-check picks no SYN-ACK up: the kernel is stricter",
        sessionFirewall("no-syn-check;"),
        ["SA", "FA", "R"].map { TrapStep("\(Web.toHTTPS) flags=\($0)", "t0", "discard") }
    ),
    FlowTrap(
        [7],
        "data before the answer is invalid: the kernel is stricter",
        [TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.data, "t0", "discard")],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [8],
        "strict-syn-check lets nobody talk before the handshake is complete",
        sessionFirewall("strict-syn-check;"),
        [
            TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.data, "t0", "discard"),
            TrapStep(Web.synAck, "u0", "accept match"),
            TrapStep(Web.dataBack, "u0", "discard"), TrapStep(Web.ackBack, "u0", "discard"),
            TrapStep(Web.synAck, "u0", "accept match"),
            TrapStep(Web.ack, "t0", "accept match"), TrapStep(Web.dataBack, "u0", "accept match"),
            TrapStep(Web.data, "t0", "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "without strict-syn-check the server may talk before the client has acknowledged",
        [
            TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.synAck, "u0", "accept match"),
            TrapStep(Web.dataBack, "u0", "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "strict-syn-check lets a server refuse",
        sessionFirewall("strict-syn-check;"),
        [
            TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.synAck, "u0", "accept match"),
            TrapStep(Web.resetBack, "u0", "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [9],
        "data far out of the window is dropped, the session stays",
        Web.handshake + [TrapStep(Web.far, "t0", "discard"), TrapStep(Web.data, "t0", "accept match")],
        hits: [Web.hits: 1],
        sessions: 1,
        isProgramAsked: false
    ),
    FlowTrap(
        [10],
        "no-sequence-check asks for no window",
        sessionFirewall("no-sequence-check;"),
        Web.handshake + [TrapStep(Web.far, "t0", "accept match")],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [11],
        "rst-invalidate-session ends a session at once",
        sessionFirewall("rst-invalidate-session;"),
        Web.handshake + [TrapStep(Web.resetBack, "u0", "accept match"), TrapStep(Web.data, "t0", "discard")],
        hits: [Web.hits: 1]
    ),
    FlowTrap(
        [12],
        "after a reset a session lives two seconds",
        Web.handshake + [
            TrapStep(Web.resetBack, "u0", at: 1, "accept match"), TrapStep(Web.data, "t0", at: 6, "discard"),
        ],
        hits: [Web.hits: 1]
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
        applicationFirewall("A", "application A { protocol tcp; destination-port 8080; inactivity-timeout 60; }"),
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
        applicationFirewall(
            "[ U junos-udp-any ]",
            "application U { protocol udp; destination-port 7; inactivity-timeout 9; }"
        ),
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
        applicationFirewall(
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
        applicationFirewall(
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
        applicationFirewall("junos-dns-udp"),
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
        applicationFirewall("junos-dns-udp"),
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

// SPDX-License-Identifier: Apache-2.0
// How sessions end under the options of `security flow tcp-session`, and tcp-mss (flow reference §2.3, §2.5, §2.6).
import TestSupport

/// Traps about how sessions end, and about what is rewritten in them.
let sessionEndTraps: [FlowTrap] = [
    FlowTrap(
        [],
        "a reset as the answer to a SYN ends the session at once",
        [
            TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.resetBack + "A", "u0", "accept match"),
            TrapStep(Web.resetBack + "A", "u0", "discard"), TrapStep(Web.syn, "t0", "accept create"),
        ],
        hits: [Web.hits: 2],
        sessions: 1
    ),
    FlowTrap(
        [],
        "a connection closes by two FINs, and may then be opened anew",
        Web.handshake + [
            TrapStep(Web.fin, "t0", at: 1, "accept match"), TrapStep(Web.ackBack, "u0", at: 1, "accept match"),
            TrapStep(Web.finBack, "u0", at: 1, "accept match"), TrapStep(Web.ack, "t0", at: 1, "accept match"),
            TrapStep(Web.syn, "t0", at: 2, "accept create"), TrapStep(Web.synAck, "u0", at: 2, "accept match"),
        ],
        hits: [Web.hits: 2],
        sessions: 1
    ),
    FlowTrap(
        [],
        "fin-invalidate-session ends it with the last acknowledgment",
        sessionFirewall("fin-invalidate-session;"),
        Web.handshake + [
            TrapStep(Web.fin, "t0", "accept match"), TrapStep(Web.finBack, "u0", "accept match"),
            TrapStep(Web.ack, "t0", "accept match"), TrapStep(Web.ackBack, "u0", "discard"),
        ],
        hits: [Web.hits: 1]
    ),
    FlowTrap(
        [],
        "time-wait-state holds a closed session, and a half-closed one",
        sessionFirewall("time-wait-state { session-timeout 77; apply-to-half-close-state; }"),
        Web.handshake + [
            TrapStep(Web.fin, "t0", "accept match"), TrapStep(Web.ackBack, "u0", "accept match"),
            TrapStep(Web.finBack, "u0", "accept match"), TrapStep(Web.ack, "t0", "accept match"),
            TrapStep(Web.ackBack, "u0", at: 76, "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "session-ageout keeps the service's time",
        sessionFirewall("time-wait-state { session-ageout; }"),
        Web.handshake + [
            TrapStep(Web.fin, "t0", "accept match"), TrapStep(Web.finBack, "u0", "accept match"),
            TrapStep(Web.ack, "t0", "accept match"), TrapStep(Web.ackBack, "u0", at: 299, "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "tcp-initial-timeout is the life of a half-open session",
        sessionFirewall("tcp-initial-timeout 7;"),
        [
            TrapStep(Web.syn, "t0", "accept create"), TrapStep(Web.synAck, "u0", at: 6, "accept match"),
            TrapStep(Web.ack, "t0", at: 13, "discard"),
        ],
        hits: [Web.hits: 1]
    ),
    FlowTrap(
        [],
        "tcp-mss lowers what both ends announce, and raises nothing",
        trapFirewall(
            flow: "tcp-mss { all-tcp { mss 1300; } }",
            trust: "host-inbound-traffic { system-services { ssh; } }"
        ),
        [
            TrapStep("tcp [2001:db8:1::5]:1 > [2001:db8:2::5]:80 flags=S mss=1440", "t0", "accept create"),
            TrapStep("tcp [2001:db8:2::5]:80 > [2001:db8:1::5]:1 flags=SA mss=1440", "u0", "accept match"),
            TrapStep("tcp 10.1.0.5:9 > 10.1.0.1:22 flags=S mss=1460", "t0", "accept create"),
            TrapStep("tcp 10.1.0.1:22 > 10.1.0.5:9 flags=SA mss=1460", "local", "accept match"),
            TrapStep("tcp 203.0.113.1:9 > 203.0.113.5:22 flags=S mss=1460", "local", "accept create"),
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:80 flags=S mss=1460", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:1 > 203.0.113.5:80 flags=S mss=1460", "t0", "accept match"),
            TrapStep("tcp 203.0.113.5:80 > 10.1.0.5:1 flags=SA mss=1460", "u0", "accept match"),
            TrapStep("tcp 10.1.0.5:2 > 203.0.113.5:80 flags=S mss=536", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:3 > 203.0.113.5:80 flags=S", "t0", "accept create"),
        ],
        hits: [Web.hits: 4],
        sessions: 6
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

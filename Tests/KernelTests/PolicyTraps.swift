// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 about policies, zones, the router itself, and filters in front of them.
import NetworkTypes
import TestSupport

private let toServer = "tcp 10.1.0.5:40000 > 10.2.0.10:80 flags=S"
private let inward = "tcp 203.0.113.5:40000 > 10.1.0.5:80 flags=S"
private let toSSH = "tcp 10.1.0.5:40000 > 203.0.113.5:22 flags=S"
private let pair = "from-zone trust to-zone untrust { \(webPolicy) }"
private let global = "junos-global/junos-global/G"

/// Steps about ICMPv6 messages that the router itself takes, and never forwards (DESIGN §3.16).
private let discovery = ([130, 131, 132, 133, 134, 135, 136, 137, 143] as [Int]).flatMap { type in
    [
        TrapStep("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=\(type)", "t0", "accept"),
        TrapStep("icmp6 2001:db8:1::5 > 2001:db8:2::5 type=\(type)", "t0", "discard"),
    ]
}

/// Traps about policies.
let policyTraps: [FlowTrap] = [
    FlowTrap(
        [14],
        "a stream in one direction is one session and one hit",
        trapFirewall("from-zone trust to-zone untrust { \(policy("U1", "permit;", for: "junos-syslog")) }"),
        [TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:514", "t0", "accept create")]
            + (1...4).map { TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:514", "t0", at: Double($0), "accept match") }
            + [TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:514", "t0", at: 70, "accept create")],
        hits: ["trust/untrust/U1": 2],
        sessions: 1
    ),
    FlowTrap(
        [17],
        "the first policy that matches decides",
        trapFirewall("from-zone trust to-zone untrust { \(webPolicy) \(policy("X", "deny;")) }"),
        [TrapStep(Web.syn, "t0", "accept create")],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [17],
        "the order is what the configuration says",
        trapFirewall("from-zone trust to-zone untrust { \(policy("X", "deny;")) \(webPolicy) }"),
        [TrapStep(Web.syn, "t0", "discard")],
        hits: ["trust/untrust/X": 1]
    ),
    FlowTrap(
        [18],
        "a global policy decides where the pair has none",
        trapFirewall("\(pair) global { \(policy("G", "permit;")) }"),
        [TrapStep(toServer, "t0", "accept create")],
        hits: [global: 1],
        sessions: 1
    ),
    FlowTrap(
        [19],
        "a global policy decides for the zones that it names",
        trapFirewall(
            "\(pair) global { \(policy("G", "permit;", for: "any", more: "from-zone untrust; to-zone trust;")) }"
        ),
        [TrapStep(inward, "u0", "accept create"), TrapStep(toServer, "t0", "discard")],
        hits: [global: 1],
        sessions: 1
    ),
    FlowTrap(
        [20],
        "a deny of the pair ends the search",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("D", "deny;")) } global { \(policy("G", "permit;")) }"
        ),
        [TrapStep(toSSH, "t0", "discard")],
        hits: ["trust/untrust/D": 1]
    ),
    FlowTrap(
        [21],
        "a zone does not trust itself",
        [TrapStep("tcp 10.1.0.5:40000 > 10.3.0.5:80 flags=S", "t0", "discard")]
    ),
    FlowTrap(
        [22],
        "unless a policy says so",
        trapFirewall("from-zone trust to-zone trust { \(policy("I", "permit;")) }"),
        [TrapStep("tcp 10.1.0.5:40000 > 10.3.0.5:80 flags=S", "t0", "accept create")],
        hits: ["trust/trust/I": 1],
        sessions: 1
    ),
    FlowTrap(
        [23, 24, 25],
        "reject resets TCP, tells UDP, and is silent to the rest",
        trapFirewall("from-zone trust to-zone untrust { \(policy("R", "reject; log { session-init; }")) }"),
        [
            TrapStep(Web.syn, "t0", "reject tcp-reset"),
            TrapStep("udp 10.1.0.5 > 203.0.113.5:53", "t0", "reject port-unreachable"),
            TrapStep("udp [2001:db8:1::5]:7 > [2001:db8:2::5]:53", "t0", "reject port-unreachable"),
            TrapStep("icmp 10.1.0.5 > 203.0.113.5", "t0", "reject"),
        ],
        hits: ["trust/untrust/R": 4]
    ),
    FlowTrap(
        [26],
        "default-policy permit-all makes sessions",
        trapFirewall("default-policy { permit-all; }"),
        [TrapStep(toSSH, "t0", "accept create")],
        sessions: 1
    ),
    FlowTrap(
        [27],
        "an interface's host-inbound-traffic replaces its zone's",
        trapFirewall(
            trust: "host-inbound-traffic { system-services { ssh; } }",
            trustInterface: "host-inbound-traffic { system-services { ping; } }"
        ),
        [
            TrapStep("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "discard"),
            TrapStep("icmp 10.1.0.5 > 10.1.0.1", "t0", "accept create"),
            TrapStep("tcp 10.3.0.5 > 10.3.0.1:22", "t1", "accept create"),
            TrapStep("icmp 10.3.0.5 > 10.3.0.1", "t1", "discard"),
        ],
        sessions: 2
    ),
    FlowTrap(
        [28],
        "except takes away from all",
        trapFirewall(trust: "host-inbound-traffic { system-services { all; telnet { except; } } }"),
        [
            TrapStep("tcp 10.1.0.5 > 10.1.0.1:23", "t0", "discard"),
            TrapStep("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5 > 10.1.0.1:12345", "t0", "discard"),
        ],
        sessions: 1
    ),
    FlowTrap(
        [29],
        "host-inbound and the policies of junos-host must both agree",
        trapFirewall(
            "from-zone trust to-zone junos-host { \(policy("P", "permit;", for: "junos-icmp-ping")) \(policy("D", "deny;")) }",
            trust: "host-inbound-traffic { system-services { ssh; } }"
        ),
        [
            TrapStep("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "discard"),
            TrapStep("icmp 10.1.0.5 > 10.1.0.1", "t0", "discard"),
        ],
        hits: ["trust/junos-host/D": 1]
    ),
    FlowTrap(
        [30],
        "the router may send, and gets its answers",
        trapFirewall(trust: "host-inbound-traffic { system-services { ping; } }"),
        [
            TrapStep("icmp 10.1.0.5 > 10.1.0.1", "t0", "accept create"),
            TrapStep("icmp 10.1.0.1 > 10.1.0.5 type=0", "local", "accept match"),
            TrapStep("icmp 203.0.113.1 > 203.0.113.5 id=7", "local", "accept create"),
            TrapStep("icmp 203.0.113.5 > 203.0.113.1 type=0 id=7", "u0", "accept match"),
            TrapStep("icmp 203.0.113.5 > 203.0.113.1 type=0 id=8", "u0", "discard"),
        ],
        sessions: 2
    ),
    FlowTrap(
        [31, 32],
        "the management zone and interfaces without one forward nothing",
        trapFirewall("global { \(policy("G", "permit;")) } default-policy { permit-all; }"),
        [
            TrapStep("udp 10.9.0.5 > 203.0.113.5", "m0", "discard"),
            TrapStep("udp 203.0.113.5 > 10.9.0.5", "u0", "discard"),
            TrapStep("udp 10.8.0.5 > 203.0.113.5", "x0", "discard"),
            TrapStep("udp 203.0.113.5 > 10.8.0.5", "u0", "discard"),
            TrapStep("tcp 10.8.0.5 > 10.8.0.1:22", "x0", "discard"),
            TrapStep("udp 10.8.0.1 > 10.8.0.5", "local", "discard"),
            TrapStep("tcp 10.9.0.5 > 10.9.0.1:22", "m0", "accept create"),
            TrapStep("tcp 10.9.0.5 > 10.9.0.1:23", "m0", "discard"),
        ],
        // The functional zone has no policies, global ones included (flow reference §3.1).
        sessions: 1
    ),
    FlowTrap(
        [34, 35],
        "an excluded list is negated inside the families it has",
        trapFirewall(
            "from-zone trust to-zone untrust { policy E { match { source-address inside; source-address-excluded; "
                + "destination-address any; application any; } then { permit; } } }",
            more: "address-book { global { address inside 10.1.0.0/17; } }"
        ),
        [
            TrapStep("udp 10.1.5.5 > 203.0.113.5", "t0", "discard"),
            TrapStep("udp 10.1.128.0 > 203.0.113.5", "t0", "accept create"),
            TrapStep("udp 2001:db8:1::5 > 2001:db8:2::5", "t0", "discard"),
        ],
        hits: ["trust/untrust/E": 1],
        sessions: 1
    ),
    FlowTrap(
        [50, 51],
        "a filter decides before flow; what only one direction tags is a first packet in the other",
        trapFirewall(
            top: """
                firewall { family inet { filter P { term a { from { protocol udp; port snmp; } then { packet-mode; accept; } } } } }
                interfaces { t0 { unit 0 { family inet { filter { input P; } } } } }
                """
        ),
        [
            TrapStep(Web.syn, "t0", "discard"), TrapStep("udp 10.1.0.5:5000 > 203.0.113.5:161", "t0", "accept"),
            TrapStep("udp 203.0.113.5:161 > 10.1.0.5:5000", "u0", "discard"),
        ]
    ),
    FlowTrap(
        [54],
        "session-close says nothing about what is denied, session-init does",
        trapFirewall(
            "from-zone trust to-zone untrust { \(policy("C", "deny; log { session-close; }", for: "junos-http")) "
                + "\(policy("I", "deny; log { session-init; }", for: "junos-https")) }"
        ),
        [TrapStep(Web.syn, "t0", "discard"), TrapStep("tcp 10.1.0.5 > 203.0.113.5:443", "t0", "discard")],
        hits: ["trust/untrust/C": 1, "trust/untrust/I": 1]
    ),
    FlowTrap(
        [59],
        "the answer to the router's own connection needs no host-inbound",
        [
            TrapStep("tcp 203.0.113.1:30000 > 203.0.113.5:179 flags=S", "local", "accept create"),
            TrapStep("tcp 203.0.113.5:179 > 203.0.113.1:30000 flags=SA", "u0", "accept match"),
        ],
        sessions: 1
    ),
    FlowTrap(
        [60],
        "an address of another zone needs the policy there, too",
        trapFirewall(trust: "host-inbound-traffic { system-services { ssh; } }"),
        [TrapStep("tcp 203.0.113.5:30000 > 10.1.0.1:22 flags=S", "u0", "discard")]
    ),
    FlowTrap(
        [60],
        "an address of another zone is reached through its policy and its host-inbound-traffic",
        trapFirewall(
            "from-zone untrust to-zone trust { \(policy("S", "permit;", for: "junos-ssh")) }",
            trust: "host-inbound-traffic { system-services { ssh; } }"
        ),
        [TrapStep("tcp 203.0.113.5:30000 > 10.1.0.1:22 flags=S", "u0", "accept create")],
        hits: ["untrust/trust/S": 1],
        sessions: 1
    ),
    FlowTrap([], "neighbour discovery and MLD reach the router, and are never forwarded", trapFirewall(), discovery),
    FlowTrap(
        [],
        "other ICMPv6 of no session does not reach the router",
        [
            TrapStep("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=129", "t0", "discard"),
            TrapStep("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=138", "t0", "discard"),
        ]
    ),
    FlowTrap(
        [],
        "a first packet that an output filter drops leaves no session",
        trapFirewall(
            top: """
                firewall { family inet { filter O { term a { from { destination-port 80; } then discard; } term b { then accept; } } } }
                interfaces { u0 { unit 0 { family inet { filter { output O; } } } } }
                """
        ),
        [TrapStep(Web.syn, "t0", "discard"), TrapStep("tcp 10.1.0.5 > 203.0.113.5:443", "t0", "accept create")],
        hits: [Web.hits: 2],
        sessions: 1
    ),
]

// SPDX-License-Identifier: Apache-2.0
// Traps of the order of terms and of what a term without conditions or actions does.
import JunosModel

/// The traps (filters reference §8) of the order of terms and of what a term without conditions or actions does.
let evaluationTraps: [FilterTrap] = [
    FilterTrap(
        "T1",
        terms: "term a { from { protocol tcp; } then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap("T2", terms: "term a { then count c; }", packets: [(anyPacket, "accept c=1")]),
    FilterTrap("T3", terms: "term a { from { protocol udp; } }", packets: [(anyPacket, "accept")]),
    FilterTrap(
        "T4",
        terms: "term a { from { } then discard; } term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap("T5", terms: "", packets: [(anyPacket, "discard")]),
    FilterTrap(
        "T6",
        terms: "term a { then { count c; next term; } } term b { then discard; }",
        packets: [(anyPacket, "discard c=1")]
    ),
    FilterTrap(
        "T7",
        terms: "term a { from { protocol udp; } then { count c1; next term; } } "
            + "term b { from { protocol tcp; } then accept; }",
        packets: [(anyPacket, "discard c1=1")]
    ),
    FilterTrap(
        "T11",
        terms: "term a { from { protocol icmp; } then { count c; log; discard; } }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "discard c=1 logged")]
    ),
    FilterTrap(
        "T64",
        terms: "term a { inactive: from { protocol tcp; } then discard; } term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        "T65",
        terms: "term a { from { protocol tcp; } then discard; } inactive: term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        "T70",
        terms: "term a { from { protocol udp; } then { count c; next term; } } term b { then { count c; } }",
        packets: [(anyPacket, "accept c=2"), ("tcp 192.0.2.1 > 198.51.100.1", "accept c=1")]
    ),
    FilterTrap(
        "T10",
        text: """
            set interfaces eth1 unit 0 family inet filter input F
            set interfaces eth2 unit 0 family inet address 172.31.2.1/24
            set firewall family inet filter F term a then accept
            set firewall family inet filter F term a then discard
            """,
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        "T59",
        text: """
            set interfaces eth1 unit 0 family inet filter input F
            set interfaces eth2 unit 0 family inet address 172.31.2.1/24
            set firewall family inet filter F term a from protocol tcp
            set firewall family inet filter F term a from protocol-except udp
            set firewall family inet filter F term a then accept
            """,
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "accept"), (anyPacket, "discard")]
    ),
]

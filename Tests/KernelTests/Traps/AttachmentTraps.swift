// SPDX-License-Identifier: Apache-2.0
// Traps of where filters are attached: lists, instances and their names, families, lo0 and the second evaluation.
import JunosModel

/// Two interfaces under their Junos names, as the traps have them.
private func junosRouter(_ filters: String, ge0: String, ge1: String = "") -> String {
    """
    interfaces {
        ge-0/0/0 { apply-macro linux { device eth1; }
            unit 0 { family inet { filter { \(ge0) } address 172.31.1.1/24; } } }
        ge-0/0/1 { apply-macro linux { device eth2; }
            unit 0 { family inet { \(ge1.isEmpty ? "" : "filter { \(ge1) }") address 172.31.2.1/24; } } }
    }
    firewall { family inet { \(filters) } }
    """
}

private let forth = "ge-0/0/0.0>ge-0/0/1.0: \(anyPacket)"
private let back = "ge-0/0/1.0>ge-0/0/0.0: udp 198.51.100.1 > 192.0.2.1"

/// The traps of attachment (filters reference §8).
let attachmentTraps: [FilterTrap] = [
    FilterTrap(
        "T41",
        terms: "term a { from { forwarding-class expedited-forwarding; } then { count ef; discard; } } "
            + "term b { then { count all; forwarding-class expedited-forwarding; accept; } }",
        packets: [
            ("eth1>local: udp 192.0.2.1 > 172.31.1.1", "discard all=1 inet:F/ef-eth1.0-i@routing-engine=1"),
            (anyPacket, "accept all=1"),
        ]
    ),
    FilterTrap(
        "T42",
        text: trapRouter(
            """
            firewall { family inet {
                filter F1 { term a { from { protocol tcp; } then discard; } }
                filter F2 { term b { then accept; } }
            } }
            """,
            eth1: [.inet: "input-list [ F1 F2 ];"]
        ),
        packets: [(anyPacket, "accept"), ("tcp 192.0.2.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        "T43",
        text: trapRouter(
            """
            firewall { family inet {
                filter F1 { term a { then accept; } }
                filter F2 { term b { then { count never; discard; } } }
            } }
            """,
            eth1: [.inet: "input-list [ F1 F2 ];"]
        ),
        packets: [(anyPacket, "accept"), ("tcp 192.0.2.1 > 198.51.100.1", "accept")]
    ),
    FilterTrap(
        "T44",
        text: junosRouter(
            """
            filter F1 { term a { from { protocol udp; } then { count c; next term; } } }
            filter F2 { term b { then { count c; } } }
            """,
            ge0: "input-list [ F1 F2 ];"
        ),
        packets: [
            (forth, "accept inet:ge-0/0/0.0-i/c-ge-0/0/0.0-i=2"),
            ("ge-0/0/0.0>ge-0/0/1.0: tcp 192.0.2.1 > 198.51.100.1", "accept inet:ge-0/0/0.0-i/c-ge-0/0/0.0-i=1"),
        ],
        shown: [.init(filter: "ge-0/0/0.0-i", rows: ["c-ge-0/0/0.0-i": 3])]
    ),
    FilterTrap(
        "T45",
        text: junosRouter("filter F { term a { then { count c; accept; } } }", ge0: "input F;", ge1: "input F;"),
        packets: [(forth, "accept inet:F/c-ge-0/0/0.0-i=1"), (back, "accept inet:F/c-ge-0/0/1.0-i=1")],
        shown: [.init(filter: "F", rows: ["c": 2])]
    ),
    FilterTrap(
        "T46",
        text: junosRouter(
            "filter F { interface-specific; term a { then { count c; accept; } } }",
            ge0: "input F;",
            ge1: "input F;"
        ),
        packets: [(forth, "accept inet:F/c-ge-0/0/0.0-i=1"), (back, "accept inet:F/c-ge-0/0/1.0-i=1")],
        shown: [
            .init(filter: "F-ge-0/0/0.0-i", rows: ["c-ge-0/0/0.0-i": 1]),
            .init(filter: "F-ge-0/0/1.0-i", rows: ["c-ge-0/0/1.0-i": 1]),
        ]
    ),
    FilterTrap(
        "T47",
        text: junosRouter("filter F { term a { then { count c; accept; } } }", ge0: "input F; output F;"),
        packets: [
            (
                "ge-0/0/0.0>ge-0/0/0.0: \(anyPacket)",
                "accept inet:F/c-ge-0/0/0.0-i=1 inet:F/c-ge-0/0/0.0-o=1"
            )
        ],
        shown: [.init(filter: "F", rows: ["c": 2])]
    ),
    FilterTrap(
        "T48",
        text: trapRouter(
            """
            firewall {
                family any { filter A { term a { from { packet-length 1500; } then discard; } term b { then accept; } } }
                family inet { filter F { term a { then { count c; accept; } } } }
            }
            """,
            eth1: [.any: "input A;", .inet: "input F;"]
        ),
        packets: [("udp 192.0.2.1 > 198.51.100.1 len=1500", "discard"), (anyPacket, "accept c=1")]
    ),
    FilterTrap(
        "T60",
        text: trapRouter(
            """
            firewall { family inet { filter F {
                term a { from { interface eth1.0; } then discard; } term b { then accept; } } } }
            """,
            eth2: [.inet: "output F;"]
        ),
        packets: [
            (anyPacket, "discard"), ("eth2>eth2: \(anyPacket)", "accept"),
            ("local>eth2: udp 172.31.2.1 > 198.51.100.1", "accept"),
        ]
    ),
    FilterTrap(
        "T66",
        text: trapRouter(
            "firewall { family inet { filter F { term a { then discard; } } } }",
            lo0: [.inet: "input F;"]
        ),
        packets: [(anyPacket, "accept"), ("eth1>local: udp 192.0.2.1 > 172.31.1.1", "discard")]
    ),
    FilterTrap(
        "T67",
        text: trapRouter(
            """
            firewall { family inet {
                filter A { term a { then { count c; accept; } } }
                filter D { term a { then { count d; discard; } } }
            } }
            """,
            eth1: [.inet: "input A;"],
            lo0: [.inet: "input D;"]
        ),
        packets: [
            ("eth1>local: icmp 192.0.2.1 > 172.31.1.1", "discard inet:A/c-eth1.0-i=1 inet:D/d-lo0.0-i=1"),
            ("icmp 192.0.2.1 > 198.51.100.1", "accept inet:A/c-eth1.0-i=1"),
        ]
    ),
]

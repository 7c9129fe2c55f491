// SPDX-License-Identifier: Apache-2.0
// Traps of actions: refusals, policers, filters in filters.
import JunosModel

private let tight = "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }"

/// A configuration with a policer in two terms, one bucket for each or one for both.
private func twoTerms(_ isShared: Bool) -> String {
    """
    firewall {
        policer p { \(isShared ? "filter-specific;" : "")
            if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
        family inet { filter F {
            term t1 { from { protocol tcp; } then { policer p; accept; } }
            term t2 { then { policer p; accept; } }
        } }
    }
    """
}

/// The traps of actions (filters reference §8).
let actionTraps: [FilterTrap] = [
    FilterTrap(
        "T49",
        terms: "term t1 { filter COMMON; } term t2 { from { address { 192.168.0.0/16; } } then reject; }",
        firewall: "family inet { filter COMMON { term u { from { protocol udp; port tftp; } then discard; } } }",
        packets: [
            ("udp 192.168.1.1 > 198.51.100.1:69", "discard"),
            ("tcp 192.168.1.1 > 198.51.100.1", "reject administratively-prohibited"),
            ("tcp 192.0.2.1 > 198.51.100.1", "discard"),
        ]
    ),
    FilterTrap(
        "T56",
        terms: "term a { then { reject tcp-reset; } }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1", "reject tcp-reset"),
            ("udp 192.0.2.1 > 198.51.100.1", "reject administratively-prohibited"),
        ]
    ),
    FilterTrap(
        "T57",
        terms: "term a { then { reject; } }",
        packets: [(anyPacket, "reject administratively-prohibited")]
    ),
    FilterTrap(
        "T51",
        terms: "term t { then { policer p; count c; accept; } }",
        firewall: tight,
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 len=1000", "accept c=1"),
            ("udp 192.0.2.1 > 198.51.100.1 len=1000", "discard c=1 over:p-t=1"),
        ]
    ),
    FilterTrap(
        "T52",
        text: trapRouter(twoTerms(false), eth1: [.inet: "input F;"]),
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 len=1000", "accept"), ("udp 192.0.2.1 > 198.51.100.1 len=1000", "accept"),
        ],
        shown: [.init(filter: "F", rows: ["p-t1": 0, "p-t2": 0])]
    ),
    FilterTrap(
        "T53",
        text: trapRouter(twoTerms(true), eth1: [.inet: "input F;"]),
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 len=1000", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 len=1000", "discard over:p=1"),
        ],
        shown: [.init(filter: "F", rows: ["p": 1])]
    ),
    FilterTrap(
        "T55",
        terms:
            "term a { from { protocol udp; } then { policer p; count a; next term; } } term b { then { count b; discard; } }",
        firewall: tight,
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 len=1000", "discard a=1 b=1"),
            ("udp 192.0.2.1 > 198.51.100.1 len=1000", "discard a=1 over:p-a=1"),
        ]
    ),
]

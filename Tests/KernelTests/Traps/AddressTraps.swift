// SPDX-License-Identifier: Apache-2.0
// Traps of address lists: longest match, exceptions, prefix lists, masks.
import JunosModel

private let trustedPrefixes = "policy-options { prefix-list TRUST { 192.0.2.0/24; } prefix-list EMPTY; }"

/// The traps (filters reference §8) of address lists: longest match, exceptions, prefix lists, masks.
let addressTraps: [FilterTrap] = [
    FilterTrap(
        "T12",
        terms: "term a { from { source-address { 10.0.0.0/8; 10.1.0.0/16 except; 10.1.2.0/24; } } then accept; }",
        packets: [
            ("udp 10.1.2.9 > 198.51.100.1", "accept"), ("udp 10.1.9.9 > 198.51.100.1", "discard"),
            ("udp 10.9.9.9 > 198.51.100.1", "accept"), ("udp 11.0.0.0 > 198.51.100.1", "discard"),
            ("udp 10.1.1.255 > 198.51.100.1", "discard"), ("udp 10.1.3.0 > 198.51.100.1", "discard"),
            ("udp 10.2.0.0 > 198.51.100.1", "accept"), ("udp 10.0.255.255 > 198.51.100.1", "accept"),
        ]
    ),
    FilterTrap(
        "T13",
        terms: "term a { from { source-address { 10.0.0.0/8 except; } } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1", "discard"), ("udp 10.0.0.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        "T14",
        terms: "term a { from { source-address { 0.0.0.0/0; 10.0.0.0/8 except; } } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1", "accept"), ("udp 10.1.1.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        "T15",
        terms: "term a { from { source-prefix-list { TRUST except; } destination-port 22; } then reject; }",
        more: trustedPrefixes,
        packets: [("tcp 203.0.113.9 > 198.51.100.1:22", "discard")]
    ),
    FilterTrap(
        "T16",
        terms: "term a { from { source-address { 0.0.0.0/0; } source-prefix-list { TRUST except; } protocol tcp; "
            + "destination-port bgp; } then reject; } term b { then accept; }",
        more: trustedPrefixes,
        packets: [
            ("tcp 192.0.2.7 > 198.51.100.1:179", "accept"),
            ("tcp 203.0.113.9 > 198.51.100.1:179", "reject administratively-prohibited"),
        ]
    ),
    FilterTrap(
        "T17",
        terms: "term a { from { address { 55.0.0.0/8; 55.0.1.0/24 except; } } then discard; } term z { then accept; }",
        packets: [("udp 55.0.1.5 > 55.9.9.9", "discard"), ("udp 55.0.1.5 > 192.0.2.1", "accept")]
    ),
    FilterTrap(
        "T18",
        terms: "term a { from { address { 10.0.0.0/8; } } then accept; }",
        packets: [("udp 192.0.2.1 > 10.1.1.1", "accept"), ("udp 10.1.1.1 > 192.0.2.1", "accept")]
    ),
    FilterTrap(
        "T20",
        family: .inet6,
        terms: "term a { from { destination-address { 2001:db8::1/32; } } then accept; }",
        packets: [("udp 2001:db8::1 > 2001:db8:9::1", "accept"), ("udp 2001:db8::1 > 2001:db9::1", "discard")]
    ),
    FilterTrap(
        "T21",
        terms: "term a { from { source-address { 0.0.0.10/0.0.0.255; } } then accept; }",
        packets: [("udp 203.0.113.10 > 198.51.100.1", "accept"), ("udp 203.0.113.11 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        "T69",
        terms: "term a { from { source-prefix-list { EMPTY; } } then accept; }",
        more: trustedPrefixes,
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        "T68",
        text: """
            interfaces {
                eth1 { unit 0 { family inet { filter { input F; } address 172.31.1.1/24; } } }
                eth2 { unit 0 { family inet { address 172.31.2.1/24; } } }
                eth3 { unit 0 { family inet { address 10.0.0.5/24; } } }
            }
            policy-options { prefix-list L { apply-path "interfaces <*> unit <*> family inet address <*>"; } }
            firewall { family inet { filter F { term a { from { source-prefix-list { L; } } then accept; } } } }
            """,
        packets: [("udp 10.0.0.200 > 198.51.100.1", "accept"), ("udp 10.0.1.0 > 198.51.100.1", "discard")]
    ),
]

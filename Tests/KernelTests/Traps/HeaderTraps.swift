// SPDX-License-Identifier: Apache-2.0
// Traps of conditions on headers: what is read where, and what is not checked.
import JunosModel

/// The traps (filters reference §8) of conditions on headers: what is read where, and what is not checked.
let headerTraps: [FilterTrap] = [
    FilterTrap(
        "T22 and T23",
        terms: "term a { from { destination-port 22; } then discard; } term z { then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1:22", "discard"),
            ("esp 192.0.2.1 > 198.51.100.1 body=0000001600000000", "discard"),
            ("esp 192.0.2.1 > 198.51.100.1 body=0000001700000000", "accept"),
        ]
    ),
    FilterTrap(
        "T24",
        terms: "term a { from { source-port 2048; } then count c; }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "accept c=1")]
    ),
    FilterTrap(
        "T25",
        terms: "term a { from { icmp-type echo-request; } then discard; } term z { then accept; }",
        packets: [
            ("tcp 192.0.2.1:2100 > 198.51.100.1", "discard"), ("tcp 192.0.2.1:2047 > 198.51.100.1", "accept"),
            ("tcp 192.0.2.1:2048 > 198.51.100.1", "discard"), ("tcp 192.0.2.1:2303 > 198.51.100.1", "discard"),
            ("tcp 192.0.2.1:2304 > 198.51.100.1", "accept"),
        ]
    ),
    FilterTrap(
        "T28",
        terms: "term a { from { protocol tcp; tcp-established; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "discard"), ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "accept"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=R", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=F", "discard"),
        ]
    ),
    FilterTrap(
        "T29",
        terms: "term a { from { protocol tcp; tcp-initial; } then count c; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "accept c=1"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "discard"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SF", "accept c=1"),
        ]
    ),
    FilterTrap(
        "T30",
        terms: "term a { from { protocol tcp; tcp-flags syn; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=A", "discard"),
        ]
    ),
    FilterTrap(
        "T31",
        terms: "term a { from { protocol tcp; tcp-flags \"!syn | ack & fin\"; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SAF", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "discard"),
        ]
    ),
    FilterTrap(
        "T32",
        terms: "term a { from { protocol tcp; tcp-flags 0x03; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SF", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "discard"),
        ]
    ),
    FilterTrap(
        "T33",
        terms: "term a { from { protocol udp; destination-port 53; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 off=100 body=0000003500000000", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 off=100 body=0000003600000000", "discard"),
        ]
    ),
    FilterTrap(
        "T34 and T35",
        terms:
            "term a { from { first-fragment; } then count first; } term b { from { is-fragment; } then count other; } "
            + "term c { then count whole; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 mf", "accept first=1"),
            ("udp 192.0.2.1 > 198.51.100.1 mf off=1", "accept other=1"),
            ("udp 192.0.2.1 > 198.51.100.1 off=1", "accept other=1"),
            ("udp 192.0.2.1 > 198.51.100.1", "accept whole=1"),
        ]
    ),
    FilterTrap(
        "T35 alone",
        terms: "term a { from { is-fragment; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 mf", "accept"), ("udp 192.0.2.1 > 198.51.100.1 df", "discard")]
    ),
    FilterTrap(
        "T36",
        terms: "term a { from { fragment-offset 0; } then accept; }",
        packets: [(anyPacket, "accept"), ("udp 192.0.2.1 > 198.51.100.1 off=1", "discard")]
    ),
    FilterTrap(
        "T37 nibble 4",
        terms: "term a { from { fragment-flags 0x4; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 df", "accept"), ("udp 192.0.2.1 > 198.51.100.1 mf", "discard")]
    ),
    FilterTrap(
        "T37 nibble 2",
        terms: "term a { from { fragment-flags 0x2; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 df", "discard"), ("udp 192.0.2.1 > 198.51.100.1 mf", "accept")]
    ),
    FilterTrap(
        "T38",
        terms: "term a { from { port 646; } then accept; }",
        packets: [
            ("udp 192.0.2.1:646 > 198.51.100.1:5000", "accept"), ("udp 192.0.2.1:1 > 198.51.100.1:646", "accept"),
            ("udp 192.0.2.1:1 > 198.51.100.1:5000", "discard"),
        ]
    ),
    FilterTrap(
        "T39",
        terms: "term a { from { port-except 22; } then accept; }",
        packets: [
            ("tcp 192.0.2.1:40000 > 198.51.100.1:22", "discard"), ("tcp 192.0.2.1:40000 > 198.51.100.1:80", "accept"),
            ("tcp 192.0.2.1:22 > 198.51.100.1:80", "discard"),
        ]
    ),
    FilterTrap(
        "T58",
        terms: "term a { from { protocol-except [ tcp udp ]; } then accept; }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "accept"), ("tcp 192.0.2.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        "T61",
        terms: "term a { from { interface ge-9/9/9.0; } then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        "T62",
        family: .inet6,
        terms:
            "term a { from { next-header tcp; } then count next; } term b { from { payload-protocol tcp; } then count payload; }",
        packets: [
            ("tcp 2001:db8::1 > 2001:db8::2 headers=00", "accept payload=1"),
            ("tcp 2001:db8::1 > 2001:db8::2", "accept next=1"), ("udp 2001:db8::1 > 2001:db8::2", "discard"),
        ]
    ),
    FilterTrap(
        "T63",
        family: .inet6,
        terms: "term a { from { next-header icmp; } then accept; }",
        packets: [("icmp6 2001:db8::1 > 2001:db8::2", "discard"), ("1 2001:db8::1 > 2001:db8::2", "accept")]
    ),
    FilterTrap(
        "T71",
        terms: "term a { from { dscp ef; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 tos=0xb8", "accept"), ("udp 192.0.2.1 > 198.51.100.1 tos=0xbb", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 tos=0xbc", "discard"),
        ]
    ),
    FilterTrap(
        "T72",
        terms: "term a { from { ttl 1-5; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 ttl=0", "discard"), ("udp 192.0.2.1 > 198.51.100.1 ttl=1", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 ttl=5", "accept"), ("udp 192.0.2.1 > 198.51.100.1 ttl=6", "discard"),
        ]
    ),
    FilterTrap(
        "T73",
        terms: "term a { from { ip-options any; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 options=01010100", "accept"), (anyPacket, "discard")]
    ),
    FilterTrap(
        "T74",
        terms: "term a { from { protocol icmp; icmp-type [ echo-request unreachable ]; icmp-code 0; } then accept; }",
        packets: [
            ("icmp 192.0.2.1 > 198.51.100.1 type=8 code=0", "accept"),
            ("icmp 192.0.2.1 > 198.51.100.1 type=3 code=0", "accept"),
            ("icmp 192.0.2.1 > 198.51.100.1 type=3 code=1", "discard"),
        ]
    ),
]

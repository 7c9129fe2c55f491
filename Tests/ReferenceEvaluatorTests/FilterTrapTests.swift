// SPDX-License-Identifier: Apache-2.0
// The traps of filters reference §8 that are about evaluation.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import Testing

/// One trap: a filter, and what it says to packets.
///
/// Expectations: a verdict, then counters as `name=packets`.
struct FilterTrap: Sendable, CustomTestStringConvertible {
    let number: String
    var family = FilterFamily.inet
    let terms: String
    var firewall = ""
    var more = ""
    let packets: [(line: String, expected: String)]

    var testDescription: String { number }
}

/// The packet of the traps that say "any".
private let anyPacket = "udp 192.0.2.1:1000 > 198.51.100.1:2000 len=100"
private let prefixLists = "policy-options { prefix-list TRUST { 192.0.2.0/24; } prefix-list EMPTY; }"

private let traps: [FilterTrap] = [
    FilterTrap(
        number: "T1",
        terms: "term a { from { protocol tcp; } then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(number: "T2", terms: "term a { then count c; }", packets: [(anyPacket, "accept c=1")]),
    FilterTrap(number: "T3", terms: "term a { from { protocol udp; } }", packets: [(anyPacket, "accept")]),
    FilterTrap(
        number: "T4",
        terms: "term a { from { } then discard; } term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(number: "T5", terms: "", packets: [(anyPacket, "discard")]),
    FilterTrap(
        number: "T6",
        terms: "term a { then { count c; next term; } } term b { then discard; }",
        packets: [(anyPacket, "discard c=1")]
    ),
    FilterTrap(
        number: "T7",
        terms: "term a { from { protocol udp; } then { count c1; next term; } } "
            + "term b { from { protocol tcp; } then accept; }",
        packets: [(anyPacket, "discard c1=1")]
    ),
    FilterTrap(
        number: "T11",
        terms: "term a { from { protocol icmp; } then { count c; log; discard; } }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "discard c=1 logged")]
    ),
    FilterTrap(
        number: "T12",
        terms: "term a { from { source-address { 10.0.0.0/8; 10.1.0.0/16 except; 10.1.2.0/24; } } then accept; }",
        packets: [
            ("udp 10.1.2.9 > 198.51.100.1", "accept"), ("udp 10.1.9.9 > 198.51.100.1", "discard"),
            ("udp 10.9.9.9 > 198.51.100.1", "accept"), ("udp 11.0.0.0 > 198.51.100.1", "discard"),
            ("udp 10.1.1.255 > 198.51.100.1", "discard"), ("udp 10.1.3.0 > 198.51.100.1", "discard"),
            ("udp 10.2.0.0 > 198.51.100.1", "accept"), ("udp 10.0.255.255 > 198.51.100.1", "accept"),
        ]
    ),
    FilterTrap(
        number: "T13",
        terms: "term a { from { source-address { 10.0.0.0/8 except; } } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1", "discard"), ("udp 10.0.0.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        number: "T14",
        terms: "term a { from { source-address { 0.0.0.0/0; 10.0.0.0/8 except; } } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1", "accept"), ("udp 10.1.1.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        number: "T15",
        terms: "term a { from { source-prefix-list { TRUST except; } destination-port 22; } then reject; }",
        more: prefixLists,
        packets: [("tcp 203.0.113.9 > 198.51.100.1:22", "discard")]
    ),
    FilterTrap(
        number: "T16",
        terms: "term a { from { source-address { 0.0.0.0/0; } source-prefix-list { TRUST except; } protocol tcp; "
            + "destination-port bgp; } then reject; } term b { then accept; }",
        more: prefixLists,
        packets: [
            ("tcp 192.0.2.7 > 198.51.100.1:179", "accept"),
            ("tcp 203.0.113.9 > 198.51.100.1:179", "reject administratively-prohibited"),
        ]
    ),
    FilterTrap(
        number: "T17",
        terms: "term a { from { address { 55.0.0.0/8; 55.0.1.0/24 except; } } then discard; } term z { then accept; }",
        packets: [("udp 55.0.1.5 > 55.9.9.9", "discard"), ("udp 55.0.1.5 > 192.0.2.1", "accept")]
    ),
    FilterTrap(
        number: "T18",
        terms: "term a { from { address { 10.0.0.0/8; } } then accept; }",
        packets: [("udp 192.0.2.1 > 10.1.1.1", "accept"), ("udp 10.1.1.1 > 192.0.2.1", "accept")]
    ),
    FilterTrap(
        number: "T20",
        family: .inet6,
        terms: "term a { from { destination-address { 2001:db8::1/32; } } then accept; }",
        packets: [("udp 2001:db8::1 > 2001:db8:9::1", "accept"), ("udp 2001:db8::1 > 2001:db9::1", "discard")]
    ),
    FilterTrap(
        number: "T21",
        terms: "term a { from { source-address { 0.0.0.10/0.0.0.255; } } then accept; }",
        packets: [("udp 203.0.113.10 > 198.51.100.1", "accept"), ("udp 203.0.113.11 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        number: "T22 and T23",
        terms: "term a { from { destination-port 22; } then discard; } term z { then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1:22", "discard"),
            ("esp 192.0.2.1 > 198.51.100.1 body=0000001600000000", "discard"),
            ("esp 192.0.2.1 > 198.51.100.1 body=0000001700000000", "accept"),
        ]
    ),
    FilterTrap(
        number: "T24",
        terms: "term a { from { source-port 2048; } then count c; }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "accept c=1")]
    ),
    FilterTrap(
        number: "T25",
        terms: "term a { from { icmp-type echo-request; } then discard; } term z { then accept; }",
        packets: [
            ("tcp 192.0.2.1:2100 > 198.51.100.1", "discard"), ("tcp 192.0.2.1:2047 > 198.51.100.1", "accept"),
            ("tcp 192.0.2.1:2048 > 198.51.100.1", "discard"), ("tcp 192.0.2.1:2303 > 198.51.100.1", "discard"),
            ("tcp 192.0.2.1:2304 > 198.51.100.1", "accept"),
        ]
    ),
    FilterTrap(
        number: "T28",
        terms: "term a { from { protocol tcp; tcp-established; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "discard"), ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "accept"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=R", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=F", "discard"),
        ]
    ),
    FilterTrap(
        number: "T29",
        terms: "term a { from { protocol tcp; tcp-initial; } then count c; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "accept c=1"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "discard"),
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SF", "accept c=1"),
        ]
    ),
    FilterTrap(
        number: "T30",
        terms: "term a { from { protocol tcp; tcp-flags syn; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=A", "discard"),
        ]
    ),
    FilterTrap(
        number: "T31",
        terms: "term a { from { protocol tcp; tcp-flags \"!syn | ack & fin\"; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SAF", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=SA", "discard"),
        ]
    ),
    FilterTrap(
        number: "T32",
        terms: "term a { from { protocol tcp; tcp-flags 0x03; } then accept; }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1 flags=SF", "accept"), ("tcp 192.0.2.1 > 198.51.100.1 flags=S", "discard"),
        ]
    ),
    FilterTrap(
        number: "T33",
        terms: "term a { from { protocol udp; destination-port 53; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 off=100 body=0000003500000000", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 off=100 body=0000003600000000", "discard"),
        ]
    ),
    FilterTrap(
        number: "T34 and T35",
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
        number: "T35 alone",
        terms: "term a { from { is-fragment; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 mf", "accept"), ("udp 192.0.2.1 > 198.51.100.1 df", "discard")]
    ),
    FilterTrap(
        number: "T36",
        terms: "term a { from { fragment-offset 0; } then accept; }",
        packets: [(anyPacket, "accept"), ("udp 192.0.2.1 > 198.51.100.1 off=1", "discard")]
    ),
    FilterTrap(
        number: "T37 nibble 4",
        terms: "term a { from { fragment-flags 0x4; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 df", "accept"), ("udp 192.0.2.1 > 198.51.100.1 mf", "discard")]
    ),
    FilterTrap(
        number: "T37 nibble 2",
        terms: "term a { from { fragment-flags 0x2; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 df", "discard"), ("udp 192.0.2.1 > 198.51.100.1 mf", "accept")]
    ),
    FilterTrap(
        number: "T38",
        terms: "term a { from { port 646; } then accept; }",
        packets: [
            ("udp 192.0.2.1:646 > 198.51.100.1:5000", "accept"), ("udp 192.0.2.1:1 > 198.51.100.1:646", "accept"),
            ("udp 192.0.2.1:1 > 198.51.100.1:5000", "discard"),
        ]
    ),
    FilterTrap(
        number: "T39",
        terms: "term a { from { port-except 22; } then accept; }",
        packets: [
            ("tcp 192.0.2.1:40000 > 198.51.100.1:22", "discard"), ("tcp 192.0.2.1:40000 > 198.51.100.1:80", "accept"),
            ("tcp 192.0.2.1:22 > 198.51.100.1:80", "discard"),
        ]
    ),
    FilterTrap(
        number: "T41, a packet in transit",
        terms: "term a { from { forwarding-class expedited-forwarding; } then discard; } "
            + "term b { then { forwarding-class expedited-forwarding; accept; } }",
        packets: [(anyPacket, "accept")]
    ),
    FilterTrap(
        number: "T49",
        terms: "term t1 { filter COMMON; } term t2 { from { address { 192.168.0.0/16; } } then reject; }",
        firewall: "family inet { filter COMMON { term u { from { protocol udp; port tftp; } then discard; } } }",
        packets: [
            ("udp 192.168.1.1 > 198.51.100.1:69", "discard"),
            ("tcp 192.168.1.1 > 198.51.100.1", "reject administratively-prohibited"),
            ("tcp 192.0.2.1 > 198.51.100.1", "discard"),
        ]
    ),
    FilterTrap(
        number: "T56",
        terms: "term a { then { reject tcp-reset; } }",
        packets: [
            ("tcp 192.0.2.1 > 198.51.100.1", "reject tcp-reset"),
            ("udp 192.0.2.1 > 198.51.100.1", "reject administratively-prohibited"),
        ]
    ),
    FilterTrap(
        number: "T57",
        terms: "term a { then { reject; } }",
        packets: [(anyPacket, "reject administratively-prohibited")]
    ),
    FilterTrap(
        number: "T58",
        terms: "term a { from { protocol-except [ tcp udp ]; } then accept; }",
        packets: [("icmp 192.0.2.1 > 198.51.100.1", "accept"), ("tcp 192.0.2.1 > 198.51.100.1", "discard")]
    ),
    FilterTrap(
        number: "T61",
        terms: "term a { from { interface ge-9/9/9.0; } then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        number: "T62",
        family: .inet6,
        terms:
            "term a { from { next-header tcp; } then count next; } term b { from { payload-protocol tcp; } then count payload; }",
        packets: [
            ("tcp 2001:db8::1 > 2001:db8::2 headers=00", "accept payload=1"),
            ("tcp 2001:db8::1 > 2001:db8::2", "accept next=1"), ("udp 2001:db8::1 > 2001:db8::2", "discard"),
        ]
    ),
    FilterTrap(
        number: "T63",
        family: .inet6,
        terms: "term a { from { next-header icmp; } then accept; }",
        packets: [("icmp6 2001:db8::1 > 2001:db8::2", "discard"), ("1 2001:db8::1 > 2001:db8::2", "accept")]
    ),
    FilterTrap(
        number: "T64",
        terms: "term a { inactive: from { protocol tcp; } then discard; } term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        number: "T65",
        terms: "term a { from { protocol tcp; } then discard; } inactive: term b { then accept; }",
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        number: "T69",
        terms: "term a { from { source-prefix-list { EMPTY; } } then accept; }",
        more: prefixLists,
        packets: [(anyPacket, "discard")]
    ),
    FilterTrap(
        number: "T70",
        terms: "term a { from { protocol udp; } then { count c; next term; } } term b { then { count c; } }",
        packets: [(anyPacket, "accept c=2"), ("tcp 192.0.2.1 > 198.51.100.1", "accept c=1")]
    ),
    FilterTrap(
        number: "T71",
        terms: "term a { from { dscp ef; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 tos=0xb8", "accept"), ("udp 192.0.2.1 > 198.51.100.1 tos=0xbb", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 tos=0xbc", "discard"),
        ]
    ),
    FilterTrap(
        number: "T72",
        terms: "term a { from { ttl 1-5; } then accept; }",
        packets: [
            ("udp 192.0.2.1 > 198.51.100.1 ttl=0", "discard"), ("udp 192.0.2.1 > 198.51.100.1 ttl=1", "accept"),
            ("udp 192.0.2.1 > 198.51.100.1 ttl=5", "accept"), ("udp 192.0.2.1 > 198.51.100.1 ttl=6", "discard"),
        ]
    ),
    FilterTrap(
        number: "T73",
        terms: "term a { from { ip-options any; } then accept; }",
        packets: [("udp 192.0.2.1 > 198.51.100.1 options=01010100", "accept"), (anyPacket, "discard")]
    ),
    FilterTrap(
        number: "T74",
        terms: "term a { from { protocol icmp; icmp-type [ echo-request unreachable ]; icmp-code 0; } then accept; }",
        packets: [
            ("icmp 192.0.2.1 > 198.51.100.1 type=8 code=0", "accept"),
            ("icmp 192.0.2.1 > 198.51.100.1 type=3 code=0", "accept"),
            ("icmp 192.0.2.1 > 198.51.100.1 type=3 code=1", "discard"),
        ]
    ),
]

@Suite struct `Filter traps of the reference` {
    @Test(arguments: traps)
    func `are answered as the table says`(trap: FilterTrap) throws {
        var model = filterEvaluator(trap.terms, family: trap.family.rawValue, firewall: trap.firewall, more: trap.more)
        for (line, expected) in trap.packets {
            let answer = try model.filter(line, family: trap.family)
            var said = [answer.verdict.rawValue]
            if let message = answer.rejectWith { said.append(message) }
            let prefix = "\(trap.family.rawValue):F/"
            said += answer.counters.map { "\($0.key.dropFirst(prefix.count))=\($0.value)" }.sorted()
            if !answer.logs.isEmpty { said.append("logged") }
            #expect(said.joined(separator: " ") == expected, "\(trap.number): \(line)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Cases of what is loaded from a packet and from beside it.
import NftablesEvaluator
import NftablesIR
import Testing

let metaCases: [ExpressionCase] = [
    .init(
        "length is the whole packet in host order",
        ipv4(udp()),
        [
            .metaLoad(.length, into: one), .compare(.equal, one, RegisterValue(host: 28)),
        ],
        true
    ),
    .init(
        "the EtherType is in network order",
        ipv4(udp()),
        [
            .metaLoad(.ethernetProtocol, into: one), equal(8, 0),
        ],
        true
    ),
    .init(
        "the EtherType of IPv6",
        ipv6(17, udp()),
        [.metaLoad(.ethernetProtocol, into: one), equal(0x86, 0xdd)],
        true
    ),
    .init(
        "mark in host order",
        ipv4(udp(), mark: 0x8000_0001),
        [
            .metaLoad(.mark, into: one), .compare(.equal, one, RegisterValue(host: 0x8000_0001)),
        ],
        true
    ),
    .init(
        "another mark",
        ipv4(udp(), mark: 2),
        [
            .metaLoad(.mark, into: one), .compare(.equal, one, RegisterValue(host: 1)),
        ],
        false
    ),
    .init(
        "device of arrival, all 16 bytes",
        ipv4(udp()),
        [.metaLoad(.inputInterfaceName, into: one), deviceName("in0")],
        true
    ),
    .init(
        "a longer name is another device",
        ipv4(udp(), input: "in01"),
        [
            .metaLoad(.inputInterfaceName, into: one), deviceName("in0"),
        ],
        false
    ),
    .init(
        "a shorter comparison is a wildcard",
        ipv4(udp(), input: "in01"),
        [
            .metaLoad(.inputInterfaceName, into: one), .compare(.equal, one, RegisterValue(Array("in".utf8))),
        ],
        true
    ),
    .init(
        "no device of departure is the empty name, not a break",
        ipv4(udp()),
        [
            .metaLoad(.outputInterfaceName, into: one), deviceName(""),
        ],
        true
    ),
    .init("nfproto of IPv4", ipv4(udp()), [.metaLoad(.networkFamily, into: one), equal(2)], true),
    .init("nfproto of IPv6", ipv6(17, udp()), [.metaLoad(.networkFamily, into: one), equal(10)], true),
    .init(
        "a one-byte load zeroes the rest of its register",
        ipv4(udp(), mark: 0xffff_ffff),
        [
            .metaLoad(.mark, into: one), .metaLoad(.networkFamily, into: one), equal(2, 0, 0, 0),
        ],
        true
    ),
    .init(
        "a mark that was set is loaded",
        ipv4(udp()),
        [
            .immediate(one, RegisterValue(host: 7)), .metaStore(.mark, from: one),
            .immediate(one, RegisterValue(host: 0)), .metaLoad(.mark, into: one),
            .compare(.equal, one, RegisterValue(host: 7)),
        ],
        true
    ),
]

let payloadCases: [ExpressionCase] = [
    .init("source address", ipv4(udp()), [nh(12, 4), equal(10, 1, 0, 2)], true),
    .init("another source address", ipv4(udp()), [nh(12, 4), equal(10, 1, 0, 3)], false),
    .init(
        "IPv6 source address, 16 bytes",
        ipv6(17, udp()),
        [
            nh(8, 16), .compare(.equal, one, RegisterValue(source6)),
        ],
        true
    ),
    .init("network header to its last byte", ipv4([]), [nh(16, 4), equal(10, 2, 0, 2)], true),
    .init("one byte past the end breaks", ipv4([]), [nh(18, 3)], false),
    .init("a fast load past the end breaks", ipv4([]), [nh(20, 1)], false),
    .init("destination port", ipv4(udp()), [th(2, 2), equal(0x1e, 0x61)], true),
    .init(
        "the transport header follows the options",
        ipv4(udp(), options: [1, 1, 1, 0]),
        [
            th(2, 2), equal(0x1e, 0x61),
        ],
        true
    ),
    .init(
        "ports of a truncated header are loaded as far as they go",
        ipv4([0, 1, 0x1e, 0x61]),
        [
            th(2, 2), equal(0x1e, 0x61),
        ],
        true
    ),
    .init("behind a truncated header there is nothing", ipv4([0, 1, 0x1e, 0x61]), [th(4, 2)], false),
    .init(
        "a load knows no protocol: ICMP read as ports",
        ipv4([3, 4, 0, 0, 0, 0, 0, 0], protocol: 1),
        [
            th(0, 2), equal(3, 4),
        ],
        true
    ),
    .init("there is no link-layer header", ipv4(udp()), [.payloadLoad(.link, offset: 0, length: 6, into: one)], false),
    .init(
        "a load that ends inside a register zeroes its rest",
        ipv4(udp()),
        [
            .immediate(one, value(255, 255, 255, 255)), nh(12, 3), equal(10, 1, 0, 0),
        ],
        true
    ),
]

let conntrackCases: [ExpressionCase] = [
    .init(
        "state established",
        ipv4(udp(), conntrack: tracked),
        [
            .conntrackLoad(.state, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 2)),
        ],
        true
    ),
    .init(
        "no entry is invalid (T2)",
        ipv4(udp()),
        [
            .conntrackLoad(.state, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 1)),
        ],
        true
    ),
    .init(
        "untracked",
        ipv4(udp(), conntrack: .untracked),
        [
            .conntrackLoad(.state, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 64)),
        ],
        true
    ),
    .init(
        "notrack makes it untracked at once",
        ipv4(udp()),
        [
            .notrack, .conntrackLoad(.state, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 64)),
        ],
        true
    ),
    .init(
        "notrack after conntrack does nothing",
        ipv4(udp(), conntrack: tracked),
        [
            .notrack, .conntrackLoad(.state, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 2)),
        ],
        true
    ),
    .init(
        "mark",
        ipv4(udp(), conntrack: tracked),
        [
            .conntrackLoad(.mark, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 0x0102_0304)),
        ],
        true
    ),
    .init(
        "mark of an untracked packet breaks ==  (T18)",
        ipv4(udp(), conntrack: .untracked),
        [
            .conntrackLoad(.mark, direction: nil, into: one), .compare(.equal, one, RegisterValue(host: 0)),
        ],
        false
    ),
    .init(
        "mark of an untracked packet breaks != (T18)",
        ipv4(udp(), conntrack: .untracked),
        [
            .conntrackLoad(.mark, direction: nil, into: one), .compare(.notEqual, one, RegisterValue(host: 0)),
        ],
        false
    ),
    .init(
        "direction is one byte",
        ipv4(udp(), conntrack: tracked),
        [
            .conntrackLoad(.direction, direction: nil, into: one), equal(1),
        ],
        true
    ),
    .init(
        "status",
        ipv4(udp(), conntrack: tracked),
        [
            .conntrackLoad(.status, direction: nil, into: one),
            .bitwise(one, into: one, mask: RegisterValue(host: 8), xor: RegisterValue(host: 0)),
            .compare(.notEqual, one, RegisterValue(host: 0)),
        ],
        true
    ),
    .init(
        "setting a mark without an entry goes on",
        ipv4(udp()),
        [
            .immediate(one, RegisterValue(host: 1)), .conntrackStore(.mark, from: one),
        ],
        true
    ),
]

let optionCases: [ExpressionCase] = {
    func option(_ type: UInt8) -> [Expression] {
        [
            .extensionHeader(.ipv4Option, type: type, offset: 0, length: 1, testsPresence: true, into: one), equal(1),
        ]
    }
    let lsrr: [UInt8] = [131, 7, 4, 1, 2, 3, 4, 1]
    func tcpOption(_ type: UInt8, _ offset: UInt32, _ length: UInt32, present: Bool = false) -> Expression {
        .extensionHeader(.tcpOption, type: type, offset: offset, length: length, testsPresence: present, into: one)
    }
    let mss: [UInt8] = [1, 1, 1, 1, 2, 4, 5, 0xb4]
    return [
        .init("loose source route", ipv4(udp(), options: lsrr), option(131), true),
        .init("a loose one is not a strict one", ipv4(udp(), options: lsrr), option(137), false),
        .init("no options", ipv4(udp()), option(131), false),
        .init(
            "behind padding and an unknown option",
            ipv4(udp(), options: [1, 200, 3, 0, 148, 4, 0, 0]),
            option(148),
            true
        ),
        .init("router alert of another value is none", ipv4(udp(), options: [148, 4, 0, 1]), option(148), false),
        .init("behind the end of options", ipv4(udp(), options: [0, 0, 0, 0, 148, 4, 0, 0]), option(148), false),
        .init(
            "one malformed option hides all",
            ipv4(udp(), options: [148, 4, 0, 0, 200, 0, 0, 0]),
            option(148),
            false
        ),
        .init("a second source route hides all", ipv4(udp(), options: lsrr + lsrr), option(131), false),
        .init(
            "a source route that was used hides all",
            ipv4(udp(), options: [131, 7, 8, 1, 2, 3, 4, 1]),
            option(131),
            false
        ),
        .init("a full record route", ipv4(udp(), options: [7, 7, 8, 0, 0, 0, 0, 0]), option(7), true),
        .init(
            "a record route without room for an address hides all",
            ipv4(udp(), options: [7, 7, 6, 0, 0, 0, 0, 0]),
            option(7),
            false
        ),
        .init("IPv6 has no IPv4 options, and asking breaks", ipv6(17, udp()), Array(option(7).prefix(1)), false),
        .init("record route with room", ipv4(udp(), options: [7, 7, 4, 0, 0, 0, 0, 0]), option(7), true),
        .init("TCP option", ipv4(tcp(options: mss), protocol: 6), [tcpOption(2, 2, 2), equal(5, 0xb4)], true),
        .init(
            "TCP option by presence",
            ipv4(tcp(options: mss), protocol: 6),
            [
                tcpOption(2, 0, 1, present: true), equal(1),
            ],
            true
        ),
        .init(
            "absent TCP option by presence",
            ipv4(tcp(), protocol: 6),
            [tcpOption(2, 0, 1, present: true), equal(0)],
            true
        ),
        .init("absent TCP option breaks", ipv4(tcp(), protocol: 6), [tcpOption(2, 2, 2)], false),
        .init("TCP option longer than it is breaks", ipv4(tcp(options: mss), protocol: 6), [tcpOption(2, 2, 4)], false),
        .init("UDP has no TCP options", ipv4(tcp(options: mss), protocol: 17), [tcpOption(2, 2, 2)], false),
    ]
}()

let lookupCases: [ExpressionCase] = [
    .init("continue as a verdict goes on with the rule", ipv4(udp()), [.verdict(.continue)], true),
    .init(
        "counters, logs and anonymous counters go on",
        ipv4(udp()),
        [
            .counter, .log(LogParameters(group: 1, prefix: "x")),
        ],
        true
    ),
]

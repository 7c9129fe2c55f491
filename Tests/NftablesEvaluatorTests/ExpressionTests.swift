// SPDX-License-Identifier: Apache-2.0
// Each expression: holds, does not hold, at the edge, breaks.
import NftablesEvaluator
import NftablesIR
import Testing

struct ExpressionCase: CustomTestStringConvertible, Sendable {
    var name: String
    var packet: Packet
    var expressions: [Expression]
    var matches: Bool

    init(_ name: String, _ packet: Packet, _ expressions: [Expression], _ matches: Bool) {
        self.name = name
        self.packet = packet
        self.expressions = expressions
        self.matches = matches
    }

    var testDescription: String { name }
}

private let one = Register.one
private let tracked = Conntrack.tracked(ConntrackEntry(.established, isReply: true, status: 0x18e, mark: 0x0102_0304))

private func nh(_ offset: UInt32, _ length: UInt32) -> Expression {
    .payloadLoad(.network, offset: offset, length: length, into: one)
}

private func th(_ offset: UInt32, _ length: UInt32) -> Expression {
    .payloadLoad(.transport, offset: offset, length: length, into: one)
}

private func equal(_ bytes: UInt8...) -> Expression { .compare(.equal, one, RegisterValue(bytes)) }

private func name(_ text: String) -> Expression {
    .compare(.equal, one, RegisterValue(Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count)))
}

private let metaCases: [ExpressionCase] = [
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
        [.metaLoad(.inputInterfaceName, into: one), name("in0")],
        true
    ),
    .init(
        "a longer name is another device",
        ipv4(udp(), input: "in01"),
        [
            .metaLoad(.inputInterfaceName, into: one), name("in0"),
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
            .metaLoad(.outputInterfaceName, into: one), name(""),
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

private let payloadCases: [ExpressionCase] = [
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

private let registerCases: [ExpressionCase] = [
    .init("less: below", ipv4(udp()), [th(2, 2), .compare(.less, one, value(0x1e, 0x62))], true),
    .init("less: the value itself", ipv4(udp()), [th(2, 2), .compare(.less, one, value(0x1e, 0x61))], false),
    .init(
        "less or equal: the value itself",
        ipv4(udp()),
        [
            th(2, 2), .compare(.lessOrEqual, one, value(0x1e, 0x61)),
        ],
        true
    ),
    .init("less or equal: above", ipv4(udp()), [th(2, 2), .compare(.lessOrEqual, one, value(0x1e, 0x60))], false),
    .init("greater: above", ipv4(udp()), [th(2, 2), .compare(.greater, one, value(0x1e, 0x60))], true),
    .init("greater: the value itself", ipv4(udp()), [th(2, 2), .compare(.greater, one, value(0x1e, 0x61))], false),
    .init(
        "greater or equal: the value itself",
        ipv4(udp()),
        [
            th(2, 2), .compare(.greaterOrEqual, one, value(0x1e, 0x61)),
        ],
        true
    ),
    .init("not equal", ipv4(udp()), [th(2, 2), .compare(.notEqual, one, value(0x1e, 0x61))], false),
    .init(
        "order goes by bytes in memory, not by host numbers",
        ipv4(udp(), mark: 0x0100),
        [
            .metaLoad(.mark, into: one), .compare(.less, one, RegisterValue(host: 0x02)),
        ],
        true
    ),
    .init("range: first value", ipv4(udp()), [th(2, 2), .range(.equal, one, value(0x1e, 0x61), value(0x20, 0))], true),
    .init("range: last value", ipv4(udp()), [th(2, 2), .range(.equal, one, value(0, 0), value(0x1e, 0x61))], true),
    .init(
        "range: one outside",
        ipv4(udp()),
        [th(2, 2), .range(.equal, one, value(0x1e, 0x62), value(0x20, 0))],
        false
    ),
    .init(
        "outside a range: inside",
        ipv4(udp()),
        [
            th(2, 2), .range(.notEqual, one, value(0x1e, 0x61), value(0x20, 0)),
        ],
        false
    ),
    .init(
        "outside a range: one outside",
        ipv4(udp()),
        [
            th(2, 2), .range(.notEqual, one, value(0x1e, 0x62), value(0x20, 0)),
        ],
        true
    ),
    .init(
        "mask and xor",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: one, mask: value(255, 255, 255, 0), xor: value(0, 0, 0, 9)),
            equal(10, 1, 0, 9),
        ],
        true
    ),
    .init(
        "a short mask zeroes the rest of its register",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: one, mask: value(255), xor: value(0)), equal(10, 0, 0, 0),
        ],
        true
    ),
    .init(
        "bitwise into another register leaves its source",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: Register(slot: 4), mask: value(0, 0, 0, 0), xor: value(1, 2, 3, 4)),
            equal(10, 1, 0, 2), .compare(.equal, Register(slot: 4), value(1, 2, 3, 4)),
        ],
        true
    ),
    .init(
        "byte order of two bytes",
        ipv4(udp()),
        [
            th(2, 2), .byteOrder(one, into: one, toNetwork: false, length: 2, size: 2), equal(0x61, 0x1e, 0, 0),
        ],
        true
    ),
    .init(
        "byte order of two times two bytes",
        ipv4(udp()),
        [
            nh(12, 4), .byteOrder(one, into: one, toNetwork: true, length: 4, size: 2), equal(1, 10, 2, 0),
        ],
        true
    ),
    .init(
        "byte order of four bytes",
        ipv4(udp()),
        [
            nh(12, 4), .byteOrder(one, into: one, toNetwork: true, length: 4, size: 4), equal(2, 0, 1, 10),
        ],
        true
    ),
    .init(
        "byte order of eight bytes",
        ipv4(udp()),
        [
            nh(12, 8), .byteOrder(one, into: one, toNetwork: true, length: 8, size: 8), equal(2, 0, 2, 10, 2, 0, 1, 10),
        ],
        true
    ),
    .init(
        "registers of four bytes stand side by side",
        ipv4(udp()),
        [
            nh(12, 4), .payloadLoad(.network, offset: 16, length: 4, into: Register(slot: 1)),
            equal(10, 1, 0, 2, 10, 2, 0, 2),
        ],
        true
    ),
]

private let conntrackCases: [ExpressionCase] = [
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

private let optionCases: [ExpressionCase] = {
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
        .init(
            "pointer of a source route",
            ipv4(udp(), options: lsrr),
            [
                .extensionHeader(.ipv4Option, type: 131, offset: 2, length: 1, testsPresence: false, into: one),
                equal(4),
            ],
            true
        ),
        .init("no options", ipv4(udp()), option(131), false),
        .init(
            "a field of an absent option breaks",
            ipv4(udp()),
            [
                .extensionHeader(.ipv4Option, type: 131, offset: 2, length: 1, testsPresence: false, into: one)
            ],
            false
        ),
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

private let lookupCases: [ExpressionCase] = [
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

@Suite("Expressions")
struct ExpressionTests {
    @Test(arguments: metaCases + payloadCases + registerCases + conntrackCases + optionCases + lookupCases)
    func `an expression holds or ends its rule as in the kernel`(_ example: ExpressionCase) throws {
        let outcome = try run(table(example.expressions), example.packet)
        #expect(outcome.fate == (example.matches ? .accept : .drop))
        #expect(outcome.decisions.first?.rule == (example.matches ? RulePosition(chain: "base", rule: 0) : nil))
        #expect(outcome.trace.isEmpty == !example.matches)
    }

    @Test func `what is set is seen in the outcome`() throws {
        let packet = ipv4(udp(), conntrack: tracked)
        let outcome = try run(
            table([
                .immediate(.one, RegisterValue(host: 0x1234_5678)), .metaStore(.mark, from: .one),
                .metaStore(.priority, from: .one), .conntrackStore(.mark, from: .one),
            ]),
            packet
        )
        #expect(outcome.mark == 0x1234_5678)
        #expect(outcome.priority == 0x1234_5678)
        #expect(outcome.conntrackMark == 0x1234_5678)
        #expect(!outcome.isUntracked)
        #expect(outcome.bytes == packet.bytes)
    }

    @Test(arguments: [RejectKind.icmp(code: 13), .tcpReset, .icmpx(code: 1)])
    func `a reject ends the packet's way`(_ kind: RejectKind) throws {
        let outcome = try run(table([.reject(kind)]), ipv4(udp()))
        #expect(outcome.fate == .reject(kind))
    }

    @Test func `a rewritten DSCP mends the header checksum`() throws {
        // Bytecode of `ip dscp set 46` (kernel facts §11).
        let rewrite: [Expression] = [
            .payloadLoad(.network, offset: 0, length: 2, into: .one),
            .bitwise(.one, into: .one, mask: value(0xff, 0x03), xor: value(0, 46 << 2)),
            .payloadStore(
                .network,
                offset: 0,
                length: 2,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 0
            ),
            .payloadLoad(.network, offset: 1, length: 1, into: .one),
            .compare(.equal, .one, value(46 << 2)),
        ]
        let outcome = try run(table(rewrite), ipv4(udp()))
        #expect(outcome.fate == .accept)
        #expect(outcome.bytes == ipv4Bytes(udp(), tos: 46 << 2))
        #expect(outcome.effects == [.rewrote(offset: 0, [0x45, 46 << 2])])
    }

    @Test func `a rewritten address mends the transport checksum too`() throws {
        var segment = tcp()
        func mended(_ source: [UInt8]) -> [UInt8] {
            segment[16] = 0
            segment[17] = 0
            let sum = big(checksum(source + destination4 + [0, 6] + big(segment.count) + segment))
            segment[16] = sum[0]
            segment[17] = sum[1]
            return segment
        }
        let rewrite: [Expression] = [
            .immediate(.one, value(192, 0, 2, 7)),
            .payloadStore(
                .network,
                offset: 12,
                length: 4,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 1
            ),
        ]
        let outcome = try run(table(rewrite), ipv4(mended(source4), protocol: 6))
        #expect(Array(outcome.bytes[12..<16]) == [192, 0, 2, 7])
        #expect(Array(outcome.bytes[20...]) == mended([192, 0, 2, 7]))
        #expect(checksum(Array(outcome.bytes[..<20])) == 0)
    }

    @Test func `a write past the end breaks and changes nothing`() throws {
        let packet = ipv4([])
        let outcome = try run(
            table([
                .immediate(.one, value(1, 2)),
                .payloadStore(
                    .network,
                    offset: 19,
                    length: 2,
                    from: .one,
                    checksumType: 0,
                    checksumOffset: 0,
                    checksumFlags: 0
                ),
            ]),
            packet
        )
        #expect(outcome.fate == .drop)
        #expect(outcome.bytes == packet.bytes)
    }
}

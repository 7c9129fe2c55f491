// SPDX-License-Identifier: Apache-2.0
// Every expression in each of its forms, and what nft must show for it.
import NftablesIR
import Testing

/// One rule, and what `nft` must show for it.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let expressions: [Expression]
    /// A piece of `nft`'s listing; empty if `nft` has no words for it.
    let shown: String

    init(_ name: String, _ expressions: [Expression], shows shown: String = "") {
        self.name = name
        self.expressions = expressions
        self.shown = shown
    }

    var testDescription: String { name }
}

func bytes(_ values: UInt8...) -> RegisterValue { RegisterValue(values) }

private let two = Register(slot: 4)
private let inet4: [Expression] = [
    .metaLoad(.networkFamily, into: .one), .compare(.equal, .one, bytes(2)),
]
private let udp: [Expression] = [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, bytes(17))]
private let source: Expression = .payloadLoad(.network, offset: 12, length: 4, into: .one)
private let port: Expression = .payloadLoad(.transport, offset: 2, length: 2, into: .one)

/// A device name as registers hold it.
func interfaceBytes(_ name: String) -> [UInt8] {
    Array((Array(name.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16))
}

/// Every expression, in each of its forms.
let ruleCases: [RuleCase] = [
    RuleCase("empty rule", []),
    RuleCase(
        "mark compared",
        [.metaLoad(.mark, into: .one), .compare(.equal, .one, RegisterValue(host: 0x1234))],
        shows: "meta mark 0x00001234"
    ),
    RuleCase(
        "device name",
        [.metaLoad(.inputInterfaceName, into: .one), .compare(.equal, .one, RegisterValue(interfaceBytes("eth1")))],
        shows: "iifname \"eth1\""
    ),
    RuleCase(
        "device name prefix",
        [.metaLoad(.outputInterfaceName, into: .one), .compare(.notEqual, .one, RegisterValue("eth".utf8))],
        shows: "oifname != \"eth*\""
    ),
    RuleCase(
        "mark stored with mask",
        [
            .metaLoad(.mark, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: 0xff00_ffff), xor: RegisterValue(host: 0x10000)),
            .metaStore(.mark, from: .one),
        ],
        shows: "meta mark set meta mark & 0xff01ffff | 0x00010000"
    ),
    RuleCase(
        "source address",
        inet4 + [source, .compare(.equal, .one, bytes(10, 0, 0, 1))],
        shows: "ip saddr 10.0.0.1"
    ),
    RuleCase(
        "prefix",
        inet4 + [
            source, .bitwise(.one, into: .one, mask: bytes(255, 255, 255, 128), xor: bytes(0, 0, 0, 0)),
            .compare(.equal, .one, bytes(10, 1, 2, 0)),
        ],
        shows: "ip saddr 10.1.2.0/25"
    ),
    RuleCase(
        "ports below",
        udp + [port, .compare(.less, .one, bytes(4, 0))],
        shows: "udp dport < 1024"
    ),
    RuleCase(
        "ports from to",
        udp + [port, .compare(.greaterOrEqual, .one, bytes(0, 80)), .compare(.lessOrEqual, .one, bytes(0, 90))],
        shows: "udp dport 80-90"
    ),
    RuleCase(
        "ports outside",
        udp + [port, .range(.notEqual, .one, bytes(0, 80), bytes(0, 90))],
        shows: "udp dport != 80-90"
    ),
    RuleCase("ports inside", udp + [port, .range(.equal, .one, bytes(0, 80), bytes(0, 90))]),
    RuleCase("ports above", udp + [port, .compare(.greater, .one, bytes(4, 0))], shows: "udp dport > 1024"),
    RuleCase(
        "other registers",
        [
            .payloadLoad(.network, offset: 12, length: 4, into: Register(slot: 1)),
            .payloadLoad(.network, offset: 16, length: 4, into: Register(slot: 15)),
            .payloadLoad(.network, offset: 8, length: 1, into: two),
            .compare(.equal, Register(slot: 1), bytes(10, 0, 0, 1)),
            .compare(.notEqual, Register(slot: 15), bytes(10, 0, 0, 2)),
            .compare(.equal, two, bytes(64)),
        ]
    ),
    RuleCase(
        "dscp rewrite with checksum",
        inet4 + [
            .payloadLoad(.network, offset: 0, length: 2, into: .one),
            .bitwise(.one, into: .one, mask: bytes(0xff, 0x03), xor: bytes(0, 0xb8)),
            .payloadStore(
                .network,
                offset: 0,
                length: 2,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 0
            ),
        ],
        shows: "ip dscp set ef"
    ),
    RuleCase(
        "address rewrite with pseudo header",
        inet4 + [
            .immediate(.one, bytes(10, 9, 9, 9)),
            .payloadStore(
                .network,
                offset: 16,
                length: 4,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 1
            ),
        ],
        shows: "ip daddr set 10.9.9.9"
    ),
    RuleCase(
        "link header",
        [.payloadLoad(.link, offset: 6, length: 6, into: .one), .compare(.equal, .one, bytes(2, 0, 0, 0, 0, 1))]
    ),
    RuleCase(
        "ipv6 header present",
        [
            .extensionHeader(.ipv6, type: 44, offset: 0, length: 1, testsPresence: true, into: .one),
            .compare(.equal, .one, bytes(1)),
        ],
        shows: "exthdr frag exists"
    ),
    RuleCase(
        "ipv6 header field",
        [
            .extensionHeader(.ipv6, type: 44, offset: 2, length: 2, testsPresence: false, into: .one),
            .compare(.notEqual, .one, bytes(0, 8)),
        ]
    ),
    RuleCase(
        "ipv4 option",
        [
            .extensionHeader(.ipv4Option, type: 131, offset: 0, length: 1, testsPresence: true, into: .one),
            .compare(.equal, .one, bytes(1)),
        ],
        shows: "ip option lsrr exists"
    ),
    RuleCase(
        "tcp option",
        [
            .extensionHeader(.tcpOption, type: 2, offset: 2, length: 2, testsPresence: false, into: .one),
            .compare(.equal, .one, bytes(5, 0xb4)),
        ],
        shows: "tcp option maxseg size 1460"
    ),
    RuleCase(
        "connection state",
        [
            .conntrackLoad(.state, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: 6), xor: RegisterValue(host: 0)),
            .compare(.notEqual, .one, RegisterValue(host: 0)),
        ],
        shows: "ct state established,related"
    ),
    RuleCase(
        "connection mark copied",
        [
            .conntrackLoad(.mark, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: 0xffff), xor: RegisterValue(host: 0x5_0000)),
            .conntrackStore(.mark, from: .one),
        ],
        shows: "ct mark set ct mark &"
    ),
    RuleCase(
        "connection source with direction",
        inet4 + [
            .conntrackLoad(ConntrackKey(rawValue: 19), direction: 0, into: .one),
            .compare(.equal, .one, bytes(10, 0, 0, 1)),
        ],
        shows: "ct original ip saddr 10.0.0.1"
    ),
    RuleCase(
        "byte order",
        [
            .metaLoad(.length, into: .one),
            .byteOrder(.one, into: .one, toNetwork: true, length: 4, size: 4),
            .compare(.greaterOrEqual, .one, bytes(0, 0, 0, 100)),
            .compare(.lessOrEqual, .one, bytes(0, 0, 0, 200)),
        ],
        shows: "meta length 100-200"
    ),
    RuleCase("byte order back", [source, .byteOrder(.one, into: two, toNetwork: false, length: 4, size: 2)]),
    RuleCase("immediate of 16 bytes", [.immediate(.one, RegisterValue(0..<16))]),
    RuleCase("accept", [.verdict(.accept)], shows: "accept"),
    RuleCase("drop", [.verdict(.drop)], shows: "drop"),
    RuleCase("return", [.verdict(.return)], shows: "return"),
    RuleCase("continue", [.verdict(.continue)], shows: "continue"),
    RuleCase("jump", [.verdict(.jump("side"))], shows: "jump side"),
    RuleCase("goto", [.verdict(.goto("side"))], shows: "goto side"),
    RuleCase(
        "set",
        inet4 + [source, .lookup(set: "hosts", key: .one, into: nil, inverted: false)],
        shows: "ip saddr @hosts"
    ),
    RuleCase(
        "not in set",
        inet4 + [source, .lookup(set: "hosts", key: .one, into: nil, inverted: true)],
        shows: "ip saddr != @hosts"
    ),
    RuleCase(
        "value map",
        inet4 + [source, .lookup(set: "marks", key: .one, into: .one, inverted: false), .metaStore(.mark, from: .one)],
        shows: "meta mark set ip saddr map @marks"
    ),
    RuleCase("verdict map", inet4 + [source, .verdictMap(set: "ways", key: .one)], shows: "ip saddr vmap @ways"),
    RuleCase(
        "object map",
        inet4 + [source, .objectMap(set: "tallies", key: .one)],
        shows: "counter name ip saddr map @tallies"
    ),
    RuleCase("counter object", [.object(.counter("c1"))], shows: "counter name \"c1\""),
    RuleCase("limit object", [.object(.limit("l1")), .verdict(.drop)], shows: "limit name \"l1\" drop"),
    RuleCase(
        "timeout object",
        [.object(.conntrackTimeout("timeout-17"))],
        shows: "ct timeout set \"timeout-17\""
    ),
    RuleCase(
        "segment size",
        [
            .immediate(.one, RegisterValue(network: 1300, count: 2)),
            .extensionHeaderStore(.tcpOption, type: 2, offset: 2, length: 2, from: .one),
        ],
        shows: "tcp option maxseg size set 1300"
    ),
    RuleCase("counter", [.counter], shows: "counter packets 0 bytes 0"),
    RuleCase(
        "packet limit",
        [.limit(Limit(rate: 10, period: 60, burst: 7, unit: .packets, matchesOver: false))],
        shows: "limit rate 10/minute burst 7 packets"
    ),
    RuleCase(
        "byte limit over",
        [.limit(Limit(rate: 125_000, period: 1, burst: 1500, unit: .bytes, matchesOver: true))],
        shows: "limit rate over 125000 bytes/second burst 1500 bytes"
    ),
    RuleCase(
        "log",
        [.log(LogParameters(group: 21324, prefix: "Sfilter:12", snapLength: 128, queueThreshold: 20))],
        shows: "log prefix \"Sfilter:12\" group 21324 snaplen 128 queue-threshold 20"
    ),
    RuleCase("log plain", [.log(LogParameters(group: 0, prefix: ""))], shows: "log group 0"),
    RuleCase("reject icmp", inet4 + [.reject(.icmp(code: 13))], shows: "reject with icmp admin-prohibited"),
    RuleCase("reject icmp without keyword", inet4 + [.reject(.icmp(code: 200))]),
    RuleCase("reject icmpx", [.reject(.icmpx(code: 1))], shows: "reject"),
    RuleCase(
        "tcp reset",
        [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, bytes(6)), .reject(.tcpReset)],
        shows: "reject with tcp reset"
    ),
    RuleCase("notrack", [.notrack], shows: "notrack"),
]

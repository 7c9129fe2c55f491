// SPDX-License-Identifier: Apache-2.0
// What is written to the kernel is what is read from it: every expression, every kind of set, every object.
import Netlink
import NftablesIR
import NftablesKernel
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

/// A table in which every rule of the cases can stand.
func tableOfCases() -> Table {
    var table = Table(family: .inet, name: "codec")
    table.objects = [
        .counter("c1"): .counter,
        .limit("l1"): .limit(Limit(rate: 1000, burst: 500, unit: .bytes, matchesOver: true)),
        .limit("l2"): .limit(Limit(rate: 3, period: 3600, burst: 9, unit: .packets, matchesOver: false)),
    ]
    table.chains["side"] = Chain(name: "side", rules: [Rule([.verdict(.return)])])
    for set in setCases { table.sets[set.name] = set }
    for (index, item) in ruleCases.enumerated() {
        let name = "case-\(index)"
        table.chains[name] = Chain(name: name, rules: [Rule(item.expressions, comment: item.name)])
    }
    let hooks: [(BaseChain.Hook, Int32)] = [
        (.prerouting, -450), (.input, 0), (.forward, 0), (.output, -150), (.postrouting, 300),
    ]
    for (hook, priority) in hooks {
        let base = BaseChain(hook: hook, priority: priority, policy: hook == .input ? .accept : .drop)
        table.chains[hook.rawValue] = Chain(name: hook.rawValue, base: base)
    }
    return table
}

/// Every kind of set and element.
let setCases: [NamedSet] = [
    NamedSet(name: "empty", key: .port),
    NamedSet(
        name: "hosts",
        key: .ipv4Address,
        elements: [SetElement(.single([10, 0, 0, 1])), SetElement(.single([0, 0, 0, 0]))]
    ),
    NamedSet(name: "fixed", key: .transportProtocol, isConstant: true, elements: [SetElement(.single([6]))]),
    NamedSet(
        name: "marks",
        key: .ipv4Address,
        data: .value(length: 4, typeNumber: 19),
        elements: [
            SetElement(.single([10, 0, 0, 1]), .value(RegisterValue(host: 7).bytes)),
            SetElement(.catchAll, .value(RegisterValue(host: 9).bytes)),
        ]
    ),
    NamedSet(
        name: "ways",
        key: .ipv4Address,
        data: .verdict,
        elements: [
            SetElement(.single([10, 0, 0, 1]), .verdict(.goto("side"))),
            SetElement(.single([10, 0, 0, 2]), .verdict(.jump("side"))),
            SetElement(.single([10, 0, 0, 3]), .verdict(.accept)),
            SetElement(.single([10, 0, 0, 4]), .verdict(.drop)),
            SetElement(.single([10, 0, 0, 5]), .verdict(.return)),
            SetElement(.catchAll, .verdict(.continue)),
        ]
    ),
    NamedSet(
        name: "tallies",
        key: .ipv4Address,
        data: .object(.counter),
        elements: [SetElement(.single([10, 0, 0, 1]), .object("c1")), SetElement(.catchAll, .object("c1"))]
    ),
    NamedSet(
        name: "intervals",
        key: .ipv4Address,
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0], [10, 255, 255, 255])),
            // Adjacent to the one before, one address, and up to all ones.
            SetElement(.single([11, 0, 0, 0])),
            SetElement(.range([192, 168, 0, 3], [192, 168, 1, 200])),
            SetElement(.range([224, 0, 0, 0], [255, 255, 255, 255])),
        ]
    ),
    NamedSet(
        name: "from-zero",
        key: .port,
        isInterval: true,
        elements: [SetElement(.range([0, 0], [3, 255])), SetElement(.single([255, 255]))]
    ),
    NamedSet(
        name: "everything",
        key: .ipv6Address,
        isInterval: true,
        elements: [
            SetElement(.range([UInt8](repeating: 0, count: 16), [UInt8](repeating: 255, count: 16)))
        ]
    ),
    NamedSet(
        name: "interval-ways",
        key: .ipv6Address,
        data: .verdict,
        isInterval: true,
        elements: [
            SetElement(
                .range([0xfd] + [UInt8](repeating: 0, count: 15), [0xfd] + [UInt8](repeating: 255, count: 15)),
                .verdict(.goto("side"))
            ),
            SetElement(.catchAll, .verdict(.drop)),
        ]
    ),
    NamedSet(
        name: "interval-values",
        key: .port,
        data: .value(length: 4, typeNumber: 19),
        isInterval: true,
        elements: [
            SetElement(.range([0, 80], [0, 90]), .value([1, 0, 0, 0])),
            SetElement(.single([0, 91]), .value([2, 0, 0, 0])),
        ]
    ),
    NamedSet(
        name: "interval-tallies",
        key: .port,
        data: .object(.counter),
        isInterval: true,
        elements: [SetElement(.range([0, 80], [0, 90]), .object("c1"))]
    ),
    NamedSet(
        name: "device-prefixes",
        key: .interfaceName,
        isInterval: true,
        elements: [
            SetElement(.range(interfaceBytes("eth"), Array("eth".utf8) + [UInt8](repeating: 255, count: 13))),
            SetElement(.single(interfaceBytes("lo"))),
        ]
    ),
    NamedSet(
        name: "devices",
        key: .interfaceName,
        data: .object(.limit),
        elements: [SetElement(.single(interfaceBytes("eth1")), .object("l1"))]
    ),
    NamedSet(
        name: "pairs",
        key: SetKeyType(typeNumber: 41 << 6 | 19, length: 20, fieldLengths: [16, 4]),
        data: .verdict,
        elements: [
            SetElement(.single(interfaceBytes("eth1") + RegisterValue(host: 5).bytes), .verdict(.goto("side"))),
            SetElement(.catchAll, .verdict(.drop)),
        ]
    ),
    NamedSet(
        name: "boxes",
        key: SetKeyType(typeNumber: (7 << 6 | 13), length: 8, fieldLengths: [4, 2]),
        data: .verdict,
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0, 0, 0, 0, 0], [10, 255, 255, 255, 255, 255, 0, 0]), .verdict(.accept)),
            SetElement(.single([11, 0, 0, 1, 0, 80, 0, 0]), .verdict(.drop)),
            SetElement(.catchAll, .verdict(.goto("side"))),
        ]
    ),
    NamedSet(
        name: "box-marks",
        key: SetKeyType(typeNumber: (7 << 6 | 13), length: 8, fieldLengths: [4, 2]),
        data: .value(length: 4, typeNumber: 19),
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0, 0, 22, 0, 0], [10, 0, 0, 255, 0, 22, 0, 0]), .value([1, 2, 3, 4]))
        ]
    ),
]

/// Compares part by part, so that a failure names the part.
func expectEqual(_ read: Table?, _ written: Table, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let read = try #require(read, sourceLocation: sourceLocation)
    #expect(read.chains.keys.sorted() == written.chains.keys.sorted(), sourceLocation: sourceLocation)
    for (name, chain) in written.chains {
        #expect(read.chains[name] == chain, sourceLocation: sourceLocation)
        #expect(
            read.chains[name]?.rules.map(\.comment) == chain.rules.map(\.comment),
            sourceLocation: sourceLocation
        )
    }
    for (name, set) in written.sets { #expect(read.sets[name] == set, sourceLocation: sourceLocation) }
    for (key, object) in written.objects { #expect(read.objects[key] == object, sourceLocation: sourceLocation) }
    #expect(read == written, sourceLocation: sourceLocation)
}

@Suite struct CodecRoundTripTests {
    @Test func `every expression, set and object reads back as written`() throws {
        let written = tableOfCases()
        let read = try inNewNetworkNamespace { () throws -> TableReading? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try connection.read(.inet, "codec")
        }
        #expect(read?.unknowns == [])
        try expectEqual(read?.table, written)
    }

    @Test func `nft shows every rule in its own words`() throws {
        let written = tableOfCases()
        let listing = try inNewNetworkNamespace { () throws -> String in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try nft("list", "ruleset")
        }
        let lines = listing.split(separator: "\n")
        for item in ruleCases {
            // The empty rule has only its comment; an unknown one would be shown as such.
            let line = lines.first { $0.contains("comment \"\(item.name)\"") }
            #expect(line?.contains(item.shown.isEmpty ? "comment" : item.shown) == true, "\(item.name): \(line ?? "")")
        }
        for piece in [
            "10.0.0.0/8", "11.0.0.0", "192.168.0.3-192.168.1.200", "224.0.0.0/3", "\"eth*\"",
            "10.0.0.1 : 0x00000007", "* : 0x00000009", "10.0.0.1 : goto side", "\"eth1\" . 0x00000005 : goto side",
            "10.0.0.0/8 . 0-65535 : accept", "fd00::/8 : goto side", "80-90 : 0x00000001",
        ] {
            #expect(listing.contains(piece), "\(piece) in \(listing)")
        }
    }
}

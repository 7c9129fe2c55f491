// SPDX-License-Identifier: Apache-2.0
// What another program loads is read as what it means, and what we have no value for is kept and said.
import Netlink
import NftablesIR
import NftablesKernel
import Testing

/// One rule in `nft`'s language and what it is in ours.
struct WitnessCase: Sendable, CustomTestStringConvertible {
    let text: String
    let expressions: [Expression]
    var testDescription: String { text }
}

private let ipv4: [Expression] = [.metaLoad(.networkFamily, into: .one), .compare(.equal, .one, bytes(2))]
private func upper(_ number: UInt8) -> [Expression] {
    [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, bytes(number))]
}
private let destinationPort: Expression = .payloadLoad(.transport, offset: 2, length: 2, into: .one)

private let witnessCases: [WitnessCase] = [
    WitnessCase(
        text: "ip saddr 10.0.0.0/8 drop",
        expressions: ipv4 + [
            .payloadLoad(.network, offset: 12, length: 1, into: .one), .compare(.equal, .one, bytes(10)),
            .verdict(.drop),
        ]
    ),
    WitnessCase(
        text: "tcp dport 80 counter accept",
        expressions: upper(6) + [
            destinationPort, .compare(.equal, .one, bytes(0, 80)), .counter, .verdict(.accept),
        ]
    ),
    WitnessCase(
        text: "udp dport != 80-90 jump side",
        expressions: upper(17) + [
            destinationPort, .range(.notEqual, .one, bytes(0, 80), bytes(0, 90)), .verdict(.jump("side")),
        ]
    ),
    WitnessCase(
        text: "tcp flags & (syn | ack) == syn goto side",
        expressions: upper(6) + [
            .payloadLoad(.transport, offset: 13, length: 1, into: .one),
            .bitwise(.one, into: .one, mask: bytes(0x12), xor: bytes(0)), .compare(.equal, .one, bytes(2)),
            .verdict(.goto("side")),
        ]
    ),
    WitnessCase(
        text: "iifname \"eth*\" return",
        expressions: [
            .metaLoad(.inputInterfaceName, into: .one), .compare(.equal, .one, RegisterValue("eth".utf8)),
            .verdict(.return),
        ]
    ),
    WitnessCase(
        text: "ct state established,related accept",
        expressions: [
            .conntrackLoad(.state, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: 6), xor: RegisterValue(host: 0)),
            .compare(.notEqual, .one, RegisterValue(host: 0)), .verdict(.accept),
        ]
    ),
    WitnessCase(
        text: "ip saddr . th dport @boxes accept",
        expressions: ipv4 + [
            .payloadLoad(.network, offset: 12, length: 4, into: .one),
            .payloadLoad(.transport, offset: 2, length: 2, into: Register(slot: 1)),
            .lookup(set: "boxes", key: .one, into: nil, inverted: false), .verdict(.accept),
        ]
    ),
    WitnessCase(
        text: "iifname . meta mark vmap @ways",
        expressions: [
            .metaLoad(.inputInterfaceName, into: .one), .metaLoad(.mark, into: Register(slot: 4)),
            .verdictMap(set: "ways", key: .one),
        ]
    ),
    WitnessCase(
        text: "counter name ip saddr map @tallies",
        expressions: ipv4 + [
            .payloadLoad(.network, offset: 12, length: 4, into: .one), .objectMap(set: "tallies", key: .one),
        ]
    ),
    WitnessCase(
        text: "limit rate over 125 kbytes/second burst 1500 bytes drop",
        expressions: [
            .limit(Limit(rate: 128_000, burst: 1500, unit: .bytes, matchesOver: true)), .verdict(.drop),
        ]
    ),
    WitnessCase(
        text: "log prefix \"x\" group 5 snaplen 64 reject with icmpx admin-prohibited",
        expressions: [
            .log(LogParameters(group: 5, prefix: "x", snapLength: 64)), .reject(.icmpx(code: 3)),
        ]
    ),
    WitnessCase(text: "notrack", expressions: [.notrack]),
    WitnessCase(text: "ct timeout set \"slow\"", expressions: [.object(.conntrackTimeout("slow"))]),
    WitnessCase(
        text: "tcp option maxseg size set 1360",
        expressions: [
            .immediate(.one, bytes(5, 80)),
            .extensionHeaderStore(.tcpOption, type: 2, offset: 2, length: 2, from: .one),
        ]
    ),
    WitnessCase(
        text: "exthdr frag exists drop",
        expressions: [
            .metaLoad(.networkFamily, into: .one), .compare(.equal, .one, bytes(10)),
            .extensionHeader(.ipv6, type: 44, offset: 0, length: 1, testsPresence: true, into: .one),
            .compare(.equal, .one, bytes(1)), .verdict(.drop),
        ]
    ),
]

private let frame = """
    table inet witness {
        counter c1 { }
        limit l1 { rate over 1000 bytes/second burst 500 bytes; }
        ct timeout slow {
            protocol tcp
            l3proto inet
            policy = { syn_sent : 1, syn_recv : 2, established : 3, fin_wait : 4, close_wait : 5, last_ack : 6, time_wait : 7, close : 8, syn_sent2 : 9, retrans : 10, unack : 11 }
        }
        set hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.0, 192.0.2.1-192.0.2.9, 240.0.0.0/4 } }
        set low { type inet_service; flags interval; elements = { 0-1023, 1024-2000, 65535 } }
        set boxes { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80, 11.0.0.1 . 0-99 } }
        map ways { type ifname . mark : verdict; elements = { "eth1" . 5 : goto side, * : drop } }
        map tallies { type ipv4_addr : counter; elements = { 10.0.0.1 : "c1", * : "c1" } }
        map marks { type inet_service : mark; flags interval; elements = { 80-90 : 7, 91 : 8 } }
        chain base { type filter hook forward priority 5; policy drop; }
        chain side { }
    }

    """

@Suite struct CodecWitnessTests {
    @Test func `rules that nft loads are read as what they mean`() throws {
        let table = try inNewNetworkNamespace { () throws -> Table? in
            let rules = witnessCases.map { "add rule inet witness side \($0.text)\n" }
            // A jump to itself is checked at commit; the chain must not be its own target.
            let text = frame.replacing("chain side", with: "chain rules { }\n chain side")
            try loadWithNft(text + rules.joined().replacing("witness side", with: "witness rules"))
            var connection = try NftablesConnection()
            return try connection.readTable(.inet, "witness")
        }
        let rules = try #require(table?.chains["rules"]?.rules)
        #expect(rules.count == witnessCases.count)
        for (rule, item) in zip(rules, witnessCases) {
            #expect(rule.expressions == item.expressions, "\(item.text)")
            #expect(rule.handle != nil)
        }
    }

    @Test func `sets that nft loads are read as what they mean`() throws {
        let read = try inNewNetworkNamespace { () throws -> Table? in
            try loadWithNft(frame)
            var connection = try NftablesConnection()
            return try connection.readTable(.inet, "witness")
        }
        let table = try #require(read)
        #expect(
            table.sets["hosts"]?.elements == [
                SetElement(.range([10, 0, 0, 0], [10, 255, 255, 255])), SetElement(.single([11, 0, 0, 0])),
                SetElement(.range([192, 0, 2, 1], [192, 0, 2, 9])),
                SetElement(.range([240, 0, 0, 0], [255, 255, 255, 255])),
            ]
        )
        #expect(
            table.sets["low"]?.elements == [
                SetElement(.range([0, 0], [3, 255])), SetElement(.range([4, 0], [7, 208])),
                SetElement(.single([255, 255])),
            ]
        )
        #expect(table.sets["boxes"]?.key.fieldLengths == [4, 2])
        #expect(
            table.sets["boxes"]?.elements == [
                SetElement(.range([10, 0, 0, 0, 0, 80, 0, 0], [10, 255, 255, 255, 0, 80, 0, 0])),
                SetElement(.range([11, 0, 0, 1, 0, 0, 0, 0], [11, 0, 0, 1, 0, 99, 0, 0])),
            ]
        )
        #expect(
            table.sets["ways"]?.elements == [
                SetElement(.single(interfaceBytes("eth1") + [5, 0, 0, 0]), .verdict(.goto("side"))),
                SetElement(.catchAll, .verdict(.drop)),
            ]
        )
        #expect(
            table.sets["tallies"]?.elements == [
                SetElement(.single([10, 0, 0, 1]), .object("c1")), SetElement(.catchAll, .object("c1")),
            ]
        )
        #expect(
            table.sets["marks"]?.elements == [
                SetElement(.range([0, 80], [0, 90]), .value([7, 0, 0, 0])),
                SetElement(.single([0, 91]), .value([8, 0, 0, 0])),
            ]
        )
        #expect(table.objects[.limit("l1")] == .limit(Limit(rate: 1000, burst: 500, unit: .bytes, matchesOver: true)))
        let slow = ConntrackTimeout(protocolNumber: 6, seconds: Array(1...11))
        #expect(table.objects[.conntrackTimeout("slow")] == .conntrackTimeout(slow))
        #expect(table.chains["base"]?.base == BaseChain(hook: .forward, priority: 5, policy: .drop))
    }

    @Test func `an expression that we do not know survives reading and writing`() throws {
        let texts = [
            "numgen random mod 7 0 drop", "fib saddr . iif oif missing drop", "ct zone 5 accept", "quota over 6 bytes",
            "meta mark set jhash ip saddr mod 16", "log level warn", "ct original zone set 7",
        ]
        let (first, second) = try inNewNetworkNamespace { () throws -> (Table?, Table?) in
            let rules = texts.map { "add rule inet odd each \($0)\n" }.joined()
            try loadWithNft("add table inet odd\nadd chain inet odd each\n" + rules)
            var connection = try NftablesConnection()
            let first = try connection.readTable(.inet, "odd")
            guard var copy = first else { return (nil, nil) }
            copy.name = "copy"
            try connection.send(Batch(creating: copy))
            var second = try connection.readTable(.inet, "copy")
            second?.name = "odd"
            return (first, second)
        }
        let rules = try #require(first?.chains["each"]?.rules)
        let unknown = rules.map { rule in
            rule.expressions.compactMap { expression -> String? in
                if case .unknown(let name, let attributes) = expression, !attributes.isEmpty { name } else { nil }
            }
        }
        #expect(unknown == [["numgen"], ["fib"], [], ["quota"], ["hash"], ["log"], ["ct"]])
        #expect(first == second)
    }

    @Test func `what a table's value cannot show is reported`() throws {
        let (reading, refusal) = try inNewNetworkNamespace { () throws -> (TableReading?, NetlinkError?) in
            try loadWithNft(
                """
                table inet odd {
                    set seen { type ipv4_addr; flags dynamic,timeout; timeout 1h; elements = { 10.0.0.1 }; }
                    quota q { over 10 mbytes; }
                    chain each { update @seen { ip saddr limit rate 5/second }; }
                }
                """
            )
            var connection = try NftablesConnection()
            let reading = try connection.read(.inet, "odd")
            do throws(NetlinkError) {
                _ = try connection.readTable(.inet, "odd")
                return (reading, nil)
            } catch { return (reading, error) }
        }
        let objects = reading?.unknowns.map(\.object) ?? []
        #expect(objects.contains("set seen"))
        #expect(objects.contains("set seen, elements"))
        #expect(refusal?.code == .notUnderstood)
        #expect(reading?.table.sets["seen"]?.otherFlags != 0)
        guard case .unknown(let attributes) = reading?.table.objects[ObjectKey(.quota, "q")] else {
            Issue.record("the quota is not there")
            return
        }
        #expect(!attributes.isEmpty)
    }

    @Test func `nft names the same expressions in the same order`() throws {
        let written = tableOfCases()
        let (listing, read) = try inNewNetworkNamespace { () throws -> (String, Table?) in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return (try nft("--debug=netlink", "list", "ruleset"), try connection.readTable(.inet, "codec"))
        }
        // "inet codec case-3 4" opens a rule; "  [ meta load oifname => reg 1 ]" is one of its expressions.
        var sequences: [String: [String]] = [:]
        var current = ""
        for line in listing.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 4, words[0] == "inet", words[1] == "codec" { current = words[2] }
            if words.first == "[", words.count > 1 { sequences[current, default: []].append(words[1]) }
            if line.hasPrefix("table") { break }
        }
        for (index, item) in ruleCases.enumerated() {
            let rules = try #require(read?.chains["case-\(index)"]?.rules)
            #expect(sequences["case-\(index)"] ?? [] == rules[0].expressions.map(kernelName), "\(item.name)")
        }
    }
}

/// The kernel's name of an expression, as `nft --debug=netlink` prints it.
private func kernelName(_ expression: Expression) -> String {
    switch expression {
    case .metaLoad, .metaStore: "meta"
    case .payloadLoad, .payloadStore: "payload"
    case .extensionHeader, .extensionHeaderStore: "exthdr"
    case .conntrackLoad, .conntrackStore: "ct"
    case .compare: "cmp"
    case .range: "range"
    case .bitwise: "bitwise"
    case .byteOrder: "byteorder"
    case .immediate, .verdict: "immediate"
    case .lookup, .verdictMap: "lookup"
    case .object, .objectMap: "objref"
    case .counter: "counter"
    case .limit: "limit"
    case .log: "log"
    case .reject: "reject"
    case .notrack: "notrack"
    case .unknown(let name, _): name
    }
}

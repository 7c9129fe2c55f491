// SPDX-License-Identifier: Apache-2.0
// What each match condition becomes: filters reference §2 and §3.
import Diagnostics
import JunosModel
import NetworkTypes
import Testing

/// A condition as written, with what it must become.
struct ConditionCase: CustomTestStringConvertible, Sendable {
    let family: String
    let text: String
    let expected: [MatchCondition]
    var testDescription: String { "\(family): \(text)" }

    init(_ family: String, _ text: String, _ expected: MatchCondition...) {
        self.family = family
        self.text = text
        self.expected = expected
    }
}

private func prefix(_ text: String) -> AddressEntry.Value {
    Prefix(text).map(AddressEntry.Value.prefix) ?? .prefixList("not a prefix: \(text)")
}

private let understood: [ConditionCase] = [
    .init(
        "inet",
        "protocol [ tcp 17 icmp6 ospf ]",
        .number(.protocol, [6...6, 17...17, 58...58, 89...89], isExcept: false)
    ),
    .init("inet", "protocol-except udp", .number(.protocol, [17...17], isExcept: true)),
    .init("inet6", "next-header mobility", .number(.nextHeader, [135...135], isExcept: false)),
    // T63: icmp is protocol 1 in inet6 filters too.
    .init("inet6", "payload-protocol icmp", .number(.payloadProtocol, [1...1], isExcept: false)),
    .init(
        "inet",
        "destination-port [ ssh 1024-65535 0x19 ]",
        .number(.destinationPort, [22...22, 1024...65535, 25...25], isExcept: false)
    ),
    .init(
        "inet",
        "source-port-except [ dhcp kpasswd mobilip-mn radacct ]",
        .number(.sourcePort, [67...67, 761...761, 435...435, 1813...1813], isExcept: true)
    ),
    .init("inet", "port 0100", .number(.port, [100...100], isExcept: false)),
    .init("inet", "icmp-type [ echo-request unreachable ]", .number(.icmpType, [8...8, 3...3], isExcept: false)),
    .init(
        "inet6",
        "icmp-type [ echo-request neighbor-solicit ]",
        .number(.icmpType, [128...128, 135...135], isExcept: false)
    ),
    .init(
        "inet",
        "icmp-code [ port-unreachable network-unreachable-for-TOS ]",
        .number(.icmpCode, [3...3, 11...11], isExcept: false)
    ),
    .init("inet6", "icmp-code port-unreachable", .number(.icmpCode, [4...4], isExcept: false)),
    .init("inet", "fragment-offset 1-8191", .number(.fragmentOffset, [1...8191], isExcept: false)),
    .init("inet", "packet-length-except 0x40-100", .number(.packetLength, [64...100], isExcept: true)),
    .init("inet", "ttl 1-5", .number(.ttl, [1...5], isExcept: false)),
    .init("inet6", "hop-limit 255", .number(.hopLimit, [255...255], isExcept: false)),
    .init(
        "inet",
        "dscp [ ef b101110 0x2e 46 cs7 be ]",
        .number(.dscp, [46...46, 46...46, 46...46, 46...46, 56...56, 0...0], isExcept: false)
    ),
    .init("inet6", "traffic-class af43", .number(.trafficClass, [38...38], isExcept: false)),
    .init("inet", "precedence [ net-control 5 0xa0 ]", .number(.precedence, [7...7, 5...5, 5...5], isExcept: false)),
    .init("inet", "esp-spi 0x100-0x1ff", .number(.espSPI, [256...511], isExcept: false)),
    .init("inet", "interface-group-except 0", .number(.interfaceGroup, [0...0], isExcept: true)),
    .init(
        "inet",
        "ip-options [ any router-alert 0-147 ]",
        .ipOptions([148...148, 0...147], any: true, isExcept: false)
    ),
    .init("inet", "ip-options-except timestamp", .ipOptions([68...68], any: false, isExcept: true)),
    .init(
        "inet6",
        "extension-header [ hop-by-hop fragment 60 ]",
        .extensionHeader([0...0, 44...44, 60...60], any: false, isExcept: false)
    ),
    .init(
        "any",
        "forwarding-class [ best-effort network-control ]",
        .forwardingClass(["best-effort", "network-control"], isExcept: false)
    ),
    .init("any", "loss-priority-except [ low medium-high ]", .lossPriority([.low, .mediumHigh], isExcept: true)),
    .init("any", "packet-length 1500", .number(.packetLength, [1500...1500], isExcept: false)),
    .init("inet", "is-fragment", .isFragment),
    .init("inet", "first-fragment", .firstFragment),
    .init("inet6", "last-fragment", .lastFragment),
    .init("inet", "tcp-established", .tcpEstablished),
    .init("inet", "tcp-initial", .tcpInitial),
    .init("inet", "fragment-flags 0x4", .fragmentFlags(.bits(4))),
    .init("inet", "fragment-flags \"more-fragments & !dont-fragment\"", .fragmentFlags(.and(.bits(2), .not(.bits(4))))),
    .init("inet", "interface [ ge-0/0/1.0 ge-0/0/2 xe-* ]", .interface(["ge-0/0/1.0", "ge-0/0/2.0", "xe-*"])),
    .init(
        "inet",
        "source-address { 10.0.0.0/8; 10.1.0.0/16 except; 10; 10.2/16; 192.0.2.0/255.255.255.0; 0.0.0.10/255.0.0.255; }",
        .address(
            .source,
            [
                AddressEntry(prefix("10.0.0.0/8")), AddressEntry(prefix("10.1.0.0/16"), isExcept: true),
                AddressEntry(prefix("10.0.0.0/32")), AddressEntry(prefix("10.2.0.0/16")),
                AddressEntry(prefix("192.0.2.0/24")), AddressEntry(.masked(address: 10, mask: 0xFF00_00FF)),
            ]
        )
    ),
    // Address and prefix-list statements of one field are one list (filters reference §2.4).
    .init(
        "inet",
        "source-address 0.0.0.0/0; protocol tcp; source-prefix-list { L except; }",
        .address(.source, [AddressEntry(prefix("0.0.0.0/0")), AddressEntry(.prefixList("L"), isExcept: true)]),
        .number(.protocol, [6...6], isExcept: false)
    ),
    // T20: host bits are accepted in inet6.
    .init(
        "inet6",
        "destination-address 2001:db8::1/32",
        .address(.destination, [AddressEntry(prefix("2001:db8::/32"))])
    ),
    .init("inet", "address 10.0.0.0/8", .address(.either, [AddressEntry(prefix("10.0.0.0/8"))])),
    .init(
        "inet",
        "flexible-match-mask { flexible-mask-name T; prefix 2908; mask-in-hex ffff; }",
        .flexibleMask(
            FlexibleField(start: .layer4, byteOffset: 12, bitOffset: 0, bitLength: 32),
            mask: 0xffff,
            value: 2908
        )
    ),
    .init(
        "inet6",
        "flexible-match-mask { match-start payload; byte-offset 2; prefix GET; }",
        .flexibleMask(
            FlexibleField(start: .payload, byteOffset: 2, bitOffset: 0, bitLength: 24),
            mask: 0xff_ffff,
            value: 0x47_4554
        )
    ),
    .init(
        "inet",
        "flexible-match-range { match-start payload; byte-offset 16; bit-offset 7; bit-length 8; range 0x08; }",
        .flexibleRange(
            FlexibleField(start: .payload, byteOffset: 16, bitOffset: 7, bitLength: 8),
            [8...8],
            isExcept: false
        )
    ),
    .init(
        "inet",
        "flexible-match-range { flexible-range-name T; range-except [ 1 3-4 ]; }",
        .flexibleRange(
            FlexibleField(start: .layer4, byteOffset: 12, bitOffset: 0, bitLength: 32),
            [1...1, 3...4],
            isExcept: true
        )
    ),
    .init("inet6", "gre-key [ 7 0x10-0x20 ]", .number(.greKey, [7...7, 16...32], isExcept: false)),
    .init("inet", "sctp-initial", .sctpInitial),
    .init("inet", "interface [ eth0 eth?.0 eth[0-1] * ]", .interface(["eth0.0", "eth?.0", "eth[0-1].0", "*"])),
    .init("inet", "source-port-range-optimize; ttl 1", .number(.ttl, [1...1], isExcept: false)),
]

/// What is written, and the code of the error it must give; the term must then match nothing.
private let refused: [(family: String, text: String, code: String)] = [
    ("inet", "protocol bogus", "invalid-value"),
    ("inet", "protocol-except [ tcp bogus ]", "invalid-value"),
    ("inet", "protocol 256", "invalid-value"),
    ("inet", "destination-port 20-10", "invalid-value"),
    ("inet", "destination-port ssh-telnet", "invalid-value"),
    ("inet", "destination-port -1", "invalid-value"),
    ("inet", "ttl 256", "invalid-value"),
    ("inet", "packet-length 0X40", "invalid-value"),
    ("inet", "precedence 9", "invalid-value"),
    ("inet", "dscp 64", "invalid-value"),
    ("inet", "fragment-offset 8192", "invalid-value"),
    ("inet", "tcp-flags \"syn & ece\"", "invalid-bit-expression"),
    ("inet", "tcp-flags 0x40", "invalid-bit-expression"),
    ("inet", "tcp-flags \"(syn\"", "invalid-bit-expression"),
    ("inet", "tcp-flags \"syn syn\"", "invalid-bit-expression"),
    ("inet", "tcp-flags \"\"", "invalid-bit-expression"),
    ("inet", "next-header tcp", "unknown-statement"),
    ("inet6", "protocol tcp", "unknown-statement"),
    ("any", "source-address 10.0.0.0/8", "unknown-statement"),
    ("inet", "source-mac-address 00:00:5e:00:53:01", "unknown-statement"),
    ("any", "source-mac-address 00:00:5e:00:53:01", "unsupported-statement"),
    ("any", "ether-type-except ipv4", "unsupported-statement"),
    ("inet", "flexible-match-mask match-start layer-3", "missing-value"),
    ("inet", "flexible-match-mask { match-start layer-3; bit-length 8; }", "missing-value"),
    ("inet", "flexible-match-mask { bit-length 8; prefix 1; }", "missing-value"),
    ("inet", "flexible-match-mask { match-start layer-2; bit-length 8; prefix 1; }", "unsupported-statement"),
    ("inet", "flexible-match-mask { match-start layer-5; bit-length 8; prefix 1; }", "invalid-value"),
    ("inet", "flexible-match-mask { match-start layer-4; prefix 1; }", "missing-value"),
    ("inet", "flexible-match-mask { match-start layer-4; bit-length 8; prefix 256; }", "invalid-value"),
    ("inet", "flexible-match-mask { match-start layer-4; bit-length 8; prefix ab; }", "invalid-value"),
    ("inet", "flexible-match-mask { match-start layer-4; prefix 0123456789abcdefg; }", "missing-value"),
    ("inet", "flexible-match-mask { match-start layer-4; bit-length 129; prefix 1; }", "invalid-value"),
    (
        "inet", "flexible-match-mask { match-start layer-4; bit-length 8; prefix 1; mask-in-hex 0x1ff; }",
        "invalid-value"
    ),
    ("inet", "flexible-match-mask { match-start layer-4; byte-offset 256; bit-length 8; prefix 1; }", "invalid-value"),
    ("inet", "flexible-match-mask { match-start layer-4; bit-offset 8; bit-length 8; prefix 1; }", "invalid-value"),
    ("inet", "flexible-match-mask { flexible-mask-name X; prefix 1; }", "undefined-flexible-match"),
    ("inet", "flexible-match-mask { flexible-mask-name T; byte-offset 4; prefix 1; }", "conflicting-conditions"),
    ("inet6", "flexible-match-range { match-start layer-4; range 1; }", "missing-value"),
    ("inet6", "flexible-match-range { bit-length 8; range 1; }", "missing-value"),
    ("inet6", "flexible-match-range { match-start layer-4; bit-length 8; }", "missing-value"),
    ("inet6", "flexible-match-range { match-start layer-4; bit-length 33; range 1; }", "invalid-value"),
    ("inet6", "flexible-match-range { match-start layer-4; bit-length 8; range 1-256; }", "invalid-value"),
    ("inet6", "flexible-match-range { match-start layer-4; bit-length 8; range 5-1; }", "invalid-value"),
    ("inet6", "flexible-match-range { flexible-range-name X; range 1; }", "undefined-flexible-match"),
    ("any", "flexible-match-range { match-start layer-2; bit-length 8; range 1; }", "unknown-statement"),
    ("inet6", "sctp-initial", "unknown-statement"),
    ("inet", "gre-key-except 4294967296", "invalid-value"),
    ("inet", "source-address { 0.0.0.0/0; 2001:db8::/32 except; }", "invalid-value"),
    ("inet", "source-address { 0.0.0.0/0; } source-prefix-list { M except; }", "undefined-prefix-list"),
    ("inet", "interface-set S", "undefined-interface-set"),
    ("inet", "forwarding-class-except gold", "undefined-forwarding-class"),
    ("inet", "loss-priority-except middling", "invalid-value"),
]

/// Wraps conditions into a configuration.
func filter(_ family: String, from: String, then: String = "accept") -> String {
    """
    policy-options { prefix-list L { 192.0.2.0/24; } }
    interfaces { eth0 { unit 0 { family \(family) { filter { input F; } } } } }
    firewall {
        flexible-match T { match-start layer-4; byte-offset 12; bit-length 32; }
        family \(family) { filter F { term T { from { \(from); } then { \(then); } } } }
    }
    """
}

@Suite
struct MatchConditionTests {
    @Test(arguments: understood)
    func `a condition becomes what the reference says`(_ example: ConditionCase) {
        let result = extract(filter(example.family, from: example.text))
        #expect(result.errors == [])
        #expect(result.conditions == example.expected)
    }

    @Test(arguments: refused)
    func `a condition that cannot be understood is an error, and its term matches nothing`(
        _ example: (family: String, text: String, code: String)
    ) {
        let result = extract(filter(example.family, from: example.text))
        #expect(result.errors.contains(example.code), "\(result.diagnostics.map(\.text))")
        let isVoid = result.conditions.contains { condition in
            switch condition {
            case .never: true
            case .interfaceSet(["S"]): true
            default: false
            }
        }
        #expect(isVoid, "\(result.conditions)")
    }

    @Test
    func `host bits in an inet address are an error and are cleared (T19)`() {
        let result = extract(filter("inet", from: "destination-address 192.168.1.111/24"))
        #expect(result.errors == ["host-bits"])
        #expect(result.conditions == [.address(.destination, [AddressEntry(prefix("192.168.1.0/24"))])])
    }

    @Test
    func `of a condition and its except twin the later one stays (T59)`() {
        let base = "set firewall family inet filter F term T from "
        let result = extract("\(base)protocol tcp\n\(base)protocol-except udp\n")
        #expect(result.conditions == [.number(.protocol, [17...17], isExcept: true)])
    }

    @Test
    func `names of code points can be defined`() {
        let result = extract(
            filter("inet", from: "dscp mine") + "class-of-service { code-point-aliases { dscp { mine 001010; } } }"
        )
        #expect(result.errors == [])
        #expect(result.conditions == [.number(.dscp, [10...10], isExcept: false)])
    }

    @Test(arguments: [
        ("syn", [2, 3, 18]), ("!syn | ack & fin", [0, 1, 19]), ("0x03", [3, 7]), ("(ack | rst)", [16, 4, 20]),
        ("!ack & syn", [2, 3]), ("psh", [8]), ("syn + !ack , fin", [2, 1, 17]), ("!(syn & !ack) | rst", [18, 6, 0]),
    ])
    func `a bit expression holds for these flags (filters reference §3.8)`(_ text: String, _ holding: [Int]) throws {
        let result = extract(filter("inet", from: "protocol tcp; tcp-flags \"\(text)\""))
        #expect(result.errors == [])
        guard case .tcpFlags(let expression)? = result.conditions.last else {
            Issue.record("no expression: \(result.conditions)")
            return
        }
        for value in holding { #expect(holds(expression, UInt8(value)), "\(value)") }
    }

    @Test(arguments: [
        ("!syn | ack & fin", 18), ("syn", 1), ("0x03", 2), ("!ack & syn", 18), ("!(syn & !ack) | rst", 2),
    ])
    func `a bit expression does not hold for these flags`(_ text: String, _ value: Int) {
        let result = extract(filter("inet", from: "protocol tcp; tcp-flags \"\(text)\""))
        guard case .tcpFlags(let expression)? = result.conditions.last else {
            Issue.record("no expression: \(result.conditions)")
            return
        }
        #expect(!holds(expression, UInt8(value)))
    }

    /// The meaning of an expression, written down a second time.
    private func holds(_ expression: BitExpression, _ value: UInt8) -> Bool {
        switch expression {
        case .bits(let mask): value & mask == mask
        case .not(let inner): !holds(inner, value)
        case .and(let left, let right): holds(left, value) && holds(right, value)
        case .or(let left, let right): holds(left, value) || holds(right, value)
        }
    }
}

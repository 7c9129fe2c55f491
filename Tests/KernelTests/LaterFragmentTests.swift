// SPDX-License-Identifier: Apache-2.0
// Conditions behind the network header on later IPv4 fragments, whole in the kernel's memory or in pieces: they read the same
// offset of the payload, and are false where it has no such octet (DESIGN §3.9, §3.10, kernel facts T1).
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// A condition with its octets and a payload that has them.
struct LaterFragmentCase: Sendable, CustomStringConvertible {
    let condition: String
    /// The payload's first octets that match.
    let octets: [UInt8]
    var description: String { condition }

    static let all = [
        LaterFragmentCase(condition: "source-port 4660", octets: [0x12, 0x34]),
        LaterFragmentCase(condition: "destination-port 4660", octets: [0, 0, 0x12, 0x34]),
        LaterFragmentCase(condition: "icmp-type 18", octets: [0x12]),
        LaterFragmentCase(condition: "icmp-code 52", octets: [0, 0x34]),
        LaterFragmentCase(condition: "esp-spi 305419896", octets: [0x12, 0x34, 0x56, 0x78]),
        LaterFragmentCase(condition: "ah-spi 305419896", octets: [0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78]),
        LaterFragmentCase(condition: "tcp-flags \"syn & !ack\"", octets: Array(repeating: 0, count: 13) + [0x02]),
    ]
}

@Suite(.timeLimit(.minutes(2))) struct `Later fragments` {
    /// Up to a page a packet lies in one piece; beyond, only its IP header does.
    private static let lengths = [14, 64, 1400, 5000, 8900]

    @Test(arguments: LaterFragmentCase.all)
    func `are read at the same offset, whatever piece of memory it lies in`(trap: LaterFragmentCase) throws {
        let text = """
            set interfaces eth1 mtu 9000
            set interfaces eth2 mtu 9000
            set interfaces eth1 unit 0 family inet filter input F
            set interfaces eth2 unit 0 family inet address 172.31.2.1/24
            set firewall family inet filter F term a from \(trap.condition)
            set firewall family inet filter F term a then count c
            set firewall family inet filter F term a then discard
            set firewall family inet filter F term b then accept
            """
        let compiled = try compiled(text)
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table, isObserved: false)
        var model = ReferenceEvaluator(compiled.configuration)
        for options in [0, 4, 40] {
            for length in Self.lengths + Array(1...trap.octets.count) {
                // Matching octets, one bit of them wrong, or cut before the last of them.
                for isWrong in [false, true] {
                    var payload = trap.octets + Array(repeating: UInt8(0), count: max(0, length - trap.octets.count))
                    payload = Array(payload.prefix(length))
                    if isWrong { payload[min(length, trap.octets.count) - 1] ^= 0x10 }
                    let vector = PacketVector(
                        id: "",
                        inputInterface: "eth1.0",
                        outputInterface: "eth2.0",
                        packet: fragment(payload, options: options)
                    )
                    let matches = !isWrong && length >= trap.octets.count
                    let answer = try model.evaluate(vector)
                    let fate = try #require(try sandbox.pass([injection(vector)]).first).fate
                    let what: Comment = "\(options) octets of options, \(length) of payload, wrong: \(isWrong)"
                    #expect((answer.verdict == .discard) == matches, what)
                    #expect((fate == .vanished) == matches, what)
                    // What makes the payload readable leaves it as it is.
                    if case .left(_, let packet) = fate {
                        #expect(packet.bytes.suffix(length) == payload.suffix(length), what)
                    }
                }
            }
        }
    }

    @Test func `of IPv6 have no fields of a transport header, for the router neither`() throws {
        let terms =
            "term a { from { icmp-type-except 44; } then { count c; discard; } } term b { then { count d; accept; } }"
        let text = trapRouter(
            "firewall { family inet6 { filter F { \(terms) } } }",
            eth1: [.inet6: "input F;"],
            lo0: [.inet6: "input F;"]
        )
        try expectTrap(
            FilterTrap(
                "fragments",
                text: text,
                packets: [
                    (
                        "eth1>local: udp 2001:db8::1 > 2001:db8:1001::1 off=23",
                        "accept inet6:F/d-eth1.0-i=1 inet6:F/d-lo0.0-i=1"
                    ),
                    ("udp 2001:db8::1 > 2001:db8::2 off=23", "accept inet6:F/d-eth1.0-i=1"),
                    ("eth1>local: udp 2001:db8::1 > 2001:db8:1001::1", "discard inet6:F/c-eth1.0-i=1"),
                ]
            )
        )
    }

    private func fragment(_ payload: [UInt8], options: Int) -> Packet {
        let total = 20 + options + payload.count
        var bytes: [UInt8] = [0x40 | UInt8(5 + options / 4), 0, UInt8(total >> 8), UInt8(truncatingIfNeeded: total)]
        bytes += [0, 1, 0, 100, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]
        bytes += Array(repeating: 1, count: options) + payload
        return Packet(family: .inet, bytes: bytes).settingDSCP(0)
    }
}

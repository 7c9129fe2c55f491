// SPDX-License-Identifier: Apache-2.0
// Fragments, extension headers, and what the kernel takes for a transport header (kernel facts §1.2, §1.3).
import NftablesEvaluator
import NftablesIR
import Testing

/// A later fragment whose payload reads like a UDP header to port 7777.
private func later(linear: Int? = nil) -> Packet {
    var packet = ipv4(udp(), fragment: 185)
    packet.linearLength = linear
    return packet
}

private func destinationPort(_ comparison: Comparison = .equal) -> [Expression] {
    [.payloadLoad(.transport, offset: 2, length: 2, into: .one), .compare(comparison, .one, value(0x1e, 0x61))]
}

private let guarded: [Expression] =
    [
        .payloadLoad(.network, offset: 6, length: 2, into: .one),
        .bitwise(.one, into: .one, mask: value(0x1f, 0xff), xor: value(0, 0)), .compare(.equal, .one, value(0, 0)),
    ] + destinationPort()

private func fragmentHeader(_ next: UInt8, _ offset: Int, more: Bool = false) -> [UInt8] {
    [next, 0] + big(offset << 3 | (more ? 1 : 0)) + [0, 0, 0, 1]
}

private func exthdr(_ type: UInt8) -> [Expression] {
    [
        .extensionHeader(.ipv6, type: type, offset: 0, length: 1, testsPresence: true, into: .one),
        .compare(.equal, .one, value(1)),
    ]
}

private func l4proto(_ number: UInt8) -> [Expression] {
    [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, value(number))]
}

private let eight: [UInt8] = [0, 0, 0, 0, 0, 0]

private let fragmentCases: [ExpressionCase] = [
    .init("T1: payload of a later fragment is read as ports", later(), destinationPort(), true),
    .init("T1: and != compares it too", later(), destinationPort(.notEqual), false),
    .init("T1: non-linear, == breaks", later(linear: 20), destinationPort(), false),
    .init("T1: non-linear, != breaks", later(linear: 20), destinationPort(.notEqual), false),
    .init(
        "T1: what is written is linear, and so is all before it",
        later(linear: 20),
        [
            .payloadLoad(.network, offset: 27, length: 1, into: .one),
            .payloadStore(
                .network,
                offset: 27,
                length: 1,
                from: .one,
                checksumType: 0,
                checksumOffset: 0,
                checksumFlags: 0
            ),
        ] + destinationPort(),
        true
    ),
    .init(
        "non-linear first fragments are read the long way",
        {
            var packet = ipv4(udp(), fragment: 0x2000)
            packet.linearLength = 20
            return packet
        }(),
        destinationPort(),
        true
    ),
    .init("T1: to the last byte of the payload", ipv4([0, 1, 0x1e, 0x61], fragment: 185), destinationPort(), true),
    .init(
        "T1: six bytes of a later fragment break",
        later(),
        [
            .payloadLoad(.transport, offset: 0, length: 6, into: .one)
        ],
        false
    ),
    .init(
        "T1: two unaligned bytes of a later fragment break",
        later(),
        [
            .payloadLoad(.transport, offset: 1, length: 2, into: .one)
        ],
        false
    ),
    .init("a guarded load is right on a later fragment", later(), guarded, false),
    .init("a guarded load is right on a first fragment", ipv4(udp(), fragment: 0x2000), guarded, true),
    .init("l4proto of an IPv4 later fragment", later(), l4proto(17), true),
    .init(
        "TCP options of a later fragment break",
        ipv4(tcp(options: [2, 4, 5, 180]), protocol: 6, fragment: 5),
        [
            .extensionHeader(.tcpOption, type: 2, offset: 2, length: 2, testsPresence: false, into: .one)
        ],
        false
    ),
    .init(
        "a transport write on a later fragment breaks",
        later(),
        [
            .immediate(.one, value(0, 1)),
            .payloadStore(
                .transport,
                offset: 2,
                length: 2,
                from: .one,
                checksumType: 0,
                checksumOffset: 0,
                checksumFlags: 0
            ),
        ],
        false
    ),
]

private let headerCases: [ExpressionCase] = {
    let chain: [UInt8] = [60, 0] + eight + [43, 0] + eight + [17, 0] + eight
    return [
        .init("IPv6 without extension headers", ipv6(17, udp()), l4proto(17), true),
        .init("HBH, DST, RT, UDP: protocol", ipv6(0, chain + udp()), l4proto(17), true),
        .init("HBH, DST, RT, UDP: ports", ipv6(0, chain + udp()), destinationPort(), true),
        .init("HBH is there", ipv6(0, chain + udp()), exthdr(0), true),
        .init("DST is there", ipv6(0, chain + udp()), exthdr(60), true),
        .init("RT is there", ipv6(0, chain + udp()), exthdr(43), true),
        .init("FRAG is not", ipv6(0, chain + udp()), exthdr(44), false),
        .init("AH stops the walk", ipv6(51, [17, 1] + eight + [0, 0, 0, 0] + udp()), l4proto(51), true),
        .init("ESP", ipv6(50, udp()), l4proto(50), true),
        .init("mobility is a protocol", ipv6(135, [59, 0] + eight), l4proto(135), true),
        .init("mobility by presence", ipv6(135, [59, 0] + eight), exthdr(135), true),
        .init("no next header", ipv6(59, []), l4proto(59), true),
        .init("first fragment", ipv6(44, fragmentHeader(17, 0, more: true) + udp()), l4proto(17), true),
        .init("first fragment: ports", ipv6(44, fragmentHeader(17, 0, more: true) + udp()), destinationPort(), true),
        .init(
            "later fragment: protocol from the fragment header",
            ipv6(44, fragmentHeader(17, 185) + udp()),
            l4proto(17),
            true
        ),
        .init("later fragment: fragment header is there", ipv6(44, fragmentHeader(17, 185) + udp()), exthdr(44), true),
        .init(
            "later fragment: offset field",
            ipv6(44, fragmentHeader(17, 185) + udp()),
            [
                .extensionHeader(.ipv6, type: 44, offset: 2, length: 2, testsPresence: false, into: .one),
                .bitwise(.one, into: .one, mask: value(0xff, 0xf8), xor: value(0, 0)),
                .compare(.equal, .one, value(0x05, 0xc8)),
            ],
            true
        ),
        .init(
            "later fragment of an extension header: no protocol",
            ipv6(44, fragmentHeader(60, 185) + udp()),
            [
                .metaLoad(.transportProtocol, into: .one)
            ],
            false
        ),
        .init(
            "later fragment: nothing behind the fragment header is found",
            ipv6(44, fragmentHeader(60, 185) + udp()),
            exthdr(60),
            false
        ),
        .init(
            "later fragment: ports are not those of the payload",
            ipv6(44, fragmentHeader(17, 185) + udp()),
            destinationPort(),
            false
        ),
        // Measured on 6.18.44: `@th,0,8 0x60` counts IPv6 later fragments.
        .init(
            "later fragment: the IPv6 header itself is read as transport header",
            ipv6(44, fragmentHeader(17, 185) + udp()),
            [
                .payloadLoad(.transport, offset: 0, length: 1, into: .one), .compare(.equal, .one, value(0x60)),
            ],
            true
        ),
        .init(
            "first fragment that ends before the transport header: protocol",
            ipv6(44, fragmentHeader(60, 0, more: true) + [17, 0] + eight),
            l4proto(17),
            true
        ),
        .init(
            "first fragment that ends before the transport header: ports break",
            ipv6(44, fragmentHeader(60, 0, more: true) + [17, 0] + eight),
            destinationPort(),
            false
        ),
        .init("truncated extension header: its next header", ipv6(60, [17, 3] + eight), l4proto(17), true),
        .init(
            "no room for an extension header: no protocol",
            ipv6(60, [17]),
            [
                .metaLoad(.transportProtocol, into: .one)
            ],
            false
        ),
        .init(
            "absent header field breaks",
            ipv6(17, udp()),
            [
                .extensionHeader(.ipv6, type: 44, offset: 2, length: 2, testsPresence: false, into: .one)
            ],
            false
        ),
        .init(
            "IPv4 has no IPv6 headers, and asking breaks",
            ipv4(udp()),
            [
                .extensionHeader(.ipv6, type: 44, offset: 0, length: 1, testsPresence: true, into: .one)
            ],
            false
        ),
    ]
}()

@Suite("Fragments and headers")
struct FragmentTests {
    @Test(arguments: fragmentCases + headerCases)
    func `headers are where the kernel finds them`(_ example: ExpressionCase) throws {
        let outcome = try run(table(example.expressions), example.packet)
        #expect(outcome.fate == (example.matches ? .accept : .drop))
    }

    @Test func `no cut or broken byte stops the walk from ending`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("FragmentTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let machine = Machine(
            table([
                .extensionHeader(.ipv4Option, type: 131, offset: 0, length: 1, testsPresence: true, into: .one),
                .extensionHeader(.tcpOption, type: 2, offset: 0, length: 4, testsPresence: true, into: .one),
            ])
        )
        let machine6 = Machine(table(exthdr(44) + l4proto(17) + destinationPort()))
        var state = MachineState()
        for _ in 0..<3000 {
            let isIPv4 = Bool.random(using: &numbers)
            var bytes =
                isIPv4
                ? ipv4Bytes(tcp(options: [2, 4, 5, 180]), protocol: 6, options: [131, 7, 4, 1, 2, 3, 4, 1])
                : ipv6Bytes(0, [44, 0] + eight + fragmentHeader(60, 0) + [17, 0] + eight + udp())
            for _ in 0..<Int.random(in: 0...4, using: &numbers) {
                bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &numbers))
            let packet = Packet(bytes, family: isIPv4 ? .ipv4 : .ipv6)
            let cipso = EvaluationError.Reason.unsupported("an IPv4 option in a packet with a CIPSO option")
            do {
                let outcome = try (isIPv4 ? machine : machine6).run(chain: "base", packet, at: 0, state: &state)
                #expect(outcome.bytes == bytes)
            } catch {
                #expect(error.reason == cipso)
            }
        }
    }
}

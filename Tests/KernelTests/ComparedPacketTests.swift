// SPDX-License-Identifier: Apache-2.0
// Packets about which model, stack and comparison once disagreed, as the random comparison found them.
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// One packet from eth1, what the filter there does, and what must be said about it.
struct ComparedPacket: CustomTestStringConvertible, Sendable {
    let what: String
    let action: String
    /// `local` or an interface.
    var output = "eth2"
    let packet: @Sendable () throws -> Packet
    let verdict: PacketVerdict
    var stack: StackDrop?
    /// Whether the input filter sees it.
    var isCounted = true

    var testDescription: String { what }
}

/// IPv4 with options to somewhere.
private func optioned(_ options: [UInt8], to destination: String) throws -> Packet {
    var fields = PacketFields()
    fields.protocolNumber = ProtocolNumber.udp
    (fields.source, fields.destination) = (IPAddress("10.1.0.9"), IPAddress(destination))
    (fields.sourcePort, fields.destinationPort) = (4000, 1000)
    fields.ipv4Options = options
    return try fields.build()
}

/// IPv6 with extension headers, which a person would not send.
private func chained(_ hex: String) throws -> Packet { try #require(Packet(bytes: try hexOctets(hex))) }

private let fromDocumentation = "20010db8000000010000000000000009"
private let toDocumentation = "20010db8000000020000000000000009"

private let rows: [ComparedPacket] = [
    // The stack sends it on to the next hop that the option names.
    ComparedPacket(
        what: "a loose source route that goes on behind the router",
        action: "accept",
        output: "local",
        packet: { try optioned([131, 7, 4, 10, 20, 0, 9, 0], to: "10.1.0.1") },
        verdict: .accept,
        stack: .sourceRoute
    ),
    ComparedPacket(
        what: "a loose source route that ends at the router",
        action: "accept",
        output: "local",
        packet: { try optioned([131, 7, 8, 10, 20, 0, 9, 0], to: "10.1.0.1") },
        verdict: .accept
    ),
    ComparedPacket(
        what: "a loose source route that is behind a malformed option",
        action: "accept",
        output: "local",
        packet: { try optioned([130, 1, 131, 7, 4, 10, 20, 0, 9, 0], to: "10.1.0.1") },
        verdict: .accept,
        stack: .malformedOptions
    ),
    // An ordinary address, which answers are sent to.
    ComparedPacket(
        what: "a refused packet from the reserved addresses",
        action: "reject host-prohibited",
        packet: {
            try PacketFields(
                ProtocolNumber.udp,
                from: try #require(IPAddress("240.1.2.3")),
                to: try #require(IPAddress("10.2.0.9"))
            ).build()
        },
        verdict: .reject
    ),
    // The stack sees the error behind AH, and answers no errors.
    ComparedPacket(
        what: "a refused ICMPv6 error behind AH",
        action: "reject",
        packet: {
            try chained(
                "6000000000103340" + fromDocumentation + toDocumentation + "3a00010400000000" + "0101a34700000000"
            )
        },
        verdict: .reject
    ),
    // What AH says about its length leads beyond the packet.
    ComparedPacket(
        what: "a refused packet with an AH that is cut",
        action: "reject",
        packet: {
            try chained("6000000000083340" + fromDocumentation + toDocumentation + "847d000100000000")
        },
        verdict: .reject
    ),
    // The stack drops all of these before any filter.
    ComparedPacket(
        what: "a hop-by-hop header that is longer than the packet",
        action: "accept",
        packet: { try chained("6000000000080040" + fromDocumentation + toDocumentation + "3b01010400000000") },
        verdict: .discard,
        stack: .malformedOptions,
        isCounted: false
    ),
    ComparedPacket(
        what: "a hop-by-hop header with padding of more than seven octets",
        action: "accept",
        packet: {
            try chained(
                "6000000000100040" + fromDocumentation + toDocumentation + "3b01010c" + "000000000000000000000000"
            )
        },
        verdict: .discard,
        stack: .malformedOptions,
        isCounted: false
    ),
    ComparedPacket(
        what: "a hop-by-hop header with padding that is not zero",
        action: "accept",
        packet: { try chained("6000000000080040" + fromDocumentation + toDocumentation + "3b00010400000001") },
        verdict: .discard,
        stack: .malformedOptions,
        isCounted: false
    ),
    // The stack itself says that there is no way, and not what the output filter would say.
    ComparedPacket(
        what: "a packet to a link-local address",
        action: "accept",
        packet: {
            try PacketFields(
                ProtocolNumber.udp,
                from: try #require(IPAddress("2001:db8:1::9")),
                to: try #require(IPAddress("fe80::9"))
            ).build()
        },
        verdict: .discard,
        stack: .martianDestination
    ),
]

@Suite(.timeLimit(.minutes(5))) struct `Packets that were once judged differently` {
    @Test(arguments: rows) func `are judged alike`(row: ComparedPacket) throws {
        let packet = try row.packet()
        let isInet = packet.family == .inet
        let output = row.verdict == .discard ? "output D;" : ""
        let text = plainRouter(
            """
            family \(packet.family.rawValue) {
                filter F { term a { then { count a; \(row.action); } } }
                filter D { term a { then discard; } }
            }
            """,
            eth1: isInet ? "input F;" : "",
            eth1v6: isInet ? "" : "input F;",
            eth2: isInet ? output : "",
            eth2v6: isInet ? "" : output
        )
        let line = "{\"in\":\"eth1\",\"out\":\"\(row.output)\",\"hex\":\"\(hexadecimal(packet))\"}"
        let answer = try #require(try witness(text, [line]).first).answer
        #expect(answer.verdict == row.verdict && answer.stack == row.stack)
        #expect(answer.counters.count == (row.isCounted ? 1 : 0))
    }
}

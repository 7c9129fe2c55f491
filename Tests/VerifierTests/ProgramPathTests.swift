// SPDX-License-Identifier: Apache-2.0
// The stack's part in the program's voice: connections, reassembly, hooks.
import NetworkTypes
import Testing
import Verifier

@Suite struct ProgramPathTests {
    private static let flow = """
        interfaces {
            eth0 { unit 0 { family inet { address 192.0.2.1/24; } } }
            eth1 { unit 0 { family inet { address 198.51.100.1/24; } } }
        }
        security {
            policies { from-zone a to-zone b { policy p {
                match { source-address any; destination-address any; application any; } then { permit; } } } }
            zones { security-zone a { interfaces { eth0.0; } } security-zone b { interfaces { eth1.0; } } }
        }
        """

    private func vector(
        _ number: UInt8,
        isReply: Bool = false,
        time: Double = 0,
        port: UInt16 = 80,
        _ change: (inout PacketFields) -> Void = { _ in }
    ) throws -> PacketVector {
        let client = try #require(IPAddress("192.0.2.9"))
        let server = try #require(IPAddress("198.51.100.9"))
        var fields =
            isReply
            ? PacketFields(number, from: server, to: client, sourcePort: port, destinationPort: 40000)
            : PacketFields(number, from: client, to: server, sourcePort: 40000, destinationPort: port)
        change(&fields)
        return PacketVector(
            id: "v",
            time: time,
            inputInterface: isReply ? "eth1.0" : "eth0.0",
            outputInterface: isReply ? "eth0.0" : "eth1.0",
            packet: try fields.build()
        )
    }

    @Test func `replies pass with their connection and not without it`() throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        #expect(try path.run(vector(17, isReply: true)).verdict == .discard)
        let first = try path.run(vector(17))
        #expect(first.verdict == .accept)
        #expect(first.session == .create)
        #expect(first.lastHook == .postrouting)
        #expect(first.counters["policy/a/b/p"] == 1)
        let reply = try path.run(vector(17, isReply: true))
        #expect(reply.verdict == .accept)
        #expect(reply.session == .match)
        #expect(reply.counters["policy/a/b/p"] == nil)
        #expect(try path.run(vector(17, isReply: true, time: 3600)).verdict == .discard)
    }

    @Test func `a connection that the stack ends early does not begin`() throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        _ = try path.run(vector(17), isDroppedByStack: true)
        #expect(try path.run(vector(17, isReply: true)).verdict == .discard)
    }

    @Test(
        arguments: [
            ([0x02], true), ([0x12], false), ([0x10], false), ([0x04], false), ([0x00], false), ([0x03], false),
            ([0x42], true), ([0x02, 0x02], true), ([0x02, 0x04, 0x10], false),
        ] as [([UInt8], Bool)]
    ) func `the last segment is judged by those before it`(flags: [UInt8], passes: Bool) throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        var verdict = ObservedVerdict.reject
        for octet in flags { verdict = try path.run(vector(6) { $0.tcpFlags = octet }).verdict }
        #expect((verdict == .accept) == passes)
    }

    @Test func `fragments wait for their datagram before conntrack`() throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        let whole = try vector(17) { $0.payloadLength = 100 }
        var outcomes: [ProgramOutcome] = []
        for piece in whole.packet.fragmented(payload: 48, identification: 7).reversed() {
            var part = whole
            part.packet = piece
            outcomes.append(try path.run(part))
        }
        #expect(outcomes.map(\.isHeld) == [true, true, false])
        #expect(outcomes.map(\.lastHook) == [.prerouting, .prerouting, .postrouting])
        #expect(outcomes.last?.counters["policy/a/b/p"] == 1)
        #expect(outcomes.last?.packet.header.totalLength == 128)
    }

    @Test func `forwarding takes one from the hops before output filters see them`() throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        let outcome = try path.run(vector(17) { $0.timeToLive = 9 })
        #expect(outcome.packet.header.timeToLive == 8)
        #expect(outcome.packet.header.hasValidHeaderChecksum)
    }

    @Test func `a vector without a place is refused`() throws {
        let sample = try Sample("flow", Self.flow)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        var lost = try vector(17)
        lost.outputInterface = nil
        #expect(throws: ProgramPathError.noPlace(id: "v")) { try path.run(lost) }
        lost.outputInterface = "ge-9/9/9.0"
        #expect(throws: ProgramPathError.noDevice("ge-9/9/9.0")) { try path.run(lost) }
    }
}

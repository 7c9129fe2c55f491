// SPDX-License-Identifier: Apache-2.0
// What rules do to the session of a packet beside its mark, and to what TCP announces in it.
import NftablesEvaluator
import NftablesIR
import Testing

private let timeout = ConntrackTimeout(protocolNumber: 17, seconds: [30, 40])
private let key = ObjectKey.conntrackTimeout("t")

@Suite("Timeout objects")
struct TimeoutObjectTests {
    private func outcome(_ packet: Packet) throws -> Outcome {
        try run(table([.object(key)], objects: [key: .conntrackTimeout(timeout)]), packet)
    }

    @Test func `a connection that begins lives as the object says`() throws {
        let begins = Conntrack.tracked(ConntrackEntry(.new))
        let outcome = try outcome(ipv4(udp(), conntrack: begins))
        #expect(outcome.fate == .accept && outcome.effects == [.setTimeout(timeout)])
    }

    @Test func `other protocols and packets without a connection go on unchanged`() throws {
        for packet in [
            ipv4(tcp(), protocol: 6, conntrack: .tracked(ConntrackEntry(.new))), ipv4(udp()),
            ipv4(udp(), conntrack: .untracked),
        ] {
            let outcome = try outcome(packet)
            #expect(outcome.fate == .accept && outcome.effects.isEmpty)
        }
    }

    @Test func `a connection that is known cannot be given one`() {
        let known = Conntrack.tracked(ConntrackEntry(.new, status: ConntrackEntry.confirmed))
        #expect(throws: EvaluationError.self) { try outcome(ipv4(udp(), conntrack: known)) }
    }
}

@Suite("Writing TCP options")
struct OptionStoreTests {
    /// Lowers the segment size of a SYN to 1300, and what is left of the segment.
    private func options(_ options: [UInt8], flags: UInt8 = 2) throws -> (options: [UInt8], isSound: Bool, fate: Fate) {
        var segment = tcp(flags: flags, options: options)
        func sum(_ segment: [UInt8]) -> Int {
            checksum(source4 + destination4 + [0, 6] + big(segment.count) + segment)
        }
        segment.replaceSubrange(16..<18, with: big(sum(segment)))
        let outcome = try run(
            table([
                .immediate(one, RegisterValue(network: 1300, count: 2)),
                .extensionHeaderStore(.tcpOption, type: 2, offset: 2, length: 2, from: one),
            ]),
            ipv4(segment, protocol: 6)
        )
        let after = Array(outcome.bytes.dropFirst(20))
        return (Array(after.dropFirst(20)), sum(after) == 0, outcome.fate)
    }

    @Test(arguments: [
        ([2, 4, 5, 0xb4], [2, 4, 5, 0x14]), ([1, 1, 1, 1, 2, 4, 0xff, 0xff], [1, 1, 1, 1, 2, 4, 5, 0x14]),
        // Lower already, or the same.
        ([2, 4, 2, 0x18], [2, 4, 2, 0x18]), ([2, 4, 5, 0x14], [2, 4, 5, 0x14]),
    ])
    func `a segment size is lowered, never raised, and the checksum is mended`(before: [UInt8], after: [UInt8]) throws {
        let outcome = try options(before)
        #expect(outcome.options == after && outcome.isSound && outcome.fate == .accept)
    }

    @Test(arguments: [[], [3, 3, 7, 1], [2, 3, 5, 0]] as [[UInt8]])
    func `without the whole option the rule breaks and nothing changes`(_ before: [UInt8]) throws {
        let outcome = try options(before)
        #expect(outcome.options == before && outcome.isSound && outcome.fate == .drop)
    }

    @Test func `writing what is no TCP option is refused`() {
        let store = Expression.extensionHeaderStore(.ipv4Option, type: 7, offset: 0, length: 2, from: one)
        #expect(throws: EvaluationError.self) { try run(table([store]), ipv4(udp())) }
    }
}

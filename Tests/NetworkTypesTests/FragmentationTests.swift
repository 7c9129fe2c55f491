// SPDX-License-Identifier: Apache-2.0
// Fragments and their reassembly, as the kernel does it before conntrack.
import NetworkTypes
import Testing

@Suite struct `Reassembly` {
    private func datagram(_ family: AddressFamily, payload: Int) throws -> Packet {
        var fields = PacketFields()
        fields.family = family
        fields.protocolNumber = 17
        fields.payloadLength = payload
        if family == .inet6 { fields.extensionHeaders = [] }
        return try fields.build()
    }

    @Test(arguments: AddressFamily.allCases)
    func `puts fragments together in any order and keeps the first one's context`(family: AddressFamily) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let packet = try datagram(family, payload: Int.random(in: 100...3000, using: &generator))
            let pieces = packet.fragmented(payload: Int.random(in: 8...96, using: &generator))
            var reassembly = FragmentReassembly<Int>()
            var result: (Packet, Int)?
            for index in pieces.indices.shuffled(using: &generator) {
                #expect(result == nil, "complete too early, seed \(seed)")
                switch reassembly.add(pieces[index], index, time: 0) {
                case .complete(let whole, let context): result = (whole, context)
                case .held: break
                case .whole, .dropped: Issue.record("not held, seed \(seed)")
                }
            }
            #expect(result?.1 == 0)
            #expect(reassembly.waiting == 0)
            guard let whole = result?.0 else { continue }
            // Identification differs from the original; everything else is the same again.
            #expect(whole.bytes.count == packet.bytes.count)
            #expect(
                Array(whole.bytes[packet.header.headerLength...]) == Array(packet.bytes[packet.header.headerLength...])
            )
            #expect(whole.header.hasValidHeaderChecksum)
            #expect(!whole.header.isFragment && whole.header.upperProtocol == 17)
        }
    }

    @Test func `forgets what is not completed in time`() throws {
        let pieces = try datagram(.inet, payload: 100).fragmented(payload: 64)
        var reassembly = FragmentReassembly<Int>()
        #expect(pieces.count == 2)
        guard case .held = reassembly.add(pieces[0], 0, time: 0) else { Issue.record("not held"); return }
        guard case .held = reassembly.add(pieces[1], 1, time: 30) else { Issue.record("not forgotten"); return }
    }

    @Test func `gives up a datagram whose fragments overlap`() throws {
        var fields = PacketFields()
        fields.protocolNumber = 17
        fields.moreFragments = true
        fields.payloadLength = 24
        let first = try fields.build()
        fields.fragmentOffset = 2
        fields.payloadLength = 64
        let second = try fields.build()
        var reassembly = FragmentReassembly<Int>()
        guard case .held = reassembly.add(first, 0, time: 0) else { Issue.record("not held"); return }
        guard case .dropped = reassembly.add(second, 0, time: 0) else { Issue.record("overlap accepted"); return }
        #expect(reassembly.waiting == 0)
    }

    @Test func `removes the fragment header of an IPv6 datagram in one fragment`() throws {
        var fields = PacketFields()
        fields.family = .inet6
        fields.protocolNumber = 17
        let plain = try fields.build()
        var octets = Array(plain.bytes[..<40]) + [17, 0, 0, 0, 0, 0, 0, 1] + plain.bytes[40...]
        octets[6] = 44
        octets[5] += 8
        var reassembly = FragmentReassembly<Int>()
        guard case .complete(let whole, 3) = reassembly.add(Packet(family: .inet6, bytes: octets), 3, time: 0) else {
            Issue.record("not complete")
            return
        }
        #expect(whole == plain)
    }
}

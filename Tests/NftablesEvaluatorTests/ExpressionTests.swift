// SPDX-License-Identifier: Apache-2.0
// Each expression: holds, does not hold, at the edge, breaks.
import NftablesEvaluator
import NftablesIR
import Testing

@Suite("Expressions")
struct ExpressionTests {
    @Test(arguments: metaCases + payloadCases + registerCases + conntrackCases + optionCases + lookupCases)
    func `an expression holds or ends its rule as in the kernel`(_ example: ExpressionCase) throws {
        let outcome = try run(table(example.expressions), example.packet)
        #expect(outcome.fate == (example.matches ? .accept : .drop))
        #expect(outcome.decisions.first?.rule == (example.matches ? RulePosition(chain: "base", rule: 0) : nil))
        #expect(outcome.trace.isEmpty == !example.matches)
    }

    @Test func `what is set is seen in the outcome`() throws {
        let packet = ipv4(udp(), conntrack: tracked)
        let outcome = try run(
            table([
                .immediate(.one, RegisterValue(host: 0x1234_5678)), .metaStore(.mark, from: .one),
                .metaStore(.priority, from: .one), .conntrackStore(.mark, from: .one),
            ]),
            packet
        )
        #expect(outcome.mark == 0x1234_5678)
        #expect(outcome.priority == 0x1234_5678)
        #expect(outcome.conntrackMark == 0x1234_5678)
        #expect(!outcome.isUntracked)
        #expect(outcome.bytes == packet.bytes)
    }

    @Test(arguments: [RejectKind.icmp(code: 13), .tcpReset, .icmpx(code: 1)])
    func `a reject ends the packet's way`(_ kind: RejectKind) throws {
        let outcome = try run(table([.reject(kind)]), ipv4(udp()))
        #expect(outcome.fate == .reject(kind))
    }

    @Test func `a rewritten DSCP mends the header checksum`() throws {
        // Bytecode of `ip dscp set 46` (kernel facts §11).
        let rewrite: [Expression] = [
            .payloadLoad(.network, offset: 0, length: 2, into: .one),
            .bitwise(.one, into: .one, mask: value(0xff, 0x03), xor: value(0, 46 << 2)),
            .payloadStore(
                .network,
                offset: 0,
                length: 2,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 0
            ),
            .payloadLoad(.network, offset: 1, length: 1, into: .one),
            .compare(.equal, .one, value(46 << 2)),
        ]
        let outcome = try run(table(rewrite), ipv4(udp()))
        #expect(outcome.fate == .accept)
        #expect(outcome.bytes == ipv4Bytes(udp(), tos: 46 << 2))
        #expect(outcome.effects == [.rewrote(offset: 0, [0x45, 46 << 2])])
    }

    @Test func `a rewritten address mends the transport checksum too`() throws {
        var segment = tcp()
        func mended(_ source: [UInt8]) -> [UInt8] {
            segment[16] = 0
            segment[17] = 0
            let sum = big(checksum(source + destination4 + [0, 6] + big(segment.count) + segment))
            segment[16] = sum[0]
            segment[17] = sum[1]
            return segment
        }
        let rewrite: [Expression] = [
            .immediate(.one, value(192, 0, 2, 7)),
            .payloadStore(
                .network,
                offset: 12,
                length: 4,
                from: .one,
                checksumType: 1,
                checksumOffset: 10,
                checksumFlags: 1
            ),
        ]
        let outcome = try run(table(rewrite), ipv4(mended(source4), protocol: 6))
        #expect(Array(outcome.bytes[12..<16]) == [192, 0, 2, 7])
        #expect(Array(outcome.bytes[20...]) == mended([192, 0, 2, 7]))
        #expect(checksum(Array(outcome.bytes[..<20])) == 0)
    }

    @Test func `a write past the end breaks and changes nothing`() throws {
        let packet = ipv4([])
        let outcome = try run(
            table([
                .immediate(.one, value(1, 2)),
                .payloadStore(
                    .network,
                    offset: 19,
                    length: 2,
                    from: .one,
                    checksumType: 0,
                    checksumOffset: 0,
                    checksumFlags: 0
                ),
            ]),
            packet
        )
        #expect(outcome.fate == .drop)
        #expect(outcome.bytes == packet.bytes)
    }
}

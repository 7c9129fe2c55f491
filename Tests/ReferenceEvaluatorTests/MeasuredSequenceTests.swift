// SPDX-License-Identifier: Apache-2.0
// The model's conntrack against what the kernel was seen to do.
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

@Suite struct `TCP sequences measured in the kernel` {
    @Test(arguments: measuredSequences.indices)
    func `are judged as the kernel judged them`(index: Int) throws {
        let any = "source-address any; destination-address any; application any;"
        let policy = "policy p { match { \(any) } then { permit; } }"
        var model = evaluator(
            """
            interfaces {
                ta { unit 0 { family inet { address 10.1.0.1/16; } } }
                tb { unit 0 { family inet { address 10.2.0.1/16; } } }
            }
            security {
                zones { security-zone a { interfaces { ta.0; } } security-zone b { interfaces { tb.0; } } }
                policies { from-zone a to-zone b { \(policy) } from-zone b to-zone a { \(policy) } }
            }
            """
        )
        for (number, line) in measuredSequences[index].enumerated() {
            let words = line.split(separator: " ").map(String.init)
            let isReply = words[1] == "<"
            let segment = try segment(words, isReply: isReply)
            let answer = try model.evaluate(
                PacketVector(
                    id: line,
                    inputInterface: isReply ? "tb" : "ta",
                    outputInterface: isReply ? "ta" : "tb",
                    packet: segment
                )
            )
            let isInvalid = words[7] == "invalid"
            #expect((answer.verdict == .discard) == isInvalid, "sequence \(index), segment \(number): \(line)")
        }
    }

    private func segment(_ words: [String], isReply: Bool) throws -> Packet {
        var ends = (IPAddress(.inet, 0x0a01_0105), IPAddress(.inet, 0x0a02_0505))
        var ports: (UInt16, UInt16) = (40000, 80)
        if isReply {
            ends = (ends.1, ends.0)
            ports = (ports.1, ports.0)
        }
        var fields = PacketFields(6, from: ends.0, to: ends.1, sourcePort: ports.0, destinationPort: ports.1)
        fields.tcpFlags = words[0].reduce(UInt8(0)) { flags, letter in
            flags | (["F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32][letter] ?? 0)
        }
        fields.tcpSequence = UInt32(words[2])
        fields.tcpAcknowledgment = UInt32(words[3])
        fields.tcpWindow = UInt16(words[4])
        var options = words[6] == "-" ? [] : try hexOctets(words[6])
        options += Array(repeating: 1, count: (4 - options.count % 4) % 4)
        let data = try #require(Int(words[5]))
        fields.payloadLength = data
        fields.length = 40 + options.count + data
        let packet = try fields.build()
        // The builder fills the header with no-operations; the checksum follows the options that take their place.
        var bytes = packet.bytes
        bytes.replaceSubrange(40..<40 + options.count, with: options)
        bytes.replaceSubrange(36..<38, with: [0, 0])
        let pseudo = pseudoHeaderSum(source: ends.0, destination: ends.1, protocol: 6, length: bytes.count - 20)
        let checksum = internetChecksum(bytes[20...], initial: pseudo)
        bytes.replaceSubrange(36..<38, with: [UInt8(checksum >> 8), UInt8(truncatingIfNeeded: checksum)])
        return Packet(family: .inet, bytes: bytes)
    }
}

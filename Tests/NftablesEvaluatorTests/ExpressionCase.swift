// SPDX-License-Identifier: Apache-2.0
// What a case of the expression tables is, and short words to write them with.
import NftablesEvaluator
import NftablesIR
import Testing

struct ExpressionCase: CustomTestStringConvertible, Sendable {
    var name: String
    var packet: Packet
    var expressions: [Expression]
    var matches: Bool

    init(_ name: String, _ packet: Packet, _ expressions: [Expression], _ matches: Bool) {
        self.name = name
        self.packet = packet
        self.expressions = expressions
        self.matches = matches
    }

    var testDescription: String { name }
}

let one = Register.one
let tracked = Conntrack.tracked(ConntrackEntry(.established, isReply: true, status: 0x18e, mark: 0x0102_0304))

func nh(_ offset: UInt32, _ length: UInt32) -> Expression {
    .payloadLoad(.network, offset: offset, length: length, into: one)
}

func th(_ offset: UInt32, _ length: UInt32) -> Expression {
    .payloadLoad(.transport, offset: offset, length: length, into: one)
}

func equal(_ bytes: UInt8...) -> Expression { .compare(.equal, one, RegisterValue(bytes)) }

func deviceName(_ text: String) -> Expression {
    .compare(.equal, one, RegisterValue(Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count)))
}

// SPDX-License-Identifier: Apache-2.0
// What can be seen of a packet from outside, for experiments with very many of them.
public import NetworkTypes
import PacketLog

/// What came out of a sandbox after one packet went in.
///
/// Nobody looks inside, so what a chain drops and what the stack loses or keeps look the same.
public enum PacketFate: Hashable, Sendable {
    /// It left by a device, in one piece or in fragments; the first piece stands here.
    case left(device: String, Packet)
    /// It reached the router itself.
    case delivered
    /// It did not get through, and this answer left by a device.
    case answered(Observation.Answer)
    /// Nothing came out.
    case vanished
}

/// What was seen of one packet from outside.
public struct PassedPacket: Hashable, Sendable {
    /// What came out.
    public let fate: PacketFate
    /// What rules of the program logged about it, or about answers to it, in order.
    public let logs: [Observation.LogRecord]
}

extension Evidence {
    /// What rules of the program logged.
    var logs: [Observation.LogRecord] {
        reports.filter { $0.group != ObserverTable.group }.map {
            Observation.LogRecord(group: $0.group, prefix: $0.prefix)
        }
    }

    /// What became of the packet, seen from outside.
    func fate(of packet: Packet) -> PacketFate {
        if reports.contains(where: { $0.group == ObserverTable.group && $0.prefix == ObserverTable.delivery.name }) {
            return .delivered
        }
        guard !emissions.isEmpty else { return .vanished }
        let recognition = AnswerRecognition(to: packet)
        var answer: Observation.Answer?
        for emission in emissions {
            guard let found = recognition.answer(emission.packet) else {
                return .left(device: emission.device, emission.packet)
            }
            answer = answer ?? found
        }
        return answer.map { .answered($0) } ?? .vanished
    }
}

// SPDX-License-Identifier: Apache-2.0
// From what was seen to what it means: the pure half of an experiment.
import NetworkTypes
import NftablesIR
import PacketLog

/// Everything that was seen after one injection.
struct Evidence {
    /// The reports of observers and logging rules, in order.
    var reports: [LoggedPacket]
    /// What left by devices.
    var emissions: [Observation.Emission]
    /// The devices' names by number.
    var devices: [UInt32: String]

    /// What became of the packet.
    func conclusion(about packet: Packet, observers: [String: Observer]) -> Observation {
        let recognition = AnswerRecognition(to: packet)
        var observation = Observation(
            verdict: .accept,
            isLostByStack: false,
            isDeliveredLocally: false,
            passages: [],
            emitted: [],
            answerPassages: [],
            emittedAnswers: [],
            logs: []
        )
        var last: Observer?
        for report in reports {
            guard report.group == ObserverTable.group, let observer = observers[report.prefix] else {
                observation.logs.append(Observation.LogRecord(group: report.group, prefix: report.prefix))
                continue
            }
            let passage = Observation.Passage(
                observer: observer.name,
                hook: observer.hook,
                priority: observer.priority,
                input: devices[report.input],
                output: devices[report.output],
                mark: report.mark,
                bytes: report.bytes
            )
            if let answer = Packet(bytes: report.bytes).flatMap(recognition.answer) {
                observation.answer = observation.answer ?? answer
                observation.answerPassages.append(passage)
            } else {
                observation.passages.append(passage)
                observation.isDeliveredLocally = observation.isDeliveredLocally || observer.isDelivery
                last = observer
            }
        }
        for emission in emissions {
            if let answer = recognition.answer(emission.packet) {
                observation.answer = observation.answer ?? answer
                observation.emittedAnswers.append(emission)
            } else {
                observation.emitted.append(emission)
            }
        }
        if observation.emitted.isEmpty, !observation.isDeliveredLocally {
            observation.droppingChain = last?.next
            observation.isLostByStack = last?.next == nil
            if last?.next != nil {
                observation.verdict = observation.answer.map { .reject($0) } ?? .discard
            }
        }
        return observation
    }
}

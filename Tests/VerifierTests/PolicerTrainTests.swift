// SPDX-License-Identifier: Apache-2.0
// Policers against time: model and program decide every packet of a train as a person computed.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing
import Verifier

/// What a train's fates are called.
private func fate(_ isDropped: Bool, _ level: UInt8) -> Character {
    isDropped ? "D" : ["G", "Y", "Y", "R"][Int(level)]
}

/// The packets of a burst, a vector each.
func vectors(_ burst: PolicedBurst) throws -> [PacketVector] {
    var fields = PacketFields(
        17,
        from: IPAddress(.inet, 0x0a01_0000 + UInt128(burst.host)),
        to: IPAddress(.inet, 0x0a02_0009),
        sourcePort: UInt16(burst.port),
        destinationPort: 80
    )
    fields.length = burst.length
    let vector = PacketVector(
        id: "\(burst.time) ms",
        time: burst.time / 1000,
        inputInterface: "eth1.0",
        outputInterface: "eth2.0",
        packet: try fields.build()
    )
    return Array(repeating: vector, count: burst.count)
}

@Suite struct `Policers against time` {
    @Test(arguments: policerTrains) func `model and program judge as computed`(_ train: PolicerTrain) throws {
        let sample = try Sample(train.name, train.configuration)
        var model = ReferenceEvaluator(sample.configuration)
        var program = ProgramPath(sample.table, configuration: sample.configuration)
        var exceeded: [String: UInt64] = [:]
        for burst in train.bursts {
            var said = ""
            var done = ""
            for vector in try vectors(burst) {
                let answer = try model.evaluate(vector)
                said.append(fate(answer.verdict == .discard, answer.lossPriority.rawValue))
                for (key, count) in answer.policers { exceeded[key, default: 0] += count }
                let outcome = try program.run(vector)
                done.append(fate(outcome.verdict == .discard, UInt8(outcome.mark >> 28 & 3)))
                #expect(compare(answer: answer, program: outcome) == [])
            }
            #expect(said == burst.fates, "model, \(burst.length) octets at \(burst.time) ms")
            #expect(done == burst.fates, "program, \(burst.length) octets at \(burst.time) ms")
        }
        let rows = train.exceeded.reduce(into: [String: UInt64]()) { $0["inet:F/\($1.key)-eth1.0-i"] = $1.value }
        #expect(exceeded == rows)
    }
}

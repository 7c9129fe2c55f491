// SPDX-License-Identifier: Apache-2.0
// A wrong program is found by the packets that are chosen.
import JunosModel
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import Testing
import Verifier

@Suite struct MutationTests {
    private static let perSample = 40

    /// Whether some packet of a run shows that a program is another one.
    private func isFound(_ table: Table, _ sample: Sample, _ predictions: [Prediction]) throws -> Bool {
        var path = ProgramPath(table, configuration: sample.configuration)
        for prediction in predictions {
            let outcome = try path.run(prediction.vector, isDroppedByStack: prediction.answer.stack != nil)
            if !compare(answer: prediction.answer, program: outcome).isEmpty { return true }
        }
        return false
    }

    @Test func `wrong verdicts, bounds and elements are found`() throws {
        let seed: UInt64 = 20_261_121
        print("mutation seed \(seed)")
        var misses: [String] = []
        var tried = 0
        for name in Sample.names {
            let sample = try Sample(name)
            var verification = Verification(sample.configuration, table: sample.table)
            let predictions = try choosePackets(sample.configuration, seed: 7).map { try verification.predict($0) }
            for mutation in mutations(of: sample.table, count: Self.perSample, seed: seed) {
                tried += 1
                if try !isFound(mutation.table, sample, predictions) { misses.append("\(name): \(mutation)") }
            }
        }
        for miss in misses { print("not found: \(miss)") }
        #expect(tried >= 200)
        #expect(misses.count * 20 <= tried, "\(misses.count) of \(tried)")
    }
}

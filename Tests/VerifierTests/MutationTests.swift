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
    private static let seed: UInt64 = 20_261_121

    /// Whether some packet of a run shows that a program is another one.
    private func isFound(_ table: Table, _ sample: Sample, _ predictions: [Prediction]) throws -> Bool {
        var path = ProgramPath(table, configuration: sample.configuration)
        for prediction in predictions {
            let outcome = try path.run(prediction.vector, isDroppedByStack: prediction.answer.stack != nil)
            if !compare(answer: prediction.answer, program: outcome).isEmpty { return true }
        }
        return false
    }

    /// Whether packets come to the place at all.
    private func isReached(_ mutation: Mutation, _ sample: Sample, _ predictions: [Prediction]) throws -> Bool {
        var path = ProgramPath(mutation.probed(sample.table), configuration: sample.configuration)
        for prediction in predictions {
            let outcome = try path.run(prediction.vector, isDroppedByStack: prediction.answer.stack != nil)
            if outcome.charges.contains(where: { $0.object == Mutation.probe.name }) { return true }
        }
        return false
    }

    @Test func `wrong verdicts, bounds and elements are found`() throws {
        print("mutation seed \(Self.seed)")
        var found = 0
        var missed: [String] = []
        var unreached: [String] = []
        // Buckets are never exceeded by chosen packets: what stands behind them cannot be seen.
        for name in Sample.names where name != "policing" {
            let sample = try Sample(name)
            var verification = Verification(sample.configuration, table: sample.table)
            let predictions = try choosePackets(sample.configuration, seed: 7).map { try verification.predict($0) }
            for mutation in mutations(of: sample.table, count: Self.perSample, seed: Self.seed) {
                if try isFound(mutation.applied(to: sample.table), sample, predictions) {
                    found += 1
                } else if try isReached(mutation, sample, predictions) {
                    missed.append("\(name): \(mutation)")
                } else {
                    unreached.append("\(name): \(mutation)")
                }
            }
        }
        print("mutations: \(found) found, \(missed.count) not found, \(unreached.count) where no packet comes")
        for miss in missed { print("not found: \(miss)") }
        for place in unreached { print("no packet comes to: \(place)") }
        #expect(found >= 120)
        #expect(missed.count * 20 <= found + missed.count, "\(missed.count) of \(found + missed.count)")
    }
}

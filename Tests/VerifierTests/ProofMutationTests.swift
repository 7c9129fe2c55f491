// SPDX-License-Identifier: Apache-2.0
// The proof against programs made wrong on purpose: it agrees with packets where packets decide, finds what they miss,
// and calls nothing proved that some packet contradicts.
import JunosModel
import NetworkTypes
import NftablesCompiler
import NftablesIR
import ReferenceEvaluator
import SymbolicSemantics
import Testing
import Verifier

@Suite(.timeLimit(.minutes(5))) struct ProofMutationTests {
    private static let perSample = 60
    private static let seed: UInt64 = 20_261_201

    private func logPaths(_ configuration: JunosConfiguration) -> [String: String] {
        var paths: [String: String] = [:]
        for term in configuration.filters.values.lazy.flatMap(\.terms) {
            paths["Sf:" + statementIdentifier(term.source.path)] = term.source.path
        }
        return paths
    }

    private func prove(_ table: Table, _ sample: Sample) -> ProofResult {
        var proof = FilterProof(sample.configuration, table, logPaths: logPaths(sample.configuration))
        return proof.run()
    }

    @Test(arguments: Sample.names) func `a right program is proved`(name: String) throws {
        let sample = try Sample(name)
        let result = prove(sample.table, sample)
        #expect(result.differences.isEmpty, "\(result.differences)")
        #expect(result.open.isEmpty, "\(result.open)")
        #expect(result.classes > 0)
    }

    @Test func `what packets contradict is not proved, and counterexamples are packets`() throws {
        print("proof mutation seed \(Self.seed)")
        var (found, harmless, open) = (0, 0, 0)
        for name in Sample.names {
            let sample = try Sample(name)
            // Sessions and policies are outside this proof: changes there say nothing about it.
            guard sample.configuration.security == nil else { continue }
            var verification = Verification(sample.configuration, table: sample.table)
            let predictions = try choosePackets(sample.configuration, seed: 7).map { try verification.predict($0) }
            for mutation in mutations(of: sample.table, count: Self.perSample, seed: Self.seed) {
                let wrong = mutation.applied(to: sample.table)
                let result = prove(wrong, sample)
                if result.isProved {
                    harmless += 1
                    let isContradicted = try isFound(wrong, sample, predictions)
                    #expect(!isContradicted, "\(name): proved, but packets differ: \(mutation)")
                } else if result.differences.isEmpty {
                    open += 1
                } else {
                    found += 1
                }
            }
        }
        print("proof mutations: \(found) found, \(harmless) proved harmless, \(open) left open")
        #expect(found > 0)
    }

    /// Whether some packet of a run shows that a program is another one.
    private func isFound(_ table: Table, _ sample: Sample, _ predictions: [Prediction]) throws -> Bool {
        var path = ProgramPath(table, configuration: sample.configuration)
        for prediction in predictions {
            let outcome = try path.run(prediction.vector, isDroppedByStack: prediction.answer.stack != nil)
            if !compare(answer: prediction.answer, program: outcome).isEmpty { return true }
        }
        return false
    }
}

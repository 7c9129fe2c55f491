// SPDX-License-Identifier: Apache-2.0
// Verdicts of outside oracles about policies: generated ones of aerleon, and the expectations of a network analyser. Their
// verdicts about filters go through the kernel too: KernelTests, Evidence of the corpus.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Outside oracles about policies` {
    @Test(arguments: [
        "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "big-01k", "big-05k", "big-20k",
    ])
    func `of generated ones agree`(name: String) throws {
        let vectors = try VerdictVectors(name).vectors
        let text = try corpusText("aerleon/generated/\(name)/srx-policy.conf" + (name.hasPrefix("big") ? ".gz" : ""))
        let policies = configuration(text)
        let model = ReferenceEvaluator(policies)
        let zones = (policies.security?.policyContexts ?? []).first.map { ($0.fromZone, $0.toZone) }
        #expect(!vectors.isEmpty)
        var disagreements: [String] = []
        for vector in vectors {
            let decision = model.lookUpPolicy(from: zones?.0, to: zones?.1, try vector.packet())
            if decision.map({ ($0.action == .permit) == vector.isAccepted }) != true {
                disagreements.append("\(vector) by \(decision?.path ?? "nothing")")
            }
        }
        #expect(disagreements.isEmpty, "\(disagreements.count) of \(vectors.count): \(disagreements.prefix(5))")
    }

    @Test func `of a network analyser agree`() throws {
        var checked = 0
        for (name, file) in try AnalyserExpectations.all() {
            let model = ReferenceEvaluator(configuration(try corpusText("batfish-junos/\(file.config)")))
            for expectation in file.expectations
            where expectation.kind == "security-policy" && expectation.advisory != true {
                guard let packet = try expectation.packet?.packet(expectation.family) else {
                    Issue.record("\(expectation.id) of \(name) has no packet")
                    continue
                }
                let found = model.lookUpPolicy(from: expectation.fromZone, to: expectation.toZone, packet)
                checked += 1
                #expect((found?.action == .permit) == (expectation.verdict == "permit"), "\(expectation.id)")
            }
        }
        print("expectations about policies: \(checked)")
        #expect(checked > 20)
    }
}

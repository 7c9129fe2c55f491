// SPDX-License-Identifier: Apache-2.0
// Model and compiled program say the same about every chosen packet.
import NetworkTypes
import Testing
import Verifier

@Suite struct AgreementTests {
    @Test(arguments: Sample.names) func `a compiled configuration does what its model says`(name: String) throws {
        let sample = try Sample(name)
        let vectors = choosePackets(sample.configuration, seed: 7)
        #expect(vectors.count >= 1000)
        let report = try sample.verify(vectors)
        #expect(report.checked == vectors.count)
        #expect(report.mismatches.isEmpty, "\(name): \(report.text(limit: 12))")
    }
}

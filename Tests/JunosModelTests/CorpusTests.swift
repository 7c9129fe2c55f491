// SPDX-License-Identifier: Apache-2.0
// Every configuration of the corpus: extraction always ends, and what it refuses is refused for a reason we name.
import Diagnostics
import Foundation
import JunosModel
import JunosSyntax
import Testing
import TestSupport

@Suite
struct CorpusTests {
    @Test
    func `every configuration of the corpus is extracted, and only names of diagnostics that are documented appear`()
        throws
    {
        var counts: [String: Int] = [:]
        var samples: [String: String] = [:]
        for (name, text) in try corpusConfigurations() {
            let result = extract(text)
            for diagnostic in result.diagnostics {
                let key = "\(diagnostic.severity.rawValue) \(diagnostic.code)"
                counts[key, default: 0] += 1
                samples[key] = samples[key] ?? "\(name): \(diagnostic.text)"
                if ProcessInfo.processInfo.environment["SLUICE_CORPUS_DIAGNOSTICS"] != nil {
                    print("\(name): \(diagnostic.code): \(diagnostic.text)")
                }
            }
        }
        for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
            print("\(key): \(count), first \(samples[key] ?? "")")
        }
        #expect(!counts.isEmpty)
    }
}

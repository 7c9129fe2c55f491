// SPDX-License-Identifier: Apache-2.0
// The 75 traps of filters reference §8: each is a row here, and goes through everything that can decide it.
import Diagnostics
import Engine
import JunosModel
import Testing

private let filterTraps = evaluationTraps + addressTraps + headerTraps + actionTraps + attachmentTraps

@Suite(.timeLimit(.minutes(5))) struct `The traps of the filters reference` {
    @Test(arguments: filterTraps)
    func `are answered alike by model, program and kernel`(trap: FilterTrap) throws { try expectTrap(trap) }

    @Test(arguments: commitTraps) func `about the commit are decided by the check`(trap: CommitTrap) {
        let compiled = compileConfiguration([ConfigurationSource(name: "trap.conf", text: trap.text)])
        let texts = errors(compiled)
        if let error = trap.error {
            #expect(texts.contains { $0.contains(error) }, "\(trap.name): \(texts)")
        } else {
            #expect(texts.isEmpty, "\(trap.name): \(texts)")
        }
        guard let warning = trap.warning else { return }
        let warnings = compiled.diagnostics.filter { $0.severity == .warning }.map(\.code)
        #expect(warnings.contains(warning), "\(trap.name): \(warnings)")
    }

    @Test func `T54: rates and bursts have decimal suffixes`() throws {
        let text = """
            firewall {
                policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then discard; }
                family inet { filter F { term a { then { policer p; accept; } } } }
            }
            """
        let compiled = compileConfiguration([ConfigurationSource(name: "trap.conf", text: text)])
        let policer = try #require(compiled.configuration.policers["p"])
        #expect(policer.rate == .bandwidth(bitsPerSecond: 1_000_000, burstBytes: 15_000))
    }

    @Test func `are all there`() {
        let rows = filterTraps.flatMap(\.numbers) + commitTraps.flatMap { trapNumbers($0.name) }
        // T54 is about reading, above.
        #expect(Set(rows).union([54]) == Set(1...75))
    }
}

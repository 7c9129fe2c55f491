// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 through model, program and kernel; about half a minute.
import Diagnostics
import Engine
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// Every row.
let flowTraps = sessionTraps + sessionEndTraps + divergenceTraps + policyTraps

@Suite struct `Flow traps of the reference` {
    @Test(.timeLimit(.minutes(2)), arguments: flowTraps)
    func `sessions and policies`(trap: FlowTrap)
        throws
    {
        var run = try TrapRun(trap)
        try run.run()
    }

    @Test(arguments: [
        (36, "security { address-book { global { address A 192.0.2.4/24; } } }", "host-bits"),
        (
            52,
            trapFirewall(more: "forwarding-options { family { inet { mode packet-based; } } }"),
            "packet-mode-with-policies"
        ),
    ])
    func `commit errors`(number: Int, configuration: String, code: String) {
        let found = compileConfiguration([ConfigurationSource(name: "test.conf", text: configuration)]).diagnostics
        #expect(found.contains { $0.severity == .error && $0.code == code }, "\(number): \(found.map(\.text))")
    }

    /// Traps that are told elsewhere, or belong to what is not built yet.
    private static let elsewhere: [Int: String] = [
        15: "policy-rematch", 16: "policy-rematch", 33: "policy-rematch", 53: "schedulers", 36: "a commit error, above",
        52: "a commit error, above", 56: "gateways are not built",
    ].merging((37...43).map { ($0, "addresses are not translated") }) { first, _ in first }
        .merging((44...49).map { ($0, "screens are not built") }) { first, _ in first }

    @Test func `every trap has its place`() {
        let covered = Set(flowTraps.flatMap(\.numbers))
        #expect(covered.isDisjoint(with: Self.elsewhere.keys))
        #expect(covered.union(Self.elsewhere.keys) == Set(1...62))
    }
}

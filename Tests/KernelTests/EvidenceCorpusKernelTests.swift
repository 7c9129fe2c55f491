// SPDX-License-Identifier: Apache-2.0
// Generated SRX policies with an outside first-match oracle, through the real kernel.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

private let names = ["p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10"]

/// How many packets of each policy are sent.
private let most = 150

@Suite struct `Corpus policies in a real kernel` {
    private static let interfaces = """
        set interfaces eth1 unit 0 family inet address 192.0.2.1/30
        set interfaces eth2 unit 0 family inet address 192.0.2.5/30
        """

    /// The policy between zones trust, on `eth1`, and untrust, on `eth2`.
    private static func policySources(_ name: String) throws -> [ConfigurationSource] {
        let zones = """
            set security zones security-zone trust interfaces eth1.0
            set security zones security-zone untrust interfaces eth2.0
            set security forwarding-options family inet6 mode flow-based
            """
        return [
            .init(name: "policy", text: try corpusText("aerleon/generated/\(name)/srx-policy.conf")),
            .init(name: "zones", text: interfaces + "\n" + zones),
        ]
    }

    @Test(arguments: names) func `policies decide first packets as the oracle says`(name: String) throws {
        try agree(try Self.policySources(name), name)
    }

    private func agree(_ sources: [ConfigurationSource], _ name: String) throws {
        let compiled = compileConfiguration(sources)
        try #require(compiled.isValid, "\(errors(compiled).prefix(5))")
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let all = try VerdictVectors(name).vectors
        var model = ReferenceEvaluator(compiled.configuration)
        var wrong: [String] = []
        var (sent, kept, accepted) = (0, 0, 0)
        // Spread over the whole file; every number is coprime to the step or the step is 1.
        for oracle in all.indices.map({ all[$0 * 101 % all.count] }) where sent < most {
            let vector = PacketVector(
                id: "\(oracle)",
                inputInterface: "eth1.0",
                outputInterface: "eth2.0",
                packet: try oracle.packet()
            )
            model.forgetSessions()
            let answer = try model.evaluate(vector)
            // The stack refuses some addresses whatever a policy says (kernel facts §10).
            guard answer.stack == nil else {
                kept += 1
                continue
            }
            sent += 1
            if oracle.isAccepted { accepted += 1 }
            try sandbox.flushSessions()
            let seen = try sandbox.inject(injection(vector))
            let (asked, said) = (answer.verdict == .accept, verdict(seen) == .accept)
            if asked != oracle.isAccepted || said != oracle.isAccepted {
                wrong.append("\(oracle): model \(answer.verdict), kernel \(seen.verdict) \(seen.droppingChain ?? "")")
            }
        }
        print(
            "\(name): \(sent) packets sent, \(accepted) of them to be accepted, \(kept) kept back, \(wrong.count) wrong"
        )
        #expect(sent == min(most, all.count - kept) && sent > 100)
        #expect(accepted > 0 && accepted < sent)
        #expect(wrong.isEmpty, "\(wrong.count) of \(sent): \(wrong.prefix(3))")
    }
}

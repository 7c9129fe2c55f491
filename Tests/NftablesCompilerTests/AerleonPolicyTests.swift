// SPDX-License-Identifier: Apache-2.0
// Generated SRX policies, compiled and run by the program evaluator, against an outside first-match oracle.
import Diagnostics
import JunosLowering
import JunosModel
import JunosSyntax
import NetworkTypes
import NftablesCompiler
import NftablesEvaluator
import NftablesIR
import TestSupport
import Testing

@Suite struct AerleonPolicyTests {
    /// What the generated policies leave out.
    private static let zones = """
        set interfaces eth1 unit 0 family inet address 192.0.2.1/30
        set interfaces eth2 unit 0 family inet address 192.0.2.5/30
        set security zones security-zone trust interfaces eth1.0
        set security zones security-zone untrust interfaces eth2.0
        set security forwarding-options family inet6 mode flow-based
        """

    @Test(arguments: ["p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "big-01k"])
    func `compiled policies decide first packets as the oracle says`(name: String) throws {
        let vectors = try VerdictVectors(name)
        let text = try corpusText("aerleon/generated/\(name)/srx-policy.conf" + (name.hasPrefix("big") ? ".gz" : ""))
        let read = readConfiguration([("policy", text), ("zones", Self.zones)])
        let extracted = extractConfiguration(expandConfiguration(read.tree).tree)
        #expect(!extracted.diagnostics.containsErrors, "\(extracted.diagnostics.filter { $0.severity == .error })")
        let lowered = lowerConfiguration(extracted.configuration)
        let machine = Machine(compileProgram(lowered.policy))
        var state = MachineState()
        var wrong: [String] = []
        for vector in vectors.vectors {
            let packet = try vector.packet()
            let outcome = try machine.run(
                .forward,
                NftablesEvaluator.Packet(
                    packet.bytes,
                    family: packet.family == .inet ? .ipv4 : .ipv6,
                    input: InterfaceName("eth1"),
                    output: InterfaceName("eth2"),
                    conntrack: .tracked(ConntrackEntry(.new))
                ),
                at: 0,
                state: &state,
                recordingTrace: false
            )
            let isOwned = outcome.conntrackMark.map { $0 != 0 } ?? false
            if (outcome.fate == .accept) != vector.isAccepted || isOwned != vector.isAccepted {
                wrong.append("\(vector): \(outcome.fate), owner \(outcome.conntrackMark ?? 0)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(vectors.vectors.count): \(wrong.prefix(3))")
    }
}

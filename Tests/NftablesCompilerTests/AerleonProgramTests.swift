// SPDX-License-Identifier: Apache-2.0
// Generated filters, compiled and run by the program evaluator, against an outside first-match oracle.
import JunosLowering
import JunosModel
import JunosSyntax
import NetworkTypes
import NftablesCompiler
import NftablesEvaluator
import NftablesIR
import TestSupport
import Testing

@Suite struct AerleonProgramTests {
    @Test(arguments: ["p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "big-01k"])
    func `compiled filters decide as the oracle says`(name: String) throws {
        let vectors = try VerdictVectors(name)
        let text = try corpusText(
            "aerleon/generated/\(name)/juniper-filter.conf" + (name.hasPrefix("big") ? ".gz" : "")
        )
        let read = readConfiguration([("filter", text)])
        var configuration = extractConfiguration(expandConfiguration(read.tree).tree).configuration
        var families: [FilterFamily: FamilyConfiguration] = [:]
        let source = StatementReference(path: "interfaces eth1 unit 0")
        for filter in configuration.filters.keys {
            families[filter.family] = FamilyConfiguration(
                input: FilterAttachment(filters: [filter.name], isList: false, source: source)
            )
        }
        #expect(!families.isEmpty)
        configuration.interfaces = [
            LogicalInterface(physicalName: "eth1", unit: 0, device: "eth1", families: families, source: source)
        ]
        let lowered = lowerConfiguration(configuration)
        #expect(lowered.diagnostics.isEmpty)
        let machine = Machine(compileProgram(lowered.policy))
        var state = MachineState()
        var wrong: [String] = []
        for vector in vectors.vectors {
            let packet = try vector.packet()
            let family: PacketFamily = packet.family == .inet ? .ipv4 : .ipv6
            let outcome = try machine.run(
                .prerouting,
                NftablesEvaluator.Packet(packet.bytes, family: family, input: InterfaceName("eth1")),
                at: 0,
                state: &state,
                recordingTrace: false
            )
            if (outcome.fate == .accept) != vector.isAccepted { wrong.append("\(vector): \(outcome.fate)") }
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(vectors.vectors.count): \(wrong.prefix(3))")
    }
}

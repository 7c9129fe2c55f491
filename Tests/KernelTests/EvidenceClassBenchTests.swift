// SPDX-License-Identifier: Apache-2.0
// Filters of 1,000 and 10,000 terms: every packet of their traces through the kernel, and every term's counter.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Large filters with traces` {
    /// A filter, and how many of a trace's different packets the model is asked about: one of so many.
    @Test(arguments: [
        ("acl-1k", 1), ("fw-1k", 1), ("ipc-1k", 1), ("acl-10k", 8), ("fw-10k", 8), ("ipc-10k", 8),
    ])
    func `count in the kernel what the trace says, and the model agrees`(name: String, modelled: Int) throws {
        let set = try ClassBenchSet(name)
        let compiled = compileConfiguration(try set.sources())
        try #require(compiled.isValid, "\(errors(compiled).prefix(5))")
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table, isObserved: false)
        let fates = try sandbox.pass(
            set.entries.map { Injection($0.packet, from: .device("eth1"), to: .device("eth2")) }
        ).map(\.fate)
        let readings = try sandbox.counters()
        var counted: [String: UInt64] = [:]
        var unmatched: UInt64 = 0
        for statistic in Statistics(readings).filters where statistic.value.packets > 0 {
            #expect(statistic.filter == name && statistic.interface == "eth1.0" && statistic.direction == "i")
            switch statistic.kind {
            case .counter: counted[statistic.name] = statistic.value.packets
            case .implicitDiscard: unmatched = statistic.value.packets
            case .policer: Issue.record("a policer, where there is none")
            }
        }
        #expect(counted == set.histogram)
        #expect(unmatched == UInt64(set.entries.count { $0.rule == 0 }))

        var model = ReferenceEvaluator(compiled.configuration)
        var different: Set<Packet> = []
        var wrong: [String] = []
        for (entry, fate) in zip(set.entries, fates) {
            let isAccepted = entry.rule > 0 && set.accepts[entry.rule - 1]
            let isOut = if case .left("eth2", _) = fate { true } else { false }
            guard isAccepted || !isOut else {
                wrong.append("rule \(entry.rule) discards, but the kernel: \(fate)")
                continue
            }
            guard different.insert(entry.packet).inserted, different.count % modelled == 0 else { continue }
            let vector = PacketVector(
                id: "",
                inputInterface: "eth1.0",
                outputInterface: "eth2.0",
                packet: entry.packet
            )
            let answer = try model.evaluate(vector)
            let key = "inet:\(name)/\(ClassBenchSet.term(entry.rule))-eth1.0-i"
            let isRight =
                (answer.verdict == .accept) == isAccepted && answer.counters == (entry.rule > 0 ? [key: 1] : [:])
            if !isRight || isOut != (isAccepted && answer.stack == nil) {
                wrong.append("rule \(entry.rule): model \(answer.decidedBy ?? "-") \(answer.counters), kernel \(fate)")
            }
        }
        #expect(wrong.count == 0, "\(wrong.count): \(wrong.prefix(3))")
        print(
            "\(name): \(set.entries.count) packets, \(counted.count) terms met, \(different.count / modelled) asked twice"
        )
    }
}

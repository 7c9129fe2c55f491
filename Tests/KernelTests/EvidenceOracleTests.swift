// SPDX-License-Identifier: Apache-2.0
// Filters with an outside oracle: every vector of the generated policies and every expectation of a network analyser,
// through the model and through the real kernel.
import Diagnostics
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// Interfaces for configurations that have none: what is asked arrives at `eth1`.
private let devices = """
    set interfaces eth1 unit 0 family inet address 192.0.2.1/30
    set interfaces eth2 unit 0 family inet address 192.0.2.5/30
    """

@Suite(.timeLimit(.minutes(10))) struct `Outside oracles about filters` {
    @Test(arguments: [
        "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "big-01k", "big-05k", "big-20k",
    ])
    func `of generated ones agree with model and kernel on every vector`(name: String) throws {
        let suffix = name.hasPrefix("big") ? ".gz" : ""
        let text = try corpusText("aerleon/generated/\(name)/juniper-filter.conf\(suffix)")
        // The generator calls the filters of both families alike.
        let attachments = ["inet", "inet6"].compactMap { family in
            filterName(of: family, in: text).map {
                "set interfaces eth1 unit 0 family \(family) filter input \($0)"
            }
        }
        #expect(!attachments.isEmpty)
        let compiled = compileConfiguration([
            ConfigurationSource(name: name, text: text),
            ConfigurationSource(name: "interfaces", text: ([devices] + attachments).joined(separator: "\n")),
        ])
        try #require(compiled.isValid, "\(errors(compiled).prefix(5))")
        let vectors = try VerdictVectors(name).vectors
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let packets = try vectors.map { try $0.packet() }
        let seen = try sandbox.inject(packets.map { Injection($0, from: .device("eth1"), to: .device("eth2")) })
        var model = ReferenceEvaluator(compiled.configuration)
        var wrong: [String] = []
        var unseen = 0
        for ((vector, packet), seen) in zip(zip(vectors, packets), seen) {
            let answer = try model.evaluate(
                PacketVector(id: "", inputInterface: "eth1.0", outputInterface: "eth2.0", packet: packet)
            )
            // What the chains said: some addresses the stack refuses afterwards, whatever a filter says.
            var (asked, said) = (answer.verdict == .accept, seen.verdict == .accept)
            if answer.stackReach == .nothing {
                // And some before any hook, so that only the model has an answer to the filter's question.
                #expect(seen.passages.isEmpty && seen.emitted.isEmpty, "\(vector)")
                let filter = FilterName(
                    packet.family == .inet ? .inet : .inet6,
                    filterName(of: packet.family.rawValue, in: text) ?? ""
                )
                asked = try model.evaluate(filter: filter, PacketVector(id: "", packet: packet)).verdict == .accept
                said = asked
                unseen += 1
            }
            if asked != vector.isAccepted || said != vector.isAccepted {
                wrong.append("\(vector): model \(answer.verdict), kernel \(seen.verdict)")
            }
        }
        let accepted = vectors.count { $0.isAccepted }
        print(
            "\(name): \(vectors.count) packets, \(accepted) of them to be accepted, \(unseen) before any hook, \(wrong.count) wrong"
        )
        #expect(accepted > 0 && accepted < vectors.count && seen.count == vectors.count)
        #expect(unseen < vectors.count / 20)
        #expect(wrong.isEmpty, "\(wrong.count) of \(vectors.count): \(wrong.prefix(3))")
    }

    private func filterName(of family: String, in text: String) -> String? {
        var isInside = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "family" { isInside = words.count > 1 && words[1] == family }
            if isInside, words.first == "filter", words.count > 1 { return String(words[1]) }
            if isInside, words.starts(with: ["replace:", "filter"]), words.count > 2 { return String(words[2]) }
        }
        return nil
    }

    @Test func `of a network analyser agree with model and kernel`() throws {
        var checked = 0
        for (name, file) in try AnalyserExpectations.all() {
            let text = try corpusText("batfish-junos/\(file.config)")
            for expectation in file.expectations
            where ["filter", "interface-filter"].contains(expectation.kind) && expectation.advisory != true {
                checked += 1
                try agree(expectation, text, file.objections, name)
            }
        }
        print("expectations about filters: \(checked)")
        #expect(checked == 37)
    }

    private func agree(
        _ expectation: AnalyserExpectations.Expectation,
        _ text: String,
        _ objections: [String],
        _ name: String
    ) throws {
        let what: Comment = "\(expectation.id) of \(name)"
        let family = expectation.family ?? "inet"
        // Interfaces get a device of ours; a filter alone is attached to `eth1`.
        let interface = expectation.interface ?? "eth1.0"
        let physical = String(interface.prefix { $0 != "." })
        let lines =
            expectation.interface == nil
            ? ["set interfaces eth1 unit 0 family \(family) filter input \(expectation.filter ?? "")"]
            : ["set interfaces \(physical) apply-macro linux device eth1"]
        let compiled = compileConfiguration([
            ConfigurationSource(name: name, text: text),
            ConfigurationSource(
                name: "test",
                text: (lines + ["set interfaces eth2 unit 0 family inet address 192.0.2.5/30"]).joined(separator: "\n")
            ),
        ])
        // Only what the corpus itself calls questionable may be refused; it is evaluated leniently.
        #expect(!objections.isEmpty || filterErrors(compiled).isEmpty, "\(what): \(filterErrors(compiled))")
        let packet = try #require(try expectation.packet?.packet(family), what)
        let isInput = expectation.direction != "output"
        let vector = PacketVector(
            id: expectation.id,
            inputInterface: isInput ? interface : "eth2.0",
            outputInterface: isInput ? "eth2.0" : interface,
            packet: packet
        )
        var model = ReferenceEvaluator(compiled.configuration)
        let answer = try model.evaluate(vector)
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let seen = try sandbox.inject(
            Injection(
                packet,
                from: .device(isInput ? "eth1" : "eth2"),
                to: .device(isInput ? "eth2" : "eth1")
            )
        )
        let isAccepted = expectation.verdict == "accept"
        #expect((answer.verdict == .accept) == isAccepted, "model, \(what), by \(answer.decidedBy ?? "nothing")")
        #expect((seen.verdict == .accept) == isAccepted, "kernel, \(what): \(seen.droppingChain ?? "accepted")")
    }

    /// Errors that are about filters and not about interfaces without a device.
    private func filterErrors(_ compiled: CompiledConfiguration) -> [String] {
        compiled.diagnostics.filter { $0.severity == .error && $0.path.hasPrefix("firewall") }.map(\.text)
    }
}

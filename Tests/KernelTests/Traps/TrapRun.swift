// SPDX-License-Identifier: Apache-2.0
// Asks all three voices about a trap: the model, the program as the kernel gives it back, and real packets.
import Diagnostics
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import TestSupport
import Testing
import Verifier

/// What a trap expects of one packet, taken apart.
private struct TrapExpectation {
    var verdict = ""
    var message: String?
    var counters: [String: UInt64] = [:]
    var policers: [String: UInt64] = [:]
    var isLogged = false

    init(_ text: String, family: AddressFamily) {
        for (index, word) in text.split(separator: " ").map(String.init).enumerated() {
            let parts = word.split(separator: "=").map(String.init)
            if index == 0 {
                verdict = word
            } else if parts.count == 2, let count = UInt64(parts[1]) {
                if parts[0].hasPrefix("over:") {
                    policers[Self.key(String(parts[0].dropFirst(5)), family)] = count
                } else {
                    counters[Self.key(parts[0], family)] = count
                }
            } else if word == "logged" {
                isLogged = true
            } else {
                message = word
            }
        }
    }

    private static func key(_ name: String, _ family: AddressFamily) -> String {
        name.contains("/") ? name : "\(family.rawValue):F/\(name)-eth1.0-i"
    }
}

/// Runs one trap in a sandbox of its own.
func expectTrap(_ trap: FilterTrap) throws {
    let compiled = compileConfiguration([ConfigurationSource(name: "trap.conf", text: trap.text)])
    try #require(compiled.isValid, "\(trap.name): \(errors(compiled))")
    if let warnings = trap.warnings {
        let given = Set(compiled.diagnostics.filter { $0.severity == .warning }.map(\.code))
        #expect(given.isSuperset(of: warnings), "\(trap.name): \(given)")
    }
    let sandbox = try makeSandbox(of: compiled.configuration)
    defer { sandbox.stop() }
    try sandbox.load(compiled.table)
    let read = try sandbox.read()
    let vectors = try trap.packets.enumerated().map { try trapVector($0.element.line, $0.offset) }
    let devices = Dictionary(
        compiled.configuration.interfaces.compactMap { interface in interface.device.map { (interface.name, $0) } }
    ) { first, _ in first }
    // All at once, so that as little time as possible lies between packets that meet one bucket.
    let observations = try sandbox.inject(vectors.map { trapInjection($0, devices) }, readsCounters: true)
    var model = ReferenceEvaluator(compiled.configuration)
    var program = ProgramPath(read, configuration: compiled.configuration)
    for ((row, vector), seen) in zip(zip(trap.packets, vectors), observations) {
        let what: Comment = "\(trap.name): \(row.line)"
        let expected = TrapExpectation(row.expected, family: vector.packet.family)
        let answer = try model.evaluate(vector)
        let outcome = try program.run(vector, isDroppedByStack: answer.stack != nil)

        #expect(answer.verdict.rawValue == expected.verdict, "model, \(what)")
        #expect(answer.rejectWith == expected.message, "model, \(what)")
        #expect(answer.counters == expected.counters, "model, \(what)")
        #expect(answer.policers == expected.policers, "model, \(what)")
        #expect(answer.logs.isEmpty != expected.isLogged, "model, \(what)")

        let reply = expected.message.flatMap { ReplyKind(junosKeyword: $0, family: vector.packet.family) }
        #expect(outcome.verdict.description == expected.verdict, "program, \(what)")
        #expect(outcome.reply == reply, "program, \(what)")

        let (verdict, answered) = trapVerdict(seen)
        #expect(verdict == expected.verdict, "kernel, \(what)")
        #expect(answered == reply || verdict != "reject", "kernel, \(what)")
        #expect(seen.logs.isEmpty != expected.isLogged, "kernel, \(what)")
        let charged = Statistics(try #require(seen.counters).filter { $0.value.packets > 0 })
        #expect(keys(charged, .counter) == expected.counters, "kernel, \(what)")
        #expect(keys(charged, .policer) == expected.policers, "kernel, \(what)")
        let differences = compare(answer: answer, program: outcome)
        #expect(differences.isEmpty, "\(what)")
    }
    guard !trap.shown.isEmpty else { return }
    let statistics = Statistics(try sandbox.counters())
    let sources = OperationalSources(
        configuration: compiled.configuration,
        statistics: { statistics },
        links: { [:] },
        firewallLog: { [] },
        clearStatistics: { _ in },
        clearFirewallLog: {}
    )
    let shown = try carryOut(["show", "firewall"], from: sources).text
    let table = shownRows(shown)
    for expected in trap.shown {
        #expect(table[expected.filter] == expected.rows, "\(trap.name): \(shown)")
    }
    #expect(table.count == trap.shown.count, "\(trap.name): \(shown)")
}

/// A row's packet with its way, `eth1>eth2` where none stands in front of it.
private func trapVector(_ line: String, _ index: Int) throws -> PacketVector {
    let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
    let way = (parts.count > 1 ? parts[0] : "eth1>eth2").split(separator: ">").map(String.init)
    func interface(_ name: String) -> String {
        name == PacketVector.local || name.contains(".") ? name : "\(name).0"
    }
    return PacketVector(
        id: "\(index)",
        // The model's clock: so little that no bucket is filled between packets.
        time: Double(index) / 1_000_000,
        inputInterface: interface(way[0]),
        outputInterface: interface(way[1]),
        packet: try packet(parts[parts.count - 1])
    )
}

private func trapInjection(_ vector: PacketVector, _ devices: [String: String]) -> Injection {
    let input = vector.inputInterface.flatMap { devices[$0] }
    let output = vector.outputInterface.flatMap { devices[$0] }
    return Injection(
        vector.packet,
        from: input.map { .device($0) } ?? .router,
        to: output.map { .device($0) } ?? .local
    )
}

/// What the chains decided, whatever the stack does afterwards.
private func trapVerdict(_ seen: Observation) -> (verdict: String, reply: ReplyKind?) {
    switch seen.verdict {
    case .accept: ("accept", nil)
    case .discard: ("discard", nil)
    case .reject(.tcpReset): ("reject", .tcpReset)
    case .reject(.icmp(_, let code)): ("reject", .unreachable(code: code))
    }
}

private func keys(_ statistics: Statistics, _ kind: FilterStatistic.Kind) -> [String: UInt64] {
    statistics.filters.filter { $0.kind == kind }.reduce(into: [:]) { result, statistic in
        let instance = "\(statistic.name)-\(statistic.interface)-\(statistic.direction)"
        let pass = statistic.isSecondPass ? "@routing-engine" : ""
        result["\(statistic.family):\(statistic.filter)/\(instance)\(pass)"] = statistic.value.packets
    }
}

/// Names and packets of `show firewall` by filter.
private func shownRows(_ text: String) -> [String: [String: UInt64]] {
    var result: [String: [String: UInt64]] = [:]
    var filter = ""
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        if words.first == "Filter:", words.count == 2 {
            filter = words[1]
            result[filter] = [:]
        } else if words.count == 3, let packets = UInt64(words[2]) {
            result[filter, default: [:]][words[0]] = packets
        }
    }
    return result
}

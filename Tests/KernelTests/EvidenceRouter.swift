// SPDX-License-Identifier: Apache-2.0
// A configuration text as a router that model, program and kernel play together, with what a person expects of it.
import Diagnostics
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import Testing
import Verifier

/// One packet and what the seed says about it, written by hand.
struct Expected {
    /// The packet as a line of a vector file.
    var packet: String
    /// Its fate.
    var verdict: PacketVerdict
    /// Every counter, policer and policy that is charged, by its name in the kernel.
    var counters: [String: UInt64] = [:]
    /// What only the kernel counts, by its name: implicit discards, drops in front of policies, the default policy.
    var uncalled: [String: UInt64] = [:]
    /// What it is to sessions.
    var session = SessionEffect.none
    /// The statement that decides; nil: not said.
    var decidedBy: String?

    init(
        _ packet: String,
        _ verdict: PacketVerdict,
        _ counters: [String: UInt64] = [:],
        uncalled: [String: UInt64] = [:],
        session: SessionEffect = .none,
        decidedBy: String? = nil
    ) {
        self.packet = packet
        self.verdict = verdict
        self.counters = counters
        self.uncalled = uncalled
        self.session = session
        self.decidedBy = decidedBy
    }
}

/// A vector that arrives on `eth1` and leaves by `eth2` unless `more` says otherwise.
func vector(_ name: String, port: Int = 1000, in input: String = "eth1", out: String = "eth2", _ more: String = "")
    -> String
{
    let ports = name == "udp" || name == "tcp" ? ",\"source-port\":4000,\"destination-port\":\(port)" : ""
    let addresses =
        more.contains("\"source\"")
        ? ""
        : input == "eth1"
            ? ",\"source\":\"10.1.0.9\",\"destination\":\"\(out == "local" ? "10.1.0.1" : "10.2.0.9")\""
            : ",\"source\":\"10.2.0.9\",\"destination\":\"\(out == "local" ? "10.2.0.1" : "10.1.0.9")\""
    return "{\"in\":\"\(input)\",\"out\":\"\(out)\",\"protocol\":\"\(name)\"\(ports)\(addresses)"
        + (more.isEmpty ? "" : ",\(more)") + "}"
}

/// Compiles a text; commit errors fail the test.
func compiled(_ text: String, _ location: Testing.SourceLocation = #_sourceLocation) throws -> CompiledConfiguration {
    let compiled = compileConfiguration([ConfigurationSource(name: "test.conf", text: text)])
    try #require(compiled.isValid, "\(errors(compiled))", sourceLocation: location)
    return compiled
}

/// What is wrong with a configuration.
func errors(_ compiled: CompiledConfiguration) -> [String] {
    compiled.diagnostics.filter { $0.severity == .error }.map(\.text)
}

/// Sends packets past the model and through the kernel, holds both against what a person expects, and then lets all
/// three voices compare everything that they say.
func expectRouter(
    _ text: String,
    _ cases: [Expected],
    _ location: Testing.SourceLocation = #_sourceLocation
) throws {
    let compiled = try compiled(text, location)
    let lines = cases.map(\.packet).joined(separator: "\n")
    let vectors = try readPacketVectors(lines, file: "test.jsonl")
    try #require(vectors.count == cases.count && !cases.isEmpty, sourceLocation: location)
    let sandbox = try makeSandbox(of: compiled.configuration)
    defer { sandbox.stop() }
    try sandbox.load(compiled.table)
    var model = ReferenceEvaluator(compiled.configuration)
    for (vector, expected) in zip(vectors, cases) {
        let answer = try model.evaluate(vector)
        let what: Comment = "\(expected.packet), decided by \(answer.decidedBy ?? "nothing")"
        #expect(answer.verdict == expected.verdict, what, sourceLocation: location)
        #expect(answer.session == expected.session, what, sourceLocation: location)
        let charged = expected.counters.reduce(into: [String: UInt64]()) { $0[answerKey($1.key)] = $1.value }
        let tallies = [answer.counters, answer.policers, answer.policyHits]
        let said = tallies.reduce(into: [String: UInt64]()) { $0.merge($1) { $0 + $1 } }
        #expect(said == charged, what, sourceLocation: location)
        if let path = expected.decidedBy { #expect(answer.decidedBy == path, what, sourceLocation: location) }

        var sent = vector
        sent.packet = answer.sent
        let seen = try #require(
            try sandbox.inject([injection(sent)], readsCounters: true).first,
            sourceLocation: location
        )
        #expect(verdict(seen) == expected.verdict, "kernel: \(what)", sourceLocation: location)
        let readings = try #require(seen.counters).mapValues(\.packets).filter { $0.value > 0 }
        let both = expected.counters.merging(expected.uncalled) { $0 + $1 }
        #expect(readings == both, "kernel: \(what)", sourceLocation: location)
    }
    let subject = try verificationSubject(compiled.sources, sandbox: true)
    let outcome = try verify(subject, packets: vectors, seed: 1) { _ in }
    #expect(outcome.report.checked == cases.count, sourceLocation: location)
    #expect(outcome.isClean, "\(outcome.report.text(limit: 3))", sourceLocation: location)
}

/// A sandbox with a configuration's devices, and with conntrack as the configuration needs it.
func makeSandbox(of configuration: JunosConfiguration) throws -> Sandbox {
    try Sandbox(
        interfaces: configuration.interfaces.compactMap { interface in
            interface.device.map {
                SandboxInterface(
                    name: $0,
                    addresses: interface.families.values.flatMap(\.addresses),
                    mtu: interface.mtu
                )
            }
        },
        sysctls: neededSysctls(configuration).filter { $0.key.hasPrefix("net/netfilter/") }
    )
}

/// How a vector is sent; the devices of these tests are called like their interfaces, without the unit.
func injection(_ vector: PacketVector) -> Injection {
    func device(_ name: String) -> String { String(name.prefix { $0 != "." }) }
    let input = vector.inputInterface
    let arrival: Injection.Arrival =
        if let input, input != PacketVector.local { .device(device(input)) } else { .router }
    let departure: Injection.Departure =
        switch vector.outputInterface {
        case PacketVector.local?: .local
        case let name?: .device(device(name))
        case nil: .routed
        }
    return Injection(vector.packet, from: arrival, to: departure)
}

/// What was seen from outside.
func verdict(_ seen: Observation) -> PacketVerdict {
    switch seen.verdict {
    case .accept: seen.isDeliveredLocally || !seen.emitted.isEmpty ? .accept : .discard
    case .discard: .discard
    case .reject: .reject
    }
}

/// What answers call a kernel counter: `inet/F/c/eth1.0/i` is `inet:F/c-eth1.0-i`.
private func answerKey(_ name: String) -> String {
    var parts = name.split(separator: "/").map(String.init)
    if parts[0] == "policy" { return parts.dropFirst().joined(separator: "/") }
    if parts[0] == "policer" { parts.removeFirst() }
    return "\(parts[0]):\(parts[1])/\(parts[2])-\(parts[3])-\(parts[4])" + (parts.count == 6 ? "@\(parts[5])" : "")
}

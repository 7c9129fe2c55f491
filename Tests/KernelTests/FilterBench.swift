// SPDX-License-Identifier: Apache-2.0
// One configuration, its packets past model, program and kernel, and what each said about each packet.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import Testing
import Verifier

/// What was said about one packet.
struct Witnessed {
    /// The vector as a line.
    let line: String
    /// The model's answer.
    let answer: PacketAnswer
    /// What was seen in the kernel.
    let seen: Observation

    /// What the kernel counted, implicit discards left out.
    var counted: [String: UInt64] {
        (seen.counters ?? [:]).mapValues(\.packets).filter { $0.value > 0 && !$0.key.contains("implicit-discard") }
    }
}

/// Asks the model and the kernel about packets; differences between the three voices fail the test.
///
/// - Parameter devices: Devices by logical interface, where they are called otherwise than their interface.
func witness(
    _ text: String,
    _ lines: [String],
    devices: [String: String] = [:],
    _ location: Testing.SourceLocation = #_sourceLocation
) throws -> [Witnessed] {
    let compiled = try compiled(text, location)
    let vectors = try readPacketVectors(lines.joined(separator: "\n"), file: "test.jsonl")
    try #require(vectors.count == lines.count && !lines.isEmpty, sourceLocation: location)
    let sandbox = try makeSandbox(of: compiled.configuration)
    defer { sandbox.stop() }
    try sandbox.load(compiled.table)
    var model = ReferenceEvaluator(compiled.configuration)
    var result: [Witnessed] = []
    for (line, vector) in zip(lines, vectors) {
        let answer = try model.evaluate(vector)
        var sent = vector
        sent.packet = answer.sent
        var injection = injection(sent)
        if let name = vector.inputInterface, let device = devices[name] { injection.arrival = .device(device) }
        if let name = vector.outputInterface, let device = devices[name] { injection.departure = .device(device) }
        let seen = try #require(try sandbox.inject([injection], readsCounters: true).first, sourceLocation: location)
        result.append(Witnessed(line: line, answer: answer, seen: seen))
    }
    let subject = try verificationSubject(compiled.sources, sandbox: true)
    let outcome = try verify(subject, packets: vectors, seed: 1) { _ in }
    #expect(outcome.report.checked == lines.count, sourceLocation: location)
    #expect(outcome.isClean, "\(outcome.report.text(limit: 3))", sourceLocation: location)
    return result
}

/// Two interfaces of a plain router with both families, filters at will.
func plainRouter(
    _ firewall: String,
    eth1: String = "",
    eth1v6: String = "",
    eth2: String = "",
    eth2v6: String = "",
    more: String = ""
)
    -> String
{
    """
    interfaces {
        eth1 { unit 0 { family inet { filter { \(eth1) } address 10.1.0.1/24; }
            family inet6 { filter { \(eth1v6) } address 2001:db8:1::1/64; } } }
        eth2 { unit 0 { family inet { filter { \(eth2) } address 10.2.0.1/24; }
            family inet6 { filter { \(eth2v6) } address 2001:db8:2::1/64; } } }
        \(more)
    }
    firewall { \(firewall) }
    """
}

/// A vector of either family from `eth1` to `eth2`, or to or from the router.
func familyVector(
    _ family: AddressFamily,
    _ name: String,
    port: Int = 1000,
    in input: String = "eth1",
    out: String = "eth2",
    _ more: String = ""
) -> String {
    guard family == .inet6 else { return vector(name, port: port, in: input, out: out, more) }
    let source = input == "local" ? "2001:db8:2::1" : "2001:db8:1::9"
    let destination = out == "local" ? "2001:db8:1::1" : "2001:db8:2::9"
    let addresses = "\"source\":\"\(source)\",\"destination\":\"\(destination)\""
    return vector(name, port: port, in: input, out: out, addresses + (more.isEmpty ? "" : ",\(more)"))
}

// SPDX-License-Identifier: Apache-2.0
// `sluice verify --prove`: the program that the kernel holds against the configuration, for all packets (DESIGN §5).
import JunosModel
import NetworkTypes
import NftablesCompiler
import NftablesIR
public import SymbolicSemantics

/// A packet, found by the proof, for which the kernel does not do what the configuration says.
public struct Counterexample: Sendable {
    /// What sending the packet showed.
    public enum Confirmation: Hashable, Sendable {
        /// The real kernel differs from the model on it, in these words.
        case confirmed(String)
        /// It does not: the lifter is wrong.
        case notReproduced
        /// It could not be sent, and why.
        case notSent(String)
    }

    /// Where, and what both do.
    public var finding: ProofFinding
    /// The packet as a line of a vector file; nil where none could be built.
    public var vector: String?
    /// What sending it showed.
    public var confirmation: Confirmation
}

/// A proof, and what it speaks of.
public struct ProofReport: Sendable {
    /// What was found.
    public let result: ProofResult
    /// Packets that show differences.
    public let counterexamples: [Counterexample]
    /// The configuration's digest.
    public let configuration: String
    /// The digest of what the kernel holds.
    public let program: String
    /// The kernel's generation; nil where no live program was read.
    public let generation: UInt32?
    /// How long it took.
    public let seconds: Double
}

/// Proves a program against its configuration.
///
/// - Parameters:
///   - generation: of the ruleset that was read; nil for none.
///   - confirms: whether counterexamples are sent through a clone of the program.
public func prove(
    _ subject: VerificationSubject,
    generation: UInt32?,
    confirms: Bool,
    progress: (String) -> Void
) throws -> ProofReport {
    let clock = ContinuousClock()
    let begin = clock.now
    let configuration = subject.compiled.configuration
    var paths: [String: String] = [:]
    for term in configuration.filters.values.lazy.flatMap(\.terms) {
        paths["Sf:" + statementIdentifier(term.source.path)] = term.source.path
    }
    var proof = FilterProof(configuration, subject.table, logPaths: paths)
    let result = proof.run { done, all in progress("proof: \(done) of \(all) places") }
    let seconds = (clock.now - begin).inSeconds
    var counterexamples: [Counterexample] = []
    for (index, finding) in result.differences.enumerated() {
        counterexamples.append(try counterexample(finding, "proof-\(index + 1)", subject, confirms: confirms))
    }
    var hash = ContentHash()
    hash.add(subject.table.nftText)
    return ProofReport(
        result: result,
        counterexamples: counterexamples,
        configuration: subject.compiled.digest,
        program: hash.text,
        generation: generation,
        seconds: seconds
    )
}

private func counterexample(
    _ finding: ProofFinding,
    _ id: String,
    _ subject: VerificationSubject,
    confirms: Bool
) throws -> Counterexample {
    guard let vector = vector(finding, id, subject.compiled.configuration) else {
        return Counterexample(
            finding: finding,
            vector: nil,
            confirmation: .notSent("no packet could be built, or no interface of the configuration leads there")
        )
    }
    var example = Counterexample(finding: finding, vector: vectorJSON(vector), confirmation: .notReproduced)
    if !finding.assumptions.isEmpty {
        example.confirmation = .notSent(
            "a packet alone does not bring it about: \(finding.assumptions.joined(separator: ", "))"
        )
        return example
    }
    guard confirms else {
        example.confirmation = .notSent("not asked for")
        return example
    }
    let outcome = try verify(subject, packets: [vector], seed: 1) { _ in }
    if let mismatch = outcome.report.mismatches.first {
        example.confirmation = .confirmed("model: \(mismatch.model); kernel: \(mismatch.kernel ?? "not asked")")
    } else if outcome.report.unreached > 0 {
        example.confirmation = .notSent("the stack drops such packets before the place is reached")
    }
    return example
}

/// The packet on its way to the place.
private func vector(_ finding: ProofFinding, _ id: String, _ configuration: JunosConfiguration) -> PacketVector? {
    guard let witness = finding.witness else { return nil }
    let named = configuration.interfaces.filter { $0.device != nil }
    let own = named.first { $0.device == finding.place.device }?.name
    let other = named.first { $0.device != finding.place.device }?.name ?? own
    guard let own, let other else { return nil }
    let (input, output): (String, String) =
        switch finding.place.stage {
        case .inputFilters: (own, other)
        case .toRoutingEngine: (own, PacketVector.local)
        case .routerSent, .fromRoutingEngine: (PacketVector.local, own)
        case .outputFilters: (other, own)
        }
    return PacketVector(id: id, inputInterface: input, outputInterface: output, packet: witness.packet)
}

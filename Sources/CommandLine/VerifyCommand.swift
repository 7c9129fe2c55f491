// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: three voices on one question (DESIGN §5).
import ArgumentParser
import Diagnostics
import Engine
import Foundation
import NetworkTypes
import Verifier

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare the model, the program read back, and real packets through a clone of it.",
        discussion: """
            Without FILE the recorded configuration is compared with a clone of the live program; with FILE that \
            configuration is. --sandbox needs no live program: it compiles FILE and compares in a private namespace.
            --prove compares configuration and program for every packet there can be, and names one where they differ.
            """
    )

    @Argument(help: "Configuration; without it the recorded one.") var files: [String] = []
    @OptionGroup var namespace: NamespaceOption
    @Flag(help: "Compile FILE and compare in a private namespace; touches nothing else.") var sandbox = false
    @Option(help: "Packet vectors instead of chosen packets, one JSON object a line.") var packets: String?
    @Option(help: "Seed of the chosen packets.") var seed: UInt64 = 1
    @Flag(help: "Decide for all packets at once, beside the packets that are sent.") var prove = false
    @Flag(help: "The report as JSON.") var json = false

    func validate() throws {
        if sandbox, files.isEmpty { throw ValidationError("--sandbox needs FILE") }
    }

    func run() throws {
        let sources = try files.map(readSource)
        let vectors = try packets.map(readVectors)
        try namespace.enter()
        let subject = try kernelWork { try verificationSubject(sources, sandbox: sandbox) }
        report(subject.compiled.diagnostics.filter { $0.severity == .error }, asJSON: json)
        guard subject.compiled.isValid else {
            throw CommandFailure(status: .configurationRefused, description: "")
        }
        let proof = prove ? try kernelWork { try proof(subject) } : nil
        let outcome = try kernelWork {
            try verify(subject, packets: vectors, seed: seed, progress: Progress().show)
        }
        var report = outcome.report
        report.proved = proof?.result.isProved
        report.classes = proof?.result.classes
        if json {
            report.certificate = try proof.map(proofJSON)
            print(report.json())
        } else {
            print(table(outcome.tallies))
            if let proof { print(proofText(proof)) }
            print(report.text())
        }
        for difference in outcome.counterDifferences { printError("\(difference)") }
        guard outcome.isClean, proof?.counterexamples.isEmpty ?? true else {
            throw CommandFailure(status: .differenceFound, description: "kernel and model differ")
        }
        guard proof?.result.isProved ?? true else {
            throw CommandFailure(status: .differenceFound, description: "the proof is not complete")
        }
    }

    /// The proof of what the kernel holds, or of the compiled program.
    private func proof(_ subject: VerificationSubject) throws -> ProofReport {
        let generation = sandbox ? nil : try Deployment().generation()
        return try Engine.prove(subject, generation: generation, confirms: true, progress: Progress().show)
    }

    /// What the model says, and how often program and kernel say the same.
    private func table(_ tallies: [VerdictTally]) -> String {
        func row(_ columns: [String]) -> String {
            let widths = [10, 22, 10, 26]
            return zip(columns, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
                .joined()
        }
        return
            ([row(["Model", "decided at", "Packets", "Program and kernel agree"])]
            + tallies.map { row([$0.verdict, $0.stage, "\($0.packets)", "\($0.packets - $0.differing)"]) })
            .joined(separator: "\n") + "\n"
    }
}

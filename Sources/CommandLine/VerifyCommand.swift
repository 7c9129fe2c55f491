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
            """
    )

    @Argument(help: "Configuration; without it the recorded one.") var files: [String] = []
    @OptionGroup var namespace: NamespaceOption
    @Flag(help: "Compile FILE and compare in a private namespace; touches nothing else.") var sandbox = false
    @Option(help: "Packet vectors instead of chosen packets, one JSON object a line.") var packets: String?
    @Option(help: "Seed of the chosen packets.") var seed: UInt64 = 1
    @Flag(help: "Decide for all packets at once, instead of sending chosen ones; with --packets both.")
    var prove = false
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
        if prove {
            try proveAll(subject)
            if packets == nil { return }
        }
        let outcome = try kernelWork {
            try verify(subject, packets: vectors, seed: seed, progress: Progress().show)
        }
        if json {
            print(outcome.report.json())
        } else {
            print(table(outcome.tallies))
            print(outcome.report.text())
        }
        for difference in outcome.counterDifferences { printError("\(difference)") }
        guard outcome.isClean else {
            throw CommandFailure(status: .differenceFound, description: "kernel and model differ")
        }
    }

    /// The proof; a difference or something that is not known ends the command (DESIGN §6, exit 4).
    private func proveAll(_ subject: VerificationSubject) throws {
        let report = try kernelWork {
            let generation = sandbox ? nil : try Deployment().generation()
            return try Engine.prove(subject, generation: generation, confirms: true, progress: Progress().show)
        }
        print(json ? try proofJSON(report) : proofText(report))
        guard report.result.isProved else {
            throw CommandFailure(
                status: .differenceFound,
                description: report.counterexamples.isEmpty
                    ? "the proof is not complete" : "kernel and configuration differ"
            )
        }
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

// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: three voices on one question (DESIGN §5).
import ArgumentParser
import Diagnostics
import Engine
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
        let outcome = try kernelWork {
            try verify(subject, packets: vectors, seed: seed, progress: Progress().show)
        }
        print(json ? outcome.report.json() : outcome.report.text())
        for difference in outcome.counterDifferences { printError("\(difference)") }
        guard outcome.isClean else {
            throw CommandFailure(status: .differenceFound, description: "kernel and model differ")
        }
    }
}

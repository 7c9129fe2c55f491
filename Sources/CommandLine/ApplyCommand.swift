// SPDX-License-Identifier: Apache-2.0
// `sluice apply`: check, sandbox, load, read back.
import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Verifier

/// The network namespace that a subcommand means.
struct NamespaceOption: ParsableArguments {
    @Option(help: "Network namespace by name or path; without it the current one.") var netns: String?

    /// Enters it; nothing else runs in this process yet.
    func enter() throws {
        guard let netns else { return }
        do {
            try enterNetworkNamespace(netns)
        } catch {
            throw CommandFailure(status: .kernelRefused, description: "\(error)")
        }
    }
}

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Check a configuration, try it in a sandbox, load it, read it back.",
        discussion: "An error anywhere leaves the program that is loaded as it is."
    )

    @OptionGroup var files: ConfigurationFiles
    @OptionGroup var namespace: NamespaceOption
    @Flag(help: "Diagnostics as JSON objects, one a line.") var json = false

    func run() throws {
        let sources = try files.read()
        try namespace.enter()
        let router = try openRouter()
        let compiled = try kernelWork { try router.compile(sources) }
        report(compiled.diagnostics, asJSON: json)
        guard compiled.isValid else {
            throw CommandFailure(status: .configurationRefused, description: "nothing was loaded")
        }
        let outcome = try kernelWork { try router.apply(compiled, progress: Progress().show) }
        for warning in outcome.warnings { printError("warning: \(warning)") }
        guard !json else { return }
        print(
            outcome.changes == 0
                ? "the kernel holds this configuration already; nothing was sent"
                : "commit complete: \(outcome.changes) changes sent, read back and equal"
        )
    }
}

/// Opens the recorded state and the kernel, or says why not.
func openRouter() throws -> Router {
    try kernelWork { try Router(holder: "sluice") }
}

/// Work that the kernel may refuse: its errors become our exit codes.
func kernelWork<Value>(_ work: () throws -> Value) throws -> Value {
    do {
        return try work()
    } catch let error as DeploymentError {
        throw CommandFailure(
            status: error.kind == .different ? .differenceFound : .kernelRefused,
            description: error.description
        )
    } catch let error as CommandFailure {
        throw error
    } catch let error as VerificationError {
        throw CommandFailure(status: .wrongUsage, description: error.description)
    } catch {
        throw CommandFailure(status: .kernelRefused, description: "\(error)")
    }
}

/// Says on a terminal what goes on; silent in a pipe (DESIGN §6).
struct Progress {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ text: String) {
        if isTerminal { printError("… \(text)") }
    }
}

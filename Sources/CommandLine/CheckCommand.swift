// SPDX-License-Identifier: Apache-2.0
// `sluice check`: parse and commit-check.
import ArgumentParser
import Diagnostics
import Engine

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a configuration and say everything that is wrong with it; nothing is loaded."
    )

    @OptionGroup var files: ConfigurationFiles
    @Flag(help: "Diagnostics as JSON objects, one a line.") var json = false

    func run() throws {
        let compiled = compileConfiguration(try files.read())
        report(
            compiled.diagnostics + (compiled.isValid ? hiddenTermWarnings(compiled.configuration) : []),
            asJSON: json
        )
        let errors = compiled.diagnostics.filter { $0.severity == .error }.count
        guard errors == 0 else {
            if !json { printError("configuration check fails: \(errors) \(errors == 1 ? "error" : "errors")") }
            throw CommandFailure(status: .configurationRefused, description: "")
        }
        if !json { print("configuration check succeeds") }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Configuration files as every subcommand takes them, and their diagnostics as DESIGN §6 prints them.
import ArgumentParser
import Diagnostics
import Engine
import Foundation

/// Options that every subcommand with FILEs has.
struct ConfigurationFiles: ParsableArguments {
    @Argument(help: "Configuration: hierarchical text or set lines, `-` for standard input; several merge in order.")
    var files: [String]

    /// Reads the files.
    func read() throws -> [ConfigurationSource] {
        try files.map(readSource)
    }
}

/// Reads one file or standard input.
func readSource(_ name: String) throws -> ConfigurationSource {
    if name == "-" {
        let data = FileHandle.standardInput.readDataToEndOfFile()
        return ConfigurationSource(name: name, text: String(decoding: data, as: UTF8.self))
    }
    guard let data = FileManager.default.contents(atPath: name) else {
        throw CommandFailure(status: .wrongUsage, description: "cannot read \(name): no such file, or not permitted")
    }
    return ConfigurationSource(name: name, text: String(decoding: data, as: UTF8.self))
}

/// Prints diagnostics to standard error, errors last so that they stay in sight.
func report(_ diagnostics: [Diagnostic], asJSON: Bool) {
    let ordered = diagnostics.filter { $0.severity != .error } + diagnostics.filter { $0.severity == .error }
    let text = ordered.map { asJSON ? $0.json : $0.text }.joined(separator: "\n")
    if !text.isEmpty { printError(text) }
}

/// Compiles, reports, and refuses a configuration with errors.
func compileOrRefuse(_ sources: [ConfigurationSource], asJSON: Bool = false) throws -> CompiledConfiguration {
    let compiled = compileConfiguration(sources)
    report(compiled.diagnostics, asJSON: asJSON)
    guard compiled.isValid else {
        throw CommandFailure(status: .configurationRefused, description: "")
    }
    return compiled
}

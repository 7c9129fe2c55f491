// SPDX-License-Identifier: Apache-2.0
// `sluice convert`: the same configuration in another textual form.
import ArgumentParser
import Diagnostics
import Engine
import JunosSyntax

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Print a configuration in another form: hierarchical text or set lines."
    )

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text
        case set
    }

    @OptionGroup var files: ConfigurationFiles
    @Option(help: "The form to print.") var to: Form

    func run() throws {
        let read = readConfiguration(try files.read().map { ($0.name, $0.text) })
        report(read.diagnostics, asJSON: false)
        guard !read.diagnostics.containsErrors else {
            throw CommandFailure(status: .configurationRefused, description: "")
        }
        switch to {
        case .text: print(renderHierarchical(read.tree), terminator: "")
        case .set: print(renderSet(read.tree), terminator: "")
        }
    }
}

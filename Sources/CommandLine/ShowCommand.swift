// SPDX-License-Identifier: Apache-2.0
// `sluice show` and `sluice clear`: operational commands, carried out here or by the daemon.
import ArgumentParser
import Engine
import OperationalMode

/// Who carries a command out, and how the answer is printed.
struct OperationOptions: ParsableArguments {
    @Flag(help: "As `| display json` on a device.") var json = false
    @Flag(help: "As `| display xml` on a device.") var xml = false
    @OptionGroup var namespace: NamespaceOption
    @Option(help: "Ask the daemon behind this socket.") var controlSocket: String?

    func validate() throws {
        if json && xml { throw ValidationError("--json and --xml exclude each other") }
    }

    /// Carries a command out and prints its answer.
    func carryOut(_ words: [String]) throws {
        let format: OutputFormat = json ? .json : xml ? .xml : .text
        if let controlSocket {
            let request = OperationalRequest(words: words, format: format)
            print(try askDaemon(request, socket: controlSocket), terminator: "")
            return
        }
        try namespace.enter()
        do {
            print(try answerDirectly(words).rendered(format), terminator: "")
        } catch let problem as OperationalProblem {
            throw CommandFailure(status: .wrongUsage, description: problem.description)
        } catch {
            try kernelWork { throw error }
        }
    }
}

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Operational views in the layout of Junos.",
        discussion: overview("show")
    )

    @Argument(help: "The Junos command without `show`.") var words: [String]
    @OptionGroup var options: OperationOptions

    func run() throws { try options.carryOut(["show"] + words) }
}

struct ClearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Set statistics to zero, empty logs, close sessions.",
        discussion: overview("clear") + """


            Packets that pass meanwhile are counted, before or after. Policers' buckets stay as they are. Where sluiced \
            runs, ask it with --control-socket: its metrics go on as if nothing was cleared.
            """
    )

    @Argument(help: "The Junos command without `clear`.") var words: [String]
    @OptionGroup var options: OperationOptions

    func run() throws { try options.carryOut(["clear"] + words) }
}

/// The commands of a verb, for its help.
private func overview(_ verb: String) -> String {
    operationalSyntax(verb).map { "\($0.syntax)\n  \($0.summary)" }.joined(separator: "\n")
}

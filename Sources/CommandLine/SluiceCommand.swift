// SPDX-License-Identifier: Apache-2.0
// The command `sluice`: its subcommands, and the exit codes of DESIGN §6.
import ArgumentParser
import Foundation

/// Exit codes that scripts rely on (DESIGN §6).
enum ExitStatus: Int32 {
    case done = 0
    case configurationRefused = 1
    case wrongUsage = 2
    case kernelRefused = 3
    case differenceFound = 4
}

/// An error that ends the command with one of our codes; the text says what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String
}

struct SluiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "SRX-style firewall rules on Linux: deploy them, verify the kernel against them, count with them.",
        subcommands: [
            CheckCommand.self, ConvertCommand.self, CompileCommand.self, EvaluateCommand.self,
            ApplyCommand.self, VerifyCommand.self, DiffCommand.self, RemoveCommand.self, ShowCommand.self,
        ]
    )
}

/// Runs `sluice` with the process's arguments and ends the process.
public func runSluice() -> Never {
    do {
        var command = try SluiceCommand.parseAsRoot()
        try command.run()
        exit(ExitStatus.done.rawValue)
    } catch let failure as CommandFailure {
        if !failure.description.isEmpty { printError("error: \(failure.description)") }
        exit(failure.status.rawValue)
    } catch {
        // Help and version are answers, everything else that the parser says is wrong usage.
        let isAnswer = SluiceCommand.exitCode(for: error) == .success
        let text = SluiceCommand.fullMessage(for: error)
        if isAnswer { print(text) } else { printError(text) }
        exit(isAnswer ? ExitStatus.done.rawValue : ExitStatus.wrongUsage.rawValue)
    }
}

/// Writes a line to standard error.
func printError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

// SPDX-License-Identifier: Apache-2.0
// `sluice show`: operational commands, answered from the kernel and the recorded configuration, or by the daemon.
import ArgumentParser
import Engine

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Operational views in the layout of Junos.",
        discussion: """
            show firewall [filter NAME]
            show security policies hit-count
            """
    )

    @Argument(help: "The Junos command without `show`.") var words: [String]
    @OptionGroup var namespace: NamespaceOption
    @Option(help: "Ask the daemon behind this socket.") var controlSocket: String?

    func run() throws {
        if let controlSocket {
            let answer = try kernelWork { try askDaemon(words, socket: controlSocket) }
            print(answer, terminator: "")
            return
        }
        try namespace.enter()
        let view = try kernelWork { try currentView() }
        switch operationalAnswer(words, view.configuration, view.statistics) {
        case .text(let text): print(text, terminator: "")
        case .problem(let problem): throw CommandFailure(status: .wrongUsage, description: problem)
        }
    }
}

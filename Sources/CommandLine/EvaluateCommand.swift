// SPDX-License-Identifier: Apache-2.0
// `sluice evaluate`: the model's answer for packet vectors (DESIGN §6).
import ArgumentParser
import Diagnostics
import Engine
import JunosModel
import NetworkTypes
import ReferenceEvaluator

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Say what a configuration does with packets, without any kernel."
    )

    @OptionGroup var files: ConfigurationFiles
    @Option(help: "Packet vectors, one JSON object a line, `-` for standard input.") var packets: String

    func run() throws {
        _ = try readPacketVectors(readSource(packets).text, file: packets)
    }
}

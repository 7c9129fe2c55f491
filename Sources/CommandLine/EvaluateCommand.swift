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
        abstract: "Say what a configuration does with packets, without any kernel.",
        discussion: "Packets are a time-ordered run: sessions form and policers drain from one to the next."
    )

    @OptionGroup var files: ConfigurationFiles
    @Option(help: "Packet vectors, one JSON object a line, `-` for standard input.") var packets: String
    @Option(help: ArgumentHelp("Ask one filter alone.", valueName: "FAMILY:NAME")) var filter: String?
    @Flag(help: "Say term by term why, as a list `trace` in each answer.") var trace = false
    @Flag(help: "Evaluate in spite of commit errors; an undefined name matches nothing.") var lenient = false

    func run() throws {
        let filterName = try filter.map(parsedFilter)
        let compiled = compileConfiguration(try files.read())
        report(compiled.diagnostics.filter { $0.severity == .error }, asJSON: false)
        guard compiled.isValid || lenient else {
            throw CommandFailure(status: .configurationRefused, description: "nothing was evaluated; see --lenient")
        }
        var evaluator = ReferenceEvaluator(compiled.configuration)
        var failures = 0
        for vector in try readVectors(packets) {
            do {
                let answer =
                    if let filterName {
                        try evaluator.evaluate(filter: filterName, vector, trace: trace)
                    } else {
                        try evaluator.evaluate(vector, trace: trace)
                    }
                print(trace ? withTrace(answer) : answer.json())
            } catch {
                failures += 1
                print(
                    "{\"id\":\(jsonString(vector.id)),\"error\":\(jsonString(error.code)),"
                        + "\"message\":\(jsonString(error.description))}"
                )
            }
        }
        guard failures == 0 else {
            throw CommandFailure(status: .wrongUsage, description: "\(failures) packets have no answer")
        }
    }

    private func parsedFilter(_ text: String) throws -> FilterName {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let family = FilterFamily(rawValue: parts[0]) else {
            throw CommandFailure(
                status: .wrongUsage,
                description: "--filter takes FAMILY:NAME with family inet, inet6 or any, not '\(text)'"
            )
        }
        return FilterName(family, parts[1])
    }

    private func withTrace(_ answer: PacketAnswer) -> String {
        let lines = answer.trace.map { jsonString($0.description) }.joined(separator: ",")
        return answer.json().dropLast() + ",\"trace\":[\(lines)]}"
    }
}

/// Reads packet vectors; what is wrong with them is wrong usage.
func readVectors(_ name: String) throws -> [PacketVector] {
    do {
        return try readPacketVectors(readSource(name).text, file: name)
    } catch let error as PacketVectorError {
        throw CommandFailure(status: .wrongUsage, description: error.description)
    }
}

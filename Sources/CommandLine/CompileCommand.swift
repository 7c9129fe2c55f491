// SPDX-License-Identifier: Apache-2.0
// `sluice compile`: the kernel program, for reading.
import ArgumentParser
import Diagnostics
import Engine
import NftablesIR

struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Print the kernel program that a configuration becomes; nothing is loaded."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case nft
        case json
    }

    @OptionGroup var files: ConfigurationFiles
    @Option(help: "nft syntax, or JSON with one object a chain.") var format: Format = .nft

    func run() throws {
        let table = try compileOrRefuse(files.read()).table
        switch format {
        case .nft: print(table.nftText, terminator: "")
        case .json: print(json(table))
        }
    }

    private func json(_ table: Table) -> String {
        let chains = table.chains.values.sorted { $0.name < $1.name }.map { chain in
            let hook = chain.base.map {
                ",\"hook\":\"\($0.hook.rawValue)\",\"priority\":\($0.priority),\"policy\":\"\($0.policy.rawValue)\""
            }
            let rules = chain.rules.map { rule in
                let origin = rule.comment.map { ",\"origin\":\(jsonString($0))" } ?? ""
                return "{\"text\":\(jsonString(table.ruleText(Rule(rule.expressions))))\(origin)}"
            }
            return "{\"chain\":\(jsonString(chain.name))\(hook ?? ""),\"rules\":[\(rules.joined(separator: ","))]}"
        }
        return "{\"family\":\"\(table.family.rawValue)\",\"table\":\(jsonString(table.name)),\"chains\":[\n"
            + chains.joined(separator: ",\n") + "\n]}"
    }
}

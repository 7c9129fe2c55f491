// SPDX-License-Identifier: Apache-2.0
// `sluice diff OLD NEW`: the packets whose fate a change of configuration changes (DESIGN §6).
import ArgumentParser
import Engine
import Foundation
import SymbolicSemantics

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "The exact set of packets that filters treat otherwise under another configuration.",
        discussion: """
            Packets are decided all at once, not by samples. Each change names interface, direction and family, what \
            happened to the packets before and what happens now, and the packets as header boxes. Ends with 4 if there are \
            changes, like diff with 1.
            """
    )

    @Argument(help: "The configuration before.") var old: String
    @Argument(help: "The configuration after.") var new: String
    @Option(help: "Boxes a change at most.") var boxes = 20

    func run() throws {
        let before = try compileOrRefuse([readSource(old)])
        let after = try compileOrRefuse([readSource(new)])
        let changes = differences(before.configuration, after.configuration, boxesAPlace: boxes)
        for change in changes { print(text(change)) }
        if before.configuration.security != after.configuration.security {
            printError(
                "warning: zones and policies differ too; what that changes is not compared yet"
            )
        }
        guard changes.isEmpty else {
            throw CommandFailure(
                status: .differenceFound,
                description: "\(changes.count) changes of fate"
            )
        }
        print("no packet meets another fate in a filter")
    }

    private func text(_ change: FateChange) -> String {
        let place = change.place
        let direction = place.direction == .input ? "input" : "output"
        var lines = [
            "[\(place.interface) \(direction), filters of family \(place.family.rawValue), \(place.version.rawValue)]"
        ]
        lines.append("-   \(change.old)")
        lines.append("+   \(change.new)")
        lines += change.boxes.map { "    \($0)" }
        if !change.areAll { lines.append("    and more; raise --boxes to see them") }
        return lines.joined(separator: "\n")
    }
}

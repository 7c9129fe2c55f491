// SPDX-License-Identifier: Apache-2.0
// `sluice remove`: take our table out again, restore what was recorded.
import ArgumentParser
import Engine

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take the program out of the kernel and give back the sysctls that were changed for it."
    )

    @OptionGroup var namespace: NamespaceOption

    func run() throws {
        try namespace.enter()
        let router = try openRouter()
        let outcome = try kernelWork { try router.remove() }
        for warning in outcome.warnings { printError("warning: \(warning)") }
        print(outcome.removed ? "removed table inet sluice" : "there was nothing to remove")
    }
}

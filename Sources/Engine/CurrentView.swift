// SPDX-License-Identifier: Apache-2.0
// What can be shown without holding the router's lock: the recorded configuration and the kernel's counters.
import Foundation
public import JunosModel
import NftablesCompiler
import NftablesIR

/// A configuration in force with its counters.
public struct CurrentView: Sendable {
    /// The configuration.
    public let configuration: JunosConfiguration
    /// The readings.
    public let statistics: Statistics
}

/// Reads the recorded configuration of the current network namespace and the counters of its program.
public func currentView() throws -> CurrentView {
    let recording = try RecordedState.peek()
    guard let table = try Deployment().readTolerantly(), table.chains[markerPrefix + recording.digest] != nil else {
        throw RecordedStateError(
            description: "the kernel does not hold the program made from the recorded configuration; apply it again"
        )
    }
    let compiled = compileConfiguration(recording.sources.map { ConfigurationSource(name: $0.name, text: $0.text) })
    return CurrentView(
        configuration: compiled.configuration,
        statistics: Statistics(try Deployment().counters())
    )
}

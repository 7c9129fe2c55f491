// SPDX-License-Identifier: Apache-2.0
// Operational commands without a daemon: from the recorded configuration and the kernel.
import JunosModel
import Netlink
import NftablesCompiler
import NftablesIR
public import OperationalMode

/// Answers an operational command about the current network namespace.
///
/// Looking needs no lock; clearing takes the router's, for a daemon must know what was cleared.
///
/// - Throws: `OperationalProblem` if there is no such command or object; `RecordedStateError` and `DeploymentError` if
///   nothing of ours is there, another process holds it, or we may not ask.
public func answerDirectly(_ words: [String]) throws -> OperationalAnswer {
    let recording = try RecordedState.peek()
    guard let table = try Deployment().readTolerantly(), table.chains[markerPrefix + recording.digest] != nil else {
        throw RecordedStateError(
            description: "the kernel does not hold the program made from the recorded configuration; apply it again"
        )
    }
    let configuration = readConfigurationModel(
        recording.sources.map { .init(name: $0.name, text: $0.text) },
        in: recording.circumstances
    )
    /// Holds the router's lock, and so keeps a daemon from missing what was done.
    func locked() throws -> Router { try Router(holder: "sluice clear") }
    let logIsElsewhere = OperationalProblem(
        "the log of filters is kept by sluiced: run it with --control-socket PATH, and add --control-socket PATH here"
    )
    return try carryOut(
        words,
        from: OperationalSources(
            configuration: configuration,
            statistics: { Statistics(try Deployment().counters()) },
            links: linkStates,
            firewallLog: { throw logIsElsewhere },
            clearStatistics: { keys in _ = try locked().deployment.reset(keys) },
            clearFirewallLog: { throw logIsElsewhere },
            flow: flowSources(
                configuration,
                policyIndices: recording.policyIndices,
                ended: nil,
                closing: { work in try withExtendedLifetime(try locked()) { try work(ClosedSessions()) } },
                clearCounters: { keys in _ = try locked().deployment.reset(keys) }
            )
        )
    )
}

/// States of the current network namespace's devices, by name.
public func linkStates() throws -> [String: LinkState] {
    var socket = try NetlinkSocket(.route, bufferSize: 1 << 20)
    return Dictionary(
        try socket.links().map {
            ($0.name, LinkState(isAdministrativelyUp: $0.isAdministrativelyUp, isUp: $0.isRunning))
        },
        uniquingKeysWith: { first, _ in first }
    )
}

/// Names of the current network namespace's devices, by number.
public func deviceNames() throws -> [UInt32: String] {
    var socket = try NetlinkSocket(.route, bufferSize: 1 << 20)
    return Dictionary(try socket.links().map { ($0.index, $0.name) }, uniquingKeysWith: { first, _ in first })
}

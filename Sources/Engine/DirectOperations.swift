// SPDX-License-Identifier: Apache-2.0
// Operational commands without a daemon: from the recorded configuration and the kernel.
import JunosModel
import JunosSyntax
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
    let read = readConfiguration(recording.sources.map { ($0.name, $0.text) })
    let logIsElsewhere = OperationalProblem(
        "the log of filters is kept by sluiced: run it with --control-socket PATH, and add --control-socket PATH here"
    )
    return try carryOut(
        words,
        from: OperationalSources(
            configuration: extractConfiguration(expandConfiguration(read.tree).tree).configuration,
            statistics: { Statistics(try Deployment().counters()) },
            links: linkStates,
            firewallLog: { throw logIsElsewhere },
            clearStatistics: { keys in _ = try Router(holder: "sluice clear").deployment.reset(keys) },
            clearFirewallLog: { throw logIsElsewhere }
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

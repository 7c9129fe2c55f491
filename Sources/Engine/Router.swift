// SPDX-License-Identifier: Apache-2.0
// One router: its recorded state, its live program, and the commits that change both (DESIGN §4, §6 `apply`, `remove`).
import Diagnostics
import Foundation
import JunosLowering
public import JunosModel
import Laboratory
import NetworkTypes
import NftablesCompiler
import NftablesIR
import NftablesKernel

/// What a commit did.
public struct CommitOutcome: Sendable {
    /// Changes sent to the kernel.
    public var changes = 0
    /// The generation of the ruleset after our last change.
    public var generation: UInt32 = 0
    /// What the administrator should know.
    public var warnings: [String] = []
    /// What became of the sessions whose policies the commit changed.
    public var sessions = SessionAftermath()
}

/// What taking the program out did.
public struct RemovalOutcome: Sendable {
    /// Whether there was a program.
    public var removed = false
    /// What could not be restored.
    public var warnings: [String] = []
}

/// The router of the current network namespace; holds its lock while it lives.
public final class Router {
    /// The live program.
    public let deployment: Deployment
    /// Sessions that we deleted, for those who report why sessions end.
    private let closedSessions: ClosedSessions
    private let state: RecordedState
    private let forwarding: ForwardingRoutes
    /// Whether somebody stays who switches schedulers, follows names of hosts, and hears reports.
    private let isWatched: Bool
    /// The configuration of our last commit; nil before it, and then the recorded one is meant.
    private var current: JunosConfiguration?

    /// Opens and locks the router.
    ///
    /// - Parameters:
    ///   - isWatched: whether the caller stays: switches schedulers, follows names of hosts, hears reports.
    ///   - closedSessions: where it is noted which sessions a commit closed.
    public init(
        holder: String,
        isWatched: Bool = false,
        closedSessions: ClosedSessions = ClosedSessions()
    ) throws {
        self.isWatched = isWatched
        self.closedSessions = closedSessions
        deployment = try Deployment()
        // Names the missing capability before anything is touched.
        _ = try deployment.generation()
        state = try RecordedState(holder: holder)
        forwarding = try ForwardingRoutes()
    }

    /// Compiles a configuration; session owners of the program in force keep their numbers.
    ///
    /// - Parameter circumstances: by default those of now, for which name servers are asked.
    public func compile(
        _ sources: [ConfigurationSource],
        in circumstances: (JunosConfiguration) -> Circumstances = currentCircumstances
    ) throws -> CompiledConfiguration {
        let compiled = compileConfiguration(
            sources,
            keeping: try indicesInUse(),
            ways: try recordingInForce()?.ways ?? [:],
            in: circumstances
        )
        guard !compiled.configuration.interfaces.contains(where: { $0.device != nil }) else { return compiled }
        return compiled.adding(
            Diagnostic(
                .error,
                "no-interfaces",
                "no interface with a device is configured, so nothing would be filtered; is the file complete?"
            )
        )
    }

    /// Numbers of policies, those of policies that are gone among them while a session may carry them (DESIGN §4).
    private func indicesInUse() throws -> [PolicyIdentity: UInt16] {
        guard var recording = try recordingInForce() else { return [:] }
        guard recording.policies.contains(where: { $0.isRetired == true }) else { return recording.policyIndices }
        let carried = try carriedOwners()
        recording.policies.removeAll { $0.isRetired == true && !carried.contains($0.index) }
        return recording.policyIndices
    }

    /// The recorded configuration, if the kernel still holds what was made from it.
    public func recordingInForce() throws -> Recording? {
        guard let recording = try state.read() else { return nil }
        let marker = try deployment.readTolerantly()?.chains.keys.first { $0.hasPrefix(markerPrefix) }
        return marker == markerPrefix + recording.digest ? recording : nil
    }

    /// Tries the program in a sandbox, loads it, reads it back; a difference restores what was there.
    ///
    /// - Throws: `DeploymentError`; the program that was loaded before is loaded still.
    public func apply(_ compiled: CompiledConfiguration, progress: (String) -> Void) throws -> CommitOutcome {
        var outcome = CommitOutcome()
        let before = try deployment.readTolerantly()
        if before != compiled.table {
            progress("trying the program in a sandbox")
            try rehearse(compiled.table)
        }
        let recording = try recordingInForce()
        // Routes before the rules that lead to them, and both before the program that sends packets there.
        let routes = try forwarding.prepare(compiled.routingTables)
        progress("loading \(compiled.table.chains.count) chains")
        let report: DeploymentReport
        do {
            report = try deployment.apply(compiled.table)
            progress("reading back")
            try deployment.confirm(compiled.table)
        } catch {
            // What was there comes back; its counters were never touched.
            if let before { _ = try? deployment.apply(before) } else { _ = try? deployment.remove() }
            try? forwarding.revert(routes)
            throw error
        }
        try forwarding.finish(routes)
        outcome.warnings += routes.problems
        outcome.changes = report.changes
        outcome.generation = report.generation
        // Forwarding only behind a loaded program (kernel facts §17 step 1).
        let sysctls = setSysctls(neededSysctls(compiled.configuration))
        outcome.warnings += sysctls.refused.map { "sysctl \($0)" }
        let merging = settleMerging(compiled.configuration, recorded: recording?.previousMerging ?? [:])
        outcome.warnings += merging.refused
        outcome.warnings += commitWarnings(compiled, isWatched: isWatched)
        if let before = configurationBefore(compiled, recording) {
            outcome.sessions = try settleSessions(from: before, to: compiled, closedSessions)
        }
        current = compiled.configuration
        var previous = recording?.previousSysctls ?? [:]
        previous.merge(sysctls.previous) { first, _ in first }
        try state.write(
            Recording(
                sources: compiled.sources.map { Recording.Source(name: $0.name, text: $0.text) },
                digest: compiled.digest,
                policies: recordedPolicies(compiled),
                previousSysctls: previous,
                previousMerging: merging.previous,
                ways: compiled.forwardingIndices,
                localTime: compiled.configuration.circumstances.localTime,
                hostAddresses: compiled.configuration.circumstances.hostAddresses.mapValues { $0.map(\.description) }
            )
        )
        return outcome
    }

    /// What was in force before a commit; nil if nothing of ours was, or if sessions cannot feel the change.
    private func configurationBefore(
        _ compiled: CompiledConfiguration,
        _ recording: Recording?
    ) -> JunosConfiguration? {
        guard let recording else { return nil }
        let before =
            current
            ?? readConfigurationModel(
                recording.sources.map { .init(name: $0.name, text: $0.text) },
                in: recording.circumstances
            )
        return before == compiled.configuration ? nil : before
    }

    private func recordedPolicies(_ compiled: CompiledConfiguration) -> [Recording.Policy] {
        let present = policyIdentities(compiled.configuration)
        return compiled.policyIndices
            .map { identity, index in
                Recording.Policy(
                    identity: [identity.from, identity.to, identity.name],
                    index: index,
                    isRetired: present.contains(identity) ? nil : true
                )
            }
            .sorted { $0.index < $1.index }
    }

    /// Takes the program out and restores what was recorded.
    public func remove() throws -> RemovalOutcome {
        var outcome = RemovalOutcome()
        // A recording whose program is not here is another namespace's: the kernel gives their numbers out again.
        let recording = try recordingInForce()
        // Forwarding goes back first: without our table everything would be forwarded (kernel facts §17 step 1).
        outcome.warnings = restoreSysctls(recording?.previousSysctls ?? [:]).map {
            "sysctl \($0) could not be restored"
        }
        outcome.warnings += restoreMerging(recording?.previousMerging ?? [:]).map { "\($0) could not be restored" }
        outcome.removed = try deployment.remove()
        try forwarding.remove()
        try state.remove()
        return outcome
    }

    /// Takes a configuration whose program is loaded already for the one whose routes are to be kept up.
    public func adopt(_ compiled: CompiledConfiguration) { forwarding.adopt(compiled.routingTables) }

    /// Brings the rules and routes of filter actions back if links, addresses or routes changed; nil if nothing had to
    /// be done and nothing is newly wrong.
    public func maintainForwarding() throws -> ForwardingReport? { try forwarding.maintain() }

    /// Loads a program into a private namespace and reads it back there.
    private func rehearse(_ table: Table) throws {
        let thread = try NetworkNamespaceThread()
        defer { thread.stop() }
        try thread.run {
            let rehearsal = try Deployment()
            do {
                _ = try rehearsal.apply(table)
            } catch let error as DeploymentError {
                throw DeploymentError(kind: error.kind, problems: error.problems + missingFeatures())
            }
            try rehearsal.confirm(table)
        }
    }
}

/// What this kernel lacks, by name, after it refused a program; asked in the namespace of the refusal.
private func missingFeatures() -> [String] {
    guard var connection = try? NftablesConnection(), let missing = try? connection.probeFeatures(), !missing.isEmpty
    else { return [] }
    return missing.map { "this kernel lacks \($0.name) (\($0.reason))" }
        + ["configurations that need none of it can be applied"]
}

// SPDX-License-Identifier: Apache-2.0
// The loop that keeps the kernel in line: on one thread of its own, which is in the router's network namespace.
import Diagnostics
import Engine
import Foundation
import JunosLowering
import JunosModel
import Logging
import MetricsExposition
import NftablesCompiler
import NftablesIR
import OperationalMode
import Synchronization

/// Applies, watches, repairs.
final class ProgramKeeper: Sendable {
    /// What other threads may see and ask.
    struct Shared {
        var configuration = JunosConfiguration()
        var policyIndices: [PolicyIdentity: UInt16] = [:]
        var counts = DaemonCounts()
        var isReloadAsked = false
        var isStopAsked = false
        var isReady = false
        /// The generation that our last change made; 0 makes the loop look at once.
        var settledGeneration: UInt32 = 0
    }

    let shared = Mutex(Shared())
    let log: FirewallLogKeeper
    private let sessions: SessionKeeper
    let copies: CopyKeeper
    private let statistics = StatisticsKeeper()
    private let folder: String
    private let management: [ManagementAccess]
    private let names: NameFollower
    private let logger: Logger

    /// How long the loop waits for a notification before it looks at stop and reload, in milliseconds.
    private static let patience: Int32 = 200

    init(
        folder: String,
        management: [ManagementAccess],
        names: NameFollower,
        log: FirewallLogKeeper,
        sessions: SessionKeeper,
        copies: CopyKeeper,
        logger: Logger
    ) {
        self.sessions = sessions
        self.names = names
        self.log = log
        self.copies = copies
        self.folder = folder
        self.management = management
        self.logger = logger
    }

    /// Runs until asked to stop; the program stays in the kernel.
    func run() throws {
        let router = try Router(holder: "sluiced", isWatched: true, closedSessions: sessions.closedSessions)
        let events = try RulesetEvents()
        // Where no name server answers, names go on standing for what they stood for when the daemon ended.
        if let known = try router.recordingInForce()?.circumstances.hostAddresses { names.know(Set(known.keys), known) }
        var wanted = try commit(router, isStart: true)
        shared.withLock { $0.isReady = true }
        var settled = shared.withLock { $0.settledGeneration }
        while !shared.withLock({ $0.isStopAsked }) {
            // Notices only wake us; the generation tells the truth (kernel facts §8).
            try events.wait(milliseconds: Self.patience)
            if shared.withLock({ exchange(&$0.isReloadAsked, with: false) }) {
                wanted = try commit(router, isStart: false) ?? wanted
                settled = shared.withLock { $0.settledGeneration }
            } else if isOvertaken() {
                wanted = try renew(router) ?? wanted
                settled = shared.withLock { $0.settledGeneration }
            }
            if let report = try router.maintainForwarding() { tell(report) }
            guard let wanted, try router.deployment.generation() != settled else { continue }
            settled = try repair(router, wanted) ?? settled
        }
    }

    /// The metrics page from a fresh reading.
    func metrics() throws -> Exposition {
        metricsPage(
            try statistics.sinceStart(),
            sessions: sessionCount(),
            shared.withLock { $0.counts },
            log.counts,
            sessions.counts,
            copies.counts
        )
    }

    /// Carries out an operational command.
    func answer(_ words: [String]) throws -> OperationalAnswer {
        let (configuration, policyIndices) = shared.withLock { ($0.configuration, $0.policyIndices) }
        return try carryOut(
            words,
            from: OperationalSources(
                configuration: configuration,
                statistics: statistics.sinceClearing,
                links: linkStates,
                firewallLog: { self.log.entries },
                clearStatistics: statistics.clear,
                clearFirewallLog: log.clear,
                flow: flowSources(
                    configuration,
                    policyIndices: policyIndices,
                    ended: { self.sessions.ended },
                    closing: { work in try work(self.sessions.closedSessions) },
                    clearCounters: statistics.clear
                )
            )
        )
    }

    /// From now on a configuration may be in force: reports and sessions are read by it.
    private func adopt(_ configuration: JunosConfiguration, _ policyIndices: [PolicyIdentity: UInt16]) {
        log.adopt(configuration)
        copies.adopt(configuration)
        sessions.adopt(configuration, policyIndices)
    }

    /// What the configuration refers to, now; names of hosts are followed from here on.
    private func circumstances(_ configuration: JunosConfiguration) -> Circumstances {
        Circumstances(localTime: .now(), hostAddresses: names.follow(hostNames(configuration)))
    }

    /// Whether the clock or a name server has made the program an old one.
    private func isOvertaken() -> Bool {
        if names.hasChanged { return true }
        let configuration = shared.withLock { $0.configuration }
        guard !configuration.schedulers.isEmpty else { return false }
        let made = configuration.circumstances.localTime
        let now = LocalTime.now()
        // Nothing can change before the next border, if the clock was not set back.
        if now >= made, let border = nextSchedulerBorder(configuration.schedulers, after: made), now < border {
            return false
        }
        return activeSchedulers(configuration.schedulers, at: made)
            != activeSchedulers(configuration.schedulers, at: now)
    }

    /// Makes the program of the same configuration anew; nil if that failed, and the loaded one stays.
    private func renew(_ router: Router) throws -> Table? {
        do {
            guard let recording = try router.recordingInForce() else { return nil }
            let compiled = try router.compile(
                recording.sources.map { .init(name: $0.name, text: $0.text) },
                in: circumstances
            )
            adopt(compiled.configuration, compiled.policyIndices)
            let outcome = try router.apply(compiled) { logger.debug("\($0)") }
            shared.withLock {
                $0.configuration = compiled.configuration
                $0.policyIndices = compiled.policyIndices
                $0.settledGeneration = outcome.generation
            }
            logger.info(
                """
                schedulers or names of hosts changed: \(outcome.changes) changes sent, \
                \(outcome.sessions.closed) sessions closed
                """
            )
            return compiled.table
        } catch {
            logger.error("cannot follow schedulers and names of hosts: \(error)")
            return nil
        }
    }

    /// Reads and applies the configuration; nil if it was refused, and what was loaded stays.
    private func commit(_ router: Router, isStart: Bool) throws -> Table? {
        let path = folder + "/sluice.conf"
        do {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommitRefusal(description: "\(path): no such file, or not permitted")
            }
            let source = ConfigurationSource(name: path, text: String(decoding: data, as: UTF8.self))
            let compiled = try router.compile([source], in: circumstances)
            for diagnostic in compiled.diagnostics {
                logger.log(level: diagnostic.severity == .error ? .error : .notice, "\(diagnostic.text)")
            }
            guard compiled.isValid else { throw CommitRefusal(description: "\(path) is refused") }
            // Reports can come as soon as the program is loaded.
            adopt(compiled.configuration, compiled.policyIndices)
            let outcome = try router.apply(compiled) { logger.debug("\($0)") }
            for warning in outcome.warnings { logger.warning("\(warning)") }
            shared.withLock {
                $0.configuration = compiled.configuration
                $0.policyIndices = compiled.policyIndices
                $0.counts.lastCommitSucceeded = true
                $0.settledGeneration = outcome.generation
            }
            logger.info("commit complete: \(outcome.changes) changes sent")
            return compiled.table
        } catch {
            let inForce = shared.withLock { shared in
                shared.counts.lastCommitSucceeded = false
                shared.counts.commitFailures += 1
                return (shared.configuration, shared.policyIndices)
            }
            adopt(inForce.0, inForce.1)
            _ = names.follow(hostNames(inForce.0))
            logger.error("\(error)")
            guard isStart else {
                logger.error("the program that is loaded stays")
                return nil
            }
            return try fallBack(router)
        }
    }

    /// At start without a valid configuration: the recorded program if the kernel holds it, else lockdown
    /// (DESIGN §3.20).
    private func fallBack(_ router: Router) throws -> Table? {
        if let recording = try router.recordingInForce() {
            // As it was made: if that is overtaken, the loop renews it, and sessions feel the difference.
            let compiled = try router.compile(recording.sources.map { .init(name: $0.name, text: $0.text) }) { _ in
                recording.circumstances
            }
            names.know(hostNames(compiled.configuration), recording.circumstances.hostAddresses)
            router.adopt(compiled)
            shared.withLock {
                $0.configuration = compiled.configuration
                $0.policyIndices = compiled.policyIndices
            }
            adopt(compiled.configuration, compiled.policyIndices)
            logger.warning("keeping the program that is loaded")
            return compiled.table
        }
        if let loaded = try router.deployment.read() {
            logger.warning("keeping the table that is loaded; it was made from no recorded configuration")
            return loaded
        }
        let lockdown = compileLockdown(management)
        _ = try router.deployment.apply(lockdown)
        logger.critical("no valid configuration: lockdown is loaded; only management gets through")
        return lockdown
    }

    /// Says what became of the routes of filter actions.
    private func tell(_ report: ForwardingReport) {
        if report.repaired > 0 {
            shared.withLock {
                $0.counts.drifts += 1
                $0.counts.repairs += 1
            }
            logger.warning("repaired \(report.repaired) rules and routes of filter actions")
        }
        for problem in report.problems { logger.warning("\(problem)") }
    }

    /// Brings the kernel back; nil if that failed, and it is tried again.
    private func repair(_ router: Router, _ wanted: Table) throws -> UInt32? {
        do {
            let report = try router.deployment.apply(wanted)
            guard report.changes > 0 else { return report.generation }
            shared.withLock {
                $0.counts.drifts += 1
                $0.counts.repairs += 1
            }
            logger.warning("repaired: \(report.drift.prefix(5).joined(separator: "; "))")
            return report.generation
        } catch {
            shared.withLock { $0.counts.drifts += 1 }
            logger.error("cannot repair: \(error)")
            return nil
        }
    }
}

/// Why a commit did not happen.
private struct CommitRefusal: Error, CustomStringConvertible {
    let description: String
}

// SPDX-License-Identifier: Apache-2.0
// Brings the kernel into line: read, plan, prepare, switch, sweep, read back (DESIGN §4).
import Netlink
public import NftablesIR
import NftablesKernel
import Reconciler

/// Why the kernel could not be brought into line.
public struct DeploymentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: Hashable, Sendable {
        /// The kernel refused something, or we may not ask.
        case refused
        /// What was read back is not what was sent.
        case different
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// One line a problem; each names the configuration statement where there is one.
    public let problems: [String]

    /// All problems.
    public var description: String { problems.joined(separator: "\n") }
}

/// What one deployment did.
public struct DeploymentReport: Hashable, Sendable {
    /// Changes sent to the kernel in all phases; 0 if it held the program already.
    public var changes = 0
    /// What differed from the program before.
    public var drift: [String] = []
    /// The generation of the ruleset after our last change.
    public var generation: UInt32 = 0

    /// Makes an empty report.
    public init() {}
}

/// The live table of the network namespace that the calling thread is in.
public final class Deployment {
    private var connection: NftablesConnection
    /// How often a plan is made anew because somebody else changed the ruleset meanwhile.
    private static let attempts = 10

    /// Opens the kernel's door.
    public init() throws(DeploymentError) {
        do {
            connection = try NftablesConnection()
        } catch {
            throw DeploymentError(kind: .refused, problems: [error.description])
        }
    }

    /// The generation of the ruleset.
    public func generation() throws(DeploymentError) -> UInt32 {
        do {
            return try connection.generation().id
        } catch {
            throw DeploymentError(kind: .refused, problems: [error.description])
        }
    }

    /// What the kernel holds of ours as far as it can be put into values; nil if nothing.
    public func readTolerantly() throws(DeploymentError) -> Table? { try observe()?.table }

    /// What the kernel holds of ours; nil if nothing.
    ///
    /// - Throws: also if the table has properties that nothing of ours has.
    public func read() throws(DeploymentError) -> Table? {
        do {
            return try connection.readTable(.inet, "sluice")
        } catch {
            throw DeploymentError(kind: .refused, problems: [error.description])
        }
    }

    /// Readings of all counters of ours, by name.
    public func counters() throws(DeploymentError) -> [String: CounterValue] {
        do {
            return try connection.counters(.inet, "sluice")
        } catch {
            throw DeploymentError(kind: .refused, problems: [error.description])
        }
    }

    /// Sets counters to zero and gives what they stood at; no packet is lost between (kernel facts §4).
    ///
    /// - Returns: the last reading of each; counters that are gone by now are left out.
    public func reset(_ names: Set<String>) throws(DeploymentError) -> [String: CounterValue] {
        var readings: [String: CounterValue] = [:]
        for name in names {
            do {
                readings[name] = try connection.resetCounter(name, in: .inet, "sluice")
            } catch {
                throw DeploymentError(kind: .refused, problems: [error.description])
            }
        }
        return readings
    }

    /// Takes our table away with all it holds.
    ///
    /// - Returns: false if there was none.
    public func remove() throws(DeploymentError) -> Bool {
        guard try observe() != nil else { return false }
        try send([.deleteTable], ifGeneration: nil)
        return true
    }

    /// Makes the kernel hold the program; an identical one sends nothing.
    public func apply(_ desired: Table) throws(DeploymentError) -> DeploymentReport {
        var report = DeploymentReport()
        for _ in 0..<Self.attempts {
            let generation = try generation()
            let plan = plan(desired: desired, observed: try observe()?.table)
            report.generation = generation
            if plan.isEmpty { return report }
            report.drift += plan.differences.map(\.description)
            guard try carryOut(plan, generation, &report) else { continue }
            return report
        }
        throw DeploymentError(
            kind: .refused,
            problems: ["somebody else keeps changing the ruleset; stop the other program and apply again"]
        )
    }

    /// Compares what the kernel holds with the program.
    ///
    /// - Throws: `.different` with what differs.
    public func confirm(_ desired: Table) throws(DeploymentError) {
        guard let reading = try observe() else {
            throw DeploymentError(kind: .different, problems: ["the kernel holds no table inet sluice"])
        }
        let plan = plan(desired: desired, observed: reading.table)
        guard plan.isEmpty, reading.unknowns.isEmpty else {
            throw DeploymentError(
                kind: .different,
                problems: plan.differences.map(\.description) + reading.unknowns.map(\.description)
            )
        }
    }

    private func observe() throws(DeploymentError) -> TableReading? {
        do {
            return try connection.read(.inet, "sluice")
        } catch {
            throw DeploymentError(kind: .refused, problems: [error.description])
        }
    }

    /// Sends the phases one by one; false if the ruleset moved under us.
    private func carryOut(
        _ plan: Plan,
        _ generation: UInt32,
        _ report: inout DeploymentReport
    ) throws(DeploymentError) -> Bool {
        var expected = generation
        for phase in [plan.prepare, plan.switchOver, plan.sweep] where !phase.isEmpty {
            guard try send(phase, ifGeneration: expected) else { return false }
            report.changes += phase.count
            // Each effective commit moves the generation by one (kernel facts §8); another number was not only ours,
            // and the next phase, bound to it, is refused.
            expected &+= 1
        }
        // Ours, and nobody else's: a change that came right behind it is still to be noticed.
        report.generation = expected
        return true
    }

    /// Sends one batch; false if the generation moved.
    @discardableResult
    private func send(_ changes: [Change], ifGeneration generation: UInt32?) throws(DeploymentError) -> Bool {
        let batch = Batch(.inet, "sluice", changes)
        do {
            try connection.send(batch, ifGeneration: generation)
            return true
        } catch {
            if error.code == .generationMoved { return false }
            throw DeploymentError(kind: .refused, problems: error.explanation(of: batch))
        }
    }
}

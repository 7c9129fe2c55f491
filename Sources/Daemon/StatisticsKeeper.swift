// SPDX-License-Identifier: Apache-2.0
// Counters as people see them, who clear them, and as metrics show them, which never go back.
import Engine
import NftablesIR
import OperationalMode
import Synchronization

/// Reads and clears the kernel's counters, and remembers what was cleared.
///
/// Metrics go on counting over a `clear firewall`: a series that fell to zero would lose the packets between its last
/// reading and the clearing. After a restart of the daemon they start again from what the kernel holds.
final class StatisticsKeeper: Sendable {
    /// What each counter stood at when it was cleared, all clearings together.
    private let cleared = Mutex<[String: CounterValue]>([:])

    /// Readings since the last clearing.
    func sinceClearing() throws -> Statistics { Statistics(try Deployment().counters()) }

    /// Readings as if nothing had been cleared.
    func sinceStart() throws -> Statistics {
        // Under the lock, so that a counter is not read before it is cleared and added to after.
        let counters = try cleared.withLock { cleared in
            var counters = try Deployment().counters()
            cleared = cleared.filter { counters[$0.key] != nil }
            for (name, value) in cleared { counters[name]?.add(value) }
            return counters
        }
        return Statistics(counters)
    }

    /// Sets counters to zero.
    func clear(_ names: Set<String>) throws {
        try cleared.withLock { cleared in
            for (name, value) in try Deployment().reset(names) { cleared[name, default: CounterValue()].add(value) }
        }
    }
}

extension CounterValue {
    fileprivate mutating func add(_ other: CounterValue) {
        self = CounterValue(packets: packets &+ other.packets, bytes: bytes &+ other.bytes)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Follows names of hosts: asks again when an answer's time is over, on a thread of its own (flow reference §4).
import Engine
import Foundation
import Logging
import NameResolution
import NetworkTypes
import Synchronization

/// The addresses that names stand for.
final class NameFollower: Sendable {
    private struct Entry {
        /// The last answer; empty while there was none.
        var addresses: [IPAddress] = []
        var isDue: ContinuousClock.Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var hasChanged = false
        var isStopAsked = false
    }

    private let state = Mutex(State())
    private let server: NameServer?
    private let logger: Logger

    init(server: NameServer?, logger: Logger) {
        self.server = server
        self.logger = logger
    }

    /// Seconds until a name is asked again: its time to live within the bounds of devices, 300 where nobody says
    /// (flow reference §4).
    static func delay(timeToLive: UInt32?) -> UInt32 { min(86_400, max(16, timeToLive ?? 300)) }

    /// Follows names from here on, with the addresses that they had before; they are asked for soon.
    func know(_ names: Set<String>, _ addresses: [String: [IPAddress]]) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.entries = [:]
            for name in names { state.entries[name] = Entry(addresses: addresses[name] ?? [], isDue: now) }
            state.hasChanged = false
        }
    }

    /// The addresses of names, asked for now where they are new; names beyond these are forgotten.
    func follow(_ names: Set<String>) -> [String: [IPAddress]] {
        let new = state.withLock { state in
            state.entries = state.entries.filter { names.contains($0.key) }
            return names.subtracting(state.entries.keys)
        }
        ask(new)
        return state.withLock { state in
            state.hasChanged = false
            return state.entries.mapValues(\.addresses).filter { !$0.value.isEmpty }
        }
    }

    /// Whether an address changed since the last `follow`.
    var hasChanged: Bool { state.withLock { $0.hasChanged } }

    /// Ends `run`.
    func stop() { state.withLock { $0.isStopAsked = true } }

    /// Asks again and again until stopped.
    func run() {
        while !state.withLock({ $0.isStopAsked }) {
            let now = ContinuousClock.now
            ask(Set(state.withLock { $0.entries.filter { $0.value.isDue <= now }.keys }))
            Thread.sleep(forTimeInterval: 0.2)
        }
    }

    private func ask(_ names: Set<String>) {
        guard !names.isEmpty else { return }
        let answers = resolveHosts(names, at: server)
        let now = ContinuousClock.now
        for name in names.sorted() {
            let answer = answers[name]
            // Nobody could answer: the last answer holds on, and the question is soon put again.
            let wait = Self.delay(timeToLive: answer.map { $0.timeToLive } ?? 0)
            let change: [IPAddress]? = state.withLock { state in
                let before = state.entries[name]?.addresses ?? []
                let addresses = answer?.addresses ?? before
                state.entries[name] = Entry(addresses: addresses, isDue: now + .seconds(wait))
                guard addresses != before else { return nil }
                state.hasChanged = true
                return addresses
            }
            if let change {
                logger.info(
                    "\(name) is \(change.isEmpty ? "nothing" : change.map(\.description).joined(separator: " "))"
                )
            } else if answer == nil {
                logger.warning("nobody answers for \(name); what was known holds on")
            }
        }
    }
}

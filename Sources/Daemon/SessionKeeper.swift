// SPDX-License-Identifier: Apache-2.0
// Hears of sessions and tells syslog: RT_FLOW_SESSION_CREATE, CLOSE and DENY (flow reference §9.5, §10.4).
import Conntrack
import Engine
import Foundation
import JunosLowering
import JunosModel
import Logging
import NetworkTypes
import OperationalMode
import PacketLog
import Synchronization

/// What the keeper counts.
struct SessionCounts: Hashable, Sendable {
    /// Times that events of the kernel did not arrive; each was made good by a dump.
    var lostEvents: UInt64 = 0
    /// Messages that the system's syslog did not take.
    var syslogLost: UInt64 = 0
}

/// Listens to conntrack on one thread of its own, which is in the router's network namespace.
final class SessionKeeper: Sendable {
    private struct Shared {
        /// The configuration of sessions from now on; nil before the first one.
        var adopted: (configuration: JunosConfiguration, indices: [PolicyIdentity: UInt16])?
        /// Which one it is.
        var adoption = 0
        /// When it was adopted, in nanoseconds since 1970.
        var adoptedAt: UInt64 = 0
        /// Newest first: reports of refused packets may be of an earlier one.
        var denials: [DenialDescriptions] = []
        var format = SessionLogFormat.plain
        var hostName: String?
        var ended: [UInt16: EndedTraffic] = [:]
        var counts = SessionCounts()
        var isStopAsked = false
    }

    private let shared = Mutex(Shared())
    /// Sessions that we closed ourselves.
    let closedSessions = ClosedSessions()
    private let syslogPath: String
    private let logger: Logger
    /// How long the loop waits for events before it looks at its other duties, in milliseconds.
    private static let patience: Int32 = 200
    /// Seconds between dumps, at least: the kernel reports idle sessions as ended only when somebody looks.
    private static let interval = 5.0

    init(syslogPath: String, logger: Logger) {
        self.syslogPath = syslogPath
        self.logger = logger
    }

    /// From now on a configuration may be in force; to be called before its program is loaded.
    func adopt(_ configuration: JunosConfiguration, _ indices: [PolicyIdentity: UInt16]) {
        shared.withLock { shared in
            shared.adopted = (configuration, indices)
            shared.adoption += 1
            shared.adoptedAt = Self.now()
            shared.denials.insert(DenialDescriptions(configuration), at: 0)
            if shared.denials.count > 2 { shared.denials.removeLast() }
            shared.format = configuration.security?.logFormat ?? .plain
            shared.hostName = configuration.hostName
        }
    }

    private static func now() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1e9) }

    /// What sessions carried that are over, by the number of their policy.
    var ended: [UInt16: EndedTraffic] { shared.withLock { $0.ended } }

    /// What was counted.
    var counts: SessionCounts { shared.withLock { $0.counts } }

    /// Ends the loop soon.
    func stop() { shared.withLock { $0.isStopAsked = true } }

    private var isStopAsked: Bool { shared.withLock { $0.isStopAsked } }

    /// The message about a packet that a policy reported; nil if the policy permits it.
    func denial(_ packet: LoggedPacket, devices: [UInt32: String]) -> SessionLogEvent? {
        shared.withLock { $0.denials }.lazy.compactMap { $0.describe(packet, devices: devices) }.first
            .map(SessionLogEvent.denied)
    }

    /// Writes a message.
    func write(_ event: SessionLogEvent, _ syslog: SyslogWriter) {
        let (format, hostName) = shared.withLock { ($0.format, $0.hostName) }
        let isTaken = syslog.write(event, format, hostName: hostName ?? ProcessInfo.processInfo.hostName)
        if !isTaken { shared.withLock { $0.counts.syslogLost += 1 } }
    }

    /// Runs until asked to stop.
    func run() {
        let syslog = SyslogWriter(path: syslogPath, logger: logger)
        var ledger = SessionLedger()
        keepListening(orElse: "nothing is heard of sessions", logger, until: { isStopAsked }) {
            try listen(&ledger, syslog, $0)
        }
    }

    private func listen(_ ledger: inout SessionLedger, _ syslog: SyslogWriter, _ didBegin: () -> Void) throws {
        let events = try ConntrackEvents(changes: false)
        var connection = try ConntrackConnection()
        var adoption = 0
        var descriptions: SessionDescriptions?
        var lookAgain = Date.distantPast
        didBegin()
        while !isStopAsked {
            let waiting = try events.wait(milliseconds: Self.patience)
            // A configuration is adopted before its program is loaded: what waits may be of its sessions already.
            let (current, adopted, time) = shared.withLock { ($0.adoption, $0.adopted, $0.adoptedAt) }
            if current != adoption, let (configuration, indices) = adopted {
                adoption = current
                ledger.adopt(wantedPolicies(configuration, indices), at: time)
                descriptions = try SessionDescriptions(configuration, policyIndices: indices)
                // Sessions of policies that have come to be wanted are looked for.
                lookAgain = .distantPast
            }
            var entries: [LedgerEntry] = []
            let isLost = take(waiting, &ledger, &entries)
            if isLost || Date() >= lookAgain, descriptions != nil {
                let begin = Date()
                descriptions?.forgetRoutes()
                let seen = try connection.sessions()
                // What happened while the dump was made is told by events; only the rest is news.
                var meanwhile: [LedgerEntry] = []
                let isLostAgain = try takeAll(events, &ledger, &meanwhile)
                entries += meanwhile + ledger.reconcile(seen, meanwhile)
                lookAgain =
                    isLostAgain
                    ? .distantPast : Date(timeIntervalSinceNow: max(Self.interval, -begin.timeIntervalSinceNow * 20))
            }
            let now = Self.now()
            for entry in entries {
                let interest = ledger.interest(entry.session)
                let reason: CloseReason
                switch entry {
                case .began:
                    guard interest.contains(.beginnings),
                        let session = try descriptions?.describe(entry.session, now: now)
                    else { continue }
                    write(.created(session), syslog)
                    continue
                case .ended(let session):
                    let noted = closedSessions.take(session)
                    reason = CloseReason(of: session, noted: noted)
                case .vanished(let session): reason = closedSessions.take(session) ?? .unset
                }
                guard interest.contains(.ends), let session = try descriptions?.describe(entry.session, now: now)
                else { continue }
                write(.closed(session, reason: reason.rawValue), syslog)
            }
            let ended = ledger.ended
            shared.withLock { $0.ended = ended }
        }
    }

    /// Enters all events that wait; whether some were lost, or there is no end of them.
    private func takeAll(
        _ events: borrowing ConntrackEvents,
        _ ledger: inout SessionLedger,
        _ entries: inout [LedgerEntry]
    ) throws -> Bool {
        var isLost = false
        for _ in 0..<64 {
            let waiting = try events.wait(milliseconds: 0)
            if waiting.isEmpty { return isLost }
            isLost = take(waiting, &ledger, &entries) || isLost
        }
        return true
    }

    /// Enters events; whether some were lost.
    private func take(_ events: [SessionEvent], _ ledger: inout SessionLedger, _ entries: inout [LedgerEntry]) -> Bool {
        var isLost = false
        for event in events {
            if case .lost = event {
                isLost = true
                shared.withLock { $0.counts.lostEvents += 1 }
            } else if let entry = ledger.take(event) {
                entries.append(entry)
            } else if case .ended(let session) = event {
                _ = closedSessions.take(session)
            }
        }
        return isLost
    }
}

extension SyslogWriter {
    /// Facility user and severity info, as in what devices send: `<14>`.
    private static let sessionPriority = 14

    /// Writes a message about a session; false if the system's syslog is there and does not take it now.
    func write(_ event: SessionLogEvent, _ format: SessionLogFormat, hostName: String) -> Bool {
        let now = Date()
        switch format {
        case .plain:
            return deliver("<\(Self.sessionPriority)>\(stamp(CivilTime(now))) RT_FLOW: \(event.plain)", event.plain)
        case .structured:
            let message = "\(hostName) RT_FLOW - \(event.tag) \(event.structuredData)"
            let time = now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            return deliver("<\(Self.sessionPriority)>1 \(time) \(message)", message)
        }
    }
}

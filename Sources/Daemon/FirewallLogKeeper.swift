// SPDX-License-Identifier: Apache-2.0
// The consumer of what filters report: a bounded log, lines for syslog, and counts (DESIGN §3.24).
import Engine
import Foundation
import JunosModel
import Logging
import NftablesCompiler
import OperationalMode
import PacketLog
import Synchronization

/// What the consumer counts.
struct FirewallLogCounts: Hashable, Sendable {
    /// Reports of filters' terms.
    var filterPackets: UInt64 = 0
    /// Reports of security policies.
    var policyPackets: UInt64 = 0
    /// Reports of statements of no configuration that we know.
    var unknownPackets: UInt64 = 0
    /// Reports that the kernel made and that did not arrive.
    var lost: UInt64 = 0
    /// Packets whose lines the system's syslog did not take.
    var syslogLost: UInt64 = 0
}

/// Listens to the kernel's reports on one thread of its own, which is in the router's network namespace.
final class FirewallLogKeeper: Sendable {
    private struct Shared {
        var reports = FirewallReports()
        var entries = RecentEntries<FirewallLogEntry>(capacity: FirewallLogKeeper.capacity)
        var counts = FirewallLogCounts()
        var isStopAsked = false
    }

    /// Entries that the log holds; the oldest gives way.
    private static let capacity = 4096
    /// How long the loop waits for reports before it looks at its other duties, in milliseconds.
    private static let patience: Int32 = 200
    /// Reports that are taken at once, so that a flood cannot hold the loop for ever.
    private static let portion = 8192

    private let shared = Mutex(Shared())
    private let sessions: SessionKeeper
    private let syslogPath: String
    private let logger: Logger

    /// - Parameter sessions: who tells of packets that policies refuse.
    init(sessions: SessionKeeper, syslogPath: String, logger: Logger) {
        self.sessions = sessions
        self.syslogPath = syslogPath
        self.logger = logger
    }

    /// From now on a configuration may be in force; to be called before its program is loaded.
    func adopt(_ configuration: JunosConfiguration) { shared.withLock { $0.reports.adopt(configuration) } }

    /// The log, newest first.
    var entries: [FirewallLogEntry] { shared.withLock { $0.entries.newestFirst } }

    /// Empties the log.
    func clear() { shared.withLock { $0.entries.removeAll() } }

    /// What was counted.
    var counts: FirewallLogCounts { shared.withLock { $0.counts } }

    /// Ends the loop soon.
    func stop() { shared.withLock { $0.isStopAsked = true } }

    private var isStopAsked: Bool { shared.withLock { $0.isStopAsked } }

    /// Runs until asked to stop.
    func run() {
        let syslog = SyslogWriter(path: syslogPath, logger: logger)
        keepListening(orElse: "nothing that filters log is heard", logger, until: { isStopAsked }) {
            try listen(syslog, $0)
        }
    }

    /// Listens until asked to stop.
    private func listen(_ syslog: SyslogWriter, _ didBegin: () -> Void) throws {
        var listener = try PacketLogListener()
        try listener.listen(to: reportGroup, .bulk(copying: 128))
        didBegin()
        var devices = DeviceNames()
        var lines = SyslogLines()
        while !isStopAsked {
            if try listener.wait(milliseconds: Self.patience) {
                let reports = try listener.reports(limit: Self.portion)
                try take(reports, &devices, &lines, syslog)
            }
            if lines.isDue(Date()) { write(&lines, syslog) }
        }
        write(&lines, syslog)
    }

    private func take(
        _ reports: PacketLogListener.Reports,
        _ devices: inout DeviceNames,
        _ lines: inout SyslogLines,
        _ syslog: SyslogWriter
    ) throws {
        let now = Date()
        let time = CivilTime(now)
        let names = try devices.names(of: reports.packets, now)
        var policyReports: [LoggedPacket] = []
        shared.withLock { shared in
            shared.counts.lost += reports.lost
            for packet in reports.packets {
                switch shared.reports.resolve(packet, devices: names, at: time) {
                case .policy:
                    shared.counts.policyPackets += 1
                    policyReports.append(packet)
                case .unknown: shared.counts.unknownPackets += 1
                case .filter(let report):
                    shared.counts.filterPackets += 1
                    if report.isForLog { shared.entries.append(report.entry) }
                    if report.isForSyslog { lines.add(report.entry, now) }
                }
            }
        }
        for event in policyReports.lazy.compactMap({ self.sessions.denial($0, devices: names) }) {
            sessions.write(event, syslog)
        }
    }

    private func write(_ lines: inout SyslogLines, _ syslog: SyslogWriter) {
        let lost = lines.take().reduce(into: UInt64(0)) { lost, line in
            if !syslog.write(line.message, at: line.time) { lost += line.packets }
        }
        if lost > 0 { shared.withLock { $0.counts.syslogLost += lost } }
    }
}

/// The newest of many; the oldest gives way.
struct RecentEntries<Entry> {
    private var entries: [Entry] = []
    /// Where the oldest stands once all places are taken.
    private var oldest = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ entry: Entry) {
        guard entries.count == capacity else {
            entries.append(entry)
            return
        }
        entries[oldest] = entry
        oldest = (oldest + 1) % capacity
    }

    mutating func removeAll() {
        entries.removeAll()
        oldest = 0
    }

    var newestFirst: [Entry] { (entries[oldest...] + entries[..<oldest]).reversed() }
}

/// Names of devices by number, read again when one is not known or a second has passed.
private struct DeviceNames {
    private var known: [UInt32: String] = [:]
    private var readAt = Date.distantPast

    mutating func names(of packets: [LoggedPacket], _ now: Date) throws -> [UInt32: String] {
        let isKnown = packets.allSatisfy { packet in
            [packet.input, packet.output].allSatisfy { $0 == 0 || known[$0] != nil }
        }
        if !isKnown || now.timeIntervalSince(readAt) > 1 {
            known = try deviceNames()
            readAt = now
        }
        return known
    }
}

extension CivilTime {
    /// A moment in the system's time zone.
    init(_ date: Date) {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second],
            from: date
        )
        self.init(
            year: parts.year ?? 0,
            month: parts.month ?? 0,
            day: parts.day ?? 0,
            hour: parts.hour ?? 0,
            minute: parts.minute ?? 0,
            second: parts.second ?? 0,
            zone: TimeZone.current.abbreviation(for: date) ?? ""
        )
    }
}

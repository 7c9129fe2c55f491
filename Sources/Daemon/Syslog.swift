// SPDX-License-Identifier: Apache-2.0
// Lines of the `syslog` action on their way to the system's log (filters reference §4.3, §6.1).
import FlyingSocks
import Foundation
import Logging
import OperationalMode

/// Lines that wait, each with how many packets alike it stands for, as devices count them.
struct SyslogLines {
    /// One line.
    struct Line {
        var message: String
        var time: CivilTime
        var packets: UInt64
    }

    private var order: [(first: FirewallLogEntry, packets: UInt64)] = []
    /// Where each line stands, by everything that it says but the count.
    private var places: [String: Int] = [:]
    private var since = Date.distantFuture
    /// Seconds that lines wait for packets alike.
    private static let patience = 1.0
    /// Different lines that may wait.
    private static let capacity = 1024

    /// Adds a packet.
    mutating func add(_ entry: FirewallLogEntry, _ now: Date) {
        let key = entry.syslogMessage(packets: 0)
        if let place = places[key] {
            order[place].packets += 1
            return
        }
        if order.isEmpty { since = now }
        places[key] = order.count
        order.append((entry, 1))
    }

    /// Whether lines have waited long enough, or are many.
    func isDue(_ now: Date) -> Bool {
        !order.isEmpty && (order.count >= Self.capacity || now.timeIntervalSince(since) >= Self.patience)
    }

    /// Takes all lines, in the order of their first packets.
    mutating func take() -> [Line] {
        defer {
            order = []
            places = [:]
            since = .distantFuture
        }
        return order.map {
            Line(message: $0.first.syslogMessage(packets: $0.packets), time: $0.first.time, packets: $0.packets)
        }
    }
}

/// Writes to the system's syslog where its socket is, and to our own log where there is none.
final class SyslogWriter {
    private let path: String
    private let logger: Logger
    private var socket: Socket?
    /// When a line was last given up.
    private var gaveUpAt = Date.distantPast
    /// Seconds that a line waits for room in syslog's queue.
    private static let patience = 0.2
    /// Seconds after a line was given up in which others do not wait.
    private static let pause = 1.0
    /// Facility local3, which devices send their `firewall` facility to other hosts as, and severity info.
    private static let priority = 19 * 8 + 6
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    deinit { try? socket?.close() }

    /// Writes a message; false if the system's syslog is there and does not take it now.
    func write(_ message: String, at time: CivilTime) -> Bool {
        let own = "sluiced[\(ProcessInfo.processInfo.processIdentifier)]: "
        return deliver("<\(Self.priority)>\(stamp(time)) \(own)\(message)", message)
    }

    /// Writes a line as it is; false if the system's syslog is there and does not take it now.
    ///
    /// - Parameter message: what our own log says where there is no syslog.
    func deliver(_ line: String, _ message: String) -> Bool {
        let line = Data(line.utf8)
        switch send(line) {
        case .sent: return true
        case .busy: return false
        case .closed: break
        }
        // A syslog that was started anew has another socket under its name.
        try? socket?.close()
        socket = nil
        guard FileManager.default.fileExists(atPath: path), let fresh = connected() else {
            logger.info("\(message)")
            return true
        }
        socket = fresh
        return send(line) == .sent
    }

    private enum Sending {
        case sent
        /// Its queue is full.
        case busy
        /// Nobody reads there any more, or nobody was asked yet.
        case closed
    }

    /// The kernel keeps only a few lines for a syslog (`net.unix.max_dgram_qlen`), so a full queue gets time to be read;
    /// one that was not read in that time gets none for a while, or a stuck syslog would hold up everything.
    private func send(_ line: Data) -> Sending {
        guard let socket else { return .closed }
        let start = Date()
        let deadline = start.timeIntervalSince(gaveUpAt) < Self.pause ? start : start.addingTimeInterval(Self.patience)
        while true {
            do {
                return try socket.write(line) == line.count ? .sent : .closed
            } catch SocketError.blocked {
                guard Date() < deadline else {
                    gaveUpAt = Date()
                    return .busy
                }
                Thread.sleep(forTimeInterval: 0.002)
            } catch {
                return .closed
            }
        }
    }

    private func connected() -> Socket? {
        guard let fresh = try? Socket(domain: AF_UNIX, type: .datagram) else { return nil }
        do {
            // A syslog that is stuck must not hold us; what it does not take is counted.
            try fresh.setFlags(.nonBlocking)
            try fresh.connect(to: .unix(path: path))
            return fresh
        } catch {
            try? fresh.close()
            return nil
        }
    }

    /// `Mar  9 10:28:22`, as RFC 3164 has it and every local syslog reads it.
    func stamp(_ time: CivilTime) -> String {
        func digits(_ number: Int, _ filler: String) -> String { number < 10 ? "\(filler)\(number)" : "\(number)" }
        let month = Self.months.indices.contains(time.month - 1) ? Self.months[time.month - 1] : "Jan"
        let clock = [time.hour, time.minute, time.second].map { digits($0, "0") }.joined(separator: ":")
        return "\(month) \(digits(time.day, " ")) \(clock)"
    }
}

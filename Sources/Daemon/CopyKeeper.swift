// SPDX-License-Identifier: Apache-2.0
// The consumer of packets that terms sample or mirror: capture files, and copies out of a device (filters reference
// §4.3).
import Foundation
import JunosModel
import Logging
import Netlink
import NetworkTypes
import NftablesCompiler
import PacketLog
import PacketMirror
import Synchronization

/// What the consumer counts.
struct CopyCounts: Hashable, Sendable {
    /// Packets written to capture files.
    var captured: UInt64 = 0
    /// Packets sent out of mirrors' devices.
    var mirrored: UInt64 = 0
    /// Packets that did not arrive from the kernel, could not be written, or that a device did not take.
    var lost: UInt64 = 0
}

/// Takes copies from the kernel on one thread of its own, which is in the router's network namespace.
final class CopyKeeper: Sendable {
    private struct Shared {
        var configuration = JunosConfiguration()
        /// Grows with each configuration.
        var generation = 0
        var counts = CopyCounts()
        var isStopAsked = false
    }

    private static let patience: Int32 = 200
    /// Copies that are taken at once.
    private static let portion = 2048
    /// Seconds until listening is tried again.
    private static let retryDelay = 2.0

    private let shared = Mutex(Shared())
    private let folder: String
    private let logger: Logger

    /// - Parameter folder: Where capture files grow.
    init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// From now on a configuration may be in force; to be called before its program is loaded.
    func adopt(_ configuration: JunosConfiguration) {
        shared.withLock {
            $0.configuration = configuration
            $0.generation += 1
        }
    }

    /// What was counted.
    var counts: CopyCounts { shared.withLock { $0.counts } }

    /// Ends the loop soon.
    func stop() { shared.withLock { $0.isStopAsked = true } }

    private var isStopAsked: Bool { shared.withLock { $0.isStopAsked } }

    /// Runs until asked to stop; without copies the router filters on, so nothing here ends the daemon.
    func run() {
        var isSilent = false
        while !isStopAsked {
            do {
                try listen()
                isSilent = false
            } catch {
                if !isSilent { logger.warning("nothing is sampled or mirrored: \(error); trying again") }
                isSilent = true
                let retry = Date(timeIntervalSinceNow: Self.retryDelay)
                while !isStopAsked, Date() < retry { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
    }

    private func listen() throws {
        var listener = try PacketLogListener()
        for group in [captureGroup, mirrorGroup] {
            // All of a packet; the rule says how much of it is needed.
            try listener.listen(to: group, .bulk(copying: 65_000))
        }
        var output = try CopyOutput(folder: folder, logger: logger)
        var generation = -1
        while !isStopAsked {
            let isReady = try listener.wait(milliseconds: Self.patience)
            let (configuration, current) = shared.withLock { ($0.configuration, $0.generation) }
            if current != generation {
                output.adopt(configuration)
                generation = current
            }
            guard isReady else { continue }
            let reports = try listener.reports(limit: Self.portion)
            let counts = try output.take(reports.packets, at: Date())
            shared.withLock {
                $0.counts.captured += counts.captured
                $0.counts.mirrored += counts.mirrored
                $0.counts.lost += counts.lost + reports.lost
            }
        }
    }
}

/// Writes and sends copies.
private struct CopyOutput: ~Copyable {
    private let folder: String
    private let logger: Logger
    private let sender: LinkSender
    private var neighbours: Neighbours
    private var configuration = JunosConfiguration()
    private var files: [String: CaptureFile] = [:]
    private var devices: [String: UInt32] = [:]
    private var deviceNames: [UInt32: String] = [:]
    private var hardware: [IPAddress: [UInt8]] = [:]
    private var readAt = Date.distantPast
    /// Copies of each mirror so far, and of the capture under an empty key of its own.
    private var mirrorNumbers: [String: UInt64] = [:]
    private var captureNumber: UInt64 = 0
    private var isComplaining = false

    /// Where copies go whose neighbour is not known: to everybody.
    private static let broadcast = [UInt8](repeating: 0xff, count: 6)

    init(folder: String, logger: Logger) throws {
        let sender = try LinkSender()
        let neighbours = try Neighbours()
        self.folder = folder
        self.logger = logger
        self.sender = sender
        self.neighbours = neighbours
    }

    mutating func adopt(_ configuration: JunosConfiguration) {
        if configuration.packetCapture != self.configuration.packetCapture { files = [:] }
        self.configuration = configuration
        readAt = .distantPast
    }

    mutating func take(_ packets: [LoggedPacket], at now: Date) throws -> CopyCounts {
        // Devices and neighbours come and go; once a second is soon enough.
        if now.timeIntervalSince(readAt) > 1 {
            devices = try neighbours.devices()
            deviceNames = Dictionary(devices.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            hardware = [:]
            readAt = now
        }
        var counts = CopyCounts()
        for packet in packets {
            if let name = mirrorName(inPrefix: packet.prefix) {
                try mirror(packet, name, &counts)
            } else {
                capture(packet, now, &counts)
            }
        }
        return counts
    }

    private mutating func mirror(_ packet: LoggedPacket, _ name: String, _ counts: inout CopyCounts) throws {
        guard let mirror = configuration.portMirrors[name],
            let output = mirror.outputs[packet.etherType == 0x86dd ? .inet6 : .inet]
        else {
            counts.lost += 1
            return
        }
        let number = mirrorNumbers[name, default: 0]
        mirrorNumbers[name] = number + 1
        guard mirror.rate.keeps(number) else { return }
        guard let device = configuration.interfaces.first(where: { $0.name == output.interface })?.device,
            let index = devices[device]
        else {
            counts.lost += 1
            return
        }
        var neighbour = Self.broadcast
        if let hop = output.nextHop {
            if hardware[hop] == nil { hardware[hop] = try neighbours.address(of: hop, device: index) ?? Self.broadcast }
            neighbour = hardware[hop] ?? Self.broadcast
        }
        if sender.send(packet.bytes, etherType: packet.etherType, device: index, to: neighbour) == 0 {
            counts.mirrored += 1
        } else {
            counts.lost += 1
        }
    }

    private mutating func capture(_ packet: LoggedPacket, _ now: Date, _ counts: inout CopyCounts) {
        guard let settings = configuration.packetCapture, !settings.fileName.isEmpty else {
            counts.lost += 1
            return
        }
        defer { captureNumber += 1 }
        guard settings.rate.keeps(captureNumber) else { return }
        // One file an interface, as devices have it; the filter stood where the packet arrived or left.
        let index = packet.hook == 4 || packet.input == 0 ? packet.output : packet.input
        let device = deviceNames[index] ?? "unknown"
        let interface = configuration.interfaces.first { $0.device == device }?.name ?? device
        do {
            let file = try files[interface] ?? begin(interface, settings)
            files[interface] = file
            try file.append(packet.bytes, length: length(of: packet), at: now)
            counts.captured += 1
            isComplaining = false
        } catch {
            counts.lost += 1
            files[interface] = nil
            if !isComplaining { logger.warning("sampled packets cannot be kept: \(error)") }
            isComplaining = true
        }
    }

    private func begin(_ interface: String, _ settings: PacketCapture) throws -> CaptureFile {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let name = "\(settings.fileName).\(interface.replacing("/", with: "-"))"
        return try CaptureFile(
            path: "\(folder)/\(name)",
            limit: settings.size,
            files: settings.files,
            isWorldReadable: settings.isWorldReadable
        )
    }

    /// The length that the IP header tells, where it can be read.
    private func length(of packet: LoggedPacket) -> Int {
        let bytes = packet.bytes
        guard bytes.count >= 6 else { return bytes.count }
        let told =
            packet.etherType == 0x86dd
            ? 40 + (Int(bytes[4]) << 8 | Int(bytes[5])) : Int(bytes[2]) << 8 | Int(bytes[3])
        return max(told, bytes.count)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Where copies of packets go: capture files, and out of a device (filters reference §4.3).
import Foundation
import JunosModel
import Logging
import Netlink
import NetworkTypes
import NftablesCompiler
import PacketLog

/// Writes and sends copies.
struct CopyOutput: ~Copyable {
    private let folder: String
    private let logger: Logger
    private let sender: LinkSender
    private var neighbours: Neighbours
    private var capture: PacketCapture?
    private var mirrors: [String: PortMirror] = [:]
    /// Linux devices by logical interface, and back.
    private var linuxDevices: [String: String] = [:]
    private var interfaces: [String: String] = [:]
    private var files: [String: CaptureFile] = [:]
    private var devices: [String: UInt32] = [:]
    private var deviceNames: [UInt32: String] = [:]
    /// Hardware addresses of next hops by device: a link-local hop is another one behind each.
    private var hardware: [UInt32: [IPAddress: [UInt8]]] = [:]
    private var readAt = Date.distantPast
    /// Copies of each mirror so far, and of the capture.
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
        if configuration.packetCapture != capture { files = [:] }
        capture = configuration.packetCapture
        mirrors = configuration.portMirrors
        let pairs = configuration.interfaces.compactMap { interface in interface.device.map { (interface.name, $0) } }
        linuxDevices = Dictionary(pairs) { first, _ in first }
        interfaces = Dictionary(pairs.map { ($1, $0) }) { first, _ in first }
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
                keep(packet, now, &counts)
            }
        }
        return counts
    }

    private mutating func mirror(_ packet: LoggedPacket, _ name: String, _ counts: inout CopyCounts) throws {
        guard let mirror = mirrors[name],
            let output = mirror.outputs[packet.etherType == 0x86dd ? .inet6 : .inet]
        else {
            counts.lost += 1
            return
        }
        let number = mirrorNumbers[name, default: 0]
        mirrorNumbers[name] = number + 1
        guard mirror.rate.keeps(number) else { return }
        guard let index = linuxDevices[output.interface].flatMap({ devices[$0] }) else {
            counts.lost += 1
            return
        }
        var neighbour = Self.broadcast
        if let hop = output.nextHop {
            let known = hardware[index]?[hop]
            neighbour = try known ?? neighbours.address(of: hop.octets, device: index) ?? Self.broadcast
            hardware[index, default: [:]][hop] = neighbour
        }
        if sender.send(packet.bytes, etherType: packet.etherType, device: index, to: neighbour) == 0 {
            counts.mirrored += 1
        } else {
            counts.lost += 1
        }
    }

    private mutating func keep(_ packet: LoggedPacket, _ now: Date, _ counts: inout CopyCounts) {
        guard let settings = capture, !settings.fileName.isEmpty else {
            counts.lost += 1
            return
        }
        defer { captureNumber += 1 }
        guard settings.rate.keeps(captureNumber) else { return }
        // One file an interface, as devices have it; the filter stood where the packet arrived or left.
        let index = packet.hook == 4 || packet.input == 0 ? packet.output : packet.input
        let device = deviceNames[index] ?? "unknown"
        let interface = interfaces[device] ?? device
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

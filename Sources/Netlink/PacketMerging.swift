// SPDX-License-Identifier: Apache-2.0
// Packets of one connection that a device hands on as one: what filters then see are not the packets of the wire
// (DESIGN §3.23, kernel facts T12).
import CMnl
import CNetfilterShims
import Glibc

/// A way in which packets are merged.
public enum PacketMerging: String, Hashable, Sendable, CaseIterable {
    /// Packets that arrive, by the kernel.
    case genericReceive = "gro"
    /// Packets that arrive, by the device.
    case largeReceive = "lro"
    /// Packets that leave are cut late, by the kernel.
    case genericSegmentation = "gso"
    /// Packets that leave are cut late, by the device.
    case tcpSegmentation = "tso"
    /// How many packets the host's own TCP makes as one; 1 for none.
    case mergedSegments = "gso-max-segs"

    /// The value at which nothing is merged.
    public var exactValue: UInt32 { self == .mergedSegments ? 1 : 0 }

    /// The commands that read and write it, and its bit in what they read and write.
    fileprivate var commands: (get: Int32, set: Int32, bit: UInt32)? {
        switch self {
        case .genericReceive: (ETHTOOL_GGRO, ETHTOOL_SGRO, 1)
        case .largeReceive: (ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, UInt32(ETH_FLAG_LRO.rawValue))
        case .genericSegmentation: (ETHTOOL_GGSO, ETHTOOL_SGSO, 1)
        case .tcpSegmentation: (ETHTOOL_GTSO, ETHTOOL_STSO, 1)
        case .mergedSegments: nil
        }
    }
}

/// Reads and sets how devices of the current network namespace merge packets.
public struct PacketMergingSettings: ~Copyable {
    private let descriptor: Int32
    private var links: NetlinkSocket

    /// Opens a connection in the namespace of the calling thread.
    public init() throws(NetlinkError) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NetlinkError(.system, operation: "open a socket", errno: Glibc.errno) }
        do throws(NetlinkError) {
            links = try NetlinkSocket(.route, bufferSize: 1 << 20)
        } catch {
            _ = close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    /// What a device does: 0 or 1, or a number of packets.
    public mutating func value(of merging: PacketMerging, at device: String) throws(NetlinkError) -> UInt32 {
        guard let commands = merging.commands else { return try mergedSegments(at: device) }
        return try ask(commands.get, merging, device) & commands.bit == 0 ? 0 : 1
    }

    /// Changes what a device does; needs CAP_NET_ADMIN.
    public mutating func set(_ merging: PacketMerging, at device: String, to value: UInt32) throws(NetlinkError) {
        guard let commands = merging.commands else { return try setMergedSegments(at: device, to: value) }
        var word = value
        if commands.bit != 1 {
            let others = try ask(commands.get, merging, device) & ~commands.bit
            word = others | (value == 0 ? 0 : commands.bit)
        }
        _ = try ask(commands.set, merging, device, word)
    }

    private func ask(
        _ command: Int32,
        _ merging: PacketMerging,
        _ device: String,
        _ word: UInt32 = 0
    ) throws(NetlinkError) -> UInt32 {
        var word = word
        guard unsafe CNetfilterShims_ethtoolValue(descriptor, device, UInt32(command), &word) == 0 else {
            throw NetlinkError(.refused, operation: "ask \(device) about \(merging.rawValue)", errno: errno)
        }
        return word
    }

    private mutating func index(of device: String) throws(NetlinkError) -> UInt32 {
        let index = unsafe if_nametoindex(device)
        guard index > 0 else { throw NetlinkError(.notFound, operation: "find the device \(device)", errno: ENODEV) }
        return index
    }

    private mutating func mergedSegments(at device: String) throws(NetlinkError) -> UInt32 {
        var payload = AttributeWriter()
        payload.raw(link(try index(of: device)))
        let operation = "read how many packets \(device) takes as one"
        let answers = try links.request(type: UInt16(RTM_GETLINK), payload: payload.bytes, operation: operation)
        guard let answer = answers.first, var fields = try? answer.attributes(after: 16),
            let number = fields.take(UInt32(IFLA_GSO_MAX_SEGS))?.host32
        else { throw NetlinkError(.malformed, operation: operation) }
        return number
    }

    private mutating func setMergedSegments(at device: String, to value: UInt32) throws(NetlinkError) {
        var payload = AttributeWriter()
        payload.raw(link(try index(of: device)))
        payload.put(UInt32(IFLA_GSO_MAX_SEGS), host32: value)
        _ = try links.request(
            type: UInt16(RTM_NEWLINK),
            payload: payload.bytes,
            operation: "set how many packets \(device) takes as one"
        )
    }

    /// struct ifinfomsg of one device.
    private func link(_ index: UInt32) -> [UInt8] {
        [0, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * UInt32($0))) }
            + [UInt8](repeating: 0, count: 8)
    }
}

extension NetlinkError {
    /// The device has no such setting.
    public var isUnsupported: Bool { errno == EOPNOTSUPP }

    /// There is no such device.
    public var isDeviceMissing: Bool { errno == ENODEV }
}

// SPDX-License-Identifier: Apache-2.0
// Listens to NFLOG groups: raw netlink, read in bulk, and every report that did not arrive is counted.
import CNetfilterShims
public import Netlink

/// How the kernel hands over the reports of a group.
public struct PacketLogDelivery: Hashable, Sendable {
    /// Reports that make one datagram.
    var threshold: UInt32
    /// How long reports wait for others, in hundredths of a second; 0 leaves it to the kernel.
    var patience: UInt32
    /// Bytes that one datagram may have.
    var size: UInt32
    /// Octets of each packet that are copied; a rule's own snap length may make it fewer.
    var copied: UInt32

    /// Each report at once: the kernel has sent it before it goes on with the packet.
    public static func immediate(copying octets: UInt32) -> PacketLogDelivery {
        PacketLogDelivery(threshold: 1, patience: 0, size: 0, copied: octets)
    }

    /// Hundreds of reports at a time, none later than a tenth of a second (kernel facts §11: 172,000 and more a second).
    public static func bulk(copying octets: UInt32) -> PacketLogDelivery {
        PacketLogDelivery(threshold: 200, patience: 10, size: 1 << 17, copied: octets)
    }
}

/// A listener to NFLOG groups of the network namespace that the calling thread was in when it was made.
///
/// A group has one listener at most; a second one is refused with `EBUSY`.
public struct PacketLogListener: ~Copyable {
    /// What one reading gave.
    public struct Reports: Hashable, Sendable {
        /// The packets, oldest first.
        public var packets: [LoggedPacket] = []
        /// Reports that the kernel made and that did not arrive: its buffer or ours was full.
        public var lost: UInt64 = 0

        /// Makes empty reports.
        public init() {}
    }

    private var socket: NetlinkSocket
    /// The sequence number that the next report of each group has.
    private var expected: [UInt16: UInt32] = [:]
    /// Losses that were counted when the buffer overflowed, before a gap told how many there were.
    private var countedAhead: UInt64 = 0
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)

    /// Opens a listener whose buffer has so many bytes; a report takes about 500.
    public init(bufferSize: Int32 = 32 << 20) throws(NetlinkError) {
        socket = try NetlinkSocket(.netfilter, bufferSize: bufferSize)
    }

    /// The socket, for those who wait on it.
    public var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Listens to a group from now on.
    public mutating func listen(to group: UInt16, _ delivery: PacketLogDelivery) throws(NetlinkError) {
        guard expected[group] == nil else { return }
        var bind = AttributeWriter()
        bind.put(UInt32(NFULA_CFG_CMD.rawValue), [UInt8(NFULNL_CFG_CMD_BIND.rawValue)])
        try configure(group, bind)
        // A binding counts its reports from 0.
        expected[group] = 0
        var mode = AttributeWriter()
        let copied = (0..<4).map { UInt8(truncatingIfNeeded: delivery.copied >> (24 - 8 * UInt32($0))) }
        mode.put(UInt32(NFULA_CFG_MODE.rawValue), copied + [UInt8(NFULNL_COPY_PACKET), 0])
        mode.put(UInt32(NFULA_CFG_QTHRESH.rawValue), network32: delivery.threshold)
        if delivery.patience > 0 { mode.put(UInt32(NFULA_CFG_TIMEOUT.rawValue), network32: delivery.patience) }
        if delivery.size > 0 { mode.put(UInt32(NFULA_CFG_NLBUFSIZ.rawValue), network32: delivery.size) }
        mode.put(UInt32(NFULA_CFG_FLAGS.rawValue), network16: UInt16(NFULNL_CFG_F_SEQ))
        try configure(group, mode)
    }

    private mutating func configure(_ group: UInt16, _ attributes: AttributeWriter) throws(NetlinkError) {
        // struct nfgenmsg: family, version, and the group in network order.
        let header = [0, 0, UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        _ = try socket.request(
            type: UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_CONFIG.rawValue),
            payload: header + attributes.bytes,
            operation: "listen to NFLOG group \(group)"
        )
    }

    /// Whether reports come within so many milliseconds; negative waits for ever.
    public func wait(milliseconds: Int32) throws(NetlinkError) -> Bool {
        try socket.waitReadable(milliseconds: milliseconds)
    }

    /// The reports that wait, oldest first; of a busy group not more than about so many.
    public mutating func reports(limit: Int = .max) throws(NetlinkError) -> Reports {
        var reports = Reports()
        while reports.packets.count < limit {
            switch try socket.receive(into: &buffer, operation: "read the reports of packets") {
            case .nothing: return reports
            case .lost:
                reports.lost += 1
                countedAhead += 1
            case .octets(let count): collect(count, into: &reports)
            }
        }
        return reports
    }

    /// Splits a datagram into messages and those into attributes; octets that do not fit together end it.
    private mutating func collect(_ count: Int, into reports: inout Reports) {
        let packetType = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue)
        var position = 0
        while position + 20 <= count {
            let length = Int(host32(position))
            guard length >= 20, position + length <= count else { return }
            // Only the kernel has port 0; what other processes send us is no report.
            if host16(position + 4) == packetType, host32(position + 12) == 0 {
                let (packet, sequence) = packet(from: position + 16, to: position + length)
                if let sequence { note(sequence, of: packet.group, &reports) }
                reports.packets.append(packet)
            }
            position += (length + 3) & ~3
        }
    }

    /// Counts the reports between the last one that arrived and this one.
    private mutating func note(_ sequence: UInt32, of group: UInt16, _ reports: inout Reports) {
        let missing = UInt64(sequence &- (expected[group] ?? sequence))
        expected[group] = sequence &+ 1
        let known = min(missing, countedAhead)
        countedAhead -= known
        reports.lost += missing - known
    }

    private func packet(from start: Int, to end: Int) -> (LoggedPacket, sequence: UInt32?) {
        var packet = LoggedPacket(group: network16(start + 2))
        var sequence: UInt32?
        var position = start + 4
        while position + 4 <= end {
            let length = Int(host16(position))
            guard length >= 4, position + length <= end else { break }
            let payload = (position + 4)..<(position + length)
            switch (UInt32(host16(position + 2) & 0x3fff), payload.count) {
            case (UInt32(NFULA_PACKET_HDR.rawValue), 4...):
                // struct nfulnl_msg_packet_hdr: EtherType, hook, padding.
                packet.etherType = network16(payload.lowerBound)
                packet.hook = buffer[payload.lowerBound + 2]
            case (UInt32(NFULA_MARK.rawValue), 4): packet.mark = network32(payload.lowerBound)
            case (UInt32(NFULA_IFINDEX_INDEV.rawValue), 4): packet.input = network32(payload.lowerBound)
            case (UInt32(NFULA_IFINDEX_OUTDEV.rawValue), 4): packet.output = network32(payload.lowerBound)
            case (UInt32(NFULA_SEQ.rawValue), 4): sequence = network32(payload.lowerBound)
            case (UInt32(NFULA_PREFIX.rawValue), _):
                packet.prefix = String(decoding: buffer[payload].prefix { $0 != 0 }, as: UTF8.self)
            case (UInt32(NFULA_PAYLOAD.rawValue), _): packet.bytes = Array(buffer[payload])
            default: break
            }
            position += (length + 3) & ~3
        }
        return (packet, sequence)
    }

    private func host16(_ position: Int) -> UInt16 { UInt16(buffer[position]) | UInt16(buffer[position + 1]) << 8 }
    private func host32(_ position: Int) -> UInt32 { UInt32(host16(position)) | UInt32(host16(position + 2)) << 16 }
    private func network16(_ position: Int) -> UInt16 { host16(position).byteSwapped }
    private func network32(_ position: Int) -> UInt32 { host32(position).byteSwapped }
}

// SPDX-License-Identifier: Apache-2.0
// Reads what observers and logging rules report over NFLOG, each packet's report at once.
import CNetfilterShims
import Glibc
import Netlink
import NetworkTypes

/// One report of a `log` expression.
struct LogReport: Hashable, Sendable {
    /// The NFLOG group.
    var group: UInt16
    /// The rule's prefix.
    var prefix: String
    /// The packet's mark.
    var mark: UInt32 = 0
    /// The number of the device of arrival; 0 without one.
    var input: UInt32 = 0
    /// The number of the device of departure; 0 without one.
    var output: UInt32 = 0
    /// The packet's first octets.
    var bytes: [UInt8] = []
}

/// A listener to NFLOG groups of the calling thread's network namespace.
///
/// The queue threshold is one, so the kernel has sent a report before it goes on with the packet.
final class PassageRecorder {
    /// How much of a packet is reported: headers with options, and in an ICMP error those of the packet it is about.
    private static let snapLength: UInt32 = 256

    private var socket: NetlinkSocket
    private var groups: Set<UInt16> = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init() throws { socket = try NetlinkSocket(.netfilter, bufferSize: 8 << 20) }

    /// Listens to a group.
    func listen(to group: UInt16) throws(NetlinkError) {
        guard groups.insert(group).inserted else { return }
        var bind = AttributeWriter()
        bind.put(UInt32(NFULA_CFG_CMD.rawValue), [UInt8(NFULNL_CFG_CMD_BIND.rawValue)])
        try configure(group, bind)
        var mode = AttributeWriter()
        let range = (0..<4).map { UInt8(truncatingIfNeeded: Self.snapLength >> (24 - 8 * UInt32($0))) }
        mode.put(UInt32(NFULA_CFG_MODE.rawValue), range + [UInt8(NFULNL_COPY_PACKET), 0])
        mode.put(UInt32(NFULA_CFG_QTHRESH.rawValue), network32: 1)
        try configure(group, mode)
    }

    private func configure(_ group: UInt16, _ attributes: AttributeWriter) throws(NetlinkError) {
        // struct nfgenmsg: family, version, and the group in network order.
        let header = [0, 0, UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        _ = try socket.request(
            type: UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_CONFIG.rawValue),
            payload: header + attributes.bytes,
            operation: "listen to NFLOG group \(group)"
        )
    }

    /// The reports that wait, oldest first.
    func reports() throws -> [LogReport] {
        var result: [LogReport] = []
        while true {
            let count = unsafe recv(socket.fileDescriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 {
                switch Glibc.errno {
                case EAGAIN: return result
                case EINTR: continue
                case ENOBUFS: throw LaboratoryError(.lost, "read the reports of observers: the kernel dropped some")
                default: throw LaboratoryError("read the reports of observers")
                }
            }
            collect(count, into: &result)
        }
    }

    /// Splits a datagram into messages and those into attributes; octets that do not fit together end it.
    private func collect(_ count: Int, into result: inout [LogReport]) {
        let packetType = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue)
        var position = 0
        while position + 20 <= count {
            let length = Int(host32(position))
            guard length >= 20, position + length <= count else { return }
            if host16(position + 4) == packetType {
                result.append(report(from: position + 16, to: position + length))
            }
            position += (length + 3) & ~3
        }
    }

    private func report(from start: Int, to end: Int) -> LogReport {
        var report = LogReport(group: UInt16(buffer[start + 2]) << 8 | UInt16(buffer[start + 3]), prefix: "")
        var position = start + 4
        while position + 4 <= end {
            let length = Int(host16(position))
            guard length >= 4, position + length <= end else { break }
            let payload = (position + 4)..<(position + length)
            switch UInt32(host16(position + 2) & 0x3fff) {
            case UInt32(NFULA_MARK.rawValue): report.mark = host32(payload.lowerBound).byteSwapped
            case UInt32(NFULA_IFINDEX_INDEV.rawValue): report.input = host32(payload.lowerBound).byteSwapped
            case UInt32(NFULA_IFINDEX_OUTDEV.rawValue): report.output = host32(payload.lowerBound).byteSwapped
            case UInt32(NFULA_PREFIX.rawValue):
                report.prefix = String(decoding: buffer[payload].prefix { $0 != 0 }, as: UTF8.self)
            case UInt32(NFULA_PAYLOAD.rawValue): report.bytes = Array(buffer[payload])
            default: break
            }
            position += (length + 3) & ~3
        }
        return report
    }

    private func host16(_ position: Int) -> UInt16 { UInt16(buffer[position]) | UInt16(buffer[position + 1]) << 8 }

    private func host32(_ position: Int) -> UInt32 {
        UInt32(host16(position)) | UInt32(host16(position + 2)) << 16
    }
}

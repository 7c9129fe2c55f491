// SPDX-License-Identifier: Apache-2.0
// Reads what observers and logging rules report over NFLOG, each packet's report at once.
import PacketLog

/// A listener to NFLOG groups of the calling thread's network namespace to which no report may be lost.
///
/// The kernel has sent a report before it goes on with the packet.
final class PassageRecorder {
    /// How much of a packet is reported: headers with options, and in an ICMP error those of the packet it is about.
    private static let delivery = PacketLogDelivery.immediate(copying: 256)

    private var listener: PacketLogListener

    init() throws { listener = try PacketLogListener(bufferSize: 8 << 20) }

    /// Listens to a group; again does nothing.
    func listen(to group: UInt16) throws { try listener.listen(to: group, Self.delivery) }

    /// The reports that wait, oldest first.
    func reports() throws -> [LoggedPacket] {
        let reports = try listener.reports()
        guard reports.lost == 0 else {
            throw LaboratoryError(.lost, "read the reports of observers: the kernel dropped some")
        }
        return reports.packets
    }
}

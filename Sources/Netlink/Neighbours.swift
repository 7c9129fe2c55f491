// SPDX-License-Identifier: Apache-2.0
// Hardware addresses of neighbours, asked of the kernel, which is made to look for those that it does not know.
import CNetfilterShims
import Glibc

/// The neighbour table of the network namespace that the calling thread was in when it was opened.
public struct Neighbours: ~Copyable {
    private var socket: NetlinkSocket
    /// States in which an address can be used (`NUD_VALID`).
    private static let usable: UInt16 = 0xde

    /// Opens it.
    public init() throws(NetlinkError) { socket = try NetlinkSocket(.route, bufferSize: 1 << 16) }

    /// The devices' numbers by name.
    public mutating func devices() throws(NetlinkError) -> [String: UInt32] {
        Dictionary(try socket.links().map { ($0.name, $0.index) }, uniquingKeysWith: { first, _ in first })
    }

    /// The hardware address of a neighbour, whose address has 4 or 16 octets; nil if it is not known, and then the kernel
    /// is made to ask for it.
    public mutating func address(of neighbour: [UInt8], device: UInt32) throws(NetlinkError) -> [UInt8]? {
        let answers: [NetlinkMessage]
        do {
            answers = try socket.request(
                type: UInt16(RTM_GETNEIGH),
                payload: question(neighbour, device, flags: 0),
                operation: "look up a neighbour"
            )
        } catch {
            guard error.code == .notFound else { throw error }
            try resolve(neighbour, device)
            return nil
        }
        // State stands at octet 8 of struct ndmsg.
        guard let answer = answers.first, answer.bytes.count >= 12 else { return nil }
        let state = UInt16(answer.bytes[8]) | UInt16(answer.bytes[9]) << 8
        guard state & Self.usable != 0, var fields = try? answer.attributes(after: 12),
            let address = fields.take(UInt32(NDA_LLADDR))?.bytes, address.count == 6
        else {
            try resolve(neighbour, device)
            return nil
        }
        return address
    }

    private mutating func resolve(_ neighbour: [UInt8], _ device: UInt32) throws(NetlinkError) {
        do {
            _ = try socket.request(
                type: UInt16(RTM_NEWNEIGH),
                flags: UInt16(NLM_F_CREATE),
                payload: question(neighbour, device, flags: UInt8(NTF_USE)),
                operation: "look for a neighbour"
            )
        } catch {
            // A device that is down or has no such addresses.
            guard error.code == .refused || error.code == .notFound else { throw error }
        }
    }

    private func question(_ neighbour: [UInt8], _ device: UInt32, flags: UInt8) -> [UInt8] {
        var writer = AttributeWriter()
        let family = UInt8(neighbour.count == 4 ? AF_INET : AF_INET6)
        let index = (0..<4).map { UInt8(truncatingIfNeeded: device.littleEndian >> (8 * UInt32($0))) }
        // struct ndmsg: family, padding, device, state, flags, type.
        writer.raw([family, 0, 0, 0] + index + [0, 0, flags, 0])
        writer.put(UInt32(NDA_DST), neighbour)
        return writer.bytes
    }
}

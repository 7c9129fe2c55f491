// SPDX-License-Identifier: Apache-2.0
// The devices of a network namespace: names, numbers, and whether they carry packets.
import CNetfilterShims
import Glibc

/// One device.
public struct Link: Hashable, Sendable {
    /// Its number.
    public var index: UInt32
    /// Its name.
    public var name: String
    /// It is set up (`IFF_UP`).
    public var isAdministrativelyUp: Bool
    /// It is set up and has a carrier (`IFF_RUNNING`).
    public var isRunning: Bool
}

extension NetlinkSocket {
    /// The devices of the namespace that a `.route` socket belongs to.
    public mutating func links() throws(NetlinkError) -> [Link] {
        let operation = "list the devices"
        var result: [Link] = []
        // struct ifinfomsg, all zero: every family, every device.
        try dump(
            type: UInt16(RTM_GETLINK),
            payload: [UInt8](repeating: 0, count: 16),
            operation: operation
        ) { message throws(NetlinkError) in
            guard message.type == UInt16(RTM_NEWLINK) else { return }
            let bytes = message.bytes
            guard bytes.count >= 16, let attributes = try? Attribute.parse(bytes, 16..<bytes.count),
                let name = attributes.first(where: { UInt32($0.type) == UInt32(IFLA_IFNAME) })?.text
            else { throw NetlinkError(.malformed, operation: operation) }
            func number(_ offset: Int) -> UInt32 {
                (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
            }
            let flags = number(8)
            result.append(
                Link(
                    index: number(4),
                    name: name,
                    isAdministrativelyUp: flags & UInt32(IFF_UP) != 0,
                    isRunning: flags & UInt32(IFF_RUNNING) != 0
                )
            )
        }
        return result
    }
}

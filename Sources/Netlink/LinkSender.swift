// SPDX-License-Identifier: Apache-2.0
// Sends packets out of a device as they are, past routing and every filter.
import CNetfilterShims
import Glibc

/// A packet socket that only sends; bound to the network namespace that the calling thread was in when it was opened.
public struct LinkSender: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Opens it; needs CAP_NET_RAW.
    public init() throws(NetlinkError) {
        // Protocol 0: nothing is received.
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let opened = socket(AF_PACKET, type, 0)
        guard opened >= 0 else {
            var error = NetlinkError(.system, operation: "open a packet socket", errno: Glibc.errno)
            if error.errno == EPERM {
                error.code = .notPermitted
                error.missingCapability = "CAP_NET_RAW"
            }
            throw error
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Sends the octets of an IP packet to a neighbour; the device puts its own header before them.
    ///
    /// - Parameters:
    ///   - etherType: 0x0800 or 0x86dd.
    ///   - device: The device's number.
    ///   - neighbour: Six octets; devices without such addresses take no notice.
    /// - Returns: 0, or the system's error number: `EMSGSIZE` for more than the device takes, `ENOBUFS` if its queue is
    ///   full.
    public func send(_ bytes: [UInt8], etherType: UInt16, device: UInt32, to neighbour: [UInt8]) -> Int32 {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = etherType.bigEndian
        address.sll_ifindex = Int32(bitPattern: device)
        address.sll_halen = 6
        unsafe withUnsafeMutableBytes(of: &address.sll_addr) { place in
            for (index, octet) in neighbour.prefix(6).enumerated() { unsafe place[index] = octet }
        }
        while true {
            let sent = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe sendto(
                        descriptor,
                        bytes,
                        bytes.count,
                        Int32(MSG_DONTWAIT),
                        address,
                        socklen_t(MemoryLayout<sockaddr_ll>.size)
                    )
                }
            }
            if sent == bytes.count { return 0 }
            let number = sent < 0 ? Glibc.errno : EMSGSIZE
            if number != EINTR { return number }
        }
    }
}

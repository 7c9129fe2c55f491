// SPDX-License-Identifier: Apache-2.0
// Sends packets as the router itself would: through the output hook, header included.
import CNetfilterShims
import Glibc
import NetworkTypes

/// Two raw sockets of the calling thread's network namespace that take whole IP packets.
///
/// The kernel fills in what an IPv4 header leaves open: checksum, total length, and an identification of zero.
final class RawSender {
    /// What tells our packets from those of the stack: the socket priority, which no program of ours reads.
    static let priority: UInt32 = 0x51ce

    private let inet: Int32
    private let inet6: Int32

    init() throws {
        inet = try Self.open(AF_INET, level: Int32(IPPROTO_IP), option: IP_HDRINCL)
        do {
            inet6 = try Self.open(AF_INET6, level: Int32(IPPROTO_IPV6), option: IPV6_HDRINCL)
        } catch {
            close(inet)
            throw error
        }
    }

    deinit {
        close(inet)
        close(inet6)
    }

    private static func open(_ family: Int32, level: Int32, option: Int32) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { throw LaboratoryError("open a raw socket", needs: "CAP_NET_RAW") }
        let options: [(Int32, Int32, Int32)] = [
            (level, option, 1),
            (SOL_SOCKET, SO_BROADCAST, 1),
            (SOL_SOCKET, SO_PRIORITY, Int32(priority)),
        ]
        for (level, option, value) in options {
            var value = value
            guard unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
                let failure = LaboratoryError("set an option of a raw socket", needs: "CAP_NET_RAW")
                close(descriptor)
                throw failure
            }
        }
        return descriptor
    }

    /// Sends a packet to its own destination; the kernel has dealt with it when this returns.
    ///
    /// - Returns: 0, or the error number of the stack, which refuses some packets before its first hook and says EPERM
    ///   for those that a hook dropped.
    func send(_ packet: Packet) -> Int32 {
        let header = packet.header
        let result: Int
        switch packet.family {
        case .inet:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: header.destination).bigEndian
            result = send(packet.bytes, on: inet, to: &address)
        case .inet6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            let octets = header.destinationAddress.octets
            unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { unsafe $0.copyBytes(from: octets) }
            result = send(packet.bytes, on: inet6, to: &address)
        }
        return result < 0 ? Glibc.errno : 0
    }

    private func send<Address>(_ bytes: [UInt8], on descriptor: Int32, to address: inout Address) -> Int {
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe sendto(descriptor, bytes, bytes.count, 0, pointer, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}

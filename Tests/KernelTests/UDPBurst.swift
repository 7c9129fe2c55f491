// SPDX-License-Identifier: Apache-2.0
// Many datagrams to the loopback of the calling thread's namespace, quickly.
import CNetfilterShims
import Glibc

/// A socket that sends datagrams of one octet to 127.0.0.1.
final class UDPBurst {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw WitnessFailure(description: "cannot connect: \(Glibc.errno)") }
    }

    deinit { close(descriptor) }

    /// Sends so many; each has passed the output hook when this returns, also those that a program dropped there.
    func send(_ count: Int) -> UInt64 {
        var octet: UInt8 = 0
        for _ in 0..<count { _ = unsafe Glibc.send(descriptor, &octet, 1, 0) }
        return UInt64(count)
    }
}

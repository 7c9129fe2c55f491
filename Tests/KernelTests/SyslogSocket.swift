// SPDX-License-Identifier: Apache-2.0
// The test's own syslog: a datagram socket where the daemon is told that the system's is.
import CNetfilterShims
import Glibc

/// Reads what is written to a Unix datagram socket.
final class SyslogSocket {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        guard octets.count < 108 else { throw WitnessFailure(description: "\(path) is too long for a socket") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw WitnessFailure(description: "cannot bind \(path): \(Glibc.errno)") }
    }

    deinit { close(descriptor) }

    /// The lines that wait.
    func waitingLines() -> [String] {
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return lines }
            lines.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }

    /// The next line; after a minute the test fails.
    func line() throws -> String {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wait, 1, 60_000) == 1 else { throw WitnessFailure(description: "no line comes") }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

// SPDX-License-Identifier: Apache-2.0
// One netlink socket with one owner: opening, options, sending, receiving. Only this room and the kernel program's make system calls.
import CMnl
import CNetfilterShims
import Glibc

/// A netlink protocol number.
public struct NetlinkProtocol: Hashable, Sendable {
    /// The kernel's number.
    public let rawValue: Int32
    /// Makes a protocol from the kernel's number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// Routes, links, addresses.
    public static let route = NetlinkProtocol(rawValue: NETLINK_ROUTE)
    /// nftables, conntrack, NFLOG.
    public static let netfilter = NetlinkProtocol(rawValue: NETLINK_NETFILTER)
}

/// A socket to the kernel, bound to the network namespace that the calling thread was in when it was opened.
///
/// INVARIANT for `@unchecked Sendable`: the value is not copyable, so the library's handle has one owner at a time.
@safe public struct NetlinkSocket: ~Copyable, @unchecked Sendable {
    private let handle: OpaquePointer
    private var lastSequence: UInt32
    /// The file descriptor, for `poll` and event loops; it stays the socket's.
    public let fileDescriptor: Int32
    /// The port by which events name this socket as their cause.
    public let portID: UInt32

    /// Opens and binds a socket, with extended acknowledgements on and buffers of `bufferSize` bytes.
    ///
    /// Buffers beyond the system's limit need CAP_NET_ADMIN; without it the limit holds.
    public init(_ family: NetlinkProtocol, bufferSize: Int32 = 32 << 20) throws(NetlinkError) {
        let operation = "open a netlink socket of protocol \(family.rawValue)"
        guard let handle = unsafe mnl_socket_open2(family.rawValue, Int32(SOCK_CLOEXEC.rawValue)) else {
            throw NetlinkError(.system, operation: operation, errno: Glibc.errno)
        }
        guard unsafe mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) == 0 else {
            let failure = NetlinkError(.system, operation: operation, errno: Glibc.errno)
            unsafe mnl_socket_close(handle)
            throw failure
        }
        unsafe self.handle = handle
        fileDescriptor = unsafe mnl_socket_get_fd(handle)
        portID = unsafe mnl_socket_get_portid(handle)
        lastSequence = UInt32(truncatingIfNeeded: Glibc.time(nil)) & 0x3fff_ffff
        setOption(NETLINK_EXT_ACK, 1)
        setOption(NETLINK_CAP_ACK, 1)
        growBuffers(to: bufferSize)
    }

    deinit { unsafe mnl_socket_close(handle) }

    private func setOption(_ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe mnl_socket_setsockopt(handle, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Makes the kernel look at every field of a question, so that a dump can be for one routing table alone.
    public func checkStrictly() throws(NetlinkError) {
        var value: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe mnl_socket_setsockopt(handle, NETLINK_GET_STRICT_CHK, &value, size) == 0 else {
            throw NetlinkError(.system, operation: "have questions checked strictly", errno: Glibc.errno)
        }
    }

    /// Makes both buffers at least so large; an unprivileged caller gets what the system allows.
    public func growBuffers(to size: Int32) {
        var size = size
        let length = socklen_t(MemoryLayout<Int32>.size)
        for (forced, plain) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)]
        where unsafe setsockopt(fileDescriptor, SOL_SOCKET, forced, &size, length) != 0 {
            _ = unsafe setsockopt(fileDescriptor, SOL_SOCKET, plain, &size, length)
        }
    }

    /// Joins a multicast group (`NFNLGRP_*`, `RTNLGRP_*`).
    public func join(group: UInt32) throws(NetlinkError) {
        var group = group
        let size = socklen_t(MemoryLayout<UInt32>.size)
        guard unsafe mnl_socket_setsockopt(handle, NETLINK_ADD_MEMBERSHIP, &group, size) == 0 else {
            throw NetlinkError(.refused, operation: "join netlink group \(group)", errno: Glibc.errno)
        }
    }

    /// Sequence numbers that no other request of this socket has.
    public mutating func sequences(_ count: Int = 1) -> UInt32 {
        // Zero never appears: the kernel uses it for events.
        if lastSequence > UInt32.max - UInt32(clamping: count) - 1 { lastSequence = 0 }
        let first = lastSequence + 1
        lastSequence += UInt32(clamping: count)
        return first
    }

    /// Sends bytes that are one or more whole messages, all in one system call.
    public func send(_ bytes: UnsafeRawBufferPointer, operation: String) throws(NetlinkError) {
        while true {
            let sent = unsafe mnl_socket_sendto(handle, bytes.baseAddress, bytes.count)
            if sent == bytes.count { return }
            if sent < 0, Glibc.errno == EINTR { continue }
            throw NetlinkError(.system, operation: operation, errno: sent < 0 ? Glibc.errno : EMSGSIZE)
        }
    }

    /// Whether something can be read within so many milliseconds; negative waits for ever.
    public func waitReadable(milliseconds: Int32) throws(NetlinkError) -> Bool {
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = unsafe poll(&descriptor, 1, milliseconds)
            if ready >= 0 { return ready > 0 }
            guard Glibc.errno == EINTR else {
                throw NetlinkError(.system, operation: "wait for a netlink answer", errno: Glibc.errno)
            }
        }
    }

    /// What a read gave.
    public enum Reception: Sendable {
        /// Messages of one datagram.
        case messages([NetlinkMessage])
        /// Nothing waits.
        case nothing
        /// The buffer overflowed since the last read (`ENOBUFS`): something was not seen.
        case lost
    }

    /// What a read into a buffer gave.
    public enum BulkReception: Sendable {
        /// So many octets of one datagram.
        case octets(Int)
        /// Nothing waits.
        case nothing
        /// The kernel's buffer overflowed since the last read (`ENOBUFS`): something was not seen.
        case lost
    }

    /// Reads one datagram as it is, without blocking; what the buffer does not hold is cut.
    ///
    /// For very many messages, which are not to be split one by one; whom they are from stands in each header.
    public func receive(into buffer: inout [UInt8], operation: String) throws(NetlinkError) -> BulkReception {
        while true {
            let count = unsafe recv(fileDescriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return .octets(count) }
            switch Glibc.errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ENOBUFS: return .lost
            default: throw NetlinkError(.system, operation: operation, errno: Glibc.errno)
            }
        }
    }

    /// Reads one datagram if one waits, without blocking.
    public func receive() throws(NetlinkError) -> Reception {
        let operation = "read a netlink answer"
        while true {
            var failure: Int32 = 0
            var length = 0
            var sender = sockaddr_nl()
            // The kernel fills at most 32 KB at once; events and copied requests stay below 64 KB by their attributes.
            let capacity = 1 << 17
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
                length = unsafe withUnsafeMutablePointer(to: &sender) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                        unsafe recvfrom(
                            fileDescriptor,
                            buffer.baseAddress,
                            capacity,
                            Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC),
                            address,
                            &size
                        )
                    }
                }
                failure = length < 0 ? Glibc.errno : 0
                count = max(0, min(length, capacity))
            }
            switch failure {
            case 0: break
            case EINTR: continue
            case EAGAIN: return .nothing
            case ENOBUFS: return .lost
            default: throw NetlinkError(.system, operation: operation, errno: failure)
            }
            // Only the kernel has port 0; what other processes send us is not an answer.
            guard sender.nl_pid == 0 else { continue }
            guard length <= capacity, let messages = NetlinkMessage.split(bytes) else {
                throw NetlinkError(.malformed, operation: operation)
            }
            return .messages(messages)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The sessions of a sandbox: how many there are, and how to be rid of them.
import CNetfilterShims
import Glibc
import Netlink

/// The conntrack entries of the calling thread's network namespace.
struct SessionTable: ~Copyable {
    private var socket: NetlinkSocket

    init() throws(NetlinkError) { socket = try NetlinkSocket(.netfilter, bufferSize: 1 << 16) }

    /// How many entries there are; none where nothing tracks.
    func count() throws -> Int { try KernelSettings.number("net/netfilter/nf_conntrack_count") ?? 0 }

    /// Deletes all entries of all families: no filter, and version 0 (kernel facts §14).
    mutating func flush() throws {
        guard try count() > 0 else { return }
        _ = try socket.request(
            type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_DELETE.rawValue),
            payload: [0, 0, 0, 0],
            operation: "delete all sessions"
        )
    }
}

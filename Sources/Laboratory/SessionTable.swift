// SPDX-License-Identifier: Apache-2.0
// The sessions of a sandbox: how many there are, and how to be rid of them.
import Conntrack
import Netlink

/// The conntrack entries of the calling thread's network namespace.
struct SessionTable: ~Copyable {
    private var connection: ConntrackConnection

    init() throws(NetlinkError) { connection = try ConntrackConnection(bufferSize: 1 << 16) }

    /// How many entries there are; none where nothing tracks.
    func count() throws -> Int { try KernelSettings.number("net/netfilter/nf_conntrack_count") ?? 0 }

    /// All entries, in no order; those whose time is over are not among them.
    mutating func all() throws(NetlinkError) -> [TrackedSession] { try connection.sessions() }

    /// Deletes one entry; false if it is gone.
    mutating func delete(_ session: TrackedSession) throws(NetlinkError) -> Bool { try connection.delete(session) }

    /// Deletes all entries of all families.
    mutating func flush() throws {
        guard try count() > 0 else { return }
        try connection.deleteAll()
    }
}

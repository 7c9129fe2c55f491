// SPDX-License-Identifier: Apache-2.0
// Notices that the ruleset changed; what changed is asked of the kernel afterwards (kernel facts §8).
import Foundation
import Netlink

/// The kernel's notices about nftables in the current network namespace.
public final class RulesetEvents {
    private let socket: NetlinkSocket
    /// `NFNLGRP_NFTABLES`.
    private static let group: UInt32 = 7

    /// Joins the notices.
    public init() throws {
        socket = try NetlinkSocket(.netfilter)
        try socket.join(group: Self.group)
    }

    /// Waits for a notice or for the time to run out, and takes all notices that are there; lost ones count as notices.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func wait(milliseconds: Int32) throws -> Bool {
        guard try socket.waitReadable(milliseconds: milliseconds) else { return false }
        while true {
            if case .nothing = try socket.receive() { return true }
        }
    }
}

/// Sessions in the kernel's table of the current network namespace; nil if it keeps none.
public func sessionCount() -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/sys/net/netfilter/nf_conntrack_count", encoding: .utf8) else {
        return nil
    }
    return UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines))
}

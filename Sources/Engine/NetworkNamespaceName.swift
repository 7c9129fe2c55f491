// SPDX-License-Identifier: Apache-2.0
// `--netns NAME`: a name below /run/netns or a path, entered before any other thread exists (DESIGN §4).
import Foundation
import Netlink

/// Why a process cannot move to another network namespace.
public struct NamespaceEntryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public let description: String
}

/// Moves the calling thread into a network namespace; what it starts afterwards lives there too.
///
/// - Throws: if there is none of that name, or CAP_SYS_ADMIN is missing; if other threads exist, for they would stay where
///   they are and ask another kernel state than this one.
public func enterNetworkNamespace(_ name: String) throws {
    let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    guard threads == 1 else {
        throw NamespaceEntryError(
            description: "cannot enter the network namespace \(name): \(threads) threads run in another one already"
        )
    }
    try NetworkNamespace.enter(path: name.contains("/") ? name : "/run/netns/\(name)")
}

// SPDX-License-Identifier: Apache-2.0
// `--netns NAME`: a name below /run/netns or a path, entered before any other thread exists (DESIGN §4).
import Netlink

/// Moves the calling thread into a network namespace; what it starts afterwards lives there too.
///
/// - Throws: if there is none of that name, or CAP_SYS_ADMIN is missing.
public func enterNetworkNamespace(_ name: String) throws {
    try NetworkNamespace.enter(path: name.contains("/") ? name : "/run/netns/\(name)")
}

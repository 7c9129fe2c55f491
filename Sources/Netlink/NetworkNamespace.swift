// SPDX-License-Identifier: Apache-2.0
// Network namespaces of threads: a netlink socket belongs to the one its thread was in when it was opened.
import CNetfilterShims
import Glibc

/// The network namespace of the calling thread.
///
/// Only for threads that one made oneself, or in `main` before any other thread exists: never for a pool's thread.
public enum NetworkNamespace {
    /// Moves the calling thread into a new, empty namespace, which goes when its last thread and descriptor go.
    public static func enterNew() throws(NetlinkError) {
        guard CNetfilterShims_unshareNetwork() == 0 else { throw failure("make a network namespace") }
    }

    /// Moves the calling thread into the namespace at a path, such as `/run/netns/NAME`.
    public static func enter(path: String) throws(NetlinkError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the network namespace \(path)") }
        defer { close(descriptor) }
        guard CNetfilterShims_enterNetwork(descriptor) == 0 else {
            throw failure("enter the network namespace \(path)")
        }
    }

    private static func failure(_ operation: String) -> NetlinkError {
        let number = Glibc.errno
        var error = NetlinkError(.system, operation: operation, errno: number)
        if number == EPERM {
            error.code = .notPermitted
            error.missingCapability = "CAP_SYS_ADMIN"
        }
        return error
    }
}

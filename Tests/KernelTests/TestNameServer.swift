// SPDX-License-Identifier: Apache-2.0
// A name server that knows what a test tells it, on the loopback of a namespace.
import Foundation
import Laboratory

/// dnsmasq beside a thread.
final class TestNameServer {
    static let port: UInt16 = 5399
    private let thread: NetworkNamespaceThread
    private let pidFile = FileManager.default.temporaryDirectory.appending(path: "names-\(UUID().uuidString)")

    /// Starts it.
    ///
    /// - Parameter records: options of dnsmasq for what it knows under `example`; the rest there does not exist.
    init(beside thread: NetworkNamespaceThread, records: [String]) throws {
        self.thread = thread
        try run(beside: thread, "/usr/bin/env", "ip", "link", "set", "lo", "up")
        try run(
            beside: thread,
            "/usr/sbin/dnsmasq",
            [
                "--port=\(Self.port)", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=\(pidFile.path)", "--user=root",
                "--local=/example/",
            ] + records
        )
    }

    /// Ends it; children of tests are born with every signal blocked that can be.
    func stop() {
        _ = try? run(beside: thread, "/bin/sh", "-c", "kill -9 $(cat \(pidFile.path))")
        try? FileManager.default.removeItem(at: pidFile)
    }
}

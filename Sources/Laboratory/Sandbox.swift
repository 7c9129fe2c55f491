// SPDX-License-Identifier: Apache-2.0
// A private network namespace with devices of our own making, a program under test, and eyes at every hook.
public import Conntrack
public import NetworkTypes
public import NftablesIR
import Synchronization

/// A device of a sandbox.
public struct SandboxInterface: Hashable, Sendable {
    /// Its Linux name, at most 15 octets.
    public var name: String
    /// Its addresses with their prefix lengths.
    public var addresses: [Prefix]
    /// Its MTU; nil for the kernel's 1500.
    public var mtu: Int?

    /// Makes a description of a device.
    public init(name: String, addresses: [Prefix] = [], mtu: Int? = nil) {
        self.name = name
        self.addresses = addresses
        self.mtu = mtu
    }
}

/// A nameless network namespace in which a kernel program meets real packets (DESIGN §5, third voice).
///
/// Its devices are layer-3 TUN devices; sysctls are set so that the program alone decides and every effect of a packet
/// is there when its injection returns. It vanishes with this object; nothing of the host is touched. Methods
/// block while the sandbox's own thread works; several callers are served one after another.
public final class Sandbox: Sendable {
    private let thread: NetworkNamespaceThread
    private let interior: Mutex<SandboxInterior?>

    /// Builds a sandbox; needs CAP_SYS_ADMIN and CAP_NET_ADMIN.
    ///
    /// - Parameter sysctls: values by path below `/proc/sys` (`net/netfilter/nf_conntrack_tcp_loose`), set after the
    ///   sandbox's own; those of conntrack take effect when a program loads it.
    public init(
        interfaces: [SandboxInterface],
        forwardsIPv4: Bool = true,
        forwardsIPv6: Bool = true,
        sysctls: [String: String] = [:]
    ) throws {
        let thread = try NetworkNamespaceThread()
        self.thread = thread
        interior = Mutex(
            try thread.run {
                try SandboxInterior(interfaces, forwardsIPv4: forwardsIPv4, forwardsIPv6: forwardsIPv6, sysctls)
            }
        )
    }

    deinit { stop() }

    /// Closes every descriptor and ends the thread, and with it the namespace; later calls fail.
    public func stop() {
        interior.withLock { $0 = nil }
        thread.stop()
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable (SandboxInterior) throws -> Value) throws -> Value {
        guard let interior = interior.withLock({ $0 }) else {
            throw LaboratoryError(.stopped, "use a sandbox that has been stopped")
        }
        return try thread.run { try work(interior) }
    }

    /// The path by which other programs reach the namespace while the sandbox lives, `nsenter --net=PATH` for instance.
    public var namespacePath: String { "/proc/self/task/\(thread.number)/ns/net" }

    /// Loads a table, in place of one loaded before, and observers before and behind each of its base chains.
    ///
    /// - Parameter isObserved: whether there are observers. Without them packets go many times faster, by `pass` alone.
    /// - Throws: `BatchFailure` if the kernel refuses the program, `LaboratoryError` if observers find no room in it.
    public func load(_ table: Table, isObserved: Bool = true) throws {
        try run { try $0.load(table, isObserved: isObserved) }
    }

    /// Reads the loaded table back.
    public func read() throws -> Table { try run { try $0.read() } }

    /// The readings of the loaded table's named counters.
    public func counters() throws -> [String: CounterValue] { try run { try $0.counters() } }

    /// The readings of the observers' counters: packets and answers together.
    public func observerCounters() throws -> [String: CounterValue] { try run { try $0.observerCounters() } }

    /// Sends one packet in and tells what became of it.
    public func inject(_ injection: Injection) throws -> Observation {
        try run { try $0.inject(injection, readsCounters: false) }
    }

    /// Sends packets in, one after another, and tells what became of each.
    ///
    /// - Parameter readsCounters: whether each observation says what counters changed; costs a dump of all of them a packet.
    public func inject(_ injections: [Injection], readsCounters: Bool = false) throws -> [Observation] {
        try run { interior in
            try injections.map { try interior.inject($0, readsCounters: readsCounters) }
        }
    }

    /// Sends packets in, one after another, and tells of each only what came out and what logged it; for very many of
    /// them.
    ///
    /// Counters are not read: `counters()` afterwards tells what all of them together charged.
    public func pass(_ injections: [Injection]) throws -> [PassedPacket] { try run { try $0.pass(injections) } }

    /// How many sessions conntrack holds; none where nothing tracks.
    public func sessions() throws -> Int { try run { try $0.sessions.count() } }

    /// The sessions that conntrack holds, in no order.
    public func trackedSessions() throws -> [TrackedSession] { try run { try $0.sessions.all() } }

    /// Deletes one session; false if it is gone.
    public func delete(_ session: TrackedSession) throws -> Bool { try run { try $0.sessions.delete(session) } }

    /// Deletes all sessions.
    public func flushSessions() throws { try run { try $0.sessions.flush() } }

    /// Settings that this kernel does not have, by path; those of conntrack are here until a program loads it.
    public func unknownSysctls() throws -> [String] { try run { $0.settings.unknown } }
}

// SPDX-License-Identifier: Apache-2.0
// What is done to a sandbox and what is seen of it: one packet in, and everything that came of it.
public import NetworkTypes
public import NftablesIR

/// One packet on its way into a sandbox.
public struct Injection: Hashable, Sendable {
    /// Where the packet comes from.
    public enum Arrival: Hashable, Sendable {
        /// It arrives on a device.
        case device(String)
        /// The router itself sends it.
        case router
    }

    /// Where the routing table sends it.
    public enum Departure: Hashable, Sendable {
        /// It leaves by a device.
        case device(String)
        /// It is for the router itself.
        case local
        /// What the devices' addresses and prefixes say.
        case routed
    }

    /// The packet.
    public var packet: Packet
    /// Where it comes from.
    public var arrival: Arrival
    /// Where its destination's route leads.
    public var departure: Departure

    /// Makes an injection.
    public init(_ packet: Packet, from arrival: Arrival, to departure: Departure) {
        self.packet = packet
        self.arrival = arrival
        self.departure = departure
    }
}

/// What became of one packet.
public struct Observation: Hashable, Sendable {
    /// A packet that left by a device.
    public struct Emission: Hashable, Sendable {
        /// The device.
        public var device: String
        /// The packet as it left.
        public var packet: Packet
    }

    /// A packet seen at an observer.
    public struct Passage: Hashable, Sendable {
        /// The observer: `before-CHAIN` or `behind-CHAIN` of a base chain of the loaded table, `at-HOOK` in hooks where it
        /// has none, `delivered` behind everything of the input hook.
        public var observer: String
        /// The hook.
        public var hook: BaseChain.Hook
        /// The observer's priority.
        public var priority: Int32
        /// The device of arrival, where the hook knows one.
        public var input: String?
        /// The device of departure, where the hook knows one.
        public var output: String?
        /// `meta mark` there.
        public var mark: UInt32
        /// The packet's first octets there, at most 256.
        public var bytes: [UInt8]
    }

    /// A report that a `log` expression of the loaded table made.
    public struct LogRecord: Hashable, Sendable {
        /// The NFLOG group.
        public var group: UInt16
        /// The prefix.
        public var prefix: String
    }

    /// What the router told the sender.
    public enum Answer: Hashable, Sendable {
        /// A TCP reset.
        case tcpReset
        /// An ICMP or ICMPv6 error.
        case icmp(type: UInt8, code: UInt8)
    }

    /// What the loaded table decided.
    public enum Verdict: Hashable, Sendable {
        /// No chain dropped it.
        case accept
        /// A chain dropped it in silence. So does a `reject` to which the kernel makes no answer (kernel facts §3).
        case discard
        /// A chain dropped it and answered.
        case reject(Answer)
    }

    /// What the loaded table decided.
    public var verdict: Verdict
    /// The base chain that dropped the packet; nil if none did.
    public var droppingChain: String?
    /// Whether every chain that saw the packet let it pass and the stack lost or keeps it: no TTL left, no route, a
    /// malformed header, a fragment held for reassembly (kernel facts §10).
    public var isLostByStack: Bool
    /// Whether the packet reached the router itself; it ends there, and nobody answers it.
    public var isDeliveredLocally: Bool
    /// Where the packet was seen, in order.
    public var passages: [Passage]
    /// The packet as it left, in one piece or in fragments.
    public var emitted: [Emission]
    /// The router's answer, if there was one; also that of the stack (TTL exceeded, fragmentation needed).
    public var answer: Answer?
    /// Where the answer was seen, in order: an answer that the table under test drops is seen, but not emitted.
    public var answerPassages: [Passage]
    /// The answer as it left.
    public var emittedAnswers: [Emission]
    /// The reports of the loaded table's `log` expressions, in order.
    public var logs: [LogRecord]
    /// The named counters of the loaded table that the packet and its answer changed; nil if they were not read.
    public var counters: [String: CounterValue]?

    /// The last observer that the packet reached; nil if the stack lost it before the first.
    public var lastObserver: String? { passages.last?.observer }
}

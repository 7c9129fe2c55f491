// SPDX-License-Identifier: Apache-2.0
// What commands about sessions and policies read and change.
public import NetworkTypes

/// The name of a policy: its context, `junos-global` twice for a global one, and its own.
public struct PolicyKey: Hashable, Sendable {
    /// Where traffic comes from.
    public var from: String
    /// Where it goes.
    public var to: String
    /// The policy.
    public var name: String

    /// Makes a key.
    public init(from: String, to: String, name: String) {
        self.from = from
        self.to = to
        self.name = name
    }

    /// `default-policy`, as hit counts name it.
    public static let defaultPolicy = PolicyKey(from: "all-zone", to: "all-zone", name: "default-policy")
}

/// How many sessions there may be, and how many could not be made.
public struct SessionCapacity: Hashable, Sendable {
    /// The size of the kernel's table.
    public var maximum: UInt64
    /// Packets dropped because their session could not be made, since the namespace began.
    public var failed: UInt64

    /// Makes a reading.
    public init(maximum: UInt64, failed: UInt64) {
        self.maximum = maximum
        self.failed = failed
    }
}

/// What a policy with `count` has carried (flow reference §6.3).
public struct PolicyTraffic: Hashable, Sendable {
    /// From initiators.
    public var initiator: TrafficCount
    /// To initiators.
    public var responder: TrafficCount
    /// Sessions that ended.
    public var deletions: UInt64
    /// Sessions that live.
    public var active: UInt64

    /// Makes an account.
    public init(
        initiator: TrafficCount = TrafficCount(),
        responder: TrafficCount = TrafficCount(),
        deletions: UInt64 = 0,
        active: UInt64 = 0
    ) {
        self.initiator = initiator
        self.responder = responder
        self.deletions = deletions
        self.active = active
    }
}

/// A first packet between two zones, of which is asked who decides it.
public struct PolicyQuestion: Hashable, Sendable {
    /// The zones; nil asks the global policies alone.
    public var zones: (from: String, to: String)?
    /// The packet as policies see it (flow reference §1.1 step 11).
    public var packet: Packet
    /// How many policies at most, beginning with the one that decides.
    public var limit: Int
    /// Whether the kernel with a clone of the live program is asked, and not the configuration.
    public var asksKernel: Bool

    /// The same question.
    public static func == (left: PolicyQuestion, right: PolicyQuestion) -> Bool {
        left.zones?.from == right.zones?.from && left.zones?.to == right.zones?.to && left.packet == right.packet
            && left.limit == right.limit && left.asksKernel == right.asksKernel
    }

    /// By the packet alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(packet) }
}

/// Sources of commands about sessions, zones and policies.
public struct FlowSources {
    /// All sessions, read now, in no order.
    public var sessions: () throws -> [FlowSession]
    /// Closes sessions by their numbers and says how many it found.
    public var closeSessions: (Set<UInt32>) throws -> Int
    /// The size of the table, read now.
    public var capacity: () throws -> SessionCapacity
    /// Sets hit counts to zero.
    public var clearHits: (Set<PolicyKey>) throws -> Void
    /// Numbers of policies.
    public var policyNumbers: [PolicyKey: UInt16]
    /// What policies with `count` carried; nil where nobody keeps account of ended sessions.
    public var policyTraffic: () throws -> [PolicyKey: PolicyTraffic]?
    /// Policies that match a first packet, the deciding one first; `defaultPolicy` where none does, nothing where
    /// the program drops the packet before policies are asked.
    public var matchPolicies: (PolicyQuestion) throws -> [PolicyKey]
    /// Policies that their schedulers switch off now.
    public var dormantPolicies: () -> Set<PolicyKey>

    /// Makes sources of a router without sessions and policies.
    public init() {
        self.init(
            sessions: { [] },
            closeSessions: { _ in 0 },
            capacity: { SessionCapacity(maximum: 0, failed: 0) },
            clearHits: { _ in },
            policyNumbers: [:],
            policyTraffic: { nil },
            matchPolicies: { _ in [] },
            dormantPolicies: { [] }
        )
    }

    /// Makes sources.
    public init(
        sessions: @escaping () throws -> [FlowSession],
        closeSessions: @escaping (Set<UInt32>) throws -> Int,
        capacity: @escaping () throws -> SessionCapacity,
        clearHits: @escaping (Set<PolicyKey>) throws -> Void,
        policyNumbers: [PolicyKey: UInt16],
        policyTraffic: @escaping () throws -> [PolicyKey: PolicyTraffic]?,
        matchPolicies: @escaping (PolicyQuestion) throws -> [PolicyKey],
        dormantPolicies: @escaping () -> Set<PolicyKey>
    ) {
        self.sessions = sessions
        self.closeSessions = closeSessions
        self.capacity = capacity
        self.clearHits = clearHits
        self.policyNumbers = policyNumbers
        self.policyTraffic = policyTraffic
        self.matchPolicies = matchPolicies
        self.dormantPolicies = dormantPolicies
    }
}

// SPDX-License-Identifier: Apache-2.0
// Account of sessions that somebody wants to hear of: events put in order with dumps, and sums by policy.
public import Conntrack
public import JunosLowering
public import JunosModel

/// What a policy's sessions are wanted for.
public struct SessionInterest: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes it from bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `log session-init`.
    public static let beginnings = SessionInterest(rawValue: 1)
    /// `log session-close`.
    public static let ends = SessionInterest(rawValue: 2)
    /// `count`.
    public static let traffic = SessionInterest(rawValue: 4)
}

/// A policy whose sessions are wanted.
public struct WantedPolicy: Hashable, Sendable {
    var identity: PolicyIdentity
    var interest: SessionInterest
}

/// The policies of a configuration by their numbers, with what their sessions are wanted for.
public func wantedPolicies(
    _ configuration: JunosConfiguration,
    _ indices: [PolicyIdentity: UInt16]
) -> [UInt16: WantedPolicy] {
    var result: [UInt16: WantedPolicy] = [:]
    for placed in configuration.security?.placedPolicies ?? [] {
        guard let index = indices[placed.identity] else { continue }
        var interest: SessionInterest = []
        if placed.policy.logsInit { interest.insert(.beginnings) }
        if placed.policy.logsClose { interest.insert(.ends) }
        if placed.policy.counts { interest.insert(.traffic) }
        result[index] = WantedPolicy(identity: placed.identity, interest: interest)
    }
    return result
}

/// Something to be told about a session.
public enum LedgerEntry: Hashable, Sendable {
    case began(TrackedSession)
    /// As the kernel reported its end.
    case ended(TrackedSession)
    /// It is gone, and nobody saw how; as it was when it was last seen.
    case vanished(TrackedSession)

    /// The session.
    public var session: TrackedSession {
        switch self {
        case .began(let session), .ended(let session), .vanished(let session): session
        }
    }
}

/// What sessions of a policy carried that are over.
public struct EndedTraffic: Hashable, Sendable {
    /// From initiators.
    public var original = SessionTraffic()
    /// To initiators.
    public var reply = SessionTraffic()
    /// How many they were.
    public var sessions: UInt64 = 0
}

/// The ledger; sessions of policies that nobody wants to hear of are not in it.
public struct SessionLedger: Sendable {
    private struct Key: Hashable {
        let id: UInt32
        let original: SessionTuple

        init(_ session: TrackedSession) {
            id = session.id
            original = session.original
        }
    }

    private var live: [Key: TrackedSession] = [:]
    private var policies: [UInt16: WantedPolicy] = [:]
    /// Since when a policy's sessions are wanted, in nanoseconds since 1970: older ones are not new.
    private var since: [UInt16: UInt64] = [:]
    /// By the number of their policy.
    public private(set) var ended: [UInt16: EndedTraffic] = [:]

    /// Makes an empty ledger.
    public init() {}

    /// What policies are wanted for; those that are gone stay wanted for their last sessions.
    ///
    /// - Parameter time: since when, in nanoseconds since 1970; before the program with these policies is loaded.
    public mutating func adopt(_ policies: [UInt16: WantedPolicy], at time: UInt64) {
        for (index, policy) in policies {
            let before = self.policies[index]
            // A number that has come to mean another policy does not inherit sums.
            if let before, before.identity != policy.identity { ended[index] = nil }
            if before?.identity != policy.identity || before?.interest.isEmpty ?? true { since[index] = time }
            self.policies[index] = policy
        }
    }

    /// What the session's policy is wanted for.
    public func interest(_ session: TrackedSession) -> SessionInterest {
        policies[PolicyOwners.index(session.mark)]?.interest ?? []
    }

    /// Takes an event; what there is to tell.
    public mutating func take(_ event: SessionEvent) -> LedgerEntry? {
        switch event {
        case .lost: return nil
        case .began(let session), .changed(let session):
            guard !interest(session).isEmpty else { return nil }
            // A dump may have shown it before its event came; a change is news only of sessions that got an owner late.
            guard live.updateValue(session, forKey: Key(session)) == nil else { return nil }
            return .began(session)
        case .ended(let session):
            let known = live.removeValue(forKey: Key(session))
            let interest = interest(session)
            guard !interest.isEmpty || known != nil else { return nil }
            if interest.contains(.traffic) { add(session) }
            return .ended(session)
        }
    }

    /// Compares with a dump whose events have all been taken; what nobody told.
    ///
    /// - Parameters:
    ///   - seen: the sessions of the dump.
    ///   - meanwhile: what events told since the dump began.
    public mutating func reconcile(_ seen: [TrackedSession], _ meanwhile: [LedgerEntry]) -> [LedgerEntry] {
        var touched: Set<Key> = []
        for entry in meanwhile { touched.insert(Key(entry.session)) }
        var entries: [LedgerEntry] = []
        var present: Set<Key> = []
        for session in seen where !interest(session).isEmpty {
            let key = Key(session)
            present.insert(key)
            if live[key] != nil {
                live[key] = session
            } else if !touched.contains(key) {
                live[key] = session
                if isNew(session) { entries.append(.began(session)) }
            }
        }
        for (key, session) in live where !present.contains(key) && !touched.contains(key) {
            live[key] = nil
            if interest(session).contains(.traffic) { add(session) }
            entries.append(.vanished(session))
        }
        return entries
    }

    /// Whether a session began while its policy's sessions were wanted; one without a time is old.
    private func isNew(_ session: TrackedSession) -> Bool {
        guard let start = session.start, let since = since[PolicyOwners.index(session.mark)] else { return false }
        return start >= since
    }

    private mutating func add(_ session: TrackedSession) {
        let index = PolicyOwners.index(session.mark)
        var sum = ended[index] ?? EndedTraffic()
        sum.sessions += 1
        sum.original = sum.original + (session.originalTraffic ?? SessionTraffic())
        sum.reply = sum.reply + (session.replyTraffic ?? SessionTraffic())
        ended[index] = sum
    }
}

extension SessionTraffic {
    static func + (left: SessionTraffic, right: SessionTraffic) -> SessionTraffic {
        SessionTraffic(packets: left.packets &+ right.packets, bytes: left.bytes &+ right.bytes)
    }
}

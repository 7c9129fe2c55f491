// SPDX-License-Identifier: Apache-2.0
// What a commit does to live sessions: kept, closed or handed to another policy (flow reference §6.5).
public import JunosModel
public import NetworkTypes

/// What a session belongs to.
public enum SessionOwner: Hashable, Sendable {
    /// The implicit permit to and from the router itself (flow reference §3.4).
    case selfTraffic
    /// `default-policy permit-all`.
    case defaultPolicy
    /// A policy, by the key of its hit count.
    case policy(hitKey: String)
}

/// What becomes of a session.
public enum RematchJudgement: Hashable, Sendable {
    case kept
    case closed
    /// It lives on under another owner.
    case handed(SessionOwner)
}

/// The change from one configuration to the next, as sessions feel it.
public struct SessionRematch: Sendable {
    /// What a change asks about each session of an owner.
    enum Question: Hashable, Sendable {
        case nothing
        /// The owner is gone, or permits no longer.
        case mustClose
        /// Does it still match its owner? If not, it is closed.
        case stillMatches
        /// Does it still match its owner? If not, who else permits it?
        case stillMatchesElseWho
        /// Who permits it now?
        case who
    }

    /// Questions by owner; owners that are not there get `nothing`.
    private var questions: [SessionOwner: Question] = [:]
    /// Keys of policies of either configuration.
    private let known: Set<String>
    private let current: [String: Standing]
    private let policies: PolicyTable?

    /// Where a policy stands.
    private struct Standing {
        let policy: PreparedPolicy
        /// Global policies only: where they apply.
        var global: PolicyTable.Global?
        /// Whether its scheduler, if it has one, is on.
        let isActive: Bool

        /// Whether the conditions are the same, whatever names they were written with: an edited address or
        /// application is an edited match part.
        func hasSameMatch(as other: Standing) -> Bool {
            policy.sources == other.policy.sources && policy.destinations == other.policy.destinations
                && policy.applications == other.policy.applications && global?.from == other.global?.from
                && global?.to == other.global?.to
        }
    }

    /// Prepares the comparison; linear in both configurations.
    public init(from old: JunosConfiguration, to new: JunosConfiguration) {
        let before = old.security.map { PolicyTable($0, old) }
        policies = new.security.map { PolicyTable($0, new) }
        let earlier = Self.standings(before)
        current = Self.standings(policies)
        known = Set(earlier.keys).union(current.keys)
        let mode = new.security?.rematch ?? .unchecked
        // Where the statement is new, sessions may have outlived earlier edits.
        let judgesAll = mode != .unchecked && old.security?.rematch ?? .unchecked == .unchecked
        let moved = mode == .extensive ? Self.moved(before, policies) : []
        for (key, standing) in earlier {
            let question = Self.question(
                standing,
                current[key],
                mode,
                isMoved: moved.contains(key),
                isJudged: judgesAll
            )
            if question != .nothing { questions[.policy(hitKey: key)] = question }
        }
        if policies?.defaultPermits != true {
            questions[.defaultPolicy] = mode == .extensive ? .who : .mustClose
        }
    }

    /// One column of the table of §6.5.
    private static func question(
        _ old: Standing,
        _ new: Standing?,
        _ mode: PolicyRematch,
        isMoved: Bool,
        isJudged: Bool
    ) -> Question {
        guard let new else { return mode == .extensive ? .who : .mustClose }
        // At its scheduler's end sessions end in every mode (flow reference §6.4).
        guard new.isActive else { return .mustClose }
        let isEdited = isJudged || !new.hasSameMatch(as: old)
        switch mode {
        case .unchecked: return .nothing
        case .changed: return new.policy.action != .permit ? .mustClose : isEdited ? .stillMatches : .nothing
        case .extensive:
            if new.policy.action != .permit || isMoved { return .who }
            return isEdited ? .stillMatchesElseWho : .nothing
        }
    }

    /// Policies with another set of policies before them than before, among those that stayed.
    private static func moved(_ old: PolicyTable?, _ new: PolicyTable?) -> Set<String> {
        guard let old, let new else { return [] }
        var result: Set<String> = []
        func compare(_ before: [PreparedPolicy], _ after: [PreparedPolicy]) {
            let stayed = Set(before.map(\.hitKey)).intersection(after.map(\.hitKey))
            let ranks = Dictionary(
                after.map(\.hitKey).filter(stayed.contains).enumerated().map { ($1, $0) },
                uniquingKeysWith: { first, _ in first }
            )
            var highest = -1
            for (rank, key) in before.map(\.hitKey).filter(stayed.contains).enumerated() {
                let now = ranks[key] ?? rank
                // As many before it as ever, and all of them still before it.
                if now != rank || highest > rank { result.insert(key) }
                highest = max(highest, now)
            }
        }
        for (pair, before) in old.contexts { compare(before, new.contexts[pair] ?? []) }
        compare(old.globals.map(\.policy), new.globals.map(\.policy))
        return result
    }

    private static func standings(_ table: PolicyTable?) -> [String: Standing] {
        guard let table else { return [:] }
        var result: [String: Standing] = [:]
        for policies in table.contexts.values {
            for policy in policies {
                result[policy.hitKey] = Standing(policy: policy, isActive: policy.isActive(at: table.now))
            }
        }
        for global in table.globals {
            let policy = global.policy
            result[policy.hitKey] = Standing(policy: policy, global: global, isActive: policy.isActive(at: table.now))
        }
        return result
    }

    /// Whether any session can be affected: with false nobody need look at them.
    public var concernsSessions: Bool { !questions.isEmpty }

    /// Whether the judgement on a session of that owner depends on its first packet.
    public func needsPacket(_ owner: SessionOwner) -> Bool {
        switch questions[owner] {
        case nil, .nothing, .mustClose: return false
        case .stillMatches, .stillMatchesElseWho, .who: return true
        }
    }

    /// What becomes of a session.
    ///
    /// - Parameters:
    ///   - owner: its owner; nil for one that no configuration knows any more.
    ///   - from: the zone of its initiator; nil where it is not known.
    ///   - packet: a packet like the one that began it; nil where there is none, which closes what depends on it.
    public func judge(_ owner: SessionOwner?, from: String?, to: String?, _ packet: Packet?) -> RematchJudgement {
        guard let owner else { return .closed }
        if case .policy(let key) = owner, !known.contains(key) { return .closed }
        let question = questions[owner] ?? .nothing
        switch question {
        case .nothing: return .kept
        case .mustClose: return .closed
        case .stillMatches, .stillMatchesElseWho, .who: break
        }
        guard let packet else { return .closed }
        if question != .who, matchesOwner(owner, from, to, packet) { return .kept }
        guard question != .stillMatches, let policies, let from, let to else { return .closed }
        var record = PacketRecord()
        let found = policies.lookUp(from: from, to: to, packet.header, &record)
        guard found.action == .permit else { return .closed }
        let heir: SessionOwner =
            switch found.source {
            case .selfTraffic: .selfTraffic
            case .defaultPolicy: .defaultPolicy
            case .policy: found.hitKey.map { .policy(hitKey: $0) } ?? .defaultPolicy
            }
        return heir == owner ? .kept : .handed(heir)
    }

    private func matchesOwner(_ owner: SessionOwner, _ from: String?, _ to: String?, _ packet: Packet) -> Bool {
        guard case .policy(let key) = owner, let standing = current[key] else { return false }
        if let global = standing.global, !global.applies(from: from, to: to) { return false }
        return standing.policy.matches(packet.header)
    }
}

extension PreparedPolicy {
    /// Whether all three match parts match.
    func matches(_ header: PacketHeader) -> Bool {
        sources.matches(header.family, header.source) && destinations.matches(header.family, header.destination)
            && applications.map { $0.contains { $0.matches(header) } } ?? true
    }
}

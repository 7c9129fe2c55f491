// SPDX-License-Identifier: Apache-2.0
// What commands about sessions, zones and policies stand on: the kernel's sessions, the model, the program.
import Conntrack
import Foundation
public import JunosLowering
public import JunosModel
import NftablesCompiler
public import OperationalMode
import ReferenceEvaluator

/// Sources of operational commands about sessions and policies of the current network namespace.
///
/// - Parameters:
///   - configuration: the one in force.
///   - policyIndices: numbers of its policies.
///   - ended: what sessions carried that are over, by the number of their policy; nil where nobody keeps account.
///   - closing: lends the place where it is noted which sessions were closed, and why.
///   - clearCounters: sets counters of the kernel to zero, by their names.
public func flowSources(
    _ configuration: JunosConfiguration,
    policyIndices: [PolicyIdentity: UInt16],
    ended: (() -> [UInt16: EndedTraffic])?,
    closing: @escaping ((ClosedSessions) throws -> Int) throws -> Int,
    clearCounters: @escaping (Set<String>) throws -> Void
) -> FlowSources {
    let view = FlowView(configuration, policyIndices)
    return FlowSources(
        sessions: view.sessions,
        closeSessions: { ids in try closing { try view.close(ids, $0) } },
        capacity: sessionCapacity,
        clearHits: { keys in try clearCounters(Set(keys.map { stateName(["policy", $0.from, $0.to, $0.name]) })) },
        policyNumbers: Dictionary(
            policyIndices.map { (PolicyKey($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first }
        ),
        policyTraffic: { try ended.map { try view.traffic(ended: $0()) } },
        matchPolicies: view.match,
        dormantPolicies: { view.dormantPolicies }
    )
}

/// One configuration's view of the kernel's sessions.
private struct FlowView {
    let configuration: JunosConfiguration
    let indices: [PolicyIdentity: UInt16]

    init(_ configuration: JunosConfiguration, _ indices: [PolicyIdentity: UInt16]) {
        self.configuration = configuration
        self.indices = indices
    }

    func sessions() throws -> [FlowSession] {
        // Without a `security` hierarchy conntrack is none of our business (DESIGN §3.14).
        guard configuration.security != nil, sessionCount() ?? 0 > 0 else { return [] }
        var connection = try ConntrackConnection()
        let descriptions = try SessionDescriptions(configuration, policyIndices: indices)
        let now = UInt64(Date().timeIntervalSince1970 * 1e9)
        return try connection.sessions().map { try descriptions.describe($0, now: now) }
    }

    func close(_ ids: Set<UInt32>, _ closedSessions: ClosedSessions) throws -> Int {
        var connection = try ConntrackConnection()
        var count = 0
        for session in try connection.sessions() where ids.contains(session.id) {
            closedSessions.note(session, .commandLine)
            if try connection.delete(session) { count += 1 } else { _ = closedSessions.take(session) }
        }
        return count
    }

    /// Sums of sessions that are over and of those that live.
    func traffic(ended: [UInt16: EndedTraffic]) throws -> [PolicyKey: PolicyTraffic] {
        var sums = ended.mapValues { ended in
            PolicyTraffic(
                initiator: TrafficCount(ended.original),
                responder: TrafficCount(ended.reply),
                deletions: ended.sessions
            )
        }
        var connection = try ConntrackConnection()
        for session in try connection.sessions() {
            var sum = sums[PolicyOwners.index(session.mark)] ?? PolicyTraffic()
            sum.active += 1
            sum.initiator = sum.initiator.adding(TrafficCount(session.originalTraffic ?? SessionTraffic()))
            sum.responder = sum.responder.adding(TrafficCount(session.replyTraffic ?? SessionTraffic()))
            sums[PolicyOwners.index(session.mark)] = sum
        }
        return indices.reduce(into: [:]) { result, policy in result[PolicyKey(policy.key)] = sums[policy.value] }
    }

    func match(_ question: PolicyQuestion) throws -> [PolicyKey] {
        let keys = Dictionary(
            policyIdentities(configuration).map { ($0.hitKey, PolicyKey($0)) },
            uniquingKeysWith: { first, _ in first }
        )
        guard question.asksKernel, let zones = question.zones else {
            return ReferenceEvaluator(configuration).matchingPolicies(
                from: question.zones?.from,
                to: question.zones?.to,
                question.packet,
                limit: question.limit
            ).map { $0.flatMap { keys[$0] } ?? .defaultPolicy }
        }
        guard let table = try Deployment().read() else {
            throw OperationalProblem("the kernel holds no table inet sluice here")
        }
        switch try askKernel(table, configuration, from: zones.from, to: zones.to, question.packet) {
        case .policy(let key): return [key]
        case .permitted: return [.defaultPolicy]
        case .dropped: return []
        }
    }

    /// Policies whose schedulers were off when the program was made.
    var dormantPolicies: Set<PolicyKey> {
        let active = activeSchedulers(configuration.schedulers, at: configuration.circumstances.localTime)
        let dormant = (configuration.security?.placedPolicies ?? []).filter { placed in
            placed.policy.scheduler.map { !active.contains($0) } ?? false
        }
        return Set(dormant.map { PolicyKey($0.identity) })
    }
}

extension PolicyKey {
    fileprivate init(_ identity: PolicyIdentity) {
        self.init(from: identity.from, to: identity.to, name: identity.name)
    }
}

extension TrafficCount {
    fileprivate init(_ traffic: SessionTraffic) { self.init(packets: traffic.packets, bytes: traffic.bytes) }

    fileprivate func adding(_ other: TrafficCount) -> TrafficCount {
        TrafficCount(packets: packets &+ other.packets, bytes: bytes &+ other.bytes)
    }
}

/// The size of the kernel's table, and how often a session could not be made.
private func sessionCapacity() throws -> SessionCapacity {
    func number(_ path: String) -> UInt64? {
        (try? String(contentsOfFile: path, encoding: .utf8))
            .flatMap { UInt64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    var failed: UInt64 = 0
    // One line a processor under a line of names, all numbers hexadecimal.
    // `/proc/net` is the namespace of the process's first thread, not ours.
    let lines = ((try? String(contentsOfFile: "/proc/thread-self/net/stat/nf_conntrack", encoding: .utf8)) ?? "")
        .split(separator: "\n").map { $0.split(separator: " ") }
    if let names = lines.first {
        for column in ["insert_failed", "drop"].compactMap({ names.firstIndex(of: $0[...]) }) {
            for line in lines.dropFirst() where line.count > column { failed += UInt64(line[column], radix: 16) ?? 0 }
        }
    }
    return SessionCapacity(maximum: number("/proc/sys/net/netfilter/nf_conntrack_max") ?? 0, failed: failed)
}

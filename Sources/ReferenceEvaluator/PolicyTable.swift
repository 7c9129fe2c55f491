// SPDX-License-Identifier: Apache-2.0
// Security policies: zone pair, then global, then default (flow reference §6.1).
public import JunosModel
import NetworkTypes

/// One policy, ready to be asked.
struct PreparedPolicy: Sendable {
    let sources: AddressUnion
    let destinations: AddressUnion
    /// Alternatives; nil for `any`.
    let applications: [PreparedApplication]?
    let action: SecurityPolicy.Action
    let logs: Bool
    let requiresSYN: Bool
    let initialSegmentSize: UInt16?
    let reverseSegmentSize: UInt16?
    /// The scheduler that switches it; nil for always.
    let scheduler: Scheduler?
    /// `FROM/TO/NAME`.
    let hitKey: String
    /// `security policies … policy NAME`.
    let path: String
}

/// One alternative of an application, with the idle time its application asks for.
struct PreparedApplication: Hashable, Sendable {
    let term: ApplicationTerm
    let inactivityTimeout: UInt32?

    /// All fields of the term match (flow reference §5.1).
    func matches(_ header: PacketHeader) -> Bool {
        if let number = term.protocolNumber, header.upperProtocol != number { return false }
        if let ports = term.sourcePorts {
            guard let port = header.sourcePort, ports.contains(port) else { return false }
        }
        if let ports = term.destinationPorts {
            guard let port = header.destinationPort, ports.contains(port) else { return false }
        }
        if let type = term.icmpType, header.icmpType != type { return false }
        if let code = term.icmpCode, header.icmpCode != code { return false }
        return true
    }
}

/// What a policy look-up decides.
public struct PolicyDecision: Hashable, Sendable {
    /// What kind of statement decided.
    public enum Source: Hashable, Sendable {
        /// A policy of the pair or a global one.
        case policy
        /// `default-policy`, or its own default.
        case defaultPolicy
        /// The implicit permit to and from the router itself (flow reference §3.4).
        case selfTraffic
    }

    /// What is done.
    public let action: SecurityPolicy.Action
    /// What kind of statement decided.
    public let source: Source
    /// Its configuration path; nil for the implicit permit.
    public let path: String?
    /// The key of its hit count; nil where nothing counts.
    public let hitKey: String?
    /// Whether the policy logs first packets.
    public let logs: Bool
    /// Seconds of inactivity that the matched application asks for.
    public let inactivityTimeout: UInt32?
    /// Whether only a SYN begins its TCP sessions.
    public var requiresSYN = false
    /// The largest segment that the end which opens a connection may announce; nil for what holds for all.
    public var initialSegmentSize: UInt16?
    /// The largest segment that the other end may announce; nil for what holds for all.
    public var reverseSegmentSize: UInt16?
}

/// All policies of the configuration.
struct PolicyTable: Sendable {
    /// The zone that stands for the router.
    static let router = "junos-host"

    struct Pair: Hashable, Sendable {
        let from: String
        let to: String
    }

    struct Global: Sendable {
        let policy: PreparedPolicy
        /// Nil for any zone.
        let from: Set<String>?
        let to: Set<String>?

        /// Whether it has a say between two zones; nil is no zone that could be named.
        func applies(from: String?, to: String?) -> Bool {
            if let zones = self.from, !(from.map(zones.contains) ?? false) { return false }
            if let zones = self.to, !(to.map(zones.contains) ?? false) { return false }
            return true
        }
    }

    private(set) var contexts: [Pair: [PreparedPolicy]] = [:]
    private(set) var globals: [Global] = []
    let defaultPermits: Bool
    /// The time at which schedulers are looked at.
    var now: LocalTime

    init(_ security: SecurityConfiguration, _ configuration: JunosConfiguration) {
        defaultPermits = security.defaultPermits
        now = configuration.circumstances.localTime
        var books = AddressBooks(security.addressBooks, hostAddresses: configuration.circumstances.hostAddresses)
        var applications = ApplicationNames(configuration)
        for context in security.policyContexts {
            let label = "\(context.fromZone)/\(context.toZone)"
            let path = "security policies from-zone \(context.fromZone) to-zone \(context.toZone)"
            for policy in context.policies {
                contexts[Pair(from: context.fromZone, to: context.toZone), default: []].append(
                    Self.prepare(
                        policy,
                        context.fromZone,
                        context.toZone,
                        label,
                        path,
                        &books,
                        &applications,
                        configuration.schedulers
                    )
                )
            }
        }
        for policy in security.globalPolicies {
            globals.append(
                Global(
                    policy: Self.prepare(
                        policy,
                        nil,
                        nil,
                        "junos-global/junos-global",
                        "security policies global",
                        &books,
                        &applications,
                        configuration.schedulers
                    ),
                    from: Self.zones(policy.fromZones),
                    to: Self.zones(policy.toZones)
                )
            )
        }
    }

    private static func zones(_ names: [String]) -> Set<String>? {
        names.isEmpty || names.contains("any") ? nil : Set(names)
    }

    private static func prepare(
        _ policy: SecurityPolicy,
        _ from: String?,
        _ to: String?,
        _ label: String,
        _ path: String,
        _ books: inout AddressBooks,
        _ applications: inout ApplicationNames,
        _ schedulers: [String: Scheduler]
    ) -> PreparedPolicy {
        PreparedPolicy(
            sources: books.union(policy.sourceAddresses, zone: from, isExcluded: policy.excludesSource),
            destinations: books.union(policy.destinationAddresses, zone: to, isExcluded: policy.excludesDestination),
            applications: applications.alternatives(policy.applications),
            action: policy.action,
            logs: policy.logsInit,
            requiresSYN: policy.requiresSYN,
            initialSegmentSize: policy.initialSegmentSize,
            reverseSegmentSize: policy.reverseSegmentSize,
            scheduler: policy.scheduler.map { schedulers[$0] ?? Scheduler(name: $0) },
            hitKey: "\(label)/\(policy.name)",
            path: "\(path) policy \(policy.name)"
        )
    }

    /// Decides a first packet between two zones; nil zones ask the global policies for any zone alone.
    func lookUp(from: String?, to: String?, _ header: PacketHeader, _ record: inout PacketRecord) -> PolicyDecision {
        if let from, let to {
            for policy in contexts[Pair(from: from, to: to)] ?? [] {
                if let decision = ask(policy, header, &record) { return decision }
            }
        }
        for global in globals where global.applies(from: from, to: to) {
            if let decision = ask(global.policy, header, &record) { return decision }
        }
        // Contexts of the router never fall through to the default policy (§3.4).
        if from == Self.router || to == Self.router {
            record.note(.policy, "", "no policy matched: permitted as self traffic")
            return PolicyDecision(
                action: .permit,
                source: .selfTraffic,
                path: nil,
                hitKey: nil,
                logs: false,
                inactivityTimeout: nil
            )
        }
        let path = "security policies default-policy"
        record.note(.policy, path, defaultPermits ? "permit" : "deny")
        return PolicyDecision(
            action: defaultPermits ? .permit : .deny,
            source: .defaultPolicy,
            path: path,
            hitKey: nil,
            logs: false,
            inactivityTimeout: nil
        )
    }

    /// The policy's decision if its three match parts match.
    private func ask(
        _ policy: PreparedPolicy,
        _ header: PacketHeader,
        _ record: inout PacketRecord
    ) -> PolicyDecision? {
        // A policy whose scheduler is off is as if absent (flow reference §6.4).
        guard policy.isActive(at: now) else {
            record.note(.policy, policy.path, "no match: its scheduler is off")
            return nil
        }
        guard policy.sources.matches(header.family, header.source) else {
            record.note(.policy, policy.path, "no match: source-address, packet has \(header.sourceAddress)")
            return nil
        }
        guard policy.destinations.matches(header.family, header.destination) else {
            record.note(.policy, policy.path, "no match: destination-address, packet has \(header.destinationAddress)")
            return nil
        }
        var timeout: UInt32?
        if let applications = policy.applications {
            guard let application = applications.first(where: { $0.matches(header) }) else {
                record.note(.policy, policy.path, "no match: application")
                return nil
            }
            timeout = application.inactivityTimeout
        }
        record.note(.policy, policy.path, "match: \(policy.action.rawValue)")
        return PolicyDecision(
            action: policy.action,
            source: .policy,
            path: policy.path,
            hitKey: policy.hitKey,
            logs: policy.logs,
            inactivityTimeout: timeout,
            requiresSYN: policy.requiresSYN,
            initialSegmentSize: policy.initialSegmentSize,
            reverseSegmentSize: policy.reverseSegmentSize
        )
    }
}

/// Application names as alternatives (flow reference §5).
struct ApplicationNames {
    private let configuration: JunosConfiguration
    private var known: [String: [PreparedApplication]?] = [:]

    init(_ configuration: JunosConfiguration) { self.configuration = configuration }

    /// What a policy's list matches; nil for everything.
    mutating func alternatives(_ names: [String]) -> [PreparedApplication]? {
        var result: [PreparedApplication] = []
        for name in names {
            guard let found = resolve(name) else { return nil }
            result += found
        }
        return result
    }

    /// A user's application hides a predefined one (§5.1); sets may contain sets; what is undefined matches nothing.
    private mutating func resolve(_ name: String) -> [PreparedApplication]? {
        if let answer = known[name] { return answer }
        var result: [PreparedApplication] = []
        var pending = [name]
        var seen: Set<String> = []
        while let next = pending.popLast() {
            if next == "any" {
                known[name] = .some(nil)
                return nil
            }
            guard seen.insert(next).inserted else { continue }
            if let application = configuration.applications[next] {
                result += prepare(application)
            } else if let members = configuration.applicationSets[next] {
                pending += members.reversed()
            } else if let application = predefinedApplications[next] {
                result += prepare(application)
            } else if let members = predefinedApplicationSets[next] {
                pending += members.reversed()
            }
        }
        known[name] = .some(result)
        return result
    }

    private func prepare(_ application: Application) -> [PreparedApplication] {
        application.terms.map { PreparedApplication(term: $0, inactivityTimeout: application.inactivityTimeout) }
    }
}

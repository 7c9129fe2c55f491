// SPDX-License-Identifier: Apache-2.0
// Which application a session is of: the one by which its policy matched (flow reference §2.2, §9.1).
public import JunosModel
public import NetworkTypes

/// An application that a packet belongs to.
public struct MatchedService: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Seconds of inactivity that it asks for; nil for the protocol's.
    public let inactivityTimeout: UInt32?
}

/// Applications of policies, by the key of the policy's hit count.
public struct ServiceNames: Sendable {
    private struct Service: Sendable {
        let matched: MatchedService
        let terms: [PreparedApplication]
    }

    /// Nil for a policy with `any`.
    private var services: [String: [Service]?] = [:]
    private let predefined: [Service]

    /// Prepares a configuration.
    public init(_ configuration: JunosConfiguration) {
        var known: [String: [Service]?] = [:]
        func list(_ names: [String]) -> [Service]? {
            let key = names.joined(separator: " ")
            if let answer = known[key] { return answer }
            let answer = Self.open(names, configuration)
            known[key] = .some(answer)
            return answer
        }
        for placed in configuration.security?.placedPolicies ?? [] {
            services[placed.hitKey] = list(placed.policy.applications)
        }
        // For sessions that no application named: the predefined one of exactly that port, the shortest name first.
        predefined = predefinedApplications.values
            .filter { $0.terms.count <= 2 && !$0.terms.isEmpty && $0.terms.allSatisfy(Self.isExact) }
            .sorted { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }
            .map(Self.service)
    }

    private static func isExact(_ term: ApplicationTerm) -> Bool {
        term.destinationPorts?.count == 1 || term.icmpType != nil
    }

    private static func service(_ application: Application) -> Service {
        Service(
            matched: MatchedService(name: application.name, inactivityTimeout: application.inactivityTimeout),
            terms: application.terms.map {
                PreparedApplication(term: $0, inactivityTimeout: application.inactivityTimeout)
            }
        )
    }

    /// Members in the order of sets (flow reference §2.2); nil where `any` is among them.
    private static func open(_ names: [String], _ configuration: JunosConfiguration) -> [Service]? {
        var result: [Service] = []
        var seen: Set<String> = []
        var pending = Array(names.reversed())
        while let name = pending.popLast() {
            if name == "any" { return nil }
            guard seen.insert(name).inserted else { continue }
            if let application = configuration.applications[name] {
                result.append(service(application))
            } else if let members = configuration.applicationSets[name] {
                pending += members.reversed()
            } else if let application = predefinedApplications[name] {
                result.append(service(application))
            } else if let members = predefinedApplicationSets[name] {
                pending += members.reversed()
            }
        }
        return result
    }

    /// The application of a session's first packet.
    ///
    /// - Parameter key: the policy's; nil where no configured policy permitted it.
    public func service(of packet: Packet, policy key: String?) -> MatchedService? {
        let header = packet.header
        if let key, let known = services[key], let own = known {
            return own.first { $0.terms.contains { $0.matches(header) } }?.matched
        }
        // With `any` the protocol's own time holds (flow reference §2.2): the name alone is taken.
        return predefined.first { $0.terms.contains { $0.matches(header) } }.map {
            MatchedService(name: $0.matched.name, inactivityTimeout: nil)
        }
    }
}

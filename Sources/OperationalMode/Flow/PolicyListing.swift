// SPDX-License-Identifier: Apache-2.0
// Policies with what operational output says of them beyond the configuration: numbers, sequence, state.
import JunosModel
import NetworkTypes

/// One policy where it stands.
struct ListedPolicy {
    let key: PolicyKey
    let policy: SecurityPolicy
    /// Its number in the marks of its sessions; nil before the first commit that knows it.
    let number: UInt16?
    /// Its place in its context, from 1.
    let sequence: Int
    /// Whether its scheduler, if it has one, is on.
    let isEnabled: Bool

    var isGlobal: Bool { key.from == PlacedPolicy.globalZone }
    var state: String { isEnabled ? "enabled" : "disabled" }

    /// `permit, log, count`.
    var actions: String {
        var words = [policy.action.rawValue]
        if policy.logsInit || policy.logsClose { words.append("log") }
        if policy.counts { words.append("count") }
        if policy.scheduler != nil { words.append("scheduled") }
        return words.joined(separator: ", ")
    }

    /// Every policy of a configuration in the order of look-up, global ones last.
    static func all(_ security: SecurityConfiguration, _ flow: FlowSources) -> [ListedPolicy] {
        let dormant = flow.dormantPolicies()
        var sequences: [[String]: Int] = [:]
        return security.placedPolicies.map { placed in
            let key = PolicyKey(from: placed.from, to: placed.to, name: placed.policy.name)
            let sequence = (sequences[[placed.from, placed.to]] ?? 0) + 1
            sequences[[placed.from, placed.to]] = sequence
            return ListedPolicy(
                key: key,
                policy: placed.policy,
                number: flow.policyNumbers[key],
                sequence: sequence,
                isEnabled: !dormant.contains(key)
            )
        }
    }
}

/// One context of policies for output: a zone pair, or the global policies.
struct ListedContext {
    let from: String
    let to: String
    var policies: [ListedPolicy]

    var isGlobal: Bool { from == PlacedPolicy.globalZone }

    /// Neighbouring policies of one context together.
    static func group(_ policies: [ListedPolicy]) -> [ListedContext] {
        var result: [ListedContext] = []
        for policy in policies {
            if result.last?.from == policy.key.from, result.last?.to == policy.key.to {
                result[result.count - 1].policies.append(policy)
            } else {
                result.append(ListedContext(from: policy.key.from, to: policy.key.to, policies: [policy]))
            }
        }
        return result
    }
}

/// The addresses behind names in a policy's list, as `detail` prints them: `lan(global): 10.1.0.0/16`.
struct AddressListing {
    private let books: [String: AddressBook]
    private let bookOfZone: [String: String]
    private let hostAddresses: [String: [IPAddress]]

    init(_ security: SecurityConfiguration, hostAddresses: [String: [IPAddress]]) {
        self.hostAddresses = hostAddresses
        books = Dictionary(security.addressBooks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        bookOfZone = Dictionary(
            security.addressBooks.flatMap { book in book.zones.map { ($0, book.name) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Lines for the names of a list seen from a zone; `junos-global` sees the global book alone.
    func lines(_ names: [String], zone: String) -> [(name: String, book: String, value: String)] {
        names.flatMap { name -> [(name: String, book: String, value: String)] in
            switch name {
            case "any": return [("any-ipv4", "global", "0.0.0.0/0"), ("any-ipv6", "global", "::/0")]
            case "any-ipv4": return [("any-ipv4", "global", "0.0.0.0/0")]
            case "any-ipv6": return [("any-ipv6", "global", "::/0")]
            default: break
            }
            for book in [bookOfZone[zone], "global"].compactMap({ $0.flatMap { books[$0] } }) {
                var seen: Set<String> = []
                let found = members(of: name, in: book, &seen)
                if !found.isEmpty { return found }
            }
            return []
        }
    }

    private func members(
        of name: String,
        in book: AddressBook,
        _ seen: inout Set<String>
    ) -> [(name: String, book: String, value: String)] {
        if let entry = book.addresses[name] { return [(name, book.name, text(entry))] }
        guard seen.insert(name).inserted else { return [] }
        var result: [(name: String, book: String, value: String)] = []
        for member in book.sets[name] ?? [] { result += members(of: member, in: book, &seen) }
        return result
    }

    private func text(_ entry: AddressBookEntry) -> String {
        switch entry {
        case .prefix(let prefix): prefix.description
        case .range(let first, let last): "\(first)~\(last)"
        case .wildcard(let address, let mask): "\(dotted(address))/\(dotted(mask))"
        case .dnsName(let name, let families):
            ([name] + (hostAddresses[name] ?? []).filter { families.contains($0.family) }.map(\.description))
                .joined(separator: " ")
        }
    }

    private func dotted(_ number: UInt32) -> String {
        [24, 16, 8, 0].map { String(number >> $0 & 0xff) }.joined(separator: ".")
    }
}

/// The applications behind a policy's list, sets opened.
func listedApplications(_ names: [String], _ configuration: JunosConfiguration) -> [Application] {
    var result: [Application] = []
    var seen: Set<String> = []
    var pending = Array(names.reversed())
    while let name = pending.popLast() {
        guard seen.insert(name).inserted else { continue }
        // A user's application hides a predefined one of its name (flow reference §5.1).
        if name == "any" {
            result.append(Application(name: "any", terms: []))
        } else if let application = configuration.applications[name] {
            result.append(application)
        } else if let members = configuration.applicationSets[name] {
            pending += members.reversed()
        } else if let application = predefinedApplications[name] {
            result.append(application)
        } else if let members = predefinedApplicationSets[name] {
            pending += members.reversed()
        }
    }
    return result
}

/// Seconds of inactivity that a protocol is given (flow reference §2.2).
public func defaultInactivityTimeout(_ protocolNumber: UInt8) -> UInt32 {
    switch protocolNumber {
    case 1, 17, 58, 136: 60
    default: 1800
    }
}

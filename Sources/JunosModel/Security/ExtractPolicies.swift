// SPDX-License-Identifier: Apache-2.0
// `security policies`: flow reference §6.
import Diagnostics
import JunosSyntax

/// Extracts `security policies`.
func extractPolicies(
    _ policies: Statement,
    names: PolicyNames,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in policiesStatements.admitted(policies, &diagnostics) {
        switch statement.word {
        case "from-zone":
            for from in statement.statements {
                for to in from.entries("to-zone") {
                    result.policyContexts.append(extractContext(from: from, to: to, names: names, &diagnostics))
                }
            }
        case "global":
            for child in statement.statements {
                if child.word == "policy" {
                    for policy in child.statements {
                        result.globalPolicies.append(extractPolicy(policy, .global, names: names, &diagnostics))
                    }
                } else if !wordsAllowedEverywhere.contains(child.word) {
                    diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'global'")
                }
            }
        case "policy-rematch": result.rematch = extractRematch(statement, &diagnostics)
        default: extractDefaultPolicy(statement, into: &result, &diagnostics)
        }
    }
}

/// `policy-rematch` or `policy-rematch extensive` (flow reference §6.5).
private func extractRematch(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> PolicyRematch {
    var rematch = PolicyRematch.changed
    for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
        if child.word == "extensive" {
            rematch = .extensive
        } else {
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'policy-rematch'")
        }
    }
    return rematch
}

/// `default-policy permit-all` or `deny-all`.
private func extractDefaultPolicy(
    _ statement: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for child in statement.statements {
        switch child.word {
        case "permit-all": result.defaultPermits = true
        case "deny-all": result.defaultPermits = false
        case "log":
            diagnostics.error(
                "unsupported-statement",
                child,
                "'log' is not supported here: write a last policy that logs"
            )
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not permit-all or deny-all")
        }
    }
}

/// Where a policy stands.
private enum PolicyPlace {
    case context(from: String, to: String)
    case global

    /// The zone whose book resolves an end's names; nil for the global book alone.
    func zone(of end: PolicyEnd) -> String? {
        guard case .context(let from, let to) = self else { return nil }
        return end == .source ? from : to
    }
}

/// `from-zone A to-zone B`.
private func extractContext(
    from: Statement,
    to: Statement,
    names: PolicyNames,
    _ diagnostics: inout [Diagnostic]
) -> PolicyContext {
    if from.word == "junos-host", to.word == "junos-host" {
        diagnostics.error("meaningless-context", to, "the device does not need a policy to talk to itself")
    }
    for zone in [from, to] { checkZone(zone.word, zone, names: names, &diagnostics) }
    var context = PolicyContext(fromZone: from.word, toZone: to.word, policies: [])
    for child in to.statements {
        if child.word == "policy" {
            context.policies.reserveCapacity(child.children.count)
            for policy in child.statements {
                let place = PolicyPlace.context(from: from.word, to: to.word)
                context.policies.append(extractPolicy(policy, place, names: names, &diagnostics))
            }
        } else if !wordsAllowedEverywhere.contains(child.word) {
            diagnostics.error("unknown-statement", child, "only policies may stand here")
        }
    }
    return context
}

/// A zone that a context or a global policy names.
private func checkZone(
    _ zone: String,
    _ statement: Statement,
    names: PolicyNames,
    _ diagnostics: inout [Diagnostic]
) {
    if zone == "junos-host" || names.zones.contains(zone) { return }
    if names.managementZones.contains(zone) {
        diagnostics.error("undefined-zone", statement, "the functional zone '\(zone)' has no policies")
    } else {
        diagnostics.error("undefined-zone", statement, "the zone '\(zone)' is not defined")
    }
}

/// One policy.
///
/// A match part that could not be understood leaves an empty list, which matches nothing.
private func extractPolicy(
    _ statement: Statement,
    _ place: PolicyPlace,
    names: PolicyNames,
    _ diagnostics: inout [Diagnostic]
) -> SecurityPolicy {
    checkSecurityName(statement, "a policy", &diagnostics)
    var policy = SecurityPolicy(
        name: statement.word,
        sourceAddresses: [],
        destinationAddresses: [],
        applications: [],
        action: .deny,
        source: statement.reference
    )
    var hasMatch = false
    var hasAction = false
    for child in policyStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "match":
            hasMatch = true
            extractMatch(child, place, names: names, into: &policy, &diagnostics)
        case "then": hasAction = extractThen(child, names: names, into: &policy, &diagnostics)
        default: policy.scheduler = scheduler(child, names: names, &diagnostics)
        }
    }
    if !hasMatch {
        diagnostics.error(
            "incomplete-policy",
            statement,
            "a policy needs 'match' with source-address, destination-address and application"
        )
    }
    if !hasAction {
        diagnostics.error("incomplete-policy", statement, "a policy needs 'then permit', 'then deny' or 'then reject'")
    }
    if policy.logsClose, policy.action != .permit {
        diagnostics.warning(
            "log-without-session",
            statement,
            "'log session-close' says nothing where no session is made: write 'log session-init'"
        )
    }
    if case .global = place { checkGlobalDeny(policy, &diagnostics) }
    return policy
}

/// A scheduler that is not there would leave the policy off or on for ever.
private func scheduler(_ statement: Statement, names: PolicyNames, _ diagnostics: inout [Diagnostic]) -> String {
    let name = statement.value?.word ?? ""
    if !names.schedulers.contains(name) {
        diagnostics.error("undefined-scheduler", statement, "the scheduler '\(name)' is not defined")
    }
    return name
}

/// `match`.
private func extractMatch(
    _ match: Statement,
    _ place: PolicyPlace,
    names: PolicyNames,
    into policy: inout SecurityPolicy,
    _ diagnostics: inout [Diagnostic]
) {
    var isBroken = false
    for child in match.statements {
        if case .unsupported = policyMatchStatements.states[child.word] { isBroken = true }
        if policyMatchStatements.states[child.word] == nil, !wordsAllowedEverywhere.contains(child.word) {
            isBroken = true
        }
        guard policyMatchStatements.admits(child, &diagnostics) else { continue }
        let values = child.children.map(\.word)
        switch child.word {
        case "source-address": policy.sourceAddresses = values
        case "destination-address": policy.destinationAddresses = values
        case "application": policy.applications = values
        case "source-address-excluded": policy.excludesSource = true
        case "destination-address-excluded": policy.excludesDestination = true
        case "from-zone", "to-zone":
            guard case .global = place else {
                diagnostics.error("unknown-statement", child, "'\(child.word)' stands in global policies only")
                isBroken = true
                continue
            }
            let zones = zoneList(child, names: names, &diagnostics)
            if child.word == "from-zone" { policy.fromZones = zones } else { policy.toZones = zones }
        default:
            // Flow reference §6.6: only the values that say nothing are accepted.
            let allowed: Set<String> = child.word == "source-identity" ? ["any"] : ["any", "none"]
            for value in values where !allowed.contains(value) {
                isBroken = true
                diagnostics.error(
                    "unsupported-statement",
                    child,
                    "'\(child.word) \(value)' is not supported: only 'any' is"
                )
            }
        }
    }
    completeMatch(match, into: &policy, &diagnostics)
    for end in [PolicyEnd.source, .destination]
    where !checkAddresses(of: policy, end, zone: place.zone(of: end), match, names: names, &diagnostics) {
        isBroken = true
    }
    checkApplications(policy.applications, match, names: names, &diagnostics)
    if isBroken {
        policy.sourceAddresses = []
        policy.excludesSource = false
    }
}

/// Parts that are missing are an error; leniently they mean `any`, as in tools that read such configurations.
private func completeMatch(
    _ match: Statement,
    into policy: inout SecurityPolicy,
    _ diagnostics: inout [Diagnostic]
) {
    func missing(_ keyword: String, _ diagnostics: inout [Diagnostic]) {
        diagnostics.error("incomplete-policy", match, "a policy needs 'match \(keyword)'")
    }
    if match.child("source-address") == nil {
        missing("source-address", &diagnostics)
        policy.sourceAddresses = ["any"]
    }
    if match.child("destination-address") == nil {
        missing("destination-address", &diagnostics)
        policy.destinationAddresses = ["any"]
    }
    if match.child("application") == nil {
        missing("application", &diagnostics)
        policy.applications = ["any"]
    }
}

/// `match from-zone` and `to-zone` of a global policy; empty for any.
private func zoneList(_ statement: Statement, names: PolicyNames, _ diagnostics: inout [Diagnostic]) -> [String] {
    let zones = statement.children.map(\.word)
    for zone in zones where zone != "any" { checkZone(zone, statement, names: names, &diagnostics) }
    guard zones.contains("any") else { return zones }
    if zones.count > 1 {
        diagnostics.error(
            "any-among-others",
            statement,
            "'any' cannot be combined with other zones in '\(statement.word)'"
        )
    }
    return []
}

/// Checks one end's list; false if the policy must not match because of it.
private func checkAddresses(
    of policy: SecurityPolicy,
    _ end: PolicyEnd,
    zone: String?,
    _ match: Statement,
    names: PolicyNames,
    _ diagnostics: inout [Diagnostic]
) -> Bool {
    let list = end == .source ? policy.sourceAddresses : policy.destinationAddresses
    let isExcluded = end == .source ? policy.excludesSource : policy.excludesDestination
    var isWhole = true
    for name in list {
        if predefinedAddresses.contains(name) {
            if isExcluded {
                isWhole = false
                diagnostics.error(
                    "any-excluded",
                    match,
                    "'\(name)' cannot stand in a list with '\(end.keyword)-excluded': nothing would be left"
                )
            }
        } else if let book = names.book(for: name, zone: zone) {
            if names.isEmpty(name, in: book) {
                diagnostics.error("empty-address-set", match, "the address set '\(name)' has no members")
            }
        } else {
            isWhole = false
            let hint = name.contains("/") ? "; prefixes must be named in an address book first" : ""
            let place = zone.map { "the book of zone '\($0)' or the global one" } ?? "the global book"
            diagnostics.error(
                "undefined-address",
                match,
                "the address '\(name)' of '\(end.keyword)' is not defined in \(place)\(hint)"
            )
        }
    }
    if list.count > 4096 {
        diagnostics.warning("many-addresses", match, "'\(end.keyword)' has \(list.count) addresses")
    }
    // An unknown name matches nothing, but excluding nothing would match more than the policy says.
    return isWhole || !isExcluded
}

/// Checks names of applications.
private func checkApplications(
    _ list: [String],
    _ match: Statement,
    names: PolicyNames,
    _ diagnostics: inout [Diagnostic]
) {
    if list.count > 1, list.contains("any") {
        diagnostics.warning("any-among-others", match, "'any' makes the other applications void")
    }
    for name in list where name != "any" {
        if !isKnownApplication(name, names.applications) {
            diagnostics.error("undefined-application", match, "the application '\(name)' is not defined")
        } else if names.needsGateway(name) {
            diagnostics.warning(
                "no-gateway",
                match,
                "'\(name)' has RPC programs, whose ports are not learned: for them the policy matches nothing"
            )
        }
        for number in names.protocolsWithoutIdleTime(name) {
            diagnostics.warning(
                "common-idle-time",
                match,
                "sessions of '\(name)' live 1800 idle seconds: protocol \(number) cannot have a time of its own"
            )
        }
    }
}

/// A global deny for all zones also judges the device's own traffic (flow reference §3.4).
private func checkGlobalDeny(_ policy: SecurityPolicy, _ diagnostics: inout [Diagnostic]) {
    guard policy.action != .permit, policy.fromZones.isEmpty, policy.toZones.isEmpty else { return }
    diagnostics.warning(
        "global-deny-of-device",
        policy.source,
        "it also \(policy.action == .deny ? "drops" : "rejects") what the device itself sends and receives; permit "
            + "that by earlier policies with junos-host"
    )
}

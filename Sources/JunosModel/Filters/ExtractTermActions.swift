// SPDX-License-Identifier: Apache-2.0
// `then`: filters reference §4.
import Diagnostics
import JunosSyntax

/// Terminating actions that Junos knows and Sluice does not, with the verdict that they imply (filters reference §4.1).
private let unsupportedOutcomes: [String: (reason: String, outcome: TermOutcome)] = [
    "logical-system": ("there are no logical systems", .discard),
    "topology": ("there are no topologies", .accept),
    "next-hop-group": ("copies to next-hop groups are not built", .accept),
    "load-balance": ("load balancing by filters is not built", .accept),
    "ipsec-sa": ("IPsec is not built", .discard),
    "redirect": ("redirection is not built", .discard),
    "encapsulate": ("tunnels are not built", .discard),
    "decapsulate": ("tunnels are not built", .discard),
]

/// Modifiers that Junos knows and Sluice does not (filters reference §4.3).
private let unsupportedModifiers: [String: String] = [
    "hierarchical-policer": "packets over its rates would not be dropped",
    "enhanced-hierarchical-policer": "packets over its rates would not be dropped",
    "policer-charge": "packets over its rates would not be dropped",
    "force-premium": "there are no hierarchical policers",
    "l2-mirror": "frames are not mirrored, only packets: write 'port-mirror'",
    "service-filter-hit": "there are no service filters",
    "skip-services": "there are no services to skip",
    "policy-map": "policy maps are not built",
    "clear-policy-map": "policy maps are not built",
    "slice": "network slices are not built",
    "virtual-channel": "virtual channels are not built",
    "tos-reflect": "the header would not be changed",
    "outer-dscp": "the header would not be changed",
    "qfi": "the header would not be changed",
    "packet-capture": "packet capture is not built yet",
    "exclude-accounting": "accounting is not built",
    "service-accounting": "accounting is not built",
    "service-accounting-deferred": "accounting is not built",
    "traffic-class-count": "counters by traffic class are not built; write a term for each",
    "inline-monitoring-instance": "monitoring is not built",
]

/// Actions that stand in one family only.
private let familiesOfActions: [String: Set<FilterFamily>] = [
    "reject": [.inet, .inet6],
    "dscp": [.inet],
    "traffic-class": [.inet6],
    "packet-mode": [.inet, .inet6],
    "sample": [.inet, .inet6],
    "dont-fragment": [.inet],
    "next-ip": [.inet],
    "next-ip6": [.inet6],
    "next-interface": [.inet, .inet6],
    "prefix-action": [.inet],
]

/// Extracts the actions of a term.
func extractTermActions(
    _ then: Statement,
    family: FilterFamily,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> TermActions {
    var actions = TermActions()
    var earlier: String?
    // An action that could not be understood may have been a terminating one.
    var isDoubtful = false

    func decide(_ outcome: TermOutcome, _ statement: Statement, _ diagnostics: inout [Diagnostic]) {
        // One choice in the schema: the later alternative takes the earlier one's place (filters reference §1.2).
        if let earlier {
            diagnostics.warning(
                "replaced-statement",
                statement,
                "'\(earlier)' is void: '\(statement.word)', which was set later, takes its place"
            )
        }
        actions.outcome = outcome
        actions.forwarding = nil
        earlier = statement.word
    }

    for statement in then.statements {
        let word = statement.word
        if let families = familiesOfActions[word], !families.contains(family) {
            diagnostics.error("unknown-statement", statement, "'\(word)' is no action of family \(family.rawValue)")
            isDoubtful =
                isDoubtful || !["dscp", "traffic-class", "packet-mode", "sample", "dont-fragment"].contains(word)
            continue
        }
        switch word {
        case "accept": decide(.accept, statement, &diagnostics)
        case "discard":
            decide(.discard, statement, &diagnostics)
            if let accounting = statement.child("accounting") {
                diagnostics.error("unsupported-statement", accounting, "'accounting' is not supported: use 'count'")
            }
        case "reject":
            let message = rejectMessage(statement.value?.word, family: family)
            if message == nil {
                let known = (family == .inet6 ? inet6RejectCodes : inetRejectCodes).keys.sorted()
                diagnostics.error(
                    "invalid-value",
                    statement,
                    "'\(statement.value?.word ?? "")' is no message of 'reject' in family \(family.rawValue); "
                        + "write tcp-reset, \(known.joined(separator: ", ")) or nothing"
                )
            }
            if let message = message ?? rejectMessage(nil, family: family) {
                decide(.reject(message), statement, &diagnostics)
            }
        case "next":
            if statement.value?.word == "term" {
                decide(.nextTerm, statement, &diagnostics)
            } else {
                diagnostics.error("unknown-statement", statement, "only 'term' may follow 'next'")
                isDoubtful = true
            }
        case "count":
            actions.count = statement.value?.word
            checkFirewallName(actions.count ?? "", of: statement, &diagnostics)
        case "policer":
            actions.policer = statement.value?.word
            if let name = actions.policer, !names.policers.contains(name) {
                diagnostics.error("undefined-policer", statement, "Referenced policer '\(name)' is not defined")
            }
        case "three-color-policer":
            actions.threeColorPolicer = threeColorReference(statement, names, &diagnostics)
        case "prefix-action":
            actions.prefixAction = statement.value?.word
            if let name = actions.prefixAction, !names.prefixActions.contains(name) {
                diagnostics.error(
                    "undefined-prefix-action",
                    statement,
                    "Referenced prefix-action '\(name)' is not defined"
                )
            }
        case "log": actions.log = true
        case "syslog": actions.syslog = true
        case "packet-mode": actions.packetMode = true
        case "sample": actions.sample = true
        case "port-mirror", "port-mirror-instance":
            if actions.mirror != nil {
                diagnostics.error(
                    "conflicting-actions",
                    statement,
                    "'port-mirror' and 'port-mirror-instance' are mutually exclusive"
                )
            }
            actions.mirror = statement.word == "port-mirror" ? "" : statement.value?.word ?? ""
        case "dont-fragment": actions.dontFragment = fragmentBit(statement, &diagnostics)
        case "routing-instance", "next-ip", "next-ip6", "next-interface":
            decide(continuesBehind(statement) ? .nextTerm : .accept, statement, &diagnostics)
            actions.forwarding = extractForwardingChoice(statement, names: names, &diagnostics)
            // What could not be understood must not go where it would without the term.
            if actions.forwarding == nil { actions.outcome = .discard }
        case "forwarding-class":
            actions.forwardingClass = statement.value?.word
            if let name = actions.forwardingClass, !names.forwardingClasses.contains(name) {
                diagnostics.error(
                    "undefined-forwarding-class",
                    statement,
                    "Referenced forwarding-class '\(name)' is not defined"
                )
            }
        case "loss-priority": actions.lossPriority = extractLossPriority(statement, &diagnostics)
        case "dscp", "traffic-class": actions.dscp = codePoint(statement, names.codePoints, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            if let unsupported = unsupportedOutcomes[word] {
                refuse(statement, unsupported.reason, &diagnostics)
                decide(unsupported.outcome, statement, &diagnostics)
            } else if let reason = unsupportedModifiers[word] {
                refuse(statement, reason, &diagnostics)
            } else {
                diagnostics.error(
                    "unknown-statement",
                    statement,
                    "'\(word)' is no action that is known; correct or remove it"
                )
                isDoubtful = true
            }
        }
    }
    if isDoubtful, actions.outcome == nil { actions.outcome = .discard }
    if actions.threeColorPolicer != nil, actions.lossPriority != nil {
        // The schema's own words (filters reference §7.7).
        diagnostics.error(
            "conflicting-actions",
            then,
            "Configuring loss-priority is incompatible with configuring three-color-policer"
        )
    }
    return actions
}

/// Refuses an action, naming what would be missing.
private func refuse(_ statement: Statement, _ reason: String, _ diagnostics: inout [Diagnostic]) {
    diagnostics.error(
        "unsupported-statement",
        statement,
        "the action '\(statement.word)' is not supported: \(reason)"
    )
}

/// The value of `dscp` or `traffic-class`.
private func codePoint(
    _ statement: Statement,
    _ codePoints: CodePointNames,
    _ diagnostics: inout [Diagnostic]
) -> UInt8? {
    let names = statement.word == "dscp" ? codePoints.dscp : codePoints.dscpIPv6
    let text = statement.value?.word ?? ""
    do throws(ValueProblem) {
        let range = try parseRange(text, names: names, highest: 63, allowsBinary: true)
        guard range.lowerBound == range.upperBound else { throw ValueProblem(text: "is a range") }
        return UInt8(range.lowerBound)
    } catch {
        diagnostics.error("invalid-value", statement, "'\(text)' \(error.text)")
        return nil
    }
}

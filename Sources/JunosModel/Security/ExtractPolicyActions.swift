// SPDX-License-Identifier: Apache-2.0
// `then` of a security policy: flow reference §6.2, §6.3, §2.3.
import Diagnostics
import JunosSyntax

/// Extracts `then`; false if it names no action.
func extractThen(
    _ then: Statement,
    names: PolicyNames,
    into policy: inout SecurityPolicy,
    _ diagnostics: inout [Diagnostic]
) -> Bool {
    var earlier: String?
    func decide(_ action: SecurityPolicy.Action, _ diagnostics: inout [Diagnostic]) {
        // One choice in the schema: the later alternative stays (flow reference §6.8).
        if let earlier {
            diagnostics.warning(
                "replaced-statement",
                then,
                "'\(earlier)' is void: '\(action.rawValue)', which was set later, takes its place"
            )
        }
        earlier = action.rawValue
        policy.action = action
    }
    for statement in policyThenStatements.admitted(then, &diagnostics) {
        switch statement.word {
        case "permit":
            decide(.permit, &diagnostics)
            for option in permitStatements.admitted(statement, &diagnostics) {
                extractTCPOptions(option, names: names, into: &policy, &diagnostics)
            }
        case "deny", "reject":
            decide(statement.word == "deny" ? .deny : .reject, &diagnostics)
            for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
                let isKnown = ["profile", "ssl-proxy", "application-services"].contains(child.word)
                diagnostics.error(
                    isKnown ? "unsupported-statement" : "unknown-statement",
                    child,
                    isKnown
                        ? "'\(child.word)' is not supported: content would not be inspected"
                        : "'\(child.word)' is not known under '\(statement.word)'"
                )
            }
        case "count":
            policy.counts = true
            for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
                diagnostics.warning("not-applicable", child, "'\(child.word)' has no effect here: read the metrics")
            }
        default: extractLog(statement, into: &policy, &diagnostics)
        }
    }
    return earlier != nil
}

/// `log { session-init; session-close; }`.
private func extractLog(
    _ log: Statement,
    into policy: inout SecurityPolicy,
    _ diagnostics: inout [Diagnostic]
) {
    for child in log.statements {
        switch child.word {
        case "session-init": policy.logsInit = true
        case "session-close": policy.logsClose = true
        case "session-update", "profile", "sfw", "alert":
            diagnostics.warning("not-applicable", child, "'log \(child.word)' has no effect here: it is not built")
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'log'")
        }
    }
}

/// `tcp-options` (flow reference §2.3).
private func extractTCPOptions(
    _ options: Statement,
    names: PolicyNames,
    into policy: inout SecurityPolicy,
    _ diagnostics: inout [Diagnostic]
) {
    for child in options.statements {
        switch child.word {
        case "syn-check-required": policy.requiresSYN = true
        // Requiring a check that is on anyway changes nothing.
        case "sequence-check-required" where !names.flow.noSequenceCheck: break
        case "sequence-check-required":
            diagnostics.error(
                "unsupported-statement",
                child,
                "'sequence-check-required' is not supported beside 'no-sequence-check', which holds for all policies"
            )
        // Scaling is always followed.
        case "window-scale": break
        case "initial-tcp-mss": policy.initialSegmentSize = segmentSize(child, &diagnostics)
        case "reverse-tcp-mss": policy.reverseSegmentSize = segmentSize(child, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'tcp-options'")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `show security policies hit-count` (flow reference §9.2, §9.4).
import JunosModel

let showPolicyHitCountCommand = OperationalCommand(
    path: ["show", "security", "policies", "hit-count"],
    options: HitCountSelection.options,
    summary: "first packets that each security policy decided"
) { arguments, sources in
    guard let security = sources.configuration.security else {
        throw OperationalProblem("security is not configured")
    }
    var counts = PolicyHitCounts(security, try sources.statistics())
    counts.rows = try HitCountSelection(arguments).choose(counts.rows)
    return OperationalAnswer(counts)
}

/// Hits by policy, in the order of look-up.
struct PolicyHitCounts: OperationalView {
    /// One policy.
    struct Row: Hashable {
        var fromZone: String
        var toZone: String
        var name: String
        var hits: UInt64
        var action: String
    }

    /// The last one is the default policy.
    var rows: [Row]

    init(_ security: SecurityConfiguration, _ statistics: Statistics) {
        func row(_ from: String, _ to: String, _ name: String, _ action: String) -> Row {
            Row(
                fromZone: from,
                toZone: to,
                name: name,
                hits: statistics.policies[[from, to, name]]?.packets ?? 0,
                action: action.prefix(1).uppercased() + action.dropFirst()
            )
        }
        rows =
            security.policyContexts.flatMap { context in
                context.policies.map { row(context.fromZone, context.toZone, $0.name, $0.action.rawValue) }
            }
            + security.globalPolicies.map { row("junos-global", "junos-global", $0.name, $0.action.rawValue) }
            + [row("all-zone", "all-zone", "default-policy", security.defaultPermits ? "permit" : "deny")]
    }

    var text: String {
        func line(_ words: [String]) -> String {
            trimmed(zip(words, [8, 17, 18, 15, 14, 0]).map { column($0, $1) }.joined()) + "\n"
        }
        return "Logical system: root-logical-system\n"
            + line(["Index", "From zone", "To zone", "Name", "Policy count", "Action"])
            + rows.enumerated().map { index, row in
                line(["\(index + 1)", row.fromZone, row.toZone, row.name, "\(row.hits)", row.action])
            }.joined()
            + "\nNumber of policy: \(rows.count)\n"
    }

    var element: OutputElement {
        OutputElement(
            "policy-hit-count",
            [OutputElement("logical-system-name", "root-logical-system")]
                + rows.enumerated().map { index, row in
                    OutputElement(
                        "policy-hit-count-entry",
                        [
                            OutputElement("policy-hit-count-index", UInt64(index + 1)),
                            OutputElement("policy-hit-count-from-zone", row.fromZone),
                            OutputElement("policy-hit-count-to-zone", row.toZone),
                            OutputElement("policy-hit-count-policy-name", row.name),
                            OutputElement("policy-hit-count-count", row.hits),
                            OutputElement("policy-hit-count-action", row.action),
                        ]
                    )
                }
        )
    }
}

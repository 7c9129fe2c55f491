// SPDX-License-Identifier: Apache-2.0
// `policy-options`: of it only prefix lists bear on filtering (filters reference §2.4).
import Diagnostics
import JunosSyntax
import NetworkTypes

/// What may stand under `policy-options`.
let policyOptionsStatements = SupportTable(
    "policy-options",
    supported: ["prefix-list"],
    notApplicable: Dictionary(
        uniqueKeysWithValues: [
            "policy-statement", "community", "as-path", "as-path-group", "condition", "damping", "route-filter-list",
            "rtf-prefix-list", "application-maps", "defaults", "route-distinguisher", "tunnel-attribute",
            "resolution-map",
            "large-community", "extended-community", "mac-list", "source-address-filter-list", "global-load-balancing",
            "l3vpn-options", "route-filter", "vrf-import", "asn-list", "redundancy-policy", "packet-accounting",
        ].map { ($0, "routing policy is the business of this host's routing daemon") }
    )
)

/// Extracts `policy-options`; the routing statements share one warning.
func extractPrefixLists(_ policyOptions: Statement, _ diagnostics: inout [Diagnostic]) -> [String: PrefixList] {
    var lists: [String: PrefixList] = [:]
    var hasWarned = false
    for statement in policyOptions.statements {
        if case .notApplicable = policyOptionsStatements.states[statement.word] {
            if hasWarned { continue }
            hasWarned = true
        }
        guard policyOptionsStatements.admits(statement, &diagnostics) else { continue }
        for list in statement.statements {
            checkFirewallName(list, &diagnostics)
            lists[list.word] = PrefixList(
                name: list.word,
                prefixes: prefixes(of: list, &diagnostics),
                source: list.reference
            )
        }
    }
    return lists
}

/// The prefixes of a list in order, each once; expansion has put those of `apply-path` among them.
private func prefixes(of list: Statement, _ diagnostics: inout [Diagnostic]) -> [Prefix] {
    var prefixes: [Prefix] = []
    var seen: Set<Prefix> = []
    for node in list.children where node.word != "apply-path" && !wordsAllowedEverywhere.contains(node.word) {
        let family: AddressFamily = node.word.utf8.contains(UInt8(ascii: ":")) ? .inet6 : .inet
        do throws(ValueProblem) {
            guard case .prefix(let prefix) = try parseAddressLiteral(node.word, family: family).value else {
                throw ValueProblem(text: "has a mask that is no prefix length")
            }
            if seen.insert(prefix).inserted { prefixes.append(prefix) }
        } catch {
            diagnostics.error("invalid-prefix", list.statement(node), "'\(node.word)' \(error.text)")
        }
    }
    return prefixes
}

// SPDX-License-Identifier: Apache-2.0
// `firewall family inet prefix-action`: filters reference §4.3.
import Diagnostics
import JunosSyntax

/// What may stand under `prefix-action NAME`.
let prefixActionStatements = SupportTable(
    "firewall family inet prefix-action NAME",
    supported: [
        "policer", "count", "filter-specific", "subnet-prefix-length", "source-prefix-length",
        "destination-prefix-length",
    ],
    cosmetic: ["description"]
)

/// The most members of an array.
///
/// Each is up to three objects of the kernel at each interface, all made in advance; reading them takes time that grows
/// faster than their number (DESIGN §4: 100,000 objects take 0.75 s).
private let mostPrefixes = 4096

/// Extracts all prefix actions, those directly under `firewall` among them.
func extractPrefixActions(
    _ firewall: Statement,
    policers: [String: Policer],
    _ diagnostics: inout [Diagnostic]
) -> [String: PrefixAction] {
    let inet = firewall.child("family")?.child("inet")
    var result: [String: PrefixAction] = [:]
    for statement in [firewall, inet].compactMap({ $0?.entries("prefix-action") }).joined() {
        checkFirewallName(statement, &diagnostics)
        if let action = extractPrefixAction(statement, policers, &diagnostics) { result[statement.word] = action }
    }
    return result
}

/// One prefix action; nil if its bits are not told, so that the names of it stay undefined.
private func extractPrefixAction(
    _ statement: Statement,
    _ policers: [String: Policer],
    _ diagnostics: inout [Diagnostic]
) -> PrefixAction? {
    var policer: String?
    var counts = false
    var isFilterSpecific = false
    var subnet: Int?
    var ends: [(field: AddressField, length: Int)] = []
    var isReadable = true
    for child in prefixActionStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "policer":
            policer = child.value?.word
            if let name = policer, policers[name] == nil {
                diagnostics.error("undefined-policer", child, "Referenced policer '\(name)' is not defined")
            }
        case "count": counts = true
        case "filter-specific": isFilterSpecific = true
        default:
            guard let length = child.value.flatMap({ Int($0.word) }), (0...32).contains(length) else {
                let text = child.value?.word ?? ""
                diagnostics.error("invalid-value", child, "'\(text)' is no length of an IPv4 prefix, 0 to 32")
                isReadable = false
                continue
            }
            switch child.word {
            case "source-prefix-length": ends.append((.source, length))
            case "destination-prefix-length": ends.append((.destination, length))
            default: subnet = length
            }
        }
    }
    guard isReadable else { return nil }
    guard let end = ends.first, ends.count == 1 else {
        diagnostics.error(
            "incomplete-prefix-action",
            statement,
            "needs 'source-prefix-length' or 'destination-prefix-length', one of them"
        )
        return nil
    }
    guard let subnet else {
        diagnostics.error("incomplete-prefix-action", statement, "needs 'subnet-prefix-length'")
        return nil
    }
    guard subnet <= end.length else {
        diagnostics.error(
            "invalid-value",
            statement,
            "'subnet-prefix-length \(subnet)' is longer than '\(end.field.rawValue)-prefix-length \(end.length)'"
        )
        return nil
    }
    if policer == nil, !counts {
        diagnostics.error("incomplete-prefix-action", statement, "needs 'policer', 'count' or both")
    }
    let action = PrefixAction(
        name: statement.word,
        policer: policer,
        counts: counts,
        isFilterSpecific: isFilterSpecific,
        field: end.field,
        subnetPrefixLength: subnet,
        prefixLength: end.length,
        source: statement.reference
    )
    if end.length - subnet > 30 || action.count > mostPrefixes {
        diagnostics.error(
            "too-many-prefixes",
            statement,
            "it would have 2^\(end.length - subnet) members, more than \(mostPrefixes): the kernel's objects are made "
                + "in advance, and reading so many would take seconds; write a longer 'subnet-prefix-length'"
        )
        return nil
    }
    return action
}

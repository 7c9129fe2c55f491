// SPDX-License-Identifier: Apache-2.0
// `firewall`: filters reference §1, §4 and §5.
import Diagnostics
import JunosSyntax

/// What may stand under `firewall`.
let firewallStatements = SupportTable(
    "firewall",
    supported: [
        "family", "filter", "policer", "three-color-policer", "prefix-action", "interface-set", "flexible-match",
    ],
    notApplicable: [
        "hierarchical-policer": "terms that name one are refused",
        "load-balance-group": "terms that name one are refused",
        "tunnel-end-point": "terms that name one are refused",
        "policy-map": "terms that name one are refused",
        "no-next-header-to-payload-protocol-mapping": "'next-header' is never mapped (filters reference §3.3)",
        "atomic-filter-update": "every change is atomic",
    ],
    cosmetic: ["traceoptions", "log"]
)

/// What may stand under `firewall family FAMILY filter NAME`.
let filterStatements = SupportTable(
    "firewall family FAMILY filter NAME",
    supported: ["term", "interface-specific", "physical-interface-filter"],
    unsupported: [
        "instance-shared": "its policers would have to be shared by routing instance",
        "instance-specific": "its policers would have to be shared by routing instance",
        "interface-shared": "its policers would have to be shared by name",
    ],
    notApplicable: ["accounting-profile": "counters are read as metrics"],
    cosmetic: [
        "description", "enhanced-mode", "enhanced-mode-override", "fast-lookup-filter", "scale-mode", "promote",
        "transient-filter", "scale-optimized", "no-incremental-update", "layer2-policer",
    ]
)

/// What may stand under `term NAME`.
let termStatements = SupportTable(
    "firewall family FAMILY filter NAME term NAME",
    supported: ["from", "then", "filter"],
    cosmetic: ["description"]
)

/// The families that are read and refused (filters reference §3.3).
private let unsupportedFamilies: Set<String> = [
    "mpls", "vpls", "evpn", "bridge", "ccc", "ethernet-switching", "l2-circuit", "iso",
]

/// Extracts all filters, the terms' references checked.
func extractFilters(
    _ firewall: Statement,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> [FilterName: FirewallFilter] {
    var filters: [FilterName: FirewallFilter] = [:]
    func add(_ statement: Statement, _ family: FilterFamily, _ diagnostics: inout [Diagnostic]) {
        let name = FilterName(family, statement.word)
        if let earlier = filters[name] {
            diagnostics.error(
                "duplicate-filter",
                statement,
                "'firewall filter' means 'firewall family inet filter': '\(name.name)' is defined there too "
                    + "(line \(earlier.source.location?.line ?? 0))"
            )
        } else {
            filters[name] = extractFilter(statement, name, names: names, &diagnostics)
        }
    }
    for statement in firewallStatements.admitted(firewall, &diagnostics) {
        switch statement.word {
        case "filter":
            for filter in statement.statements { add(filter, .inet, &diagnostics) }
        case "family":
            for family in statement.statements {
                extractFamily(family, add: add, &diagnostics)
            }
        default: break
        }
    }
    return filters
}

/// `firewall family FAMILY`.
private func extractFamily(
    _ statement: Statement,
    add: (Statement, FilterFamily, inout [Diagnostic]) -> Void,
    _ diagnostics: inout [Diagnostic]
) {
    guard let family = FilterFamily(rawValue: statement.word) else {
        let isKnown = unsupportedFamilies.contains(statement.word)
        diagnostics.error(
            isKnown ? "unsupported-statement" : "unknown-statement",
            statement,
            isKnown
                ? "filters of family \(statement.word) are not supported: only inet, inet6 and any are"
                : "'\(statement.word)' is no family that is known"
        )
        return
    }
    for child in statement.statements {
        switch child.word {
        case "filter":
            for filter in child.statements { add(filter, family, &diagnostics) }
        // Read with the policers, since terms name them (filters reference §4.3).
        case "prefix-action" where family == .inet: break
        // Templates: they do nothing until a term names them, and that is refused.
        case "prefix-action", "dialer-filter", "fast-update-filter":
            diagnostics.warning("not-applicable", child, "'\(child.word)' has no effect here: it is not supported")
        case "service-filter", "simple-filter":
            diagnostics.error("unsupported-statement", child, "'\(child.word)' is not supported: write a filter")
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under a family of filters")
        }
    }
}

/// One filter.
private func extractFilter(
    _ statement: Statement,
    _ name: FilterName,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> FirewallFilter {
    checkFirewallName(statement, &diagnostics)
    // `firewall filter F` is the same as `firewall family inet filter F`, and answers say the latter.
    let path = "firewall family \(name.family.rawValue) filter \(quoted(name.name))"
    var filter = FirewallFilter(
        name: name,
        terms: [],
        isInterfaceSpecific: false,
        source: statement.reference(as: path)
    )
    for child in filterStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "interface-specific": filter.isInterfaceSpecific = true
        case "physical-interface-filter": filter.isOfPhysicalInterface = true
        default:
            filter.terms.reserveCapacity(child.children.count)
            for node in child.children {
                let term = Statement(node, under: path + " term")
                filter.terms.append(extractTerm(term, family: name.family, names: names, &diagnostics))
            }
        }
    }
    if filter.terms.isEmpty {
        diagnostics.warning("empty-filter", statement, "a filter without terms discards every packet")
    }
    return filter
}

/// One term.
private func extractTerm(
    _ statement: Statement,
    family: FilterFamily,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> FilterTerm {
    checkFirewallName(statement, &diagnostics)
    var term = FilterTerm(name: statement.word, source: statement.reference)
    var hasFromOrThen = false
    for child in termStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "from":
            hasFromOrThen = true
            term.from = extractMatchConditions(child, family: family, names: names, &diagnostics)
        case "then":
            hasFromOrThen = true
            term.then = extractTermActions(child, family: family, names: names, &diagnostics)
        default: term.nestedFilter = child.value?.word
        }
    }
    if let nested = term.nestedFilter, hasFromOrThen {
        diagnostics.error(
            "nested-filter-with-actions",
            statement,
            "'filter \(nested)': Not compatible with 'from or then'"
        )
        term.nestedFilter = nil
        term.from = [.never]
    }
    checkTerm(term, family: family, &diagnostics)
    return term
}

/// Extracts `firewall interface-set`.
func extractInterfaceSets(_ sets: Statement, _ diagnostics: inout [Diagnostic]) -> [String: [String]] {
    var result: [String: [String]] = [:]
    for statement in sets.statements {
        checkFirewallName(statement, &diagnostics)
        result[statement.word] = statement.children.map(\.word)
            .filter { !wordsAllowedEverywhere.contains($0) }
            .map(interfacePattern)
    }
    return result
}

/// The name of a logical interface or a pattern over such names, in which `*` stands for any characters, `?` for one and
/// `[0-3]` for one of several (filters reference §3.2).
///
/// What says nothing about the unit means unit 0, as everywhere.
func interfacePattern(_ word: String) -> String {
    word.contains(".") || word.contains("*") ? word : word + ".0"
}

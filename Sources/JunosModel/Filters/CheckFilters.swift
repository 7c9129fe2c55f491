// SPDX-License-Identifier: Apache-2.0
// What a commit check says about filters as a whole and where they hang: filters reference §1.2, §5; DESIGN §3.3.
import Diagnostics

/// The most `next term` actions in one filter.
private let mostNextTerms = 1024

/// Checks all filters and their attachments; terms whose reference to another filter cannot stand match nothing after.
func checkFilters(_ configuration: inout JunosConfiguration, _ diagnostics: inout [Diagnostic]) {
    checkNesting(&configuration.filters, &diagnostics)
    let uses = checkAttachments(configuration, &diagnostics)
    for name in configuration.filters.keys.sorted(by: { ($0.family.rawValue, $0.name) < ($1.family.rawValue, $1.name) })
    {
        guard let filter = configuration.filters[name] else { continue }
        checkNextTerms(filter, among: configuration.filters, mayContinue: uses.onlyInside.contains(name), &diagnostics)
    }
}

/// How filters are used.
private struct FilterUses {
    /// Filters that only ever stand before others in a list or inside another filter.
    var onlyInside: Set<FilterName> = []
}

/// Nested filters: filters reference §5.4.
private func checkNesting(_ filters: inout [FilterName: FirewallFilter], _ diagnostics: inout [Diagnostic]) {
    let nesting = Set(filters.values.filter { $0.terms.contains { $0.nestedFilter != nil } }.map(\.name))
    for name in nesting.sorted(by: { ($0.family.rawValue, $0.name) < ($1.family.rawValue, $1.name) }) {
        guard var filter = filters[name] else { continue }
        var count = 0
        for index in filter.terms.indices {
            let term = filter.terms[index]
            guard let target = term.nestedFilter else { continue }
            count += 1
            let targetName = FilterName(name.family, target)
            if filters[targetName] == nil {
                diagnostics.error(
                    "undefined-filter",
                    term.source,
                    "'filter \(target)': Referenced filter is not defined"
                )
            } else if nesting.contains(targetName) {
                diagnostics.error(
                    "filter-nested-twice",
                    term.source,
                    "'filter \(target)' itself refers to a filter: filters nest only one deep"
                )
                filter.terms[index].nestedFilter = nil
                filter.terms[index].from = [.never]
            } else if filters[targetName]?.terms.contains(where: \.then.packetMode) ?? false {
                diagnostics.error(
                    "nested-packet-mode",
                    term.source,
                    "'filter \(target)' has the action 'packet-mode', which a nested filter cannot carry"
                )
            }
        }
        if count > 256 {
            diagnostics.error("too-many-filters", filter.source, "it refers to \(count) filters, more than 256")
        }
        filters[name] = filter
    }
}

/// Checks what interfaces name, and gathers how filters are used.
private func checkAttachments(_ configuration: JunosConfiguration, _ diagnostics: inout [Diagnostic]) -> FilterUses {
    var inside: Set<FilterName> = []
    var final: Set<FilterName> = []
    var hasPacketMode: Set<FilterName> = []
    let arrivalActions = arrivalActions(configuration.filters)
    for filter in configuration.filters.values {
        if filter.terms.contains(where: \.then.packetMode) { hasPacketMode.insert(filter.name) }
        for term in filter.terms {
            if let target = term.nestedFilter { inside.insert(FilterName(filter.name.family, target)) }
        }
    }
    for interface in configuration.interfaces {
        for family in FilterFamily.allCases {
            guard let settings = interface.families[family] else { continue }
            for (attachment, isInput) in [(settings.input, true), (settings.output, false)] {
                guard let attachment else { continue }
                checkAttachment(attachment, of: interface, family, isInput, configuration, &diagnostics)
                for (index, name) in attachment.filters.enumerated() {
                    let filter = FilterName(family, name)
                    if index == attachment.filters.count - 1 { final.insert(filter) } else { inside.insert(filter) }
                    if let action = arrivalActions[filter], !isInput || interface.isRoutingEngine {
                        diagnostics.error(
                            "action-on-arrival-only",
                            attachment.source,
                            "'\(action)' in '\(name)' works only in input filters of interfaces other than lo0: here "
                                + "the packet's way is decided already"
                        )
                    }
                    if hasPacketMode.contains(filter), !isInput || interface.isRoutingEngine {
                        diagnostics.warning(
                            "packet-mode-without-effect",
                            attachment.source,
                            "'packet-mode' in '\(name)' has no effect here: it works in input filters of interfaces "
                                + "other than lo0"
                        )
                    }
                }
            }
        }
    }
    return FilterUses(onlyInside: inside.subtracting(final))
}

/// An action of each filter, or of one nested in it, that works only where packets arrive (filters reference §4.1).
private func arrivalActions(_ filters: [FilterName: FirewallFilter]) -> [FilterName: String] {
    let own = filters.compactMapValues { $0.terms.lazy.compactMap { actionForArrival($0.then) }.first }
    return filters.compactMapValues { filter in
        own[filter.name]
            ?? filter.terms.lazy.compactMap { $0.nestedFilter.flatMap { own[FilterName(filter.name.family, $0)] } }
            .first
    }
}

/// One `input`, `output` or list (filters reference §5.1, §5.2).
private func checkAttachment(
    _ attachment: FilterAttachment,
    of interface: LogicalInterface,
    _ family: FilterFamily,
    _ isInput: Bool,
    _ configuration: JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    if interface.isRoutingEngine, interface.unit != 0 {
        diagnostics.error(
            "unsupported-statement",
            attachment.source,
            "only lo0.0 guards the routing engine: other units belong to routing instances, which are not built"
        )
    }
    if attachment.filters.isEmpty {
        diagnostics.error("missing-value", attachment.source, "names no filter")
    }
    if attachment.filters.count > 16 {
        diagnostics.error(
            "too-many-filters",
            attachment.source,
            "a list has at most 16 filters, this one \(attachment.filters.count)"
        )
    }
    var seen: Set<String> = []
    for name in attachment.filters {
        if !seen.insert(name).inserted {
            diagnostics.error("duplicate-filter", attachment.source, "'\(name)' stands twice in the list")
        }
        guard configuration.filters[FilterName(family, name)] == nil else {
            // Generated names are never cut; MIB objects are (filters reference §5.5).
            if name.count + interface.name.count + 3 > 64 {
                diagnostics.warning(
                    "long-instance-name",
                    attachment.source,
                    "the instance name '\(name)-\(interface.name)-\(isInput ? "i" : "o")' has more than 64 characters"
                )
            }
            continue
        }
        let others = FilterFamily.allCases.filter { configuration.filters[FilterName($0, name)] != nil }
        let hint =
            others.isEmpty
            ? "" : " in family \(family.rawValue), only in \(others.map(\.rawValue).joined(separator: ", "))"
        diagnostics.error(
            "undefined-filter",
            attachment.source,
            family == .any
                ? "'\(name)': referenced filter must be defined under firewall family any"
                : "Referenced filter '\(name)' is not defined\(hint)"
        )
    }
}

/// `next term`: filters reference §1.2, DESIGN §3.3.
private func checkNextTerms(
    _ filter: FirewallFilter,
    among filters: [FilterName: FirewallFilter],
    mayContinue: Bool,
    _ diagnostics: inout [Diagnostic]
) {
    var count = 0
    for (index, term) in filter.terms.enumerated() {
        if let target = term.nestedFilter {
            count += filters[FilterName(filter.name.family, target)].map(ownNextTerms) ?? 0
        }
        if term.nestedFilter == nil, term.from.isEmpty, term.then == TermActions(),
            // What was refused in it is said already, and is something.
            !diagnostics.contains(where: { $0.severity == .error && $0.path.hasPrefix(term.source.path + " ") })
        {
            diagnostics.warning(
                "empty-term",
                term.source,
                "a term without conditions and actions accepts every packet that reaches it"
            )
        }
        guard term.then.outcome == .nextTerm else { continue }
        count += 1
        let isLast = index == filter.terms.count - 1 && !mayContinue
        if term.from.isEmpty, !isLast {
            diagnostics.warning(
                "next-term-without-conditions",
                term.source,
                "'next term' in a term without conditions is not supported by devices; here evaluation goes on"
            )
        }
    }
    if count > mostNextTerms {
        diagnostics.error(
            "too-many-next-terms",
            filter.source,
            "it has \(count) 'next term' actions, more than \(mostNextTerms)"
        )
    }
    if !mayContinue, let last = lastTerm(of: filter, among: filters), last.then.outcome == .nextTerm {
        diagnostics.error(
            "next-term-last",
            last.source,
            "'next term' cannot be the action of the last term: there is no next one"
        )
    }
}

private func ownNextTerms(_ filter: FirewallFilter) -> Int {
    filter.terms.count { $0.then.outcome == .nextTerm }
}

/// The last term of the effective filter: where that is a reference, the referenced filter's last term.
private func lastTerm(of filter: FirewallFilter, among filters: [FilterName: FirewallFilter]) -> FilterTerm? {
    guard let last = filter.terms.last, let target = last.nestedFilter else { return filter.terms.last }
    return filters[FilterName(filter.name.family, target)]?.terms.last
}

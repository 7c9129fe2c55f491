// SPDX-License-Identifier: Apache-2.0
// Policers where they stand: at an interface without a filter, or in the terms of filters (filters reference §4.4, §5.5).
import Diagnostics
import JunosSyntax

/// What may stand under `policer` of a family.
let familyPolicerStatements = SupportTable(
    "interfaces NAME unit NUMBER family FAMILY policer",
    supported: ["input", "output"],
    unsupported: ["arp": "ARP packets over its rates would not be dropped: filters see IP packets alone"]
)

/// `policer { input P; output Q; }` of a family.
func extractPolicerStatement(
    _ statement: Statement,
    _ family: FilterFamily,
    into configuration: inout FamilyConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    if family == .any {
        diagnostics.error(
            "unsupported-statement",
            statement,
            "'policer' of family any is not supported: write it under inet and inet6; with 'logical-interface-policer' both "
                + "share a bucket"
        )
        return
    }
    for child in familyPolicerStatements.admitted(statement, &diagnostics) {
        guard let name = child.value?.word else {
            diagnostics.error("missing-value", child, "names no policer")
            continue
        }
        let attachment = PolicerAttachment(policer: name, source: child.reference)
        if child.word == "input" {
            configuration.inputPolicer = attachment
        } else {
            configuration.outputPolicer = attachment
        }
    }
}

/// Checks that every policer stands where its kind may.
func checkPolicers(_ configuration: inout JunosConfiguration, _ diagnostics: inout [Diagnostic]) {
    for index in configuration.interfaces.indices {
        let interface = configuration.interfaces[index]
        for family in FilterFamily.allCases {
            for end in [\FamilyConfiguration.inputPolicer, \FamilyConfiguration.outputPolicer] {
                guard let attachment = interface.families[family]?[keyPath: end],
                    let problem = problem(attachment, at: interface, configuration)
                else { continue }
                diagnostics.error(problem.code, attachment.source, problem.text)
                configuration.interfaces[index].families[family]?[keyPath: end] = nil
            }
        }
    }
    for name in configuration.filters.keys.sorted(by: { ($0.family.rawValue, $0.name) < ($1.family.rawValue, $1.name) })
    {
        guard let filter = configuration.filters[name] else { continue }
        if filter.isOfPhysicalInterface, filter.isInterfaceSpecific {
            diagnostics.error(
                "conflicting-statements",
                filter.source,
                "'physical-interface-filter' and 'interface-specific' exclude each other"
            )
        }
        for term in filter.terms {
            for text in problems(term, of: filter, configuration) {
                diagnostics.error("policer-out-of-place", term.source, text)
            }
        }
    }
}

/// What is wrong with a policer at an interface.
private func problem(
    _ attachment: PolicerAttachment,
    at interface: LogicalInterface,
    _ configuration: JunosConfiguration
) -> (code: String, text: String)? {
    if interface.isRoutingEngine, interface.unit != 0 {
        return (
            "unsupported-statement",
            "only lo0.0 stands for the routing engine: other units belong to routing instances, which have none here"
        )
    }
    let name = attachment.policer
    guard let policer = configuration.policers[name] else {
        return configuration.threeColorPolicers[name] == nil
            ? ("undefined-policer", "Referenced policer '\(name)' is not defined")
            : (
                "policer-out-of-place",
                "'\(name)' is a three-colour policer, which only terms of filters may name"
            )
    }
    guard policer.reach == .physicalInterface else { return nil }
    return (
        "policer-out-of-place",
        "'\(name)' is a 'physical-interface-policer', which only terms of a filter with 'physical-interface-filter' may name"
    )
}

/// What is wrong with the policers that a term names.
private func problems(_ term: FilterTerm, of filter: FirewallFilter, _ configuration: JunosConfiguration) -> [String] {
    var result: [String] = []
    func judge(_ name: String, _ reach: PolicerReach) {
        switch (reach, filter.isOfPhysicalInterface) {
        case (.filter, false), (.physicalInterface, true): break
        case (.logicalInterface, _):
            result.append(
                "'\(name)' is a 'logical-interface-policer', which no filter may name: write it at the interface, "
                    + "'family \(filter.name.family == .inet6 ? "inet6" : "inet") policer input \(name)'"
            )
        case (.physicalInterface, false):
            result.append(
                "'\(name)' is a 'physical-interface-policer', which only terms of a filter with "
                    + "'physical-interface-filter' may name"
            )
        case (.filter, true):
            result.append(
                "'\(name)' is no 'physical-interface-policer', and in a filter with 'physical-interface-filter' others "
                    + "are not supported"
            )
        }
    }
    if let policer = term.then.policer.flatMap({ configuration.policers[$0] }) { judge(policer.name, policer.reach) }
    if let policer = term.then.threeColorPolicer.flatMap({ configuration.threeColorPolicers[$0] }) {
        judge(policer.name, policer.reach)
    }
    if let name = term.then.prefixAction, let policer = configuration.prefixActions[name]?.policer,
        let reach = configuration.policers[policer]?.reach
    {
        if reach == .filter {
            judge(policer, reach)
        } else {
            result.append("'prefix-action \(name)' makes a policer a prefix, and '\(policer)' is one an interface")
        }
    }
    return result
}

extension JunosConfiguration {
    /// The interfaces that a policer stands at, or whose filters apply it, in configuration order.
    ///
    /// - Parameter isThreeColor: whether the name is one of `three-color-policer`.
    public func interfaces(withPolicer name: String, isThreeColor: Bool = false) -> [LogicalInterface] {
        let actions =
            isThreeColor ? [] : Set(prefixActions.values.filter { $0.policer == name }.map(\.name))
        func applies(_ filter: FirewallFilter) -> Bool {
            filter.terms.contains { term in
                if isThreeColor { return term.then.threeColorPolicer == name }
                return term.then.policer == name || term.then.prefixAction.map(actions.contains) ?? false
            }
        }
        let direct = Set(filters.values.filter(applies).map(\.name))
        // Filters nest one deep (§5.4).
        let using = filters.values.filter { filter in
            direct.contains(filter.name)
                || filter.terms.contains { term in
                    term.nestedFilter.map { direct.contains(FilterName(filter.name.family, $0)) } ?? false
                }
        }
        let names = Set(using.map(\.name))
        return interfaces.filter { interface in
            interface.families.contains { family, settings in
                let stands = [settings.inputPolicer, settings.outputPolicer].contains { $0?.policer == name }
                return stands && !isThreeColor
                    || [settings.input, settings.output].contains { attachment in
                        attachment?.filters.contains { names.contains(FilterName(family, $0)) } ?? false
                    }
            }
        }
    }
}

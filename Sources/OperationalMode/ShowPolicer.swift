// SPDX-License-Identifier: Apache-2.0
// `show policer`: packets beyond each policer (filters reference §6.1).
import JunosModel

let showPolicerCommand = OperationalCommand(
    path: ["show", "policer"],
    subject: .init(name: "POLICER", isRequired: false),
    summary: "packets beyond each policer, by its name or that of an instance"
) { arguments, sources in
    let information = FirewallInformation(sources.configuration, try sources.statistics())
    let all = PolicerInformation(rows: information.filters.flatMap(\.policers) + information.interfacePolicers)
    guard let name = arguments.subject else { return OperationalAnswer(all) }
    return OperationalAnswer(try all.named(name, sources.configuration))
}

/// Policer instances of all filters.
struct PolicerInformation: OperationalView {
    /// In order of names; instances of one name in several filters are rows of their own.
    let rows: [FirewallInformation.Row]

    init(rows: [FirewallInformation.Row]) { self.rows = rows.sorted { inByteOrder($0.name, $1.name) } }

    /// Leaves the instance of a name, else all instances of the policer configured under it.
    func named(_ name: String, _ configuration: JunosConfiguration) throws(OperationalProblem) -> PolicerInformation {
        let exact = rows.filter { $0.name == name }
        if !exact.isEmpty { return PolicerInformation(rows: exact) }
        guard configuration.policers[name] != nil || configuration.threeColorPolicers[name] != nil else {
            throw OperationalProblem("policer \(name) not found")
        }
        // An instance is called POLICER-TERM, or POLICER where terms share it (filters reference §5.5).
        var instances: Set<String> = [name]
        for filter in configuration.filters.values {
            for term in filter.terms where term.then.policer == name || term.then.threeColorPolicer == name {
                instances.insert("\(name)-\(term.name)")
            }
        }
        return PolicerInformation(rows: rows.filter { instances.contains($0.plainName) })
    }

    var text: String { block("Policers:", rows) }

    var element: OutputElement {
        OutputElement(
            "firewall-information",
            rows.isEmpty ? [] : [OutputElement("filter-information", rows.map { $0.element("policer") })]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// `show firewall prefix-action-stats`: the members of an array (filters reference §6.1, §6.3).
import JunosModel

let showPrefixActionStatsCommand = OperationalCommand(
    path: ["show", "firewall", "prefix-action-stats"],
    options: [
        .init(keyword: "filter", value: "FILTER", isRequired: true),
        .init(keyword: "prefix-action", value: "ACTION", isRequired: true),
        .init(keyword: "from", value: "NUMBER"), .init(keyword: "to", value: "NUMBER"),
    ],
    summary: "counters and policers of a prefix action in a filter, by its name or that of an array (ACTION-TERM)"
) { arguments, sources in
    let information = try selected(filter: arguments.values["filter"] ?? "", counter: nil, sources)
    let first = try number(arguments, "from") ?? 0
    let last = try number(arguments, "to") ?? 65535
    let action = arguments.values["prefix-action"] ?? ""
    let arrays = prefixActionArrays(sources.configuration)[action] ?? [action]
    let stats = PrefixActionStats(
        filters: information.filters.compactMap { filter in
            var filter = filter
            filter.members.removeAll { !arrays.contains($0.array) }
            guard !filter.members.isEmpty else { return nil }
            filter.members.removeAll { $0.number < first || $0.number > last }
            return filter
        }
    )
    guard !stats.filters.isEmpty else {
        throw OperationalProblem(
            "prefix-action \(action) not found in filter \(arguments.values["filter"] ?? "")"
        )
    }
    return OperationalAnswer(stats)
}

/// A number behind a word; nil without the word.
private func number(_ arguments: CommandArguments, _ keyword: String) throws(OperationalProblem) -> Int? {
    guard let text = arguments.values[keyword] else { return nil }
    guard let number = Int(text), (0...65535).contains(number) else {
        throw OperationalProblem("syntax error: \(keyword) takes a number from 0 to 65535, not '\(text)'")
    }
    return number
}

/// Members of arrays by filter.
struct PrefixActionStats: OperationalView {
    /// Filters with the members that were asked for.
    var filters: [FirewallInformation.Filter]

    var text: String {
        filters.map { filter in
            "\n" + filled("Filter: \(filter.name)", to: 63) + "\n"
                + block("Counters:", filter.members.filter { !$0.isPolicer }.map(\.row))
                + block("Policers:", filter.members.filter(\.isPolicer).map(\.row))
        }.joined()
    }

    var element: OutputElement {
        OutputElement(
            "firewall-prefix-action-information",
            filters.map { filter in
                OutputElement(
                    "filter-information",
                    [OutputElement("filter-name", filter.name)]
                        + filter.members.map { $0.row.element($0.isPolicer ? "policer" : "counter") }
                )
            }
        )
    }
}

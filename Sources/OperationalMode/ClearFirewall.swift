// SPDX-License-Identifier: Apache-2.0
// `clear firewall` (filters reference §6.2): statistics go to zero, policers' buckets stay as they are.

let clearFirewallAllCommand = OperationalCommand(
    path: ["clear", "firewall", "all"],
    summary: "sets every counter and policer statistic of all filters to zero"
) { _, sources in
    try clear(FirewallInformation(sources.configuration, try sources.statistics()), sources)
}

let clearFirewallFilterCommand = OperationalCommand(
    path: ["clear", "firewall", "filter"],
    subject: .init(name: "FILTER", isRequired: true),
    summary: "sets the statistics of one filter to zero"
) { arguments, sources in
    try clear(try selected(filter: arguments.subject ?? "", counter: nil, sources), sources)
}

let clearFirewallCounterCommand = OperationalCommand(
    path: ["clear", "firewall", "counter"],
    subject: .init(name: "COUNTER", isRequired: true),
    options: [.init(keyword: "filter", value: "FILTER", isRequired: true)],
    summary: "sets one counter of a filter to zero"
) { arguments, sources in
    try clear(try selected(filter: arguments.values["filter"] ?? "", counter: arguments.subject, sources), sources)
}

let clearFirewallLogCommand = OperationalCommand(
    path: ["clear", "firewall", "log"],
    summary: "empties the log of filters"
) { _, sources in
    try sources.clearFirewallLog()
    return .done
}

/// Sets to zero what is shown.
private func clear(_ information: FirewallInformation, _ sources: OperationalSources) throws -> OperationalAnswer {
    let rows =
        information.filters.flatMap { $0.counters + $0.policers + $0.secondPass + $0.members.map(\.row) }
        + information.interfacePolicers
    try sources.clearStatistics(rows.reduce(into: []) { $0.formUnion($1.keys) })
    return .done
}

// SPDX-License-Identifier: Apache-2.0
// `show firewall`, `show firewall filter` and `show firewall counter` (filters reference §6.1).

let showFirewallCommand = OperationalCommand(
    path: ["show", "firewall"],
    options: [.init(keyword: "terse"), .init(keyword: "detail")],
    summary: "filters with their counters and policers; terse: their names; detail: second evaluation too"
) { arguments, sources in
    let information = FirewallInformation(sources.configuration, try sources.statistics())
    if arguments.flags.contains("terse") { return OperationalAnswer(information.terse()) }
    return OperationalAnswer(arguments.flags.contains("detail") ? information : information.brief())
}

let showFirewallFilterCommand = OperationalCommand(
    path: ["show", "firewall", "filter"],
    subject: .init(name: "FILTER", isRequired: true),
    options: [.init(keyword: "counter", value: "COUNTER"), .init(keyword: "detail")],
    summary: "one filter, by its name or that of an instance"
) { arguments, sources in
    let name = arguments.subject ?? ""
    let counter = arguments.values["counter"]
    let information = try selected(filter: name, counter: counter, sources)
    return OperationalAnswer(arguments.flags.contains("detail") ? information : information.brief())
}

let showFirewallCounterCommand = OperationalCommand(
    path: ["show", "firewall", "counter"],
    subject: .init(name: "COUNTER", isRequired: true),
    options: [.init(keyword: "filter", value: "FILTER", isRequired: true), .init(keyword: "detail")],
    summary: "one counter of a filter"
) { arguments, sources in
    let information = try selected(
        filter: arguments.values["filter"] ?? "",
        counter: arguments.subject,
        sources
    )
    return OperationalAnswer(arguments.flags.contains("detail") ? information : information.brief())
}

/// A filter, or one counter of it.
func selected(filter: String, counter: String?, _ sources: OperationalSources) throws -> FirewallInformation {
    let found = try FirewallInformation(sources.configuration, try sources.statistics()).named(filter)
    guard let counter else { return found }
    return try found.counter(counter, filter: filter)
}

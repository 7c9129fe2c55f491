// SPDX-License-Identifier: Apache-2.0
// `clear security flow session` and `clear security policies hit-count` (flow reference §9.1, §9.2).
import JunosModel

let clearFlowSessionCommand = OperationalCommand(
    path: ["clear", "security", "flow", "session"],
    options: [OperationalCommand.Option(keyword: "all")] + SessionSelection.options,
    summary: "closes sessions, all or chosen by filters that must all hold"
) { arguments, sources in
    let selection = try SessionSelection(arguments)
    guard selection.isEmpty == arguments.flags.contains("all") else {
        throw OperationalProblem(
            selection.isEmpty
                ? "which sessions? Add 'all', or filters such as 'destination-port 80'"
                : "'all' and filters exclude each other"
        )
    }
    let chosen = selection.choose(try sources.flow.sessions()).map(\.id)
    return OperationalAnswer(ClearedSessions(count: try sources.flow.closeSessions(Set(chosen))))
}

/// How many sessions were closed.
struct ClearedSessions: OperationalView {
    let count: Int

    var text: String { "\(count) active sessions cleared\n" }

    var element: OutputElement {
        OutputElement(
            "clear-flow-session-information",
            [OutputElement("cleared-flow-session-count", UInt64(count))]
        )
    }
}

let clearPolicyHitCountCommand = OperationalCommand(
    path: ["clear", "security", "policies", "hit-count"],
    options: [.init(keyword: "from-zone", value: "ZONE"), .init(keyword: "to-zone", value: "ZONE")],
    summary: "sets hit counts of policies to zero"
) { arguments, sources in
    guard let security = sources.configuration.security else {
        throw OperationalProblem("security is not configured")
    }
    let rows = try HitCountSelection(arguments).choose(PolicyHitCounts(security, try sources.statistics()).rows)
    try sources.flow.clearHits(Set(rows.map { PolicyKey(from: $0.fromZone, to: $0.toZone, name: $0.name) }))
    return .done
}

// SPDX-License-Identifier: Apache-2.0
// `show firewall` in the layout of devices (filters reference §6.1), and hit counts of policies.
public import JunosModel
import NftablesIR

/// One row under a heading.
private struct StatisticsRow {
    var name: String
    var value: CounterValue
}

/// The text of `show firewall [filter NAME]`; nil if there is no such filter.
public func showFirewall(_ configuration: JunosConfiguration, _ statistics: Statistics, filter: String?) -> String? {
    var counters: [String: [String: CounterValue]] = [:]
    var policers: [String: [String: CounterValue]] = [:]
    // Filters without counters show their heading alone.
    for statistic in statistics.filters where !statistic.isSecondPass {
        let heading = instanceName(of: statistic, configuration)
        counters[heading.filter, default: [:]] = counters[heading.filter] ?? [:]
        func add(_ rows: inout [String: [String: CounterValue]]) {
            let name = statistic.name + heading.suffix
            let before = rows[heading.filter]?[name] ?? CounterValue()
            rows[heading.filter, default: [:]][name] = CounterValue(
                packets: before.packets + statistic.value.packets,
                bytes: before.bytes + statistic.value.bytes
            )
        }
        switch statistic.kind {
        case .counter: add(&counters)
        case .policer: add(&policers)
        case .implicitDiscard: break
        }
    }
    let names = counters.keys.sorted().filter { filter == nil || $0 == filter }
    guard filter == nil || !names.isEmpty else { return nil }
    var text = ""
    for name in names {
        text += "\n" + padded("Filter: \(name)", to: 63) + "\n"
        for (title, rows) in [("Counters:", counters[name] ?? [:]), ("Policers:", policers[name] ?? [:])]
        where !rows.isEmpty {
            text += title + "\n" + row("Name", "Bytes", "Packets")
            for (key, value) in rows.sorted(by: { $0.key < $1.key }) {
                text += row(key, String(value.bytes), String(value.packets))
            }
        }
    }
    return text
}

/// With `interface-specific`, and for lists, each interface has its own name; else there is one sum (DESIGN §3.8).
private func instanceName(
    of statistic: FilterStatistic,
    _ configuration: JunosConfiguration
) -> (filter: String, suffix: String) {
    let instance = "-\(statistic.interface)-\(statistic.direction)"
    let family = FilterFamily(rawValue: statistic.family) ?? .inet
    guard let filter = configuration.filters[FilterName(family, statistic.filter)] else {
        // A list is already named after its instance.
        return (statistic.filter, instance)
    }
    return filter.isInterfaceSpecific ? (statistic.filter + instance, instance) : (statistic.filter, "")
}

/// Name from the left, bytes up to column 57, packets up to column 78; long names push the columns.
private func row(_ name: String, _ bytes: String, _ packets: String) -> String {
    var line = padded(name, to: 57 - bytes.count)
    line += bytes
    line = padded(line, to: 78 - packets.count)
    return line + packets + "\n"
}

private func padded(_ text: String, to width: Int) -> String {
    text.count < width ? text + String(repeating: " ", count: width - text.count) : text + (width == 63 ? "" : " ")
}

/// The text of `show security policies hit-count` (flow reference §9.2).
public func showPolicyHitCounts(_ configuration: JunosConfiguration, _ statistics: Statistics) -> String {
    guard let security = configuration.security else { return "Security is not configured.\n" }
    var rows: [(from: String, to: String, policy: SecurityPolicy)] = []
    for context in security.policyContexts {
        rows += context.policies.map { (context.fromZone, context.toZone, $0) }
    }
    rows += security.globalPolicies.map { ("junos-global", "junos-global", $0) }
    var text = "Logical system: root-logical-system\n"
    func line(_ columns: [String]) -> String {
        zip(columns, [8, 17, 18, 25, 13, 0]).map { padded($0, to: $1) }.joined() + "\n"
    }
    text += line(["Index", "From zone", "To zone", "Name", "Policy count", "Action"])
    for (index, row) in rows.enumerated() {
        let hits = statistics.policies[[row.from, row.to, row.policy.name]]?.packets ?? 0
        let action = row.policy.action.rawValue
        text += line([
            "\(index + 1)", row.from, row.to, row.policy.name, "\(hits)",
            action.prefix(1).uppercased() + action.dropFirst(),
        ])
    }
    let hits = statistics.policies[["all-zone", "all-zone", "default-policy"]]?.packets ?? 0
    text += line([
        "\(rows.count + 1)", "all-zone", "all-zone", "default-policy", "\(hits)",
        security.defaultPermits ? "Permit" : "Deny",
    ])
    return text + "\nNumber of policy: \(rows.count + 1)\n"
}

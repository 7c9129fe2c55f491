// SPDX-License-Identifier: Apache-2.0
// A router on paper: a configuration, readings of counters, a log, and what was cleared.
import Diagnostics
import JunosModel
import JunosSyntax
import NetworkTypes
import OperationalMode
import Testing

/// What commands did to the router.
final class Effects {
    var cleared: Set<String> = []
    var isLogCleared = false
}

/// Reads a configuration; commit errors fail the test.
func configuration(_ text: String, _ location: Testing.SourceLocation = #_sourceLocation) throws -> JunosConfiguration {
    let read = readConfiguration([(name: "test", text: text)])
    let extracted = extractConfiguration(expandConfiguration(read.tree).tree)
    let errors = (read.diagnostics + extracted.diagnostics).filter { $0.severity == .error }
    try #require(errors.isEmpty, "\(errors)", sourceLocation: location)
    return extracted.configuration
}

/// A counter of an instance: `inet/F/c/eth1.0/i`, behind a policer's name `!`, packets, bytes.
func statistic(_ name: String, _ packets: UInt64, _ bytes: UInt64) -> FilterStatistic {
    let parts = name.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    let isPolicer = parts[2].hasPrefix("!")
    return FilterStatistic(
        kind: isPolicer ? .policer : parts[2].isEmpty ? .implicitDiscard : .counter,
        family: parts[0],
        filter: parts[1],
        name: isPolicer ? String(parts[2].dropFirst()) : parts[2],
        interface: parts[3],
        direction: parts[4],
        isSecondPass: parts.count == 6,
        value: TrafficCount(packets: packets, bytes: bytes),
        key: name
    )
}

/// Carries out a command on such a router.
func ask(
    _ command: String,
    _ configuration: JunosConfiguration = JunosConfiguration(),
    _ filters: [FilterStatistic] = [],
    log: [FirewallLogEntry] = [],
    links: [String: LinkState] = [:],
    policies: [[String]: TrafficCount] = [:],
    effects: Effects = Effects(),
    flow: FlowSources = FlowSources()
) throws -> OperationalAnswer {
    try carryOut(
        command.split(separator: " ").map(String.init),
        from: OperationalSources(
            configuration: configuration,
            statistics: { Statistics(filters: filters, policies: policies) },
            links: { links },
            firewallLog: { log },
            clearStatistics: { effects.cleared.formUnion($0) },
            clearFirewallLog: { effects.isLogCleared = true },
            flow: flow
        )
    )
}

/// One entry of the log; the address decides the family.
func entry(
    _ clock: (Int, Int, Int),
    _ action: FirewallLogEntry.Action,
    _ protocolNumber: UInt8?,
    _ source: String,
    _ destination: String,
    _ transport: FirewallLogEntry.Transport,
    filter: String = "pfe",
    interface: String = "ge-0/0/0.0"
) throws -> FirewallLogEntry {
    FirewallLogEntry(
        time: CivilTime(
            year: 2026,
            month: 3,
            day: 9,
            hour: clock.0,
            minute: clock.1,
            second: clock.2,
            zone: "UTC"
        ),
        filter: filter,
        action: action,
        interface: interface,
        protocolNumber: protocolNumber,
        source: try #require(IPAddress(source)),
        destination: try #require(IPAddress(destination)),
        transport: transport,
        packetLength: 60
    )
}

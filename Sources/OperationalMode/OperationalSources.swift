// SPDX-License-Identifier: Apache-2.0
// What commands read and change, as whoever answers them provides it: the daemon, or the command line by itself.
public import JunosModel

/// What operational commands stand on; a command asks only for what it needs.
public struct OperationalSources {
    /// The configuration in force.
    public var configuration: JunosConfiguration
    /// The kernel's counters, read now.
    public var statistics: () throws -> Statistics
    /// States of the network namespace's devices by their Linux names, read now.
    public var links: () throws -> [String: LinkState]
    /// What filters logged, newest first.
    public var firewallLog: () throws -> [FirewallLogEntry]
    /// Sets counters to zero, named by their `FilterStatistic.key`.
    public var clearStatistics: (Set<String>) throws -> Void
    /// Empties the log.
    public var clearFirewallLog: () throws -> Void
    /// Sessions and policies.
    public var flow: FlowSources

    /// Makes sources.
    public init(
        configuration: JunosConfiguration,
        statistics: @escaping () throws -> Statistics,
        links: @escaping () throws -> [String: LinkState],
        firewallLog: @escaping () throws -> [FirewallLogEntry],
        clearStatistics: @escaping (Set<String>) throws -> Void,
        clearFirewallLog: @escaping () throws -> Void,
        flow: FlowSources = FlowSources()
    ) {
        self.configuration = configuration
        self.statistics = statistics
        self.links = links
        self.firewallLog = firewallLog
        self.clearStatistics = clearStatistics
        self.clearFirewallLog = clearFirewallLog
        self.flow = flow
    }
}

/// Whether a device can carry packets.
public struct LinkState: Hashable, Sendable {
    /// It is set up.
    public var isAdministrativelyUp: Bool
    /// Its other end is there.
    public var isUp: Bool

    /// Makes a state.
    public init(isAdministrativelyUp: Bool, isUp: Bool) {
        self.isAdministrativelyUp = isAdministrativelyUp
        self.isUp = isUp
    }
}

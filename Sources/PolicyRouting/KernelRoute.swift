// SPDX-License-Identifier: Apache-2.0
// One route of a table of ours, as the kernel holds it.
public import NetworkTypes

/// One route.
public struct KernelRoute: Hashable, Sendable {
    /// What becomes of its packets.
    public enum Target: Hashable, Sendable {
        /// They leave by one of several next hops.
        case hops(Set<Hop>)
        /// They are refused.
        case unreachable
        /// They are dropped in silence.
        case blackhole
    }

    /// A next hop.
    public struct Hop: Hashable, Sendable {
        /// The neighbour; nil where destinations themselves are neighbours.
        public var gateway: IPAddress?
        /// The device's name.
        public var device: String

        /// Makes a hop.
        public init(gateway: IPAddress?, device: String) {
            self.gateway = gateway
            self.device = device
        }
    }

    /// What tells routes apart: a second one with the same key takes the first one's place.
    public struct Key: Hashable, Sendable {
        /// The table's number in the kernel.
        public var table: UInt32
        /// The destinations, host bits clear.
        public var destination: Prefix
        /// Among routes to the same destinations the lowest wins; never 0, which IPv6 takes for 1024.
        public var metric: UInt32
    }

    /// What tells it apart.
    public var key: Key
    /// What becomes of its packets.
    public var target: Target

    /// Makes a route.
    public init(table: UInt32, destination: Prefix, metric: UInt32, target: Target) {
        key = Key(table: table, destination: destination, metric: metric)
        self.target = target
    }
}

/// Rules and routes of ours.
public struct RoutingState: Hashable, Sendable {
    /// Rules.
    public var rules: Set<PolicyRule>
    /// Routes by what tells them apart.
    public var routes: [KernelRoute.Key: KernelRoute.Target]

    /// Makes a state.
    public init(rules: Set<PolicyRule> = [], routes: [KernelRoute.Key: KernelRoute.Target] = [:]) {
        self.rules = rules
        self.routes = routes
    }

    /// The numbers of tables that rules lead to or routes stand in.
    var tables: Set<UInt32> {
        rules.reduce(into: Set(routes.keys.map(\.table))) { tables, rule in
            if case .table(let number) = rule.action { tables.insert(number) }
        }
    }
}

extension KernelRoute.Key: CustomStringConvertible {
    /// For people.
    public var description: String { "route to \(destination) in table \(table) metric \(metric)" }
}

extension KernelRoute.Target: CustomStringConvertible {
    /// For people.
    public var description: String {
        switch self {
        case .unreachable: "unreachable"
        case .blackhole: "blackhole"
        case .hops(let hops):
            hops.map { ($0.gateway.map { "via \($0) " } ?? "") + "dev \($0.device)" }.sorted().joined(separator: ", ")
        }
    }
}

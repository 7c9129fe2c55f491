// SPDX-License-Identifier: Apache-2.0
// The routing tables that terms lead packets into, kept in the kernel: rules, routes, and the end of each table
// (DESIGN §3.22, filters reference §4.1).
import Netlink
import NetworkTypes
import PolicyModel
import PolicyRouting
import Verifier

/// What keeping the routes up did.
public struct ForwardingReport: Hashable, Sendable {
    /// Rules and routes that the kernel lacked or held otherwise.
    public var repaired = 0
    /// Routes that cannot be installed now, with what their packets meet instead.
    public var problems: [String] = []
}

/// The rules and routes of the network namespace that the calling thread is in.
final class ForwardingRoutes {
    private var connection: RoutingConnection
    private var lookup: RouteLookup
    private var events: NetlinkSocket
    /// The tables of the program that is loaded.
    private(set) var tables: [RoutingTable] = []
    private var lastProblems: [String] = []

    /// Notices of links, addresses, routes and rules (`RTNLGRP_*`).
    private static let groups: [UInt32] = [1, 5, 7, 8, 9, 11, 19]
    /// The metric that only ends of tables have.
    private static let end = UInt32.max

    init() throws {
        connection = try RoutingConnection()
        lookup = try RouteLookup()
        events = try NetlinkSocket(.route, bufferSize: 1 << 20)
        for group in Self.groups { try events.join(group: group) }
    }

    /// A change of tables under way: what was there before, and what shall be.
    struct Change {
        fileprivate let before: RoutingState
        fileprivate let strays: [ForeignRule]
        fileprivate let wanted: RoutingState
        fileprivate let tables: [RoutingTable]
        /// Routes that could not be installed.
        let problems: [String]
    }

    /// Adds what new tables need; tables that only the old program knows stay.
    ///
    /// - Throws: `DeploymentError` if somebody else has rules in our range.
    func prepare(_ wanted: [RoutingTable]) throws -> Change {
        let (before, strays) = try connection.read(indices: Set((tables + wanted).map(\.index)))
        if let foreign = strays.first(where: { !$0.isOurs }) {
            throw DeploymentError(
                kind: .refused,
                problems: [
                    "the policy rule \(foreign.priority) of family \(foreign.family.rawValue) is somebody else's: priorities "
                        + "20000 to 20255 are for filter actions; move it and apply again"
                ]
            )
        }
        let (state, problems) = try self.state(wanted)
        let refused = try connection.add(state, to: before)
        return Change(
            before: before,
            strays: strays,
            wanted: state,
            tables: wanted,
            problems: (problems + refused.map { text($0, wanted) }).sorted()
        )
    }

    /// Deletes what only the old program needed.
    func finish(_ change: Change) throws {
        try connection.delete(change.before, change.strays, butNot: change.wanted)
        tables = change.tables
        lastProblems = change.problems
        try drain()
    }

    /// Gives back what was there before.
    func revert(_ change: Change) throws {
        let (now, _) = try connection.read(indices: Set((tables + change.tables).map(\.index)))
        _ = try connection.add(change.before, to: now)
        try connection.delete(now, [], butNot: change.before)
    }

    /// Takes everything of ours out.
    func remove() throws {
        let (now, strays) = try connection.read(indices: 1...UInt8.max)
        try connection.delete(now, strays, butNot: RoutingState())
        tables = []
    }

    /// Takes the tables of a program that is loaded already for those to keep up.
    func adopt(_ loaded: [RoutingTable]) { tables = loaded }

    /// Brings rules and routes back after links, addresses or routes changed; nil if nothing did, or if there is
    /// nothing to keep up.
    func maintain() throws -> ForwardingReport? {
        guard try drain(), !tables.isEmpty else { return nil }
        let (present, strays) = try connection.read(indices: tables.map(\.index))
        let (wanted, problems) = try state(tables)
        var report = ForwardingReport()
        if present != wanted || !strays.isEmpty {
            let refused = try connection.add(wanted, to: present)
            try connection.delete(present, strays, butNot: wanted)
            report.problems = (problems + refused.map { text($0, tables) }).sorted()
            let (after, _) = try connection.read(indices: tables.map(\.index))
            report.repaired = changes(present, after)
            // The notices of our own changes.
            try drain()
        } else {
            report.problems = problems.sorted()
        }
        guard report.repaired > 0 || report.problems != lastProblems else { return nil }
        lastProblems = report.problems
        return report
    }

    /// What the kernel's rules and routes say otherwise than tables do; routes that cannot be installed now count as absent
    /// on both sides.
    func differences(_ tables: [RoutingTable]) throws -> [Difference] {
        let (present, strays) = try connection.read(indices: tables.map(\.index))
        let (wanted, _) = try state(tables)
        return connection.differences(wanted, present).map {
            Difference(.way, .kernel, model: $0.wanted, other: $0.present)
        } + strays.map { Difference(.way, .kernel, model: "none", other: "a foreign policy rule \($0.priority)") }
    }

    private func changes(_ before: RoutingState, _ after: RoutingState) -> Int {
        before.rules.symmetricDifference(after.rules).count
            + after.routes.filter { before.routes[$0.key] != $0.value }.count
            + before.routes.keys.count { after.routes[$0] == nil }
    }

    /// Takes all notices that wait; whether there was one.
    @discardableResult
    private func drain() throws -> Bool {
        var isNoticed = false
        while true {
            if case .nothing = try events.receive() { return isNoticed }
            isNoticed = true
        }
    }

    /// The kernel's form of tables: next hops found, and an end behind all routes that lets nothing through.
    private func state(_ tables: [RoutingTable]) throws -> (state: RoutingState, problems: [String]) {
        var state = RoutingState(rules: RoutingOwnership.rules(tables: tables.map(\.index)))
        var problems: [String] = []
        for table in tables {
            let number = RoutingOwnership.firstTable + UInt32(table.index)
            func put(_ destination: Prefix, _ metric: UInt32, _ target: KernelRoute.Target) {
                let route = KernelRoute(table: number, destination: destination, metric: metric, target: target)
                // Of two with the same preference the first one is taken.
                if state.routes[route.key] == nil { state.routes[route.key] = target }
            }
            for family in AddressFamily.allCases {
                put(.everything(family), Self.end, table.fallback == .refuse ? .unreachable : .blackhole)
            }
            for route in table.routes {
                // Metric 0 would be another one in IPv6.
                let metric = min(route.preference, Self.end - 2) + 1
                switch route.way {
                case .drop: put(route.prefix, metric, .blackhole)
                case .refuse: put(route.prefix, metric, .unreachable)
                case .sameAs(let address):
                    guard let hop = try lookup.nextHop(to: address.octets),
                        let device = RouteLookup.deviceName(index: hop.device)
                    else {
                        problems.append(
                            explain(table, route.prefix, "\(address) has no route but perhaps the default one")
                        )
                        continue
                    }
                    let gateway = hop.gateway.flatMap { IPAddress(octets: $0) } ?? address
                    put(route.prefix, metric, .hops([KernelRoute.Hop(gateway: gateway, device: device)]))
                case .hops(let hops):
                    let found = try hops.compactMap(neighbour)
                    if found.count < hops.count || found.isEmpty {
                        problems.append(explain(table, route.prefix, "a next hop is in no connected subnet"))
                    }
                    if !found.isEmpty { put(route.prefix, metric, .hops(Set(found))) }
                }
            }
        }
        return (state, problems)
    }

    /// A next hop with its device; nil if the neighbour is none.
    private func neighbour(_ hop: TableRoute.Hop) throws -> KernelRoute.Hop? {
        if let device = hop.device { return KernelRoute.Hop(gateway: hop.gateway, device: device) }
        guard let gateway = hop.gateway, let next = try lookup.nextHop(to: gateway.octets), next.gateway == nil,
            let device = RouteLookup.deviceName(index: next.device)
        else { return nil }
        return KernelRoute.Hop(gateway: gateway, device: device)
    }

    private func text(_ problem: RoutingProblem, _ tables: [RoutingTable]) -> String {
        guard let route = problem.route,
            let table = tables.first(where: { RoutingOwnership.firstTable + UInt32($0.index) == route.key.table })
        else { return problem.description }
        return explain(table, route.key.destination, problem.description)
    }

    private func explain(_ table: RoutingTable, _ prefix: Prefix, _ reason: String) -> String {
        "'\(table.name)': the route to \(prefix) cannot be installed now (\(reason)); unless another route takes them, its "
            + "packets are \(table.fallback == .refuse ? "refused" : "dropped")"
    }
}

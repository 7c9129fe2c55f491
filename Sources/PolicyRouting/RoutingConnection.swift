// SPDX-License-Identifier: Apache-2.0
// Reads and changes our rules and routes in the kernel, in the order that fails closed (DESIGN §3.22).
import CNetfilterShims
import Glibc
public import Netlink
public import NetworkTypes

/// Why something could not be put into the kernel's routing.
public struct RoutingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The route; nil if the problem is not about one.
    public var route: KernelRoute?
    /// What is wrong.
    public var description: String
}

/// The routing of the network namespace that the calling thread was in when it was opened.
public struct RoutingConnection: ~Copyable {
    /// For dumps: the kernel looks at every field of the question and answers for one table alone.
    private var reader: NetlinkSocket
    private var writer: NetlinkSocket
    /// The families that this kernel routes; the other one has no packets either.
    private let families: [AddressFamily]

    /// Opens it.
    public init() throws(NetlinkError) {
        var strict = try NetlinkSocket(.route, bufferSize: 4 << 20)
        let plain = try NetlinkSocket(.route, bufferSize: 1 << 20)
        try strict.checkStrictly()
        var found: [AddressFamily] = []
        for family in AddressFamily.allCases {
            do {
                try strict.dump(
                    type: UInt16(RTM_GETRULE),
                    payload: [familyNumber(family)] + [UInt8](repeating: 0, count: 11),
                    operation: "list the policy rules of family \(family)"
                ) { (_) throws(NetlinkError) in }
                found.append(family)
            } catch {
                guard error.errno == EAFNOSUPPORT || error.errno == EOPNOTSUPP else { throw error }
            }
        }
        families = found
        reader = strict
        writer = plain
    }

    /// What we have there: all rules of our range, and the routes of tables that rules lead to or that are named.
    ///
    /// - Parameter indices: Numbers of tables, 1 to 255, that may hold routes although no rule leads to them.
    /// - Throws: also if somebody else's rule stands in our range, which is nobody's mistake to repair.
    public mutating func read(
        indices: some Sequence<UInt8>
    ) throws(NetlinkError) -> (state: RoutingState, strays: [ForeignRule]) {
        var state = RoutingState()
        var strays: [ForeignRule] = []
        for rule in try rules() {
            if let known = rule.rule {
                state.rules.insert(known)
            } else {
                strays.append(
                    ForeignRule(
                        family: rule.family,
                        priority: rule.priority,
                        isOurs: rule.isOurs,
                        payload: rule.payload
                    )
                )
            }
        }
        let devices = Dictionary(
            try reader.links().map { ($0.index, $0.name) },
            uniquingKeysWith: { first, _ in first }
        )
        let tables = state.tables.union(indices.map { RoutingOwnership.firstTable + UInt32($0) })
        for table in tables.sorted() {
            for family in families {
                for route in try routes(family, table: table, devices) { state.routes[route.key] = route.target }
            }
        }
        return (state, strays)
    }

    /// What a state has and the kernel has not or holds otherwise, and what it has too much, a line each.
    public borrowing func differences(_ wanted: RoutingState, _ present: RoutingState) -> [(
        wanted: String, present: String
    )] {
        var result: [(wanted: String, present: String)] = []
        for rule in wanted.rules.subtracting(present.rules) where families.contains(rule.family) {
            result.append(("\(rule)", "none"))
        }
        for rule in present.rules.subtracting(wanted.rules) { result.append(("none", "\(rule)")) }
        for (key, target) in wanted.routes
        where present.routes[key] != target && families.contains(key.destination.family) {
            let other = present.routes[key].map { "\(key): \($0)" }
            result.append(("\(key): \(target)", other ?? "none"))
        }
        for (key, target) in present.routes where wanted.routes[key] == nil {
            result.append(("none", "\(key): \(target)"))
        }
        return result.sorted { ($0.wanted, $0.present) < ($1.wanted, $1.present) }
    }

    /// Adds what a state has and the kernel has not: routes first, then the rules that lead to them.
    ///
    /// Routes with another target take the place of those that are there. What cannot be installed is returned; the
    /// end of its table then decides.
    public mutating func add(_ wanted: RoutingState, to present: RoutingState) throws(NetlinkError) -> [RoutingProblem]
    {
        let devices = Dictionary(
            try reader.links().map { ($0.name, $0.index) },
            uniquingKeysWith: { first, _ in first }
        )
        var problems: [RoutingProblem] = []
        // The refusal of what no table takes stands before anything else.
        let added = wanted.rules.subtracting(present.rules).filter { families.contains($0.family) }
        for rule in added where !rule.leadsToTable { try change(rule.payload, adds: true) }
        // Ends of tables, then neighbours, then what lies behind them.
        let routes = wanted.routes.filter {
            present.routes[$0.key] != $0.value && families.contains($0.key.destination.family)
        }
        .map {
            KernelRoute(
                table: $0.key.table,
                destination: $0.key.destination,
                metric: $0.key.metric,
                target: $0.value
            )
        }
        .sorted { ($0.rank, $0.key.metric) < ($1.rank, $1.key.metric) }
        for route in routes {
            guard let payload = route.payload(devices) else {
                problems.append(RoutingProblem(route: route, description: "a device does not exist"))
                continue
            }
            do {
                _ = try writer.request(
                    type: UInt16(RTM_NEWROUTE),
                    flags: UInt16(NLM_F_CREATE) | UInt16(NLM_F_REPLACE),
                    payload: payload,
                    operation: "set the route to \(route.key.destination) in table \(route.key.table)"
                )
            } catch {
                // A device on which the family is turned off refuses it with EACCES.
                guard error.errno != EPERM, case .hops = route.target else { throw error }
                problems.append(
                    RoutingProblem(
                        route: route,
                        description: error.kernelMessage ?? NetlinkError.text(errno: error.errno)
                    )
                )
            }
        }
        for rule in added where rule.leadsToTable { try change(rule.payload, adds: true) }
        return problems
    }

    /// Deletes what the kernel has and a state has not: rules first, then routes.
    public mutating func delete(
        _ present: RoutingState,
        _ strays: [ForeignRule],
        butNot wanted: RoutingState
    ) throws(NetlinkError) {
        for stray in strays where stray.isOurs { try change(stray.payload, adds: false) }
        let surplus = present.rules.subtracting(wanted.rules)
        for rule in surplus where rule.leadsToTable { try change(rule.payload, adds: false) }
        for rule in surplus where !rule.leadsToTable { try change(rule.payload, adds: false) }
        for (key, target) in present.routes where wanted.routes[key] == nil {
            let route = KernelRoute(table: key.table, destination: key.destination, metric: key.metric, target: target)
            do {
                _ = try writer.request(
                    type: UInt16(RTM_DELROUTE),
                    payload: route.deletion,
                    operation: "delete the route to \(key.destination) in table \(key.table)"
                )
            } catch {
                // It may have gone with its device meanwhile.
                guard error.errno == ESRCH else { throw error }
            }
        }
    }

    private mutating func change(_ payload: [UInt8], adds: Bool) throws(NetlinkError) {
        do {
            _ = try writer.request(
                type: UInt16(adds ? RTM_NEWRULE : RTM_DELRULE),
                flags: adds ? UInt16(NLM_F_CREATE) | UInt16(NLM_F_EXCL) : 0,
                payload: payload,
                operation: "\(adds ? "add" : "delete") a policy rule"
            )
        } catch {
            // Somebody was quicker, and the result is the same.
            guard error.errno == (adds ? EEXIST : ENOENT) else { throw error }
        }
    }

    private mutating func rules() throws(NetlinkError) -> [ObservedRule] {
        var result: [ObservedRule] = []
        for family in families {
            let operation = "list the policy rules of family \(family)"
            try reader.dump(
                type: UInt16(RTM_GETRULE),
                payload: [familyNumber(family)] + [UInt8](repeating: 0, count: 11),
                operation: operation
            ) { message throws(NetlinkError) in
                guard message.type == UInt16(RTM_NEWRULE) else { return }
                do {
                    if let rule = try ObservedRule(message) { result.append(rule) }
                } catch {
                    throw NetlinkError(.malformed, operation: operation)
                }
            }
        }
        return result
    }

    private mutating func routes(
        _ family: AddressFamily,
        table: UInt32,
        _ devices: [UInt32: String]
    ) throws(NetlinkError) -> [KernelRoute] {
        var result: [KernelRoute] = []
        let operation = "list the routes of table \(table)"
        do {
            try reader.dump(
                type: UInt16(RTM_GETROUTE),
                payload: routesQuestion(family, table: table),
                operation: operation
            ) { message throws(NetlinkError) in
                guard message.type == UInt16(RTM_NEWROUTE) else { return }
                do {
                    if let route = try KernelRoute(message, devices), route.key.table == table { result.append(route) }
                } catch {
                    throw NetlinkError(.malformed, operation: operation)
                }
            }
        } catch {
            // A table that nobody ever filled does not exist.
            guard error.code == .notFound else { throw error }
        }
        return result
    }
}

/// A rule in our range that we would not make.
public struct ForeignRule: Hashable, Sendable {
    /// Its family.
    public var family: AddressFamily
    /// Its priority.
    public var priority: UInt32
    /// Whether it carries our origin, so that it may be deleted.
    public var isOurs: Bool
    /// The message's payload.
    var payload: [UInt8]
}

extension PolicyRule {
    fileprivate var leadsToTable: Bool {
        if case .table = action { return true }
        return false
    }
}

extension KernelRoute {
    /// The order of installation.
    fileprivate var rank: Int {
        guard case .hops(let hops) = target else { return 0 }
        return hops.allSatisfy { $0.gateway == nil } ? 1 : 2
    }
}

// SPDX-License-Identifier: Apache-2.0
// Ways that terms choose as numbered tables of routes (filters reference §4.1, DESIGN §3.22).
import Diagnostics
import JunosModel
import NetworkTypes
import PolicyModel

/// The numbers of ways by what terms call them (`ForwardingChoice.statement`).
public typealias ForwardingIndices = [String: UInt8]

/// Numbers the ways that terms choose; those of earlier configurations keep theirs.
///
/// - Returns: The numbers of the ways in use, and the statements for which none was left.
func numberForwardingChoices(
    _ configuration: JunosConfiguration,
    keeping earlier: ForwardingIndices
) -> (indices: ForwardingIndices, unnumbered: [String]) {
    let choices = Set(forwardingChoices(configuration).keys.map(\.statement))
    var indices = earlier.filter { choices.contains($0.key) && $0.value > 0 }
    // A number just left free may still be on packets under way, so it rests for one commit.
    let taken = Set(indices.values).union(earlier.values)
    var free = Array((1...UInt8.max).filter { !taken.contains($0) }.reversed())
    var unnumbered: [String] = []
    for choice in choices.subtracting(indices.keys).sorted() {
        if let index = free.popLast() { indices[choice] = index } else { unnumbered.append(choice) }
    }
    return (indices, unnumbered)
}

/// All ways but the one that packets go anyway, with the families whose packets may be sent there.
private func forwardingChoices(_ configuration: JunosConfiguration) -> [ForwardingChoice: Set<AddressFamily>] {
    var choices: [ForwardingChoice: Set<AddressFamily>] = [:]
    for filter in configuration.filters.values {
        let families: Set<AddressFamily> =
            switch filter.name.family {
            case .inet: [.inet]
            case .inet6: [.inet6]
            case .any: [.inet, .inet6]
            }
        for term in filter.terms {
            guard let choice = term.then.forwarding, !choice.isMaster else { continue }
            choices[choice, default: []].formUnion(families)
        }
    }
    return choices
}

/// The tables behind the numbers.
func lowerForwarding(_ configuration: JunosConfiguration, _ indices: ForwardingIndices) -> [RoutingTable] {
    let lowering = ForwardingLowering(configuration: configuration)
    var tables: [RoutingTable] = []
    // An instance that only `next-ip … routing-instance` names is looked into while lowering and needs no table.
    for (choice, families) in forwardingChoices(configuration) {
        guard let index = indices[choice.statement] else { continue }
        tables.append(lowering.table(choice, index, families))
    }
    return tables.sorted { $0.index < $1.index }
}

private struct ForwardingLowering {
    let configuration: JunosConfiguration

    func table(_ choice: ForwardingChoice, _ index: UInt8, _ families: Set<AddressFamily>) -> RoutingTable {
        switch choice {
        case .routingInstance(let name):
            // What has no route in an instance meets its default entry, which rejects.
            return RoutingTable(
                index: index,
                name: choice.statement,
                routes: configuration.routingInstances[name].map(routes) ?? [],
                fallback: .refuse
            )
        case .nextAddress(let address, let instance):
            // Devices reject packets while the address has no route of its own, and take the default route for none.
            return RoutingTable(
                index: index,
                name: choice.statement,
                routes: [
                    TableRoute(
                        prefix: .everything(address.family),
                        way: way(to: address, in: instance),
                        preference: 0,
                        origin: choice.statement
                    )
                ],
                fallback: .refuse
            )
        case .nextInterface(let name, _):
            // Devices drop packets while the interface is down.
            let device = configuration.interfaces.first { $0.name == name }?.device
            return RoutingTable(
                index: index,
                name: choice.statement,
                routes: families.compactMap { family in
                    device.map {
                        TableRoute(
                            prefix: .everything(family),
                            way: .hops([TableRoute.Hop(device: $0)]),
                            preference: 0,
                            origin: choice.statement
                        )
                    }
                },
                fallback: .drop
            )
        }
    }

    /// Where packets to an address go, in the router's own table or as the routes of an instance say.
    private func way(to address: IPAddress, in instance: String?) -> TableRoute.Way {
        guard let instance, instance != ForwardingChoice.master else { return .sameAs(address) }
        let all = configuration.routingInstances[instance].map(routes) ?? []
        let covering = all.filter { $0.prefix.length > 0 && $0.prefix.contains(address) }
        let best = covering.max {
            // The longer prefix, then the lower preference.
            ($0.prefix.length, $1.preference) < ($1.prefix.length, $0.preference)
        }
        switch best?.way {
        case nil: return .refuse
        case .hops(let hops)?:
            // A connected subnet: the address itself is the neighbour.
            return .hops(hops.map { TableRoute.Hop(gateway: $0.gateway ?? address, device: $0.device) })
        case let way?: return way
        }
    }

    /// The routes of an instance: subnets of its interfaces, those that a rib-group brings, static ones.
    private func routes(_ instance: RoutingInstance) -> [TableRoute] {
        var routes: [TableRoute] = []
        for interface in configuration.interfaces {
            guard let device = interface.device else { continue }
            let isOwn = instance.interfaces.contains(interface.name)
            let versions = AddressFamily.allCases.filter { isOwn || instance.importedFamilies.contains($0) }
            for version in versions {
                let prefixes = interface.families[version == .inet ? .inet : .inet6]?.addresses ?? []
                for prefix in prefixes where prefix.length < version.bits {
                    routes.append(
                        TableRoute(
                            prefix: prefix.network,
                            way: .hops([TableRoute.Hop(device: device)]),
                            preference: 0,
                            origin: interface.source.path
                        )
                    )
                }
            }
        }
        for route in instance.routes {
            routes.append(
                TableRoute(
                    prefix: route.prefix,
                    way: way(route.way, in: instance),
                    preference: route.preference,
                    origin: route.source.path
                )
            )
        }
        return routes
    }

    private func way(_ way: StaticRoute.Way, in instance: RoutingInstance) -> TableRoute.Way {
        switch way {
        case .discard: return .drop
        case .reject: return .refuse
        case .nextHops(let hops):
            return .hops(
                hops.compactMap { hop in
                    switch hop {
                    case .interface(let name):
                        configuration.interfaces.first { $0.name == name }?.device.map { TableRoute.Hop(device: $0) }
                    case .address(let address):
                        TableRoute.Hop(gateway: address, device: device(towards: address, in: instance))
                    }
                }
            )
        }
    }

    /// The device whose subnet has a neighbour; of an instance with interfaces of its own, only those.
    private func device(towards address: IPAddress, in instance: RoutingInstance) -> String? {
        let family: FilterFamily = address.family == .inet ? .inet : .inet6
        return configuration.interfaces.first { interface in
            (instance.interfaces.isEmpty || instance.interfaces.contains(interface.name))
                && interface.families[family]?.addresses.contains { $0.contains(address) } ?? false
        }?.device
    }
}

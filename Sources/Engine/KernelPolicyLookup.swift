// SPDX-License-Identifier: Apache-2.0
// The kernel asked about a first packet between two zones: a clone of the live program in a private network namespace
// meets the packet, and its hit counts tell who decided (DESIGN §5, third voice).
import JunosModel
import Laboratory
import NetworkTypes
import NftablesCompiler
import NftablesIR
import OperationalMode

/// The kernel's answer about a first packet.
enum KernelPolicyAnswer: Hashable, Sendable {
    /// The policy whose hit count the packet raised.
    case policy(PolicyKey)
    /// It got through and no policy was asked: the implicit permit of the router itself.
    case permitted
    /// It was dropped before policies are asked.
    case dropped
}

/// Sends a first packet from one zone to another through a clone of a program.
///
/// Filters are left out, for policies are what is asked about; the packet takes the first device of each zone, two
/// different ones where a zone is asked about itself and has them. Needs CAP_SYS_ADMIN.
///
/// - Throws: `OperationalProblem` if a zone has no device, or the kernel's own stack takes no such packet.
func askKernel(
    _ table: Table,
    _ configuration: JunosConfiguration,
    from: String,
    to: String,
    _ packet: Packet
) throws -> KernelPolicyAnswer {
    let source = devices(of: from, configuration).first
    let destination =
        from == to
        ? devices(of: to, configuration).dropFirst().first ?? source : devices(of: to, configuration).first
    for (zone, device) in [(from, source), (to, destination)] where zone != SessionPlaces.routerZone && device == nil {
        throw OperationalProblem("the zone '\(zone)' has no interface with a device, so no packet can be sent there")
    }
    let sandbox = try Sandbox(
        interfaces: Set([source, destination].compactMap(\.self)).sorted { $0.name < $1.name },
        sysctls: neededSysctls(configuration).filter { $0.key.hasPrefix("net/netfilter/") }
    )
    defer { sandbox.stop() }
    try sandbox.load(policiesAlone(table))
    let observations = try sandbox.inject(
        [
            Injection(
                packet,
                from: source.map { .device($0.name) } ?? .router,
                to: destination.map { .device($0.name) } ?? .local
            )
        ],
        readsCounters: true
    )
    guard let observation = observations.first, !observation.isLostByStack else {
        throw OperationalProblem("the kernel's stack loses such a packet before or behind the program")
    }
    let hits = (observation.counters ?? [:]).filter { $0.value.packets > 0 }.keys.compactMap { name -> PolicyKey? in
        guard let parts = stateNameComponents(name), parts.count == 4, parts[0] == "policy" else { return nil }
        return PolicyKey(from: parts[1], to: parts[2], name: parts[3])
    }
    // A packet to another zone's address of the router's own is asked about twice (flow reference §3.4).
    if let decider = hits.first(where: { $0.from == from && $0.to == to }) ?? hits.first { return .policy(decider) }
    return observation.verdict == .accept ? .permitted : .dropped
}

/// The devices of a zone's interfaces in configuration order.
private func devices(of zone: String, _ configuration: JunosConfiguration) -> [SandboxInterface] {
    let members = Set(configuration.security?.zones.first { $0.name == zone }?.interfaces.map(\.name) ?? [])
    return configuration.interfaces.filter { members.contains($0.name) }.compactMap(\.sandboxInterface)
}

extension LogicalInterface {
    /// Its device as a sandbox has it; nil without one.
    var sandboxInterface: SandboxInterface? {
        device.map { SandboxInterface(name: $0, addresses: families.values.flatMap(\.addresses), mtu: mtu) }
    }
}

/// A program without the base chains that filters hang on.
private func policiesAlone(_ table: Table) -> Table {
    var table = table
    let kept: Set<String> = ["transit", "to-routing-engine", "from-routing-engine"]
    for (name, chain) in table.chains where chain.base != nil && !kept.contains(name) { table.chains[name] = nil }
    return table
}

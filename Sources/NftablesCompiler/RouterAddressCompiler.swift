// SPDX-License-Identifier: Apache-2.0
// Packets to an address of another of the router's interfaces: policies to that interface's zone decide as in transit,
// then what the interface lets in, then policies from its zone to the router (flow reference §3.4).
import NetworkTypes
import NftablesIR
import PolicyModel

/// Compiles what the destination among the router's addresses has a say in.
struct RouterAddressCompiler {
    let flow: FlowPolicy
    private let rules: SessionRuleCompiler

    init(flow: FlowPolicy) {
        self.flow = flow
        rules = SessionRuleCompiler(flow)
    }

    /// What is the same for all addresses of a zone that let the same in.
    private struct Gate: Hashable {
        var zone: String?
        var hostInbound: HostInboundPolicy
    }

    /// The rules in front of those for the arriving interface's own addresses.
    ///
    /// - Parameter own: Rules for own addresses, and for those that no interface owns.
    func rules(
        own: [Rule],
        hostInbound: (HostInboundPolicy, _ then: String, inout ProgramBuilder) -> String,
        _ builder: inout ProgramBuilder
    ) -> [Rule] {
        guard !flow.routerAddresses.isEmpty else { return [] }
        let ownChain = builder.chain("own-address", own)
        var gates: [Gate: String] = [:]
        var elements: [AddressFamily: Set<SetElement>] = [:]
        for owner in flow.routerAddresses {
            let gate = Gate(zone: owner.zone, hostInbound: owner.hostInbound)
            let beyond = gates[gate] ?? chain(gate, hostInbound, &builder)
            gates[gate] = beyond
            let mine = owner.device.map {
                [Rule(isDevice(.inputInterfaceName, $0) + [.verdict(.goto(ownChain))], comment: "own address")]
            }
            let entry = builder.chain("router-address", (mine ?? []) + [Rule([.verdict(.goto(beyond))])])
            for address in owner.addresses {
                elements[address.family, default: []].insert(
                    SetElement(.single(address.octets), .verdict(.goto(entry)))
                )
            }
        }
        return AddressFamily.allCases.compactMap { version in
            guard let mine = elements[version] else { return nil }
            let isIPv4 = version == .inet
            let map = builder.constantSet(
                isIPv4 ? .ipv4Address : .ipv6Address,
                data: .verdict,
                isInterval: false,
                mine
            )
            let load = Expression.payloadLoad(.network, offset: isIPv4 ? 16 : 24, length: isIPv4 ? 4 : 16, into: .one)
            return Rule(isVersion(version) + [load, .verdictMap(set: map, key: .one)], comment: "router's addresses")
        }
    }

    /// What meets packets that arrived elsewhere.
    private func chain(
        _ gate: Gate,
        _ hostInbound: (HostInboundPolicy, _ then: String, inout ProgramBuilder) -> String,
        _ builder: inout ProgramBuilder
    ) -> String {
        let counter = ObjectKey.counter(FlowCounter.drop("no-zone"))
        builder.object(counter, .counter)
        let none = Rule([.object(counter), .verdict(.drop)], comment: "no-zone")
        // Nothing passes into the functional zone, as in transit (flow reference §3.1).
        guard let zone = gate.zone, !flow.zones.contains(where: { $0.name == zone && $0.isManagement }) else {
            return builder.chain("to-zone", [none])
        }
        let policies = rules.chain(
            flow.contexts[ZonePair(from: zone, to: FlowPolicy.routerZone)] ?? [],
            end: .selfTraffic,
            &builder
        )
        let arrival = hostInbound(gate.hostInbound, policies, &builder)
        var elements: Set<SetElement> = []
        for from in flow.zones where !from.isManagement {
            let chain = rules.chain(
                flow.contexts[ZonePair(from: from.name, to: zone)] ?? [],
                end: flow.defaultPermits ? .permit : .deny,
                then: arrival,
                &builder
            )
            elements.formUnion(from.devices.keys.map { SetElement(.single(deviceName($0)), .verdict(.goto(chain))) })
        }
        let map = builder.constantSet(.interfaceName, data: .verdict, isInterval: false, elements)
        return builder.chain(
            "to-zone",
            [
                Rule(
                    [.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: map, key: .one)],
                    comment: "from-zone"
                ), none,
            ]
        )
    }
}

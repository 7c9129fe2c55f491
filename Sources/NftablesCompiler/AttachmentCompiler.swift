// SPDX-License-Identifier: Apache-2.0
// Filters at interfaces: one entry a device in a verdict map, shared bodies behind it, and the state each device owns.
import NetworkTypes
import NftablesIR
import PolicyModel

/// Compiles filter bindings; every body is compiled once for each place it can stand in.
struct AttachmentCompiler {
    /// What places of a body share: the filters and the direction.
    private struct Place: Hashable {
        var key: String
        var direction: Direction
    }

    /// At how many devices each body stands.
    private var uses: [Place: Int] = [:]
    private var compiled: [String: (chain: String, charges: FilterCompiler.Charges)] = [:]

    /// Counts where the bodies of a policy stand.
    init(_ policy: RouterPolicy) {
        for interface in policy.interfaces {
            for binding in interface.input { uses[Place(key: binding.key, direction: .input), default: 0] += 1 }
            for binding in interface.output { uses[Place(key: binding.key, direction: .output), default: 0] += 1 }
        }
    }

    /// The chain that a device's packets visit; nil if nothing is bound.
    mutating func chain(
        _ bindings: [FilterBinding],
        _ interface: InterfacePolicy,
        _ direction: Direction,
        _ pass: EvaluationPass,
        _ builder: inout ProgramBuilder
    ) -> String? {
        let uses = uses
        return chain(
            bindings,
            interface: interface.name,
            link: interface.link,
            device: interface.device,
            // A body at one device names its state; where several share it, a map a counter tells them apart. A table finds
            // its maps one by one, so a large filter must not have one a counter without need.
            selector: { binding in
                uses[Place(key: binding.key, direction: direction)] == 1
                    ? .single(
                        interface: interface.name,
                        link: interface.link,
                        filter: binding.filterName,
                        direction
                    ) : .device(direction)
            },
            pass: pass,
            seesFragments: pass == .packetForwardingEngine,
            &builder
        )
    }

    /// The chain that the routing engine's packets visit; nil if nothing is bound.
    mutating func routingEngineChain(
        _ bindings: [FilterBinding],
        name: String,
        _ direction: Direction,
        _ builder: inout ProgramBuilder
    ) -> String? {
        chain(
            bindings,
            interface: name,
            link: name,
            device: nil,
            selector: { .single(interface: name, link: name, filter: $0.filterName, direction) },
            pass: .packetForwardingEngine,
            seesFragments: false,
            &builder
        )
    }

    private mutating func chain(
        _ bindings: [FilterBinding],
        interface: String,
        link: String,
        device: String?,
        selector: (FilterBinding) -> ChargeNames.Selector,
        pass: EvaluationPass,
        seesFragments: Bool,
        _ builder: inout ProgramBuilder
    ) -> String? {
        var rules: [Rule] = []
        for version in AddressFamily.allCases {
            for binding in bindings {
                guard let body = binding.bodies[version] else { continue }
                let names = ChargeNames(
                    key: binding.key,
                    family: binding.family,
                    selector: selector(binding),
                    pass: pass,
                    isOfRoutingEngine: device == nil
                )
                // IPv6 fragments stay apart behind the input hook too, where no conntrack puts them together (DESIGN §3.11).
                let filter = compile(binding.key, body, names, seesFragments || version == .inet6, &builder)
                provide(filter.charges, names, filterName: binding.filterName, interface, link, device, &builder)
                rules.append(Rule(isVersion(version) + [.verdict(.jump(filter.chain))], comment: body.origin))
            }
        }
        return rules.isEmpty ? nil : builder.chain("interface", rules)
    }

    private mutating func compile(
        _ key: String,
        _ body: FilterBody,
        _ names: ChargeNames,
        _ seesFragments: Bool,
        _ builder: inout ProgramBuilder
    ) -> (chain: String, charges: FilterCompiler.Charges) {
        let identity = [
            names.key, names.family, names.direction.letter, body.version.rawValue, names.pass.rawValue,
            "\(names.selector)", "\(names.isOfRoutingEngine)", "\(seesFragments)",
        ].joined(separator: " ")
        if let known = compiled[identity] { return known }
        var compiler = FilterCompiler(body: body, names: names, seesFragments: seesFragments)
        let chain = compiler.compile(&builder)
        compiled[identity] = (chain, compiler.charges)
        return (chain, compiler.charges)
    }

    /// Makes the objects that an interface is charged with, and the elements that choose them.
    private func provide(
        _ charges: FilterCompiler.Charges,
        _ names: ChargeNames,
        filterName: String,
        _ interface: String,
        _ link: String,
        _ device: String?,
        _ builder: inout ProgramBuilder
    ) {
        // Rules that name their objects need no map to find them by.
        let isChosen = if case .device = names.selector { true } else { false }
        let provider = ChargeProvider(
            names: names,
            filterName: filterName,
            interface: interface,
            link: link,
            device: isChosen ? device : nil
        )
        for name in charges.counters { provider.counter("counter", name, &builder) }
        for meter in charges.meters.values { provider.meter(meter, &builder) }
        for array in charges.arrays.values { provider.array(array, &builder) }
    }
}

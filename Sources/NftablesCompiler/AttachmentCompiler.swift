// SPDX-License-Identifier: Apache-2.0
// Filters at interfaces: one entry a device in a verdict map, shared bodies behind it, and the state each device owns.
import NetworkTypes
import NftablesIR
import PolicyModel

/// Compiles filter bindings; every body is compiled once for each place it can stand in.
struct AttachmentCompiler {
    private struct BodyKey: Hashable {
        var body: FilterBody
        var names: ChargeNames
        var seesFragments: Bool
    }

    private var compiled: [String: (chain: String, charges: FilterCompiler.Charges)] = [:]
    /// Whether fragments of IPv6 for the router are put together before its filters see them: only conntrack does
    /// (DESIGN §3.11, kernel facts §1.2).
    private let reassemblesIPv6: Bool

    init(_ policy: RouterPolicy) { reassemblesIPv6 = policy.flow?.modes[.inet6] == .flow }

    /// The chain that a device's packets visit; nil if nothing is bound.
    mutating func chain(
        _ bindings: [FilterBinding],
        _ interface: InterfacePolicy,
        _ direction: Direction,
        _ pass: EvaluationPass,
        _ builder: inout ProgramBuilder
    ) -> String? {
        chain(
            bindings,
            interface: interface.name,
            device: interface.device,
            selector: { _ in .device(direction) },
            pass: pass,
            isRouters: pass == .routingEngine,
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
            device: nil,
            selector: { .single(interface: name, filter: $0, direction) },
            pass: .packetForwardingEngine,
            isRouters: true,
            &builder
        )
    }

    private mutating func chain(
        _ bindings: [FilterBinding],
        interface: String,
        device: String?,
        selector: (_ filterName: String) -> ChargeNames.Selector,
        pass: EvaluationPass,
        isRouters: Bool,
        _ builder: inout ProgramBuilder
    ) -> String? {
        var rules: [Rule] = []
        for version in AddressFamily.allCases {
            for binding in bindings {
                guard let body = binding.bodies[version] else { continue }
                let names = ChargeNames(
                    key: binding.key,
                    family: binding.family,
                    selector: selector(binding.filterName),
                    pass: pass
                )
                let seesFragments = !isRouters || version == .inet6 && !reassemblesIPv6
                let filter = compile(binding.key, body, names, seesFragments, &builder)
                provide(filter.charges, names, filterName: binding.filterName, interface, device, &builder)
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
            "\(names.selector)", "\(seesFragments)",
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
        _ device: String?,
        _ builder: inout ProgramBuilder
    ) {
        func provide(_ kind: String, _ key: ObjectKey, _ object: StatefulObject, map: String) {
            builder.object(key, object)
            guard let device else { return }
            builder.mutableMap(
                map,
                data: .object(key.kind),
                [SetElement(.single(deviceName(device)), .object(key.name))]
            )
        }
        for name in charges.counters {
            let object = names.objectName(nil, filter: filterName, name, interface: interface)
            provide("counter", .counter(object), .counter, map: names.mapName("counter", name))
        }
        for (name, meter) in charges.meters {
            let bucket = KernelBucket(meter.bucket)
            let beyond = names.objectName("policer", filter: filterName, name, interface: interface)
            provide("policer", .counter(beyond), .counter, map: names.mapName("policer", name))
            if meter.isPerInterface {
                let limit = names.objectName("limit", filter: filterName, name, interface: interface)
                provide(
                    "limit",
                    .limit(limit + "/" + bucket.text),
                    .limit(bucket.limit),
                    map: names.mapName("limit", name) + "/" + bucket.text
                )
            } else {
                builder.object(
                    .limit(sharedLimitName(key: names.key, name, bucket)),
                    .limit(bucket.limit)
                )
            }
        }
    }
}

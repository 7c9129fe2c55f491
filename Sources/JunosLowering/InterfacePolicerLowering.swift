// SPDX-License-Identifier: Apache-2.0
// Policers that stand at interfaces without a filter, and how long packets are where policers reach beyond a filter
// (filters reference §4.4, §5.5).
import JunosModel
import NetworkTypes
import PolicyModel

extension FilterLowering {
    /// What packets of one interface are held to without a filter.
    ///
    /// The families of an interface have buckets of their own, or share those of a `logical-interface-policer` (filters
    /// reference §4.4).
    func policerBindings(_ interface: LogicalInterface, _ direction: Direction) -> [FilterBinding] {
        var result: [FilterBinding] = []
        for version in AddressFamily.allCases {
            let settings = interface.families[version == .inet ? .inet : .inet6]
            let attachment = direction == .input ? settings?.inputPolicer : settings?.outputPolicer
            guard let policer = attachment.flatMap({ configuration.policers[$0.policer] }) else { continue }
            let family = policer.reach == .logicalInterface ? "any" : version.rawValue
            let key = "\(family)/\(interfacePolicerOwner)/\(policer.name)"
            let meter = Meter(
                scheme: scheme(policer, mtu: mtu(of: policer)),
                name: policer.name,
                scope: ["interface", policer.name],
                sharing: .interface,
                origin: policer.source.path
            )
            let body = FilterBody(
                family: family,
                version: version,
                steps: [
                    FilterStep(
                        match: MatchExpression([]),
                        actions: [.meter(meter)],
                        outcome: .proceed,
                        origin: policer.source.path
                    )
                ],
                origin: policer.source.path,
                acceptsRest: true
            )
            if let known = result.firstIndex(where: { $0.key == key }) {
                result[known].bodies[version] = body
            } else {
                result.append(
                    FilterBinding(
                        bodies: [version: body],
                        filterName: interfacePolicerOwner,
                        family: family,
                        key: key
                    )
                )
            }
        }
        return result
    }

    /// The longest packets of all interfaces that share a policer's numbers, whatever their filters are.
    func mtu(of policer: Policer) -> Int { longest(configuration.interfaces(withPolicer: policer.name)) }

    func longest(_ interfaces: [LogicalInterface]) -> Int {
        interfaces.map { $0.mtu ?? defaultMTU }.max() ?? defaultMTU
    }
}

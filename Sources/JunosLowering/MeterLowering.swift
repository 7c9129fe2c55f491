// SPDX-License-Identifier: Apache-2.0
// Policers of terms as meters, with the scope in which terms share them (filters reference §4.3 to §4.5, §5.4, §5.5).
import JunosModel
import PolicyModel

extension FilterLowering {
    /// The meters of a term in the order in which they are charged.
    func meters(of term: FilterTerm, _ filter: FirewallFilter, isPerInterface: Bool, mtu: Int) -> [StepAction] {
        /// Terms of one name may stand in several filters of a list, or in a nested filter: the scope names the filter too.
        func scope(_ kind: String, _ name: String, isShared: Bool) -> [String] {
            [kind, name] + (isShared ? [] : [filter.name.name, term.name])
        }
        func shown(_ name: String, isShared: Bool) -> String { isShared ? name : "\(name)-\(term.name)" }

        let sharing: MeterSharing = isPerInterface ? .interface : .everywhere
        var actions: [StepAction] = []
        if let policer = term.then.policer.flatMap({ configuration.policers[$0] }) {
            let isOfLink = policer.reach == .physicalInterface
            let isShared = policer.isFilterSpecific || isOfLink
            actions.append(
                .meter(
                    Meter(
                        scheme: scheme(policer, mtu: isOfLink ? self.mtu(of: policer) : mtu),
                        name: shown(policer.name, isShared: isShared),
                        scope: scope("policer", policer.name, isShared: isShared),
                        sharing: isOfLink ? .link : sharing,
                        origin: policer.source.path
                    )
                )
            )
        }
        if let policer = term.then.threeColorPolicer.flatMap({ configuration.threeColorPolicers[$0] }) {
            let isOfLink = policer.reach == .physicalInterface
            let isShared = policer.isFilterSpecific || isOfLink
            let mtu =
                isOfLink
                ? longest(configuration.interfaces(withPolicer: policer.name, isThreeColor: true)) : mtu
            actions.append(
                .meter(
                    Meter(
                        scheme: .threeColor(
                            outer: bucket(of: policer.peak, mtu: mtu),
                            committed: bucket(of: policer.committed, mtu: mtu),
                            seesColor: policer.isColorAware,
                            dropsRed: policer.discardsRed
                        ),
                        name: shown(policer.name, isShared: isShared),
                        scope: scope("three-color", policer.name, isShared: isShared),
                        sharing: isOfLink ? .link : sharing,
                        origin: policer.source.path
                    )
                )
            )
        }
        if let action = term.then.prefixAction.flatMap({ configuration.prefixActions[$0] }) {
            let name = shown(action.name, isShared: action.isFilterSpecific)
            let scope = scope("prefix-action", action.name, isShared: action.isFilterSpecific)
            let policer = action.policer.flatMap { configuration.policers[$0] }
            actions.append(
                .meterByAddress(
                    AddressMeter(
                        field: action.field == .source ? .sourceAddress : .destinationAddress,
                        shift: 32 - action.prefixLength,
                        width: action.prefixLength - action.subnetPrefixLength,
                        counts: action.counts,
                        meter: policer.map {
                            Meter(
                                scheme: scheme($0, mtu: mtu),
                                name: name,
                                scope: scope,
                                sharing: sharing,
                                origin: $0.source.path
                            )
                        },
                        name: name,
                        scope: scope
                    )
                )
            )
        }
        return actions
    }

    func scheme(_ policer: Policer, mtu: Int) -> MeterScheme {
        .twoColor(
            bucket(of: policer.rate, mtu: mtu),
            drops: policer.discards,
            lossPriority: policer.lossPriority?.rawValue,
            forwardingClass: policer.forwardingClass.flatMap { forwardingClasses[$0] }
        )
    }

    private func bucket(of rate: Policer.Rate, mtu: Int) -> Bucket {
        switch rate {
        case .bandwidth(let bits, let burst): .bytes(perSecond: max(1, bits / 8), depth: burst, mtu: mtu)
        case .packets(let rate, let burst): .packets(perSecond: max(1, rate), depth: max(1, burst))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `bandwidth-percent`: a share of the media rate of the interfaces that a policer stands at (filters reference §4.4).
import Diagnostics

/// Turns percentages into rates; a policer at interfaces of unknown or of different rates is refused.
func resolveBandwidthPercents(_ configuration: inout JunosConfiguration, _ diagnostics: inout [Diagnostic]) {
    for name in configuration.policers.keys.sorted() {
        guard let policer = configuration.policers[name], let percent = policer.bandwidthPercent,
            case .bandwidth(_, let burst) = policer.rate
        else { continue }
        let interfaces = interfaces(withPolicer: name, configuration)
        let speeds = Set(interfaces.compactMap(\.speed))
        let unknown = interfaces.first { $0.speed == nil }
        if let unknown {
            diagnostics.error(
                "unknown-media-rate",
                policer.source,
                "'bandwidth-percent' is a share of the media rate, and that of '\(unknown.physicalName)', where a filter "
                    + "applies it, is not known: write 'speed' there, or 'bandwidth-limit' here"
            )
        } else if speeds.count > 1 {
            diagnostics.error(
                "unknown-media-rate",
                policer.source,
                "'bandwidth-percent' would mean another rate at each of \(interfaces.map(\.name).joined(separator: ", ")): "
                    + "write a policer and a filter for each 'speed'"
            )
        } else if let speed = speeds.first {
            let rate = speed / 100 * percent + speed % 100 * percent / 100
            configuration.policers[name]?.rate = .bandwidth(bitsPerSecond: rate, burstBytes: burst)
        } else {
            diagnostics.error(
                "unknown-media-rate",
                policer.source,
                "'bandwidth-percent' is a share of the media rate, and no interface applies this policer: "
                    + "write 'bandwidth-limit', or remove it"
            )
        }
    }
}

/// The interfaces whose filters apply a policer, in configuration order.
private func interfaces(withPolicer name: String, _ configuration: JunosConfiguration) -> [LogicalInterface] {
    let actions = Set(configuration.prefixActions.values.filter { $0.policer == name }.map(\.name))
    func applies(_ filter: FirewallFilter) -> Bool {
        filter.terms.contains { term in
            term.then.policer == name || term.then.prefixAction.map(actions.contains) ?? false
        }
    }
    let direct = Set(configuration.filters.values.filter(applies).map(\.name))
    // Filters nest one deep (§5.4).
    let using = configuration.filters.values.filter { filter in
        direct.contains(filter.name)
            || filter.terms.contains { term in
                term.nestedFilter.map { direct.contains(FilterName(filter.name.family, $0)) } ?? false
            }
    }
    let names = Set(using.map(\.name))
    return configuration.interfaces.filter { interface in
        interface.families.contains { family, settings in
            [settings.input, settings.output].contains { attachment in
                attachment?.filters.contains { names.contains(FilterName(family, $0)) } ?? false
            }
        }
    }
}

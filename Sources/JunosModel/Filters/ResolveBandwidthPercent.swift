// SPDX-License-Identifier: Apache-2.0
// `bandwidth-percent`: a share of the media rate of the interfaces that a policer stands at (filters reference §4.4).
import Diagnostics

/// Turns percentages into rates; a policer at interfaces of unknown or of different rates is refused.
func resolveBandwidthPercents(_ configuration: inout JunosConfiguration, _ diagnostics: inout [Diagnostic]) {
    for name in configuration.policers.keys.sorted() {
        guard let policer = configuration.policers[name], let percent = policer.bandwidthPercent,
            case .bandwidth(_, let burst) = policer.rate
        else { continue }
        let interfaces = configuration.interfaces(withPolicer: name)
        let speeds = Set(interfaces.compactMap(\.speed))
        let unknown = interfaces.first { $0.speed == nil }
        if let unknown {
            diagnostics.error(
                "unknown-media-rate",
                policer.source,
                "'bandwidth-percent' is a share of the media rate, and that of '\(unknown.physicalName)', where it "
                    + "is applied, is not known: write 'speed' there, or 'bandwidth-limit' here"
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

// SPDX-License-Identifier: Apache-2.0
// What the kernel cannot do for policers, and how near it comes: no approximation in silence (DESIGN §3.13, §3.19).
import Diagnostics
import Foundation
import JunosModel
import NftablesCompiler
import NftablesIR
import PolicyModel

/// Objects that arrays of policers may have in one program.
///
/// Reading 100,000 objects takes 1.6 s, and four times as many twenty times as long (kernel facts §4, DESIGN §4).
private let mostArrayObjects = 100_000

/// Errors and warnings about the policers that a policy uses, in the order of their paths.
func policerRemarks(_ policy: RouterPolicy, _ configuration: JunosConfiguration) -> [Diagnostic] {
    var meters: Set<Meter> = []
    var total = 0
    for binding in policy.filterBindings {
        for action in binding.bodies.values.flatMap(\.steps).flatMap(\.actions) {
            if let meter = action.meter { meters.insert(meter) }
            if case .meterByAddress(let array) = action { total += array.objectCount }
        }
    }
    let locations = policerLocations(configuration)
    var told: Set<String> = []
    var result: [Diagnostic] = []
    for meter in meters.sorted(by: { ($0.origin, $0.name) < ($1.origin, $1.name) }) {
        for (severity, text) in remarks(meter, configuration) where told.insert(meter.origin + text).inserted {
            let location = locations[meter.origin]?.location
            result.append(
                Diagnostic(
                    severity,
                    severity == .error ? "policer-beyond-kernel" : "policer-precision",
                    at: location,
                    path: meter.origin,
                    text
                )
            )
        }
    }
    if total > mostArrayObjects {
        result.append(
            Diagnostic(
                .error,
                "too-many-prefixes",
                path: "firewall family inet prefix-action",
                "all prefix actions at all interfaces together would be \(total) objects of the kernel, more than "
                    + "\(mostArrayObjects): reading them would take seconds; write longer 'subnet-prefix-length's"
            )
        )
    }
    return result
}

/// What is to be said about one meter.
private func remarks(_ meter: Meter, _ configuration: JunosConfiguration) -> [(Severity, String)] {
    var result: [(Severity, String)] = []
    for bucket in meter.scheme.buckets {
        let precision = BucketPrecision(bucket)
        if let refusal = precision.refusal {
            result.append((.error, "the kernel cannot have this rate: \(refusal)"))
        } else if case .bytes(let rate, let depth, let mtu) = bucket, let quantum = precision.quantum {
            result.append((.warning, quantumText(rate, depth, mtu, quantum, precision.rateError)))
        } else if precision.rateError > 0.01 {
            result.append(
                (.warning, "the kernel counts whole nanoseconds: up to \(percent(precision.rateError)) more pass")
            )
        }
    }
    let kind = configuration.threeColorPolicers.values.first { $0.source.path == meter.origin }?.kind
    if let kind, !kind.hasPeakRate {
        result.append(
            (
                .warning,
                "the kernel holds committed and excess burst as one bucket beside the committed one: "
                    + "a packet that is yellow may use up what the committed bucket still held, so that of each burst less "
                    + "than one packet is yellow or green instead of red, or red instead of green"
            )
        )
    }
    return result
}

/// The bound of DESIGN §3.13 in words.
private func quantumText(_ rate: UInt64, _ depth: UInt64, _ mtu: Int, _ quantum: UInt64, _ error: Double) -> String {
    let rounding = quantum - 1
    return
        "a burst of \(depth) bytes is less than a second of the rate, \(rate) bytes, and no bucket of the kernel is so "
        + "small: it counts in units of \(quantum) bytes (MTU \(mtu)). Lengths that are multiples of \(quantum) keep the "
        + "rate within \(percent(max(error, 0.001))); packets of another length count as up to \(rounding) bytes longer, so that "
        + "of 40 bytes \(percent(1 - 40 / Double((40 + rounding) / quantum * quantum))) less pass, of 1000 bytes up to "
        + "\(percent(Double(rounding) / Double(1000 + rounding))). A burst of different lengths may be up to \(rounding) "
        + "bytes a packet longer, and a packet that finds too little left uses that up. "
        + "Write a burst of at least \(rate) bytes for an exact bucket"
}

private func percent(_ share: Double) -> String { String(format: "%.3g %%", max(0, share) * 100) }

private func policerLocations(_ configuration: JunosConfiguration) -> [String: StatementReference] {
    let sources =
        configuration.policers.values.map(\.source) + configuration.threeColorPolicers.values.map(\.source)
    return Dictionary(sources.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
}

extension RouterPolicy {
    /// Every filter at every place.
    fileprivate var filterBindings: [FilterBinding] {
        interfaces.flatMap { $0.input + $0.output + $0.inputSecondPass } + routingEngineInput + routingEngineOutput
    }
}

extension AddressMeter {
    /// Objects of the kernel at one place.
    fileprivate var objectCount: Int {
        let limits =
            meter.map { $0.scheme.buckets.reduce(1) { $0 + (BucketPrecision($1).quantum == nil ? 1 : 17) } } ?? 0
        return count * (limits + (counts ? 1 : 0))
    }
}

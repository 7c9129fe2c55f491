// SPDX-License-Identifier: Apache-2.0
// Where filters see merged packets: said by the commit check, turned off where the configuration asks, given back
// (DESIGN §3.23).
import Diagnostics
import JunosModel
import Netlink
import PolicyModel

/// Notices about interfaces whose filters would count, measure or police merged packets.
func mergingRemarks(_ policy: RouterPolicy, _ configuration: JunosConfiguration) -> [Diagnostic] {
    let exact = Set(configuration.interfaces.filter(\.isOffloadExact).map(\.name))
    let sources = Dictionary(configuration.interfaces.map { ($0.name, $0.source) }) { first, _ in first }
    return policy.interfaces.compactMap { interface in
        let steps = (interface.input + interface.output).flatMap { $0.bodies.values.flatMap(\.steps) }
        guard !exact.contains(interface.name), steps.contains(where: \.feelsMerging) else { return nil }
        return Diagnostic(
            .notice,
            "merged-packets",
            at: sources[interface.name]?.location,
            path: sources[interface.name]?.path ?? "",
            "the kernel may hand on several packets of a connection as one, and filters here count packets, match lengths or "
                + "police: write 'apply-macro linux { offload exact; }' to have each packet by itself, at the price of speed"
        )
    }
}

extension FilterStep {
    /// Whether it makes a difference that several packets arrive as one.
    fileprivate var feelsMerging: Bool {
        actions.contains { action in
            switch action {
            case .count, .meter, .meterByAddress: true
            default: false
            }
        }
            || match.clauses.joined().contains { condition in
                guard case .field(.packetLength, _, _) = condition else { return false }
                return true
            }
    }
}

/// What turning merging off did.
struct MergingChange {
    /// Values that must be given back in the end, by device and by what is merged.
    var previous: [String: [String: UInt32]] = [:]
    /// What could not be set, with the reason.
    var refused: [String] = []
}

/// Turns merging off at the devices that ask for it, and gives the others back what was recorded about them.
func settleMerging(
    _ configuration: JunosConfiguration,
    recorded: [String: [String: UInt32]]
) -> MergingChange {
    let exact = configuration.interfaces.filter(\.isOffloadExact).compactMap(\.device)
    var change = MergingChange()
    guard !exact.isEmpty || !recorded.isEmpty else { return change }
    do throws(NetlinkError) {
        var settings = try PacketMergingSettings()
        change.refused = restore(recorded.filter { !exact.contains($0.key) }, &settings)
        for device in exact.sorted() {
            var previous = recorded[device] ?? [:]
            for merging in PacketMerging.allCases {
                do throws(NetlinkError) {
                    let before = try settings.value(of: merging, at: device)
                    guard before != merging.exactValue else { continue }
                    try settings.set(merging, at: device, to: merging.exactValue)
                    if previous[merging.rawValue] == nil { previous[merging.rawValue] = before }
                } catch {
                    // A device that cannot do it at all does not merge so.
                    guard !error.isUnsupported else { continue }
                    change.refused.append("offload exact: \(device): \(error)")
                }
            }
            change.previous[device] = previous
        }
    } catch {
        change.refused.append("offload exact: \(error)")
        change.previous = recorded
    }
    return change
}

/// Gives devices back how they merged packets; what could not be set is returned.
func restoreMerging(_ recorded: [String: [String: UInt32]]) -> [String] {
    guard !recorded.isEmpty else { return [] }
    do throws(NetlinkError) {
        var settings = try PacketMergingSettings()
        return restore(recorded, &settings)
    } catch {
        return ["\(error)"]
    }
}

private func restore(_ recorded: [String: [String: UInt32]], _ settings: inout PacketMergingSettings) -> [String] {
    var refused: [String] = []
    for (device, values) in recorded.sorted(by: { $0.key < $1.key }) {
        for merging in PacketMerging.allCases {
            guard let value = values[merging.rawValue] else { continue }
            do throws(NetlinkError) {
                try settings.set(merging, at: device, to: value)
            } catch {
                // A device that is gone has nothing to be given back.
                guard !error.isDeviceMissing else { continue }
                refused.append("\(merging.rawValue) of \(device): \(error)")
            }
        }
    }
    return refused
}

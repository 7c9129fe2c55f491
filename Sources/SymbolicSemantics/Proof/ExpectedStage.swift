// SPDX-License-Identifier: Apache-2.0
// What DESIGN §4 says that base chains do around the filters.
import DecisionDiagrams
import JunosModel
public import NetworkTypes

/// One place in the kernel where packets of a device, or of the router, meet filters.
public struct ProofPlace: Hashable, Sendable, CustomStringConvertible {
    /// Which base chain.
    public enum Stage: String, Hashable, Sendable, CaseIterable {
        case inputFilters = "input-filters"
        case routerSent = "router-sent"
        case toRoutingEngine = "to-routing-engine"
        case fromRoutingEngine = "from-routing-engine"
        case outputFilters = "output-filters"
    }

    /// Which base chain.
    public var stage: Stage
    /// The device, `lo` for the router's own; nil stands for every device that the configuration does not name.
    public var device: String?
    /// The version of the packets.
    public var version: AddressFamily

    /// `input-filters, eth1, inet`.
    public var description: String { "\(stage.rawValue), \(device ?? "any other device"), \(version.rawValue)" }
}

/// Bits of `meta mark` (DESIGN §4).
enum MarkBits {
    static let packetMode: UInt32 = 0x8000_0000
    static let reject: UInt32 = 0x4000_0000
    static let ours: UInt32 = 0xffff_0000
    /// Bit 30 counted from the top of the 32.
    static let rejectPlace = 1
}

extension Semantics {
    /// What a base chain does to packets at a place, the filters named by `visits`.
    mutating func expected(
        _ place: ProofPlace,
        visits: [String],
        _ security: SecurityConfiguration?,
        _ space: PacketSpace
    ) -> Diagram {
        // Linux `lo` is accepted first in every base chain (DESIGN §3.21).
        if place.device == "lo" { return terminal(StageOutcome(.acceptForGood)) }
        var outcome = StageOutcome(.acceptForGood, visits: visits)
        switch place.stage {
        case .inputFilters:
            outcome.markMask = MarkBits.ours
            return atMode(of: security, space, outcome)
        case .routerSent:
            outcome.markMask = MarkBits.ours & ~(MarkBits.reject | MarkBits.packetMode)
            guard security != nil else { return terminal(outcome) }
            // Answers to packets in packet mode have no session either (DESIGN §3.17).
            let tracked = atMode(of: security, space, outcome)
            outcome.isUntracked = true
            let untracked = atMode(of: security, space, outcome)
            return store.choose(store.isSet(space.bits(.mark)[0]), then: untracked, otherwise: tracked)
        case .toRoutingEngine: return terminal(outcome)
        case .fromRoutingEngine, .outputFilters:
            // What the router sends about refused packets skips filters (DESIGN §3.17).
            let isRefusal = store.isSet(space.bits(.mark)[MarkBits.rejectPlace])
            let skipped = terminal(StageOutcome(.acceptForGood))
            return store.choose(isRefusal, then: skipped, otherwise: terminal(outcome))
        }
    }

    /// The family's mode: packets of a packet-based one are kept out of conntrack, those of a dropped one counted and
    /// gone before any filter (flow reference §1.3, DESIGN §3.14).
    private mutating func atMode(
        of security: SecurityConfiguration?,
        _ space: PacketSpace,
        _ outcome: StageOutcome
    ) -> Diagram {
        guard let security else { return terminal(outcome) }
        var outcome = outcome
        switch space.version == .inet ? security.inetMode : security.inet6Mode {
        case .flowBased: break
        case .packetBased: outcome.isUntracked = true
        case .drop:
            outcome = StageOutcome(
                .drop,
                counters: [stateLabel(["flow", "mode-\(space.version.rawValue)"]): 1],
                markMask: outcome.markMask
            )
        }
        return terminal(outcome)
    }
}

extension ModelLifting {
    /// The filters that packets meet at a place, in order: the second pass before `lo0` (DESIGN §3.1, §4).
    func filters(_ place: ProofPlace) -> [FilterPlace] {
        func attached(
            _ interface: LogicalInterface?,
            _ direction: FilterDirection,
            _ pass: FilterPass = .packetForwardingEngine
        ) -> [FilterPlace] {
            guard let interface else { return [] }
            return places(interface: interface.name, direction: direction, version: place.version, pass: pass)
        }
        let device = place.device.flatMap { name in configuration.interfaces.first { $0.device == name } }
        let routingEngine = configuration.interfaces.first { $0.isRoutingEngine && $0.unit == 0 }
        switch place.stage {
        case .inputFilters: return attached(device, .input)
        case .routerSent: return []
        case .toRoutingEngine: return attached(device, .input, .routingEngine) + attached(routingEngine, .input)
        case .fromRoutingEngine: return attached(routingEngine, .output)
        case .outputFilters: return attached(device, .output)
        }
    }
}

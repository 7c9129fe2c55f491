// SPDX-License-Identifier: Apache-2.0
// What a change of configuration changes: the packets whose fate is another one, exactly (DESIGN §6, `sluice diff`).
import DecisionDiagrams
public import JunosModel
public import NetworkTypes

/// Packets that meet another fate under a new configuration.
public struct FateChange: Sendable {
    /// Where: interface, direction, family.
    public var place: FilterPlace
    /// What the old configuration does to them.
    public var old: StageOutcome
    /// What the new one does.
    public var new: StageOutcome
    /// The packets.
    public var boxes: [HeaderBox]
    /// Whether the boxes are all of them.
    public var areAll: Bool
}

/// Compares the filters of two configurations, place by place.
///
/// Names of counters count: a packet that is counted elsewhere has another fate. Token buckets are left open.
public func differences(
    _ old: JunosConfiguration,
    _ new: JunosConfiguration,
    boxesAPlace limit: Int = 20
) -> [FateChange] {
    var semantics = Semantics(capacity: 1 << 12)
    let (before, after) = (ModelLifting(old), ModelLifting(new))
    var result: [FateChange] = []
    var names: [String] = []
    for interface in old.interfaces + new.interfaces where !names.contains(interface.name) {
        names.append(interface.name)
    }
    for name in names {
        for direction in FilterDirection.allCases {
            for version in AddressFamily.allCases {
                for family in [FilterFamily.any, version == .inet ? .inet : .inet6] {
                    let place = FilterPlace(interface: name, direction: direction, family: family, version: version)
                    result += changes(place, before, after, limit, &semantics)
                }
            }
        }
    }
    return result
}

private func changes(
    _ place: FilterPlace,
    _ before: ModelLifting,
    _ after: ModelLifting,
    _ limit: Int,
    _ semantics: inout Semantics
) -> [FateChange] {
    let space = PacketSpace(place.version)
    // Where nothing is attached, everything passes (filters reference §1.1 rule 7).
    let nothing = FirstMatchList(
        [],
        otherwise: semantics.terminal(StageOutcome(.accept)),
        otherwiseOrigin: "no filter"
    )
    let old = before.lift(place, into: &semantics)?.list ?? nothing
    let new = after.lift(place, into: &semantics)?.list ?? nothing
    let found = semantics.changes(old, new, space)
    return found.map { change in
        let (boxes, areAll) = semantics.boxes(change.region, space, limit: limit)
        return FateChange(place: place, old: change.old, new: change.new, boxes: boxes, areAll: areAll)
    }
}

extension Semantics {
    /// Regions where two lists differ, one for each pair of outcomes, the packets that can exist.
    mutating func changes(
        _ old: FirstMatchList,
        _ new: FirstMatchList,
        _ space: PacketSpace
    ) -> [(old: StageOutcome, new: StageOutcome, region: Diagram)] {
        guard let reached = contested(old, new, among: .yes, space) else { return [] }
        var region = store.differ(reached.first, reached.second)
        region = store.and(region, reached.region)
        guard region != .no else { return [] }
        region = store.and(region, PacketDomain(space).region(store.variables(region), &self))
        var result: [(old: StageOutcome, new: StageOutcome, region: Diagram)] = []
        for one in store.terminals(reached.first) {
            guard let before = outcome(one) else { continue }
            let isOne = replace(reached.first) { _, outcome in outcome == before ? .yes : .no }
            let mine = store.and(region, isOne)
            guard mine != .no else { continue }
            for two in store.terminals(reached.second) where two != one {
                guard let after = outcome(two) else { continue }
                let isTwo = replace(reached.second) { _, outcome in outcome == after ? .yes : .no }
                let both = store.and(mine, isTwo)
                if both != .no { result.append((before, after, both)) }
            }
        }
        return result
    }
}

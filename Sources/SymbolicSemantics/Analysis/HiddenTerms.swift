// SPDX-License-Identifier: Apache-2.0
// Terms that no packet ever meets, and the earlier ones that take all of theirs, one alone or several together.
import DecisionDiagrams
public import JunosModel
public import NetworkTypes

/// A term that takes no packet.
public struct HiddenTerm: Hashable, Sendable {
    /// Its path.
    public var term: String
    /// The paths of the earlier terms that take its packets; empty if there are none to take.
    public var hiddenBy: [String]
}

/// The terms of a filter that take no packet, as the packets of one version meet it at an attachment.
///
/// What class and priority terms give packets is left open, so no term is called hidden that such a change reaches.
public func hiddenTerms(_ configuration: JunosConfiguration, at place: FilterPlace) -> [HiddenTerm] {
    var semantics = Semantics(capacity: 1 << 12)
    guard let list = ModelLifting(configuration).lift(place, into: &semantics)?.list else { return [] }
    return semantics.hidden(list, PacketSpace(place.version))
}

extension Semantics {
    mutating func hidden(_ list: FirstMatchList, _ space: PacketSpace) -> [HiddenTerm] {
        var taken = Diagram.no
        var result: [HiddenTerm] = []
        for (index, entry) in list.entries.enumerated() {
            let free = store.not(taken)
            let left = store.and(entry.match, free)
            let possible = left == .no ? Diagram.no : PacketDomain(space).region(store.variables(left), &self)
            if store.and(left, possible) == .no {
                result.append(HiddenTerm(term: entry.origin, hiddenBy: hiders(of: index, list)))
                continue
            }
            if alwaysDecides(entry.outcome) { taken = store.or(taken, entry.match) }
        }
        return result
    }

    /// The earlier entries that together take all of an entry's packets, those that take more of them first named.
    private mutating func hiders(of index: Int, _ list: FirstMatchList) -> [String] {
        var left = list.entries[index].match
        var names: [String] = []
        for entry in list.entries[..<index] where left != .no && alwaysDecides(entry.outcome) {
            guard store.and(left, entry.match) != .no else { continue }
            names.append(entry.origin)
            left = store.and(left, store.not(entry.match))
        }
        return names
    }

    /// Whether an entry lets no packet proceed, whatever buckets say.
    private func alwaysDecides(_ outcome: Diagram) -> Bool {
        store.terminals(outcome).allSatisfy { self.outcome($0)?.ending != .proceed }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The second evaluation of packets to the router: where it can differ, and what it leaves out (DESIGN §3.1).
import NetworkTypes
import PolicyModel

/// The bindings for the second pass: those filters that could decide differently; empty where none could.
func secondPass(of bindings: [FilterBinding]) -> [FilterBinding] {
    var versions: [Set<AddressFamily>] = Array(repeating: [], count: bindings.count)
    for version in AddressFamily.allCases {
        let filters = bindings.map { $0.bodies[version]?.steps ?? [] }
        for index in evaluatedAgain(filters) { versions[index].insert(version) }
    }
    return zip(bindings, versions).compactMap { binding, versions in
        // A policer alone does nothing the second time.
        guard !versions.isEmpty, !binding.bodies.values.contains(where: \.acceptsRest) else { return nil }
        var binding = binding
        binding.bodies = binding.bodies.filter { versions.contains($0.key) }.mapValues { body in
            var body = body
            body.steps = body.steps.map(secondTime)
            return body
        }
        return binding
    }
}

/// Which filters of one interface are to be asked again about packets of one version.
///
/// The second time each of them meets what all of them changed the first time.
private func evaluatedAgain(_ filters: [[FilterStep]]) -> Set<Int> {
    let changes = filters.map(ContextChanges.init)
    let all = changes.reduce(ContextChanges()) { $0.union($1) }
    var result = Set(filters.indices.filter { index in filters[index].contains { canDiffer($0.match, all) } })
    // One that is asked again overwrites anew what the other one wrote, so that one must write again too.
    for index in filters.indices where result.contains(where: { !changes[$0].isDisjoint(with: changes[index]) }) {
        result.insert(index)
    }
    return result
}

/// A step as it is the second time: policers act as conforming, nothing is logged; counters stay, under names of their own.
private func secondTime(_ step: FilterStep) -> FilterStep {
    var step = step
    step.actions = step.actions.compactMap { (action) -> StepAction? in
        switch action {
        case .log, .meter, .packetMode, .copy, .chooseRoutingTable: return nil
        case .count, .setForwardingClass, .setLossPriority, .setDSCP, .setDontFragment: return action
        case .meterByAddress(var array):
            array.meter = nil
            return array.counts ? .meterByAddress(array) : nil
        }
    }
    return step
}

/// What the first pass can change of what conditions read.
private struct ContextChanges: OptionSet {
    let rawValue: UInt8
    static let forwardingClass = Self(rawValue: 1)
    static let lossPriority = Self(rawValue: 2)
    static let dscp = Self(rawValue: 4)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What these steps change together.
    init(of steps: [FilterStep]) {
        self = []
        for step in steps {
            for action in step.actions {
                switch action {
                case .setForwardingClass: insert(.forwardingClass)
                case .setLossPriority: insert(.lossPriority)
                case .setDSCP: insert(.dscp)
                case .meter, .meterByAddress:
                    guard let scheme = action.meter?.scheme else { continue }
                    if scheme.changesForwardingClass { insert(.forwardingClass) }
                    if scheme.changesLossPriority { insert(.lossPriority) }
                case .count, .log, .packetMode, .copy, .setDontFragment, .chooseRoutingTable: break
                }
            }
        }
    }
}

/// Whether a condition reads what the first pass changed, or what reassembly changes.
private func canDiffer(_ match: MatchExpression, _ changes: ContextChanges) -> Bool {
    match.clauses.joined().contains { condition in
        // Reassembly takes the fragment header away and shows what stood behind it.
        condition.readsExtensionHeaders || condition.fields.contains { canDiffer($0, changes) }
    }
}

/// Whether a field can be another one in the second pass.
private func canDiffer(_ field: PacketField, _ changes: ContextChanges) -> Bool {
    switch field {
    case .fragmentWord, .ipv6FragmentWord, .ipv6FragmentNextHeader, .ipv6NextHeader, .packetLength: true
    // Free bytes of the IP header: lengths and fragments may be among them.
    case .bytes(let place, _, _): place == .networkHeader
    case .forwardingClass: changes.contains(.forwardingClass)
    case .lossPriority: changes.contains(.lossPriority)
    case .trafficClassOctet: changes.contains(.dscp)
    default: false
    }
}

// SPDX-License-Identifier: Apache-2.0
// The second evaluation of packets to the router: where it can differ, and what it leaves out (DESIGN §3.1).
import NetworkTypes
import PolicyModel

/// The bindings for the second pass: those filters that could decide differently; empty where none could.
func secondPass(of bindings: [FilterBinding]) -> [FilterBinding] {
    let protocolIndependent = ContextChanges(of: bindings.filter { $0.family == "any" }.flatMap(steps))
    return bindings.filter { binding in
        // What it changes itself, and what the family-any filter in front of it changes.
        let own = steps(of: binding)
        let changes = protocolIndependent.union(ContextChanges(of: own))
        return own.contains { canDiffer($0.match, changes) }
    }.map { binding in
        var binding = binding
        for (version, body) in binding.bodies {
            var body = body
            body.steps = body.steps.map { step in
                var step = step
                // Policers act as conforming, nothing is logged; counters stay, under names of their own.
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
            binding.bodies[version] = body
        }
        return binding
    }
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
                case .count, .log, .packetMode, .setDontFragment, .chooseRoutingTable: break
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

private func steps(of binding: FilterBinding) -> [FilterStep] { binding.bodies.values.flatMap(\.steps) }

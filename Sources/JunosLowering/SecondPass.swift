// SPDX-License-Identifier: Apache-2.0
// The second evaluation of packets to the router: where it can differ, and what it leaves out (DESIGN §3.1).
import NetworkTypes
import PolicyModel

/// The bindings for the second pass: those filters that could decide differently; empty where none could.
func secondPass(of bindings: [FilterBinding]) -> [FilterBinding] {
    let protocolIndependent = bindings.filter { $0.family == "any" }.flatMap(steps)
    return bindings.filter { binding in
        // What it changes itself, and what the family-any filter in front of it changes.
        let own = steps(of: binding)
        return own.contains { canDiffer($0.match, changedBy: protocolIndependent + own) }
    }.map { binding in
        var binding = binding
        for (version, body) in binding.bodies {
            var body = body
            body.steps = body.steps.map { step in
                var step = step
                // Policers act as conforming, nothing is logged; counters stay, under names of their own.
                step.actions.removeAll { action in
                    switch action {
                    case .log, .meter, .packetMode, .chooseRoutingTable: true
                    case .count, .setForwardingClass, .setLossPriority, .setDSCP, .setDontFragment: false
                    }
                }
                return step
            }
            binding.bodies[version] = body
        }
        return binding
    }
}

/// Whether a condition reads what the first pass changed, or what reassembly changes.
private func canDiffer(_ match: MatchExpression, changedBy steps: [FilterStep]) -> Bool {
    match.clauses.joined().contains { condition in
        // Reassembly takes the fragment header away.
        if case .extensionHeader(44, _) = condition { return true }
        guard case .field(let field, _, _) = condition else { return false }
        switch field {
        case .fragmentWord, .ipv6FragmentWord, .packetLength: return true
        case .forwardingClass:
            return changes(steps) { action in
                if case .setForwardingClass = action { return true }
                if case .meter(let meter) = action { return meter.forwardingClass != nil }
                return false
            }
        case .lossPriority:
            return changes(steps) { action in
                if case .setLossPriority = action { return true }
                if case .meter(let meter) = action { return meter.lossPriority != nil }
                return false
            }
        case .trafficClassOctet:
            return changes(steps) { action in
                if case .setDSCP = action { return true }
                return false
            }
        default: return false
        }
    }
}

private func changes(_ steps: [FilterStep], _ isChange: (StepAction) -> Bool) -> Bool {
    steps.contains { $0.actions.contains(where: isChange) }
}

private func steps(of binding: FilterBinding) -> [FilterStep] { binding.bodies.values.flatMap(\.steps) }

// SPDX-License-Identifier: Apache-2.0
// The second evaluation of packets to the router: where it can differ, and what it leaves out (DESIGN §3.1).
import NetworkTypes
import PolicyModel

/// The bindings for the second pass: each filter that could decide otherwise than in the first, version by version.
func secondPass(of bindings: [FilterBinding]) -> [FilterBinding] {
    // What the filters of one version leave behind, all of them see the second time.
    var steps: [AddressFamily: [FilterStep]] = [:]
    for binding in bindings {
        for (version, body) in binding.bodies { steps[version, default: []] += body.steps }
    }
    return bindings.compactMap { binding in
        var binding = binding
        binding.bodies = binding.bodies.filter { version, body in
            body.steps.contains { canDiffer($0.match, changedBy: steps[version] ?? []) }
        }
        for version in binding.bodies.keys {
            // Policers act as conforming, nothing is logged; counters stay, under names of their own.
            for index in binding.bodies[version]?.steps.indices ?? 0..<0 {
                binding.bodies[version]?.steps[index].actions.removeAll { action in
                    switch action {
                    case .log, .meter, .packetMode: true
                    case .count, .setForwardingClass, .setLossPriority, .setDSCP: false
                    }
                }
            }
        }
        return binding.bodies.isEmpty ? nil : binding
    }
}

private let fragmentHeader: UInt8 = 44

/// Whether a condition reads what the first pass changed, or what reassembly changes.
private func canDiffer(_ match: MatchExpression, changedBy steps: [FilterStep]) -> Bool {
    match.clauses.joined().contains { condition in
        // Reassembly takes the IPv6 fragment header away.
        if case .extensionHeader(fragmentHeader, _) = condition { return true }
        guard case .field(let field, _, let values) = condition else { return false }
        switch field {
        case .ipv6NextHeader: return values.intervals.contains { $0.contains(UInt128(fragmentHeader)) }
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

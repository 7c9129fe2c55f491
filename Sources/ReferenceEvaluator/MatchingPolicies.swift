// SPDX-License-Identifier: Apache-2.0
// Every policy that would have a say about a first packet, in the order of look-up (flow reference §6.1, §9.2).
public import NetworkTypes

extension ReferenceEvaluator {
    /// Keys of the hit counts of policies that match, the deciding one first; nil stands for what decides where no
    /// policy does.
    ///
    /// - Parameters:
    ///   - from: The zones; nil zones ask the global policies for any zone alone.
    ///   - limit: How many at most.
    public func matchingPolicies(from: String?, to: String?, _ packet: Packet, limit: Int) -> [String?] {
        guard let policies else { return [] }
        let header = packet.header
        var found: [String] = []
        if let from, let to {
            found += (policies.contexts[.init(from: from, to: to)] ?? []).lazy
                .filter { $0.isActive(at: policies.now) && $0.matches(header) }.prefix(limit).map(\.hitKey)
        }
        for global in policies.globals where found.count < limit {
            guard global.applies(from: from, to: to), global.policy.isActive(at: policies.now),
                global.policy.matches(header)
            else { continue }
            found.append(global.policy.hitKey)
        }
        return found.isEmpty ? [nil] : found
    }
}

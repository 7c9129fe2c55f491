// SPDX-License-Identifier: Apache-2.0
// Whose session it is: the number in `ct mark` as the policy that it stands for (DESIGN §4, recorded state).
import Conntrack
public import JunosLowering
import JunosModel
import PolicyModel
import ReferenceEvaluator

/// Policies by the number that their sessions carry.
public struct PolicyOwners: Hashable, Sendable {
    /// The bits of `ct mark` that name the owner.
    static let mask: UInt32 = 0xffff
    private var identities: [UInt16: PolicyIdentity] = [:]
    private var indices: [String: UInt16] = [:]

    /// Takes the numbers of a compiled configuration.
    public init(_ numbered: [PolicyIdentity: UInt16]) {
        for (identity, index) in numbered {
            identities[index] = identity
            indices[identity.hitKey] = index
        }
    }

    /// The number in a mark; 0 where no policy was asked.
    static func index(_ mark: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: mark & mask) }

    /// The configured policy that a mark names; nil for the implicit ones and for unknown numbers.
    func identity(_ mark: UInt32) -> PolicyIdentity? { identities[Self.index(mark)] }

    /// The owner that a mark names; nil for an unknown number.
    func owner(_ mark: UInt32) -> SessionOwner? {
        switch Self.index(mark) {
        case FlowPolicy.selfTrafficIndex: .selfTraffic
        case FlowPolicy.defaultPolicyIndex: .defaultPolicy
        case let index: identities[index].map { .policy(hitKey: $0.hitKey) }
        }
    }

    /// The number of an owner; nil if it has none.
    func index(of owner: SessionOwner) -> UInt16? {
        switch owner {
        case .selfTraffic: FlowPolicy.selfTrafficIndex
        case .defaultPolicy: FlowPolicy.defaultPolicyIndex
        case .policy(let key): indices[key]
        }
    }
}

extension PolicyIdentity {
    /// The key under which the policy's hits are counted.
    var hitKey: String { "\(from)/\(to)/\(name)" }
}

extension PlacedPolicy {
    /// Its name among all.
    var identity: PolicyIdentity { PolicyIdentity(from: from, to: to, name: policy.name) }
}

/// The identities of all policies of a configuration.
func policyIdentities(_ configuration: JunosConfiguration) -> Set<PolicyIdentity> {
    Set((configuration.security?.placedPolicies ?? []).map(\.identity))
}

// SPDX-License-Identifier: Apache-2.0
// What a kernel table holds, as values: the form in which desired and observed programs are compared.

/// The protocol family of a table (`NFPROTO_*`).
public enum TableFamily: String, Hashable, Sendable, CaseIterable {
    case inet
    case ip
    case ip6
    case arp
    case bridge
    case netdev
}

/// One table with all that lives in it, as compiled or as read back.
///
/// Equality is structural. Names are identity; order matters only for the rules of a chain.
public struct Table: Hashable, Sendable {
    /// Its protocol family.
    public var family: TableFamily
    /// Its name.
    public var name: String
    /// Table flags as the kernel reports them (`NFT_TABLE_F_*`).
    public var flags: UInt32
    /// Chains by name.
    public var chains: [String: Chain]
    /// Sets and maps by name.
    public var sets: [String: NamedSet]
    /// Stateful objects by kind and name.
    public var objects: [ObjectKey: StatefulObject]

    /// Makes a table.
    public init(
        family: TableFamily,
        name: String,
        flags: UInt32 = 0,
        chains: [String: Chain] = [:],
        sets: [String: NamedSet] = [:],
        objects: [ObjectKey: StatefulObject] = [:]
    ) {
        self.family = family
        self.name = name
        self.flags = flags
        self.chains = chains
        self.sets = sets
        self.objects = objects
    }
}

/// A base chain's place in the stack.
public struct BaseChain: Hashable, Sendable {
    /// The netfilter hook (`NF_INET_*`).
    public enum Hook: String, Hashable, Sendable, CaseIterable {
        case prerouting
        case input
        case forward
        case output
        case postrouting
        case ingress
        case egress
    }

    /// The chain type.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case filter
        case nat
        case route
    }

    /// What happens to a packet that reaches the end.
    public enum Policy: String, Hashable, Sendable, CaseIterable {
        case accept
        case drop
    }

    /// The chain type.
    public var kind: Kind
    /// The hook.
    public var hook: Hook
    /// The priority; no two base chains of one hook may share it (kernel facts T11).
    public var priority: Int32
    /// The policy.
    public var policy: Policy
    /// Devices of a netdev chain; empty otherwise.
    public var devices: [String]

    /// Makes a base chain's place.
    public init(kind: Kind = .filter, hook: Hook, priority: Int32, policy: Policy = .drop, devices: [String] = []) {
        self.kind = kind
        self.hook = hook
        self.priority = priority
        self.policy = policy
        self.devices = devices
    }
}

/// A chain: a base chain if it has a place in the stack, else a regular one.
public struct Chain: Hashable, Sendable {
    /// Its name, at most 255 bytes.
    public var name: String
    /// Its place in the stack; nil for a regular chain.
    public var base: BaseChain?
    /// Its rules in order.
    public var rules: [Rule]

    /// Makes a chain.
    public init(name: String, base: BaseChain? = nil, rules: [Rule] = []) {
        self.name = name
        self.base = base
        self.rules = rules
    }
}

/// A rule: expressions evaluated from left to right until one breaks or gives a verdict.
///
/// The comment names where the rule came from, for people; it takes no part in equality (DESIGN §4, Origin).
public struct Rule: Sendable {
    /// The expressions in order; at most 128.
    public var expressions: [Expression]
    /// The configuration path it came from, shown by `nft`; at most 200 bytes reach the kernel.
    public var comment: String?
    /// Where it stands in the kernel, when it was read from there.
    public var handle: UInt64?

    /// Makes a rule.
    public init(_ expressions: [Expression], comment: String? = nil, handle: UInt64? = nil) {
        self.expressions = expressions
        self.comment = comment
        self.handle = handle
    }
}

extension Rule: Hashable {
    /// Two rules are equal if they do the same.
    public static func == (left: Rule, right: Rule) -> Bool { left.expressions == right.expressions }

    /// Hashes what the rule does.
    public func hash(into hasher: inout Hasher) { hasher.combine(expressions) }
}

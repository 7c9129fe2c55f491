// SPDX-License-Identifier: Apache-2.0
// The policy rules by which marked packets find their routing table, and the range of numbers that is ours
// (DESIGN §3.22).
public import NetworkTypes

/// What we own of the kernel's routing policy.
public enum RoutingOwnership {
    /// Priorities of rules.
    public static let priorities: ClosedRange<UInt32> = 20_000...20_255
    /// The table that bits 16 to 23 of a packet's mark lead to is this number and theirs.
    public static let firstTable: UInt32 = 20_000
    /// The bits of a mark that choose a table.
    public static let markMask: UInt32 = 0x00ff_0000
    /// The origin that our rules and routes carry (`rtm_protocol`); none of those that routing daemons use.
    static let origin: UInt8 = 214

    /// The rules for tables of the given numbers, 1 to 255.
    ///
    /// What the router itself sends, answers that carry the mark of what they answer among it, goes by its own routes
    /// and jumps over the others. Marks exclude each other, so the rules of all tables share a priority. A marked packet
    /// that no table took is refused: whatever is missing, it is never routed by the router's own table in silence.
    public static func rules(tables: some Sequence<UInt8>) -> Set<PolicyRule> {
        var rules: Set<PolicyRule> = []
        for family in AddressFamily.allCases {
            func add(_ priority: UInt32, _ selector: PolicyRule.Selector, _ action: PolicyRule.Action) {
                rules.insert(PolicyRule(family: family, priority: priority, selector: selector, action: action))
            }
            for index in tables {
                add(20_001, .mark(UInt32(index) << 16), .table(firstTable + UInt32(index)))
            }
            guard !rules.isEmpty else { return [] }
            add(20_000, .sentByRouter, .goTo(priority: 20_255))
            add(20_254, .anyMark, .unreachable)
            add(20_255, .everything, .nothing)
        }
        return rules
    }
}

/// One policy rule of ours.
public struct PolicyRule: Hashable, Sendable {
    /// Which packets it is for.
    public enum Selector: Hashable, Sendable {
        case everything
        /// Those that this host sends itself.
        case sentByRouter
        /// Those whose mark has this value in our bits.
        case mark(UInt32)
        /// Those with any of our bits set.
        case anyMark
    }

    /// What it does with them.
    public enum Action: Hashable, Sendable {
        /// Asks a table; if that has no route, the next rule decides.
        case table(UInt32)
        /// Refuses them.
        case unreachable
        /// Goes on with the rule of that priority.
        case goTo(priority: UInt32)
        /// Goes on with the next rule.
        case nothing
    }

    /// The packets' family.
    public var family: AddressFamily
    /// Lower ones come first.
    public var priority: UInt32
    /// Which packets it is for.
    public var selector: Selector
    /// What it does with them.
    public var action: Action

    /// Makes a rule.
    public init(family: AddressFamily, priority: UInt32, selector: Selector, action: Action) {
        self.family = family
        self.priority = priority
        self.selector = selector
        self.action = action
    }
}

extension PolicyRule: CustomStringConvertible {
    /// As `ip rule` has it.
    public var description: String {
        let packets =
            switch selector {
            case .everything: "all"
            case .sentByRouter: "all iif lo"
            case .mark(let mark): "all fwmark 0x\(String(mark, radix: 16))"
            case .anyMark: "all with a mark"
            }
        let fate =
            switch action {
            case .table(let table): "lookup \(table)"
            case .unreachable: "unreachable"
            case .goTo(let priority): "goto \(priority)"
            case .nothing: "nop"
            }
        return "\(family.rawValue) rule \(priority): from \(packets) \(fate)"
    }
}

// SPDX-License-Identifier: Apache-2.0
// Policy rules as rtnetlink has them.
import CNetfilterShims
import Glibc
import Netlink
import NetworkTypes

/// Attribute numbers of rules (linux/fib_rules.h) that the importer does not give as numbers.
private enum RuleAttribute {
    static let inputInterface = UInt32(FRA_IIFNAME)
    static let goTo = UInt32(FRA_GOTO)
    static let priority = UInt32(FRA_PRIORITY)
    static let mark = UInt32(FRA_FWMARK)
    static let table = UInt32(FRA_TABLE)
    static let markMask = UInt32(FRA_FWMASK)
    static let origin = UInt32(FRA_PROTOCOL)
    static let suppressedPrefix = UInt32(FRA_SUPPRESS_PREFIXLEN)
}

/// `FIB_RULE_INVERT`: the rule is for what its selector does not describe.
private let inverted: UInt32 = 2

/// A rule in our range as it was read.
struct ObservedRule {
    /// The rule; nil if it is none that we would make.
    var rule: PolicyRule?
    var priority: UInt32
    var family: AddressFamily
    /// Whether it carries our origin.
    var isOurs: Bool
    /// The message's payload, by which it can be deleted.
    var payload: [UInt8]
}

extension PolicyRule {
    /// The payload of a request to add or delete it.
    var payload: [UInt8] {
        var writer = AttributeWriter()
        var flags: UInt32 = 0
        if case .anyMark = selector { flags = inverted }
        let number: UInt8 =
            switch action {
            case .table: UInt8(FR_ACT_TO_TBL)
            case .unreachable: UInt8(FR_ACT_UNREACHABLE)
            case .goTo: UInt8(FR_ACT_GOTO)
            case .nothing: UInt8(FR_ACT_NOP)
            }
        // struct fib_rule_hdr: family, prefix lengths, TOS, table, two reserved, action, flags.
        writer.raw([familyNumber(family), 0, 0, 0, 0, 0, 0, number] + hostOrder(flags))
        writer.put(RuleAttribute.priority, host32: priority)
        writer.put(RuleAttribute.origin, [RoutingOwnership.origin])
        switch selector {
        case .everything: break
        case .sentByRouter: writer.put(RuleAttribute.inputInterface, text: "lo")
        case .mark(let mark):
            writer.put(RuleAttribute.mark, host32: mark)
            writer.put(RuleAttribute.markMask, host32: RoutingOwnership.markMask)
        case .anyMark:
            // Inverted: not those whose bits are all clear.
            writer.put(RuleAttribute.mark, host32: 0)
            writer.put(RuleAttribute.markMask, host32: RoutingOwnership.markMask)
        }
        switch action {
        case .table(let table): writer.put(RuleAttribute.table, host32: table)
        case .goTo(let priority): writer.put(RuleAttribute.goTo, host32: priority)
        case .unreachable, .nothing: break
        }
        return writer.bytes
    }
}

extension ObservedRule {
    /// Reads a rule; nil for one outside our range.
    init?(_ message: NetlinkMessage) throws(MalformedAttributes) {
        let bytes = message.bytes
        guard bytes.count >= 12, let family = addressFamily(bytes[0]) else { return nil }
        var fields = try message.attributes(after: 12)
        let priority = fields.take(RuleAttribute.priority)?.host32 ?? 0
        guard RoutingOwnership.priorities.contains(priority) else { return nil }
        self.priority = priority
        self.family = family
        payload = bytes
        isOurs = fields.take(RuleAttribute.origin)?.byte == RoutingOwnership.origin
        let isInverted = bytes[8] & UInt8(inverted) != 0
        let table = fields.take(RuleAttribute.table)?.host32
        let target = fields.take(RuleAttribute.goTo)?.host32
        let mark = fields.take(RuleAttribute.mark)?.host32 ?? 0
        let mask = fields.take(RuleAttribute.markMask)?.host32
        let device = fields.take(RuleAttribute.inputInterface)?.text
        // Always there: no suppression is all ones.
        if let suppressed = fields.take(RuleAttribute.suppressedPrefix)?.host32, suppressed != .max { return }
        guard isOurs, fields.isExhausted, bytes[1...3].allSatisfy({ $0 == 0 }) else { return }
        let selector: PolicyRule.Selector
        switch (device, mask, isInverted) {
        case (nil, nil, false): selector = .everything
        case ("lo", nil, false): selector = .sentByRouter
        case (nil, RoutingOwnership.markMask, false): selector = .mark(mark)
        case (nil, RoutingOwnership.markMask, true) where mark == 0: selector = .anyMark
        default: return
        }
        let action: PolicyRule.Action
        switch (UInt32(bytes[7]), table, target) {
        case (UInt32(FR_ACT_TO_TBL), let table?, nil): action = .table(table)
        case (UInt32(FR_ACT_UNREACHABLE), _, nil): action = .unreachable
        case (UInt32(FR_ACT_GOTO), _, let target?): action = .goTo(priority: target)
        case (UInt32(FR_ACT_NOP), _, nil): action = .nothing
        default: return
        }
        rule = PolicyRule(family: family, priority: priority, selector: selector, action: action)
    }
}

/// The kernel's number of a family.
func familyNumber(_ family: AddressFamily) -> UInt8 { UInt8(family == .inet ? AF_INET : AF_INET6) }

/// A family by the kernel's number.
func addressFamily(_ number: UInt8) -> AddressFamily? {
    AddressFamily.allCases.first { familyNumber($0) == number }
}

/// Four octets in host order.
func hostOrder(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number.littleEndian >> (8 * $0)) }
}

// SPDX-License-Identifier: Apache-2.0
// Random actions of every kind that terms have (filters reference §4), and what they refer to.
import JunosModel

/// Makes what stands under `then`.
enum RandomActions {
    /// What a filter may be used for.
    enum Use: Hashable {
        /// Anywhere.
        case everywhere
        /// Where packets arrive, and nowhere else: actions that choose the packet's way (filters reference §4.1).
        case arrival
        /// Inside other filters too.
        case nested
    }

    /// The messages of `reject` by family (filters reference §4.2).
    static let messages: [FilterFamily: [String]] = [
        .inet: [
            "network-unreachable", "host-unreachable", "protocol-unreachable", "port-unreachable",
            "fragmentation-needed", "source-route-failed", "network-unknown", "host-unknown", "source-host-isolated",
            "network-prohibited", "host-prohibited", "bad-network-tos", "bad-host-tos",
            "administratively-prohibited", "precedence-violation", "precedence-cutoff",
        ],
        .inet6: [
            "no-route", "administratively-prohibited", "beyond-scope", "address-unreachable", "port-unreachable",
            "policy-failed", "reject-route",
        ],
    ]

    /// Policers whose judgement does not depend on time: their buckets are never empty, or too small for every packet
    /// that their terms let in (filters reference §4.4, §4.5).
    private static let conforming = [
        "policer never", "policer seldom", "three-color-policer two-rate green", "three-color-policer single-rate blue",
    ]
    private static let exceeding = [
        "policer drops", "policer drops-all", "policer marks", "three-color-policer two-rate yellow",
        "three-color-policer two-rate red", "three-color-policer two-rate kills",
        "three-color-policer two-rate aware", "prefix-action dropping",
    ]

    /// The definitions of what actions name.
    static let definitions =
        [
            "class-of-service forwarding-classes class gold queue-num 2",
            "routing-instances R instance-type forwarding", "routing-instances V instance-type virtual-router",
            "firewall family inet prefix-action counting count",
            "firewall family inet prefix-action counting subnet-prefix-length 29",
            "firewall family inet prefix-action counting destination-prefix-length 32",
            "firewall family inet prefix-action dropping policer drops",
            "firewall family inet prefix-action dropping count",
            "firewall family inet prefix-action dropping filter-specific",
            "firewall family inet prefix-action dropping subnet-prefix-length 30",
            "firewall family inet prefix-action dropping source-prefix-length 31",
            "firewall policer never if-exceeding bandwidth-limit 10g burst-size-limit 1g",
            "firewall policer never then discard",
            "firewall policer seldom if-exceeding-pps pps-limit 1000000 packet-burst 100000",
            "firewall policer seldom filter-specific", "firewall policer seldom then discard",
            "firewall policer marks then forwarding-class assured-forwarding",
        ]
        + [("drops", "discard"), ("drops-all", "discard"), ("marks", "loss-priority high")].flatMap { name, action in
            [
                "firewall policer \(name) if-exceeding bandwidth-limit 8k burst-size-limit 1500",
                "firewall policer \(name) then \(action)",
            ]
        }
        + ["firewall policer drops-all filter-specific", "forwarding-options packet-capture file filename taken"]
        + ["port-mirroring", "port-mirroring instance M"].flatMap { mirror in
            ["inet", "inet6"].map { "forwarding-options \(mirror) family \($0) output interface eth2.0" }
        }
        + threeColor("green", "two-rate color-blind", committed: "10g 1g", peak: "20g 2g")
        + threeColor("yellow", "two-rate color-blind", committed: "8k 1500", peak: "10g 1g")
        + threeColor("red", "two-rate color-blind", committed: "8k 1500", peak: "9k 1500")
        + threeColor("kills", "two-rate color-aware", committed: "8k 1500", peak: "9k 1500")
        + ["firewall three-color-policer kills action loss-priority high then discard"]
        + threeColor("blue", "single-rate color-blind", committed: "10g 1g", excess: "1g")
        + threeColor("aware", "two-rate color-aware", committed: "8k 1500", peak: "10g 1g")

    private static func threeColor(
        _ name: String,
        _ kind: String,
        committed: String,
        peak: String? = nil,
        excess: String? = nil
    ) -> [String] {
        let words = kind.split(separator: " ")
        let path = "firewall three-color-policer \(name) \(words[0])"
        let rates = (committed.split(separator: " "), peak?.split(separator: " "))
        return [
            "\(path) \(words[1])", "\(path) committed-information-rate \(rates.0[0])",
            "\(path) committed-burst-size \(rates.0[1])",
        ]
            + (rates.1.map { ["\(path) peak-information-rate \($0[0])", "\(path) peak-burst-size \($0[1])"] } ?? [])
            + (excess.map { ["\(path) excess-burst-size \($0)"] } ?? [])
    }

    /// Every action that the terms of a family have, values left out where they are free.
    static func all(_ family: FilterFamily) -> [String] {
        let policers = (conforming + exceeding).filter { family == .inet || !$0.hasPrefix("prefix-action") }
        let both = [
            "nothing", "accept", "discard", "next term", "count", "log", "syslog", "port-mirror",
            "port-mirror-instance M", "forwarding-class", "loss-priority",
            "routing-instance R", "routing-instance V", "routing-instance default",
        ]
        guard let messages = messages[family] else { return both + policers }
        let ways = ["sample", "packet-mode", "next-interface eth2.0", "next-interface eth2.0 next term"]
        let rewriting =
            family == .inet
            ? [
                "dscp", "next-ip", "dont-fragment set", "dont-fragment clear", "prefix-action counting",
            ] : ["traffic-class", "next-ip6"]
        return both + policers + ways + rewriting + ["reject", "reject tcp-reset"] + messages.map { "reject \($0)" }
    }

    /// The lines under `then` of one term; what they need of the packet goes into its conditions.
    static func term(
        _ family: FilterFamily,
        _ use: Use,
        isLast: Bool,
        _ from: inout [String],
        _ edges: inout Edges,
        _ dice: inout Dice
    ) -> [String] {
        var lines: [String] = []
        if dice.chance(60) { lines.append("count c\(dice.number(1...4))") }
        lines += policer(family, &from, &edges, &dice)
        if dice.chance(5) { lines.append(dice.pick(["log", "syslog"])) }
        if dice.chance(4), family != .any { lines.append("sample") }
        if dice.chance(4) { lines.append(dice.pick(["port-mirror", "port-mirror-instance M"])) }
        if dice.chance(20) { lines.append("forwarding-class \(dice.pick(predefinedForwardingClasses + ["gold"]))") }
        if dice.chance(20), !lines.contains(where: { $0.hasPrefix("three-color") }) {
            lines.append("loss-priority \(dice.pick(["low", "medium-low", "medium-high", "high"]))")
        }
        if dice.chance(12), family == .inet { lines.append("dscp \(dice.below(64))") }
        if dice.chance(12), family == .inet6 { lines.append("traffic-class \(dice.below(64))") }
        if dice.chance(3), family != .any, use != .nested { lines.append("packet-mode") }
        if use == .arrival, family == .inet, dice.chance(30) {
            lines.append("dont-fragment \(dice.pick(["set", "clear"]))")
        }
        return lines + outcome(family, use, isLast: isLast, &dice)
    }

    private static func policer(
        _ family: FilterFamily,
        _ from: inout [String],
        _ edges: inout Edges,
        _ dice: inout Dice
    ) -> [String] {
        if dice.chance(10) {
            let line = dice.pick(conforming + (family == .inet ? ["prefix-action counting"] : []))
            return [line]
        }
        guard dice.chance(family == .any ? 20 : 12), !from.contains(where: { $0.hasPrefix("packet-length") }) else {
            return []
        }
        // Longer than the bucket is deep: over it at any time.
        from.append("packet-length 1501-9000")
        edges.add("packet-length", 1501...9000)
        return [dice.pick(family == .inet ? exceeding : exceeding.filter { !$0.hasPrefix("prefix-action") })]
    }

    private static func outcome(_ family: FilterFamily, _ use: Use, isLast: Bool, _ dice: inout Dice) -> [String] {
        if use == .arrival, dice.chance(40) {
            var ways = ["routing-instance R", "routing-instance V", "routing-instance default"]
            if family != .any { ways += ["next-interface eth2.0"] }
            if family != .any, !isLast { ways += ["next-interface eth2.0 next term"] }
            if family == .inet { ways += ["next-ip 192.168.2.7"] }
            if family == .inet6 { ways += ["next-ip6 2fff:2::7"] }
            return [dice.pick(ways)]
        }
        switch dice.below(12) {
        case 0, 1: return ["accept"]
        case 2, 3: return ["discard"]
        case 4...5 where family != .any:
            if dice.chance(30) { return ["reject tcp-reset"] }
            return ["reject" + (dice.chance(20) ? "" : " \(dice.pick(messages[family] ?? []))")]
        case 6...8: return isLast ? [] : ["next term"]
        default: return []
        }
    }
}

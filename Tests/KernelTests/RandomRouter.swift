// SPDX-License-Identifier: Apache-2.0
// Random valid configurations of a plain router: filters of every family, in lists, nested, at devices and at lo0.
import Engine
import JunosModel
import NetworkTypes

/// A router whose filters are thrown by dice.
struct RandomRouter {
    /// One term as its lines.
    struct Term: Hashable {
        var name: String
        var from: [String] = []
        var then: [String] = []
        /// The filter whose terms stand in its place.
        var nested: String?
    }

    /// One filter.
    struct Filter: Hashable {
        var family: FilterFamily
        var name: String
        var isInterfaceSpecific: Bool
        var terms: [Term]
    }

    /// All filters; those that others refer to come first.
    var filters: [Filter] = []
    /// `unit … filter …` of interfaces.
    private var attachments: [String] = []
    /// What all routers have, and the prefix lists.
    private var rest: [String] = []
    /// Edges of everything that the conditions say.
    let edges: Edges

    /// Addresses of the devices; nothing else is in these networks.
    static let own: [AddressFamily: [String: String]] = [
        .inet: ["eth1": "192.168.1.1", "eth2": "192.168.2.1"], .inet6: ["eth1": "2fff:1::1", "eth2": "2fff:2::1"],
    ]

    init(_ dice: inout Dice) {
        var conditions = RandomConditions(&dice)
        for (name, prefixes) in conditions.prefixLists.sorted(by: { $0.key < $1.key }) {
            rest.append("set policy-options prefix-list \(name)")
            for prefix in prefixes { rest.append("set policy-options prefix-list \(name) \(prefix)") }
        }
        rest += Self.surroundings
        for family in FilterFamily.allCases {
            conditions.isInet6 = family == .inet6
            guard family != .any || dice.chance(40) else { continue }
            for number in 1...4 {
                filters.append(
                    Filter(
                        family: family,
                        name: "F\(number)",
                        isInterfaceSpecific: dice.chance(30),
                        terms: Self.terms(family, nested: number > 1 && family != .any ? "F1" : nil, &conditions, &dice)
                    )
                )
            }
        }
        edges = conditions.edges
        attachments = attach(&dice)
    }

    private static let surroundings =
        [
            "set firewall policer never if-exceeding bandwidth-limit 10g burst-size-limit 1g",
            "set firewall policer never then discard",
            "set firewall policer drops if-exceeding bandwidth-limit 8k burst-size-limit 1500",
            "set firewall policer drops then discard",
            "set firewall policer marks if-exceeding bandwidth-limit 8k burst-size-limit 1500",
            "set firewall policer marks then loss-priority high",
            "set firewall policer marks then forwarding-class assured-forwarding",
            "set firewall interface-set S eth2.0",
            "set interfaces lo0 unit 0 family inet",
            "set interfaces lo0 unit 0 family inet6",
        ]
        + ["eth1", "eth2"].flatMap { name in
            [
                "set interfaces \(name) mtu 9000",
                "set interfaces \(name) unit 0 family inet address \(own[.inet]?[name] ?? "")/24",
                "set interfaces \(name) unit 0 family inet6 address \(own[.inet6]?[name] ?? "")/64",
            ]
        }

    private static func terms(
        _ family: FilterFamily,
        nested: String?,
        _ conditions: inout RandomConditions,
        _ dice: inout Dice
    ) -> [Term] {
        let count = dice.number(2...8)
        return (1...count).map { number in
            var term = Term(name: "t\(number)")
            if let nested, dice.chance(8) {
                term.nested = nested
                return term
            }
            let isLast = number == count
            // The last one often takes everything, so that not all packets end at the implicit discard.
            term.from = isLast && dice.chance(50) ? [] : conditions.term(family, &dice)
            term.then = actions(family, isLast: isLast, &term.from, &dice)
            return term
        }
    }

    private static func actions(
        _ family: FilterFamily,
        isLast: Bool,
        _ from: inout [String],
        _ dice: inout Dice
    ) -> [String] {
        var lines: [String] = []
        if dice.chance(60) { lines.append("count c\(dice.number(1...4))") }
        if dice.chance(10) { lines.append("policer never") }
        if dice.chance(6), !from.contains(where: { $0.hasPrefix("packet-length") }) {
            // Longer than the bucket is deep: over it at any time.
            from.append("packet-length 1501-9000")
            lines.append("policer \(dice.pick(["drops", "marks"]))")
        }
        if dice.chance(5), family != .any { lines.append(dice.pick(["log", "syslog"])) }
        if dice.chance(20) { lines.append("forwarding-class \(dice.pick(predefinedForwardingClasses))") }
        if dice.chance(20) {
            lines.append("loss-priority \(dice.pick(["low", "medium-low", "medium-high", "high"]))")
        }
        if dice.chance(12), family == .inet { lines.append("dscp \(dice.below(64))") }
        if dice.chance(12), family == .inet6 { lines.append("traffic-class \(dice.below(64))") }
        switch dice.below(10) {
        case 0, 1: lines.append("accept")
        case 2, 3: lines.append("discard")
        case 4 where family != .any: lines.append(reject(family, &dice))
        case 5, 6, 7: if !isLast { lines.append("next term") }
        default: break
        }
        return lines
    }

    private static func reject(_ family: FilterFamily, _ dice: inout Dice) -> String {
        let words =
            family == .inet
            ? [
                "network-unreachable", "host-unreachable", "protocol-unreachable", "port-unreachable",
                "source-route-failed", "network-unknown", "host-unknown", "source-host-isolated",
                "network-prohibited", "host-prohibited", "bad-network-tos", "bad-host-tos",
                "administratively-prohibited", "precedence-violation", "precedence-cutoff",
            ] : ["no-route", "administratively-prohibited", "beyond-scope", "address-unreachable", "port-unreachable"]
        if dice.chance(30) { return "reject tcp-reset" }
        return dice.chance(25) ? "reject" : "reject \(dice.pick(words))"
    }

    private func attach(_ dice: inout Dice) -> [String] {
        var lines: [String] = []
        for device in ["eth1", "eth2"] {
            let unit = "set interfaces \(device) unit 0"
            if filters.contains(where: { $0.family == .any }) {
                if dice.chance(60) { lines.append("\(unit) family any filter input F\(dice.number(1...4))") }
                if dice.chance(20) { lines.append("\(unit) family any filter output F\(dice.number(1...4))") }
            }
            for family in ["inet", "inet6"] {
                if dice.chance(50) { lines.append("\(unit) family \(family) filter group \(dice.number(1...8))") }
                // What arrives at eth1 is what most packets meet.
                for (way, percent) in [("input", device == "eth1" ? 95 : 50), ("output", 30)] where dice.chance(percent)
                {
                    if dice.chance(25) {
                        let names = dice.some(["F1", "F2", "F3", "F4"], atMost: 3)
                        for name in names { lines.append("\(unit) family \(family) filter \(way)-list \(name)") }
                    } else {
                        lines.append("\(unit) family \(family) filter \(way) F\(dice.number(1...4))")
                    }
                }
            }
        }
        for family in ["inet", "inet6"] {
            if dice.chance(40) {
                lines.append("set interfaces lo0 unit 0 family \(family) filter input F\(dice.number(1...4))")
            }
            if dice.chance(20) {
                lines.append("set interfaces lo0 unit 0 family \(family) filter output F\(dice.number(1...4))")
            }
        }
        return lines
    }

    /// The whole configuration.
    var text: String {
        var lines = rest
        for filter in filters {
            let path = "set firewall family \(filter.family.rawValue) filter \(filter.name)"
            if filter.isInterfaceSpecific { lines.append("\(path) interface-specific") }
            for term in filter.terms {
                let path = "\(path) term \(term.name)"
                if let nested = term.nested { lines.append("\(path) filter \(nested)") }
                for line in term.from { lines.append("\(path) from \(line)") }
                for line in term.then { lines.append("\(path) then \(line)") }
                // A term of neither would not be there at all.
                if term.nested == nil, term.from.isEmpty, term.then.isEmpty { lines.append("\(path) then accept") }
            }
        }
        return (lines + attachments).joined(separator: "\n")
    }

    /// The lines that say something of filters, for people.
    var shown: String {
        text.split(separator: "\n").filter { $0.contains("filter") || $0.contains("prefix-list") }
            .joined(separator: "\n")
    }
}

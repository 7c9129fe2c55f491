// SPDX-License-Identifier: Apache-2.0
// Every kind of condition that random terms have, by family (filters reference §3.2, §3.3); that none is missing is
// what the coverage of the random comparison checks.
import JunosModel

/// The kinds of each family.
enum RandomConditionKinds {
    private typealias Kind = RandomConditions.Kind

    /// The kinds that may stand in filters of one family.
    static func of(_ family: FilterFamily) -> [RandomConditions.Kind] {
        switch family {
        case .inet: inet
        case .inet6: inet6
        case .any: common
        }
    }

    private static let ports = 0...65535
    private static let portNames = ["ssh", "http", "https", "domain", "bgp", "radacct", "mobilip-mn"]

    private static let common: [Kind] = [
        Kind("packet-length") { $0.numbers("packet-length", 0...1600, &$1) },
        Kind("forwarding-class") {
            $0.words("forwarding-class", predefinedForwardingClasses + ["gold"], atMost: 2, &$1)
        },
        Kind("loss-priority") {
            $0.words("loss-priority", ["low", "medium-low", "medium-high", "high"], atMost: 2, &$1)
        },
        Kind("interface") { _, dice in
            [
                dice.pick([
                    "interface eth1.0", "interface eth2.0", "interface eth*", "interface eth9.0", "interface eth3.7",
                    "interface-set S", "interface-set S",
                ])
            ]
        },
        Kind("interface-group") { $0.numbers("interface-group", 0...8, &$1) },
        // Hints for hardware, which say nothing about packets.
        Kind("hint") { _, dice in
            [dice.pick(["source-port-range-optimize", "destination-port-range-optimize"])]
        },
    ]

    private static let transport: [Kind] =
        common + [
            Kind("addresses") { conditions, dice in conditions.addresses("source", &dice) },
            Kind("addresses") { conditions, dice in conditions.addresses("destination", &dice) },
            Kind("addresses") { conditions, dice in
                conditions.addresses("source", &dice) + conditions.addresses("destination", &dice)
            },
            Kind("addresses") { conditions, dice in conditions.addresses("", &dice) },
            Kind("ports") { $0.numbers("source-port", ports, names: portNames, &$1) },
            Kind("ports") { $0.numbers("destination-port", ports, names: portNames, &$1) },
            Kind("ports") {
                $0.numbers("source-port", ports, &$1) + $0.numbers("destination-port", ports, &$1)
            },
            Kind("ports") { $0.numbers("port", ports, names: portNames, &$1) },
            Kind("icmp") { $0.numbers("icmp-type", 0...255, names: ["echo-request", "redirect"], &$1) },
            Kind("icmp") {
                $0.numbers("icmp-type", 0...15, &$1)
                    + $0.numbers("icmp-code", 0...15, names: ["port-unreachable"], &$1)
            },
            Kind("tcp-flags") { _, dice in
                let words = ["fin", "syn", "rst", "push", "ack", "urgent", "0x03", "0x12", "0x3f"]
                return ["tcp-flags \"\(expression(&dice, depth: 2, words))\""]
            },
            Kind("tcp") { _, dice in [dice.pick(["tcp-established", "tcp-initial"])] },
            Kind("fragment") { _, dice in [dice.pick(["is-fragment", "first-fragment"])] },
            Kind("gre-key") { $0.numbers("gre-key", 0...70000, &$1) },
            Kind("flexible-mask") { conditions, dice in conditions.flexibleMask(&dice) },
            Kind("flexible-range") { conditions, dice in conditions.flexibleRange(&dice) },
        ]

    private static let inet: [Kind] =
        transport + [
            Kind("protocol") { $0.numbers("protocol", 0...60, names: ["tcp", "udp", "icmp", "esp", "gre"], &$1) },
            Kind("fragment-offset") { $0.numbers("fragment-offset", 0...300, &$1) },
            Kind("fragment-flags") { _, dice in
                let words = ["dont-fragment", "more-fragments", "reserved", "0x4", "0x2", "0x6", "0x8"]
                return ["fragment-flags \"\(expression(&dice, depth: 1, words))\""]
            },
            Kind("ttl") { $0.numbers("ttl", 1...255, &$1) },
            Kind("dscp") { $0.numbers("dscp", 0...63, names: ["ef", "af11", "cs0", "b001010", "0x2e"], &$1) },
            Kind("dscp") { $0.numbers("precedence", 0...7, names: ["critical-ecp", "routine"], &$1) },
            Kind("ip-options") { conditions, dice in
                let names = [
                    "route-record", "loose-source-route", "strict-source-route", "router-alert", "timestamp",
                    "security", "stream-id", "0", "1", "2-6", "200",
                ]
                return dice.chance(30)
                    ? conditions.words("ip-options", ["any"], atMost: 1, &dice)
                    : conditions.words("ip-options", names, atMost: 3, &dice)
            },
            Kind("spi") { $0.numbers("esp-spi", 0...70000, &$1) },
            Kind("spi") { $0.numbers("ah-spi", 0...70000, &$1) },
            Kind("sctp") { _, _ in ["sctp-initial"] },
        ]

    private static let inet6: [Kind] =
        transport + [
            Kind("protocol") { $0.numbers("next-header", 0...60, names: ["tcp", "udp", "icmp6", "fragment"], &$1) },
            Kind("protocol") { $0.numbers("payload-protocol", 0...60, names: ["tcp", "udp", "icmp6"], &$1) },
            Kind("extension-header") { conditions, dice in
                let names = ["ah", "destination", "esp", "fragment", "hop-by-hop", "mobility", "routing"]
                return dice.chance(30)
                    ? conditions.words("extension-header", ["any"], atMost: 1, &dice)
                    : conditions.words("extension-header", names, atMost: 2, &dice)
            },
            Kind("dscp") { $0.numbers("traffic-class", 0...63, names: ["ef", "af11", "be"], &$1) },
            Kind("ttl") { $0.numbers("hop-limit", 1...255, &$1) },
            Kind("fragment") { _, _ in ["last-fragment"] },
        ]
}

/// A bit expression over some words (filters reference §3.8).
private func expression(_ dice: inout Dice, depth: Int, _ words: [String]) -> String {
    guard depth > 0, dice.chance(60) else { return (dice.chance(30) ? "!" : "") + dice.pick(words) }
    let (left, right) = (expression(&dice, depth: depth - 1, words), expression(&dice, depth: depth - 1, words))
    let text = "\(left) \(dice.pick(["&", "|", "+", ","])) \(right)"
    return dice.chance(30) ? "\(dice.chance(50) ? "!" : "")(\(text))" : text
}

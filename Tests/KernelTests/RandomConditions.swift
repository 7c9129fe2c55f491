// SPDX-License-Identifier: Apache-2.0
// Random conditions of every kind that terms have, as `set` commands say them (filters reference §3).
import JunosModel
import NetworkTypes

/// Makes conditions and remembers the edges of their values.
struct RandomConditions {
    var edges = Edges()
    /// Prefix lists by name, as the configuration defines them.
    private(set) var prefixLists: [String: [Prefix]] = [:]

    init(_ dice: inout Dice) {
        for name in ["L1", "L2"] {
            prefixLists[name] = (0..<dice.number(1...5)).flatMap { _ in [prefix(.inet, &dice), prefix(.inet6, &dice)] }
        }
        prefixLists["EMPTY"] = []
        for list in prefixLists.values { for prefix in list { edges.add(prefix) } }
    }

    /// A kind of condition: keywords that cannot stand beside it, and how it is written.
    private struct Kind: Sendable {
        let group: String
        let write: @Sendable (inout RandomConditions, inout Dice) -> [String]

        init(_ group: String, _ write: @Sendable @escaping (inout RandomConditions, inout Dice) -> [String]) {
            self.group = group
            self.write = write
        }
    }

    /// The lines under `from` of one term.
    mutating func term(_ family: FilterFamily, _ dice: inout Dice) -> [String] {
        let kinds =
            switch family {
            case .inet: Self.inet
            case .inet6: Self.inet6
            case .any: Self.any
            }
        var groups: Set<String> = []
        var lines: [String] = []
        for _ in 0..<dice.pick([0, 1, 1, 1, 2, 2, 3]) {
            let kind = dice.pick(kinds)
            // What excludes each other in one term stands in one group.
            guard groups.insert(kind.group).inserted else { continue }
            lines += kind.write(&self, &dice)
        }
        // The commit check wants it (filters reference §3.1), and so most people write it.
        let readsTCP = lines.contains { $0.hasPrefix("tcp-") }
        if readsTCP, family == .inet6, !lines.contains("payload-protocol tcp") {
            lines = lines.filter { !$0.hasPrefix("payload-protocol") && !$0.hasPrefix("next-header") }
            lines.append(dice.chance(70) ? "payload-protocol tcp" : "next-header tcp")
        } else if readsTCP, dice.chance(40), groups.insert("protocol").inserted {
            lines.append("protocol tcp")
        }
        return lines
    }

    // MARK: Kinds

    private static let common: [Kind] = [
        Kind("packet-length") { $0.numbers("packet-length", 0...1600, except: true, &$1) },
        Kind("forwarding-class") { _, dice in
            let classes = dice.some(predefinedForwardingClasses, atMost: 2)
            return ["forwarding-class\(dice.chance(30) ? "-except" : "") \(list(classes))"]
        },
        Kind("loss-priority") { _, dice in
            let levels = dice.some(["low", "medium-low", "medium-high", "high"], atMost: 2)
            return ["loss-priority\(dice.chance(30) ? "-except" : "") \(list(levels))"]
        },
        Kind("interface") { _, dice in
            [
                dice.pick([
                    "interface eth1.0", "interface eth2.0", "interface eth*", "interface eth9.0", "interface-set S",
                ])
            ]
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
            Kind("ports") { $0.numbers("source-port", ports, except: true, &$1) },
            Kind("ports") { $0.numbers("destination-port", ports, except: true, &$1) },
            Kind("ports") {
                $0.numbers("source-port", ports, except: true, &$1)
                    + $0.numbers("destination-port", ports, except: true, &$1)
            },
            Kind("ports") { $0.numbers("port", ports, except: true, &$1) },
            Kind("icmp") { $0.numbers("icmp-type", 0...255, except: true, &$1) },
            Kind("icmp") {
                $0.numbers("icmp-type", 0...15, except: true, &$1) + $0.numbers("icmp-code", 0...15, except: true, &$1)
            },
            Kind("tcp-flags") { _, dice in ["tcp-flags \"\(flagExpression(&dice, depth: 2))\""] },
            Kind("tcp") { _, dice in [dice.pick(["tcp-established", "tcp-initial"])] },
            Kind("interface-group") { $0.numbers("interface-group", 0...8, except: true, &$1) },
            Kind("fragment") { _, dice in [dice.pick(["is-fragment", "first-fragment"])] },
        ]

    private static let inet: [Kind] =
        transport + [
            Kind("protocol") { $0.numbers("protocol", 0...60, except: true, &$1) },
            Kind("protocol") { _, dice in
                ["protocol \(list(dice.some(["tcp", "udp", "icmp", "esp", "gre"], atMost: 3)))"]
            },
            Kind("fragment-offset") { $0.numbers("fragment-offset", 0...300, except: true, &$1) },
            Kind("fragment-flags") { _, dice in
                let words = ["dont-fragment", "more-fragments", "reserved", "0x4", "0x2", "0x6", "0x8"]
                return ["fragment-flags \"\(expression(&dice, depth: 1, words))\""]
            },
            Kind("ttl") { $0.numbers("ttl", 1...255, except: true, &$1) },
            Kind("dscp") { $0.numbers("dscp", 0...63, except: true, &$1) },
            Kind("dscp") { $0.numbers("precedence", 0...7, except: true, &$1) },
            Kind("ip-options") { conditions, dice in
                if dice.chance(40) { return ["ip-options any"] }
                // The kernel can look for these (kernel facts §11).
                let names = ["route-record", "loose-source-route", "strict-source-route", "router-alert"]
                return ["ip-options\(dice.chance(25) ? "-except" : "") \(list(dice.some(names, atMost: 2)))"]
            },
            Kind("spi") { $0.numbers("esp-spi", 0...70000, except: true, &$1) },
            Kind("spi") { $0.numbers("ah-spi", 0...70000, except: true, &$1) },
        ]

    private static let inet6: [Kind] =
        transport + [
            Kind("protocol") { $0.numbers("next-header", 0...60, except: true, &$1) },
            Kind("protocol") { $0.numbers("payload-protocol", 0...60, except: true, &$1) },
            Kind("protocol") { _, dice in ["payload-protocol \(list(dice.some(["tcp", "udp", "icmp6"], atMost: 2)))"] },
            Kind("extension-header") { _, dice in
                let names = ["any", "ah", "destination", "esp", "fragment", "hop-by-hop", "mobility", "routing"]
                let chosen = dice.chance(30) ? ["any"] : dice.some(Array(names.dropFirst()), atMost: 2)
                return ["extension-header\(dice.chance(30) ? "-except" : "") \(list(chosen))"]
            },
            Kind("dscp") { $0.numbers("traffic-class", 0...63, except: true, &$1) },
            Kind("ttl") { $0.numbers("hop-limit", 1...255, except: true, &$1) },
            Kind("fragment") { _, _ in ["last-fragment"] },
        ]

    private static let any: [Kind] = common

    private static let ports = 0...65535

    // MARK: Values

    /// One to four values or ranges of a numeric condition, perhaps of its `-except` twin.
    private mutating func numbers(
        _ keyword: String,
        _ range: ClosedRange<Int>,
        except: Bool,
        _ dice: inout Dice
    ) -> [String] {
        let usual = [0, 1, 8, 17, 22, 53, 64, 80, 443, 1024, 2048, 65535].filter(range.contains)
        let values = (0..<dice.pick([1, 1, 2, 4])).map { _ in
            let low = dice.chance(40) && !usual.isEmpty ? dice.pick(usual) : dice.number(range)
            let high = dice.chance(50) ? low : min(range.upperBound, low + dice.below(dice.pick([2, 16, 4096])))
            edges.add(keyword, low...high)
            return low == high ? "\(low)" : "\(low)-\(high)"
        }
        return ["\(keyword)\(except && dice.chance(25) ? "-except" : "") \(list(values))"]
    }

    /// A prefix around one of a few addresses, so that prefixes nest.
    private func prefix(_ family: AddressFamily, _ dice: inout Dice) -> Prefix {
        let base: UInt128
        let length: Int
        switch family {
        case .inet:
            let low = dice.pick([UInt64(0), 1, 0x80, 0xff, dice.bits(16)])
            base = UInt128(dice.pick([0x0a14, 0x0a15, 0xac10] as [UInt64]) << 16 | low)
            length = dice.pick([8, 12, 16, 17, 22, 24, 25, 28, 30, 31, 32, 32, 32])
        case .inet6:
            let low = UInt128(dice.pick([UInt64(1), 2, 0xffff, dice.bits(32)]))
            base = UInt128(0x2001_0db8) << 96 | UInt128(dice.pick([1, 2, 0x8000] as [UInt64])) << 64 | low
            length = dice.pick([16, 32, 33, 47, 48, 64, 65, 96, 112, 127, 128, 128, 128])
        }
        let address = IPAddress(family, base)
        return Prefix(address, length: length)?.network ?? Prefix(host: address)
    }

    /// An address list of a field (nothing: either end), with exceptions and prefix lists.
    private mutating func addresses(_ field: String, _ dice: inout Dice) -> [String] {
        let family: AddressFamily = isInet6 ? .inet6 : .inet
        let (keyword, listKeyword) =
            field.isEmpty ? ("address", "prefix-list") : ("\(field)-address", "\(field)-prefix-list")
        var lines: [String] = []
        for _ in 0..<dice.pick([1, 1, 2, 3, 6]) {
            let prefix = prefix(family, &dice)
            edges.add(prefix)
            lines.append("\(keyword) \(prefix)\(dice.chance(25) ? " except" : "")")
        }
        if dice.chance(20) { lines.append("\(keyword) \(family == .inet ? "0.0.0.0/0" : "::/0")") }
        if family == .inet, dice.chance(10) {
            // Beside exceptions a mask with holes has no order that the kernel could keep.
            return ["\(keyword) 0.0.0.\(dice.pick([0, 1, 128, 255]))/0.0.0.255"]
        }
        if dice.chance(30) {
            lines.append("\(listKeyword) \(dice.pick(["L1", "L2", "EMPTY"]))\(dice.chance(30) ? " except" : "")")
        }
        return lines
    }

    /// Which version the addresses of the term that is being made have.
    var isInet6 = false
}

/// Values as a list.
private func list(_ values: [String]) -> String {
    values.count == 1 ? values[0] : "[ \(values.joined(separator: " ")) ]"
}

private func flagExpression(_ dice: inout Dice, depth: Int) -> String {
    expression(&dice, depth: depth, ["fin", "syn", "rst", "push", "ack", "urgent", "0x03", "0x12", "0x3f"])
}

/// A bit expression over some words (filters reference §3.8).
private func expression(_ dice: inout Dice, depth: Int, _ words: [String]) -> String {
    guard depth > 0, dice.chance(60) else { return (dice.chance(30) ? "!" : "") + dice.pick(words) }
    let (left, right) = (expression(&dice, depth: depth - 1, words), expression(&dice, depth: depth - 1, words))
    let text = "\(left) \(dice.pick(["&", "|", "+"])) \(right)"
    return dice.chance(30) ? "\(dice.chance(50) ? "!" : "")(\(text))" : text
}

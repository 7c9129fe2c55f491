// SPDX-License-Identifier: Apache-2.0
// A program in nft syntax, for people and goldens; nothing ever parses it to decide something (house style §4.5).

extension Table {
    /// The table as `nft` would list it, sorted by name, one rule a line.
    public var nftText: String {
        var text = "table \(family.rawValue) \(quotedIfNeeded(name)) {\n"
        for (key, object) in objects.sorted(by: { $0.key.order < $1.key.order }) {
            text += objectText(key, object)
        }
        for set in sets.values.sorted(by: { $0.name < $1.name }) { text += setText(set) }
        let (bases, regular) = chains.values.reduce(into: ([Chain](), [Chain]())) {
            if $1.base == nil { $0.1.append($1) } else { $0.0.append($1) }
        }
        for chain in regular.sorted(by: { $0.name < $1.name }) + bases.sorted(by: { $0.name < $1.name }) {
            text += chainText(chain)
        }
        return text + "}\n"
    }

    private func objectText(_ key: ObjectKey, _ object: StatefulObject) -> String {
        switch object {
        case .counter: "    counter \(quotedIfNeeded(key.name)) {\n    }\n"
        case .limit(let limit): "    limit \(quotedIfNeeded(key.name)) {\n        \(limit.nftText)\n    }\n"
        case .conntrackTimeout(let timeout):
            "    ct timeout \(quotedIfNeeded(key.name)) {\n        \(timeout.nftText)\n    }\n"
        case .unknown: "    # \(key.kind) \(key.name): a kind that is not ours\n"
        }
    }

    private func setText(_ set: NamedSet) -> String {
        let type = keyTypeText(set.key)
        var text = "    \(set.data == .none ? "set" : "map") \(quotedIfNeeded(set.name)) {\n"
        switch set.data {
        case .none: text += "        type \(type)\n"
        case .verdict: text += "        type \(type) : verdict\n"
        case .value(let length, _): text += "        # \(type) : \(length) bytes\n"
        case .object(let kind): text += "        type \(type) : \(kind)\n"
        }
        let flags = (set.isConstant ? ["constant"] : []) + (set.isInterval ? ["interval"] : [])
        if !flags.isEmpty { text += "        flags \(flags.joined(separator: ","))\n" }
        if !set.elements.isEmpty {
            let elements = set.elements.map { elementText($0, type) }.sorted()
            text += "        elements = { " + elements.joined(separator: ",\n                     ") + " }\n"
        }
        return text + "    }\n"
    }

    private func elementText(_ element: SetElement, _ type: String) -> String {
        let key =
            switch element.key {
            case .single(let bytes): valueText(bytes, type)
            case .range(let low, let high): "\(valueText(low, type))-\(valueText(high, type))"
            case .catchAll: "*"
            }
        switch element.value {
        case .none: return key
        case .verdict(let verdict): return "\(key) : \(verdict.nftText)"
        case .value(let bytes): return "\(key) : \(hexText(bytes))"
        case .object(let name): return "\(key) : \"\(name)\""
        }
    }

    private func chainText(_ chain: Chain) -> String {
        var text = "    chain \(quotedIfNeeded(chain.name)) {\n"
        if let base = chain.base {
            text += "        type \(base.kind.rawValue) hook \(base.hook.rawValue)"
            if let device = base.devices.first { text += " device \"\(device)\"" }
            text += " priority \(base.priority); policy \(base.policy.rawValue);\n"
        }
        for rule in chain.rules { text += "        \(ruleText(rule))\n" }
        return text + "    }\n"
    }

    /// One rule in nft syntax; maps are looked up in this table to tell what they give.
    public func ruleText(_ rule: Rule) -> String {
        var renderer = RuleRenderer(table: self)
        for expression in rule.expressions { renderer.add(expression) }
        var words = renderer.words
        if let comment = rule.comment {
            words.append("comment \"\(String(decoding: comment.utf8.prefix(120), as: UTF8.self))\"")
        }
        return words.joined(separator: " ")
    }
}

extension ObjectKey {
    fileprivate var order: String { "\(kind) \(name)" }
}

extension Limit {
    /// The parameters in nft syntax.
    public var nftText: String {
        let period =
            [1: "second", 60: "minute", 3600: "hour", 86400: "day", 604_800: "week"][self.period] ?? "\(self.period)s"
        let over = matchesOver ? "over " : ""
        switch unit {
        case .packets: return "rate \(over)\(rate)/\(period) burst \(burst) packets"
        case .bytes: return "rate \(over)\(rate) bytes/\(period) burst \(burst) bytes"
        }
    }
}

extension ConntrackTimeout {
    /// The parameters in nft syntax; what nft has no words for stands as numbers.
    var nftText: String {
        let states =
            switch protocolNumber {
            case 6:
                [
                    "syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait", "close",
                    "syn_sent2", "retrans", "unack",
                ]
            case 17: ["unreplied", "replied"]
            default: seconds.indices.map { "state-\($0 + 1)" }
            }
        let name = [1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"][protocolNumber] ?? "\(protocolNumber)"
        let policy = zip(states, seconds).map { "\($0) : \($1)" }.joined(separator: ", ")
        return "protocol \(name)\n        l3proto inet\n        policy = { \(policy) }"
    }
}

extension Verdict {
    /// The verdict in nft syntax.
    public var nftText: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .continue: "continue"
        case .return: "return"
        case .jump(let chain): "jump \(quotedIfNeeded(chain))"
        case .goto(let chain): "goto \(quotedIfNeeded(chain))"
        }
    }
}

/// nft's name for a key type.
func keyTypeText(_ key: SetKeyType) -> String {
    switch (key.typeNumber, key.length) {
    case (7, 4): "ipv4_addr"
    case (8, 16): "ipv6_addr"
    case (12, 1): "inet_proto"
    case (13, 2): "inet_service"
    case (19, 4): "mark"
    case (41, 16): "ifname"
    default: "integer \(8 * key.length)"
    }
}

/// A value of a type, as nft writes it.
func valueText(_ bytes: [UInt8], _ type: String) -> String {
    switch type {
    case "ipv4_addr": return bytes.map(String.init).joined(separator: ".")
    case "ipv6_addr":
        return stride(from: 0, to: bytes.count - 1, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    case "ifname": return "\"" + String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) + "\""
    case "mark": return hexText(bytes.reversed())
    case "inet_service", "inet_proto": return String(bytes.reduce(0) { $0 << 8 | Int($1) })
    default: return hexText(bytes)
    }
}

func hexText(_ bytes: some Sequence<UInt8>) -> String {
    "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Names that begin with a letter and hold only what nft's lexer takes stand alone; others are quoted.
func quotedIfNeeded(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
    return isPlain && name.first?.isLetter == true ? name : "\"\(name)\""
}

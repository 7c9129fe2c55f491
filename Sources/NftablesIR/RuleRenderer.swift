// SPDX-License-Identifier: Apache-2.0
// Expressions over registers, put together again as nft statements.

/// Renders one rule's expressions from left to right.
struct RuleRenderer {
    let table: Table
    private(set) var words: [String] = []
    /// What each register holds, in words.
    private var registers: [Register: Operand] = [:]

    init(table: Table) { self.table = table }

    private struct Operand {
        var text: String
        var type: String
    }

    mutating func add(_ expression: Expression) {
        switch expression {
        case .metaLoad(let key, let register): registers[register] = metaOperand(key)
        case .metaStore(let key, let register):
            words.append("\(metaOperand(key).text) set \(text(register))")
        case .payloadLoad(let base, let offset, let length, let register):
            registers[register] = payloadOperand(base, offset, length)
        case .payloadStore(let base, let offset, let length, let register, _, _, _):
            words.append("\(rawPayload(base, offset, length)) set \(text(register))")
        case .extensionHeader(let kind, let type, let offset, let length, let isTest, let register):
            let name = extensionHeaderText(kind, type)
            registers[register] =
                isTest
                ? Operand(text: name, type: "presence")
                : Operand(
                    text: "@\(name.split(separator: " ").joined(separator: "-")),\(offset * 8),\(length * 8)",
                    type: ""
                )
        case .extensionHeaderStore(let kind, let type, let offset, let length, let register):
            let isSize = kind == .tcpOption && type == 2 && offset == 2 && length == 2
            let place =
                isSize
                ? "tcp option maxseg size" : "\(extensionHeaderText(kind, type)) @\(offset * 8),\(length * 8)"
            words.append("\(place) set \(text(register))")
        case .conntrackLoad(let key, _, let register):
            registers[register] = Operand(text: conntrackText(key), type: key == .state ? "ct_state" : "mark")
        case .conntrackStore(let key, let register): words.append("\(conntrackText(key)) set \(text(register))")
        case .compare(let comparison, let register, let value): compare(comparison, register, value)
        case .range(let comparison, let register, let low, let high):
            let type = registers[register]?.type ?? ""
            words.append(
                "\(text(register)) \(comparison == .notEqual ? "!= " : "")"
                    + "\(valueText(low.bytes, type))-\(valueText(high.bytes, type))"
            )
        case .bitwise(let from, let into, let mask, let xor): bitwise(from, into, mask, xor)
        case .byteOrder(let from, let into, _, _, _): registers[into] = registers[from]
        case .immediate(let register, let value):
            registers[register] = Operand(text: hexText(value.bytes.reversed()), type: "mark")
        case .verdict(let verdict): words.append(verdict.nftText)
        case .lookup(let set, let key, let into?, _):
            registers[into] = Operand(text: "\(text(key)) map @\(set)", type: "")
        case .lookup(let set, let key, nil, let isInverted):
            words.append("\(text(key)) \(isInverted ? "!= " : "")@\(set)")
        case .verdictMap(let set, let key): words.append("\(text(key)) vmap @\(set)")
        case .object(let key) where key.kind == .conntrackTimeout: words.append("ct timeout set \"\(key.name)\"")
        case .object(let key): words.append("\(key.kind) name \"\(key.name)\"")
        case .objectMap(let set, let key):
            guard case .object(let kind)? = table.sets[set]?.data else {
                words.append("object name \(text(key)) map @\(set)")
                return
            }
            words.append("\(kind) name \(text(key)) map @\(set)")
        case .counter: words.append("counter")
        case .limit(let limit): words.append("limit \(limit.nftText)")
        case .log(let log):
            words.append("log prefix \"\(log.prefix)\" group \(log.group)")
            if log.snapLength > 0 { words.append("snaplen \(log.snapLength)") }
            if log.queueThreshold > 0 { words.append("queue-threshold \(log.queueThreshold)") }
        case .reject(.icmp(let code)): words.append("reject with icmp \(code)")
        case .reject(.icmpx(let code)): words.append("reject with icmpx \(code)")
        case .reject(.tcpReset): words.append("reject with tcp reset")
        case .notrack: words.append("notrack")
        case .unknown(let name, let attributes):
            words.append("# unknown expression \(name) (\(attributes.count) bytes)")
        }
    }

    private func text(_ register: Register) -> String { registers[register]?.text ?? "?" }

    private mutating func compare(_ comparison: Comparison, _ register: Register, _ value: RegisterValue) {
        let operand = registers[register] ?? Operand(text: "?", type: "")
        if operand.type == "presence" {
            words.append("\(operand.text) \(value.bytes == [1] ? "exists" : "missing")")
            return
        }
        if operand.type.hasPrefix("ct_state "), comparison == .notEqual, value.bytes.allSatisfy({ $0 == 0 }) {
            words.append("ct state \(operand.type.dropFirst(9))")
            return
        }
        let symbol = ["", "!= ", "< ", "<= ", "> ", ">= "][Int(comparison.rawValue)]
        let shown =
            operand.type == "nfproto" ? (value.bytes == [2] ? "ipv4" : "ipv6") : valueText(value.bytes, operand.type)
        words.append("\(operand.text) \(symbol)\(shown)")
    }

    private mutating func bitwise(_ from: Register, _ into: Register, _ mask: RegisterValue, _ xor: RegisterValue) {
        var operand = registers[from] ?? Operand(text: "?", type: "")
        let isHost = operand.type == "mark" || operand.type == "ct_state"
        func number(_ value: RegisterValue) -> String { hexText(isHost ? value.bytes.reversed() : value.bytes) }
        if operand.type == "ct_state" {
            operand.type = "ct_state " + stateNames(mask)
            operand.text = "ct state & \(number(mask))"
        } else if operand.type == "ipv4_addr" || operand.type == "ipv6_addr" {
            operand.text = "\(operand.text) & \(valueText(mask.bytes, operand.type))"
        } else {
            operand.text = "\(operand.text) & \(number(mask))"
            if xor.bits != 0 { operand.text += " | \(number(xor))" }
            if operand.type != "mark" { operand.type = "" }
        }
        registers[into] = operand
    }

    private func stateNames(_ mask: RegisterValue) -> String {
        let bits = mask.bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let names: [(UInt32, String)] = [
            (1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked"),
        ]
        return names.filter { bits & $0.0 != 0 }.map(\.1).joined(separator: ",")
    }

    private func metaOperand(_ key: MetaKey) -> Operand {
        switch key {
        case .mark: Operand(text: "meta mark", type: "mark")
        case .inputInterfaceName: Operand(text: "iifname", type: "ifname")
        case .outputInterfaceName: Operand(text: "oifname", type: "ifname")
        case .networkFamily: Operand(text: "meta nfproto", type: "nfproto")
        case .transportProtocol: Operand(text: "meta l4proto", type: "inet_proto")
        case .length: Operand(text: "meta length", type: "mark")
        case .priority: Operand(text: "meta priority", type: "mark")
        default: Operand(text: "meta key-\(key.rawValue)", type: "")
        }
    }

    private func conntrackText(_ key: ConntrackKey) -> String {
        switch key {
        case .state: "ct state"
        case .mark: "ct mark"
        case .direction: "ct direction"
        case .status: "ct status"
        default: "ct key-\(key.rawValue)"
        }
    }

    private func payloadOperand(_ base: PayloadBase, _ offset: UInt32, _ length: UInt32) -> Operand {
        switch (base, offset, length) {
        case (.network, 12, 4): Operand(text: "ip saddr", type: "ipv4_addr")
        case (.network, 16, 4): Operand(text: "ip daddr", type: "ipv4_addr")
        case (.network, 8, 16): Operand(text: "ip6 saddr", type: "ipv6_addr")
        case (.network, 24, 16): Operand(text: "ip6 daddr", type: "ipv6_addr")
        case (.transport, 0, 2): Operand(text: "th sport", type: "inet_service")
        case (.transport, 2, 2): Operand(text: "th dport", type: "inet_service")
        default: Operand(text: rawPayload(base, offset, length), type: "")
        }
    }

    private func rawPayload(_ base: PayloadBase, _ offset: UInt32, _ length: UInt32) -> String {
        let name = ["ll", "nh", "th", "ih"][Int(base.rawValue)]
        return "@\(name),\(offset * 8),\(length * 8)"
    }

    private func extensionHeaderText(_ kind: ExtensionHeaderKind, _ type: UInt8) -> String {
        switch (kind, type) {
        case (.ipv6, 0): "exthdr hbh"
        case (.ipv6, 43): "exthdr rt"
        case (.ipv6, 44): "exthdr frag"
        case (.ipv6, 60): "exthdr dst"
        case (.ipv6, 135): "exthdr mh"
        case (.ipv4Option, 7): "ip option rr"
        case (.ipv4Option, 131): "ip option lsrr"
        case (.ipv4Option, 137): "ip option ssrr"
        case (.ipv4Option, 148): "ip option ra"
        case (.tcpOption, _): "tcp option \(type)"
        case (.ipv6, _): "exthdr \(type)"
        case (.ipv4Option, _): "ip option \(type)"
        }
    }
}

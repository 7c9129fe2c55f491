// SPDX-License-Identifier: Apache-2.0
// A stable digest of what chains and sets do, from which they take their names (DESIGN §4, content-addressed).

/// A 128-bit digest after FNV-1a, taken in words of up to 64 bits; the same in every process and on every machine.
///
/// It names things that one administrator's configuration makes; it is no protection against forgery.
public struct ContentHash: Sendable {
    private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

    /// Starts a digest.
    public init() {}

    /// Adds one byte.
    public mutating func add(byte: UInt8) { add(UInt64(byte)) }

    /// Adds a number, all 64 bits of it.
    public mutating func add(_ number: UInt64) {
        state = (state ^ UInt128(truncatingIfNeeded: number)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
        // A word's high bits must reach the low ones too, which multiplication alone does not do.
        state ^= state &>> 67
    }

    /// Adds a text with its length, so that neighbours cannot run together.
    public mutating func add(_ text: String) { add(octets: text.utf8) }

    /// Adds bytes with their count.
    public mutating func add(_ bytes: [UInt8]) { add(octets: bytes) }

    private mutating func add(octets: some Collection<UInt8>) {
        add(UInt64(octets.count))
        var word: UInt64 = 0
        var filled = 0
        for octet in octets {
            word = word &<< 8 | UInt64(octet)
            filled += 1
            if filled == 8 {
                add(word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { add(word) }
    }

    /// The digest so far: 24 hexadecimal digits of it.
    public var text: String {
        let digits = String(state >> 32, radix: 16)
        return String(repeating: "0", count: 24 - digits.count) + digits
    }
}

extension ContentHash {
    /// Adds what a rule does; its comment and handle are left out.
    public mutating func add(_ rule: Rule) {
        add(UInt64(rule.expressions.count))
        for expression in rule.expressions { add(expression) }
    }

    /// Adds a verdict.
    public mutating func add(_ verdict: Verdict) {
        switch verdict {
        case .accept: add(byte: 0)
        case .drop: add(byte: 1)
        case .continue: add(byte: 2)
        case .return: add(byte: 3)
        case .jump(let chain):
            add(byte: 4)
            add(chain)
        case .goto(let chain):
            add(byte: 5)
            add(chain)
        }
    }

    private mutating func add(_ value: RegisterValue) {
        add(byte: value.count)
        add(UInt64(truncatingIfNeeded: value.bits >> 64))
        add(UInt64(truncatingIfNeeded: value.bits))
    }

    private mutating func add(tag: UInt8, _ numbers: UInt64...) {
        add(byte: tag)
        for number in numbers { add(number) }
    }

    /// Adds an expression.
    public mutating func add(_ expression: Expression) {
        switch expression {
        case .metaLoad(let key, let register): add(tag: 1, UInt64(key.rawValue), UInt64(register.slot))
        case .metaStore(let key, let register): add(tag: 2, UInt64(key.rawValue), UInt64(register.slot))
        case .payloadLoad(let base, let offset, let length, let register):
            add(tag: 3, UInt64(base.rawValue), UInt64(offset), UInt64(length), UInt64(register.slot))
        case .payloadStore(let base, let offset, let length, let register, let type, let at, let flags):
            add(tag: 4, UInt64(base.rawValue), UInt64(offset), UInt64(length), UInt64(register.slot))
            add(tag: 4, UInt64(type), UInt64(at), UInt64(flags))
        case .extensionHeader(let kind, let type, let offset, let length, let isTest, let register):
            add(tag: 5, UInt64(kind.rawValue), UInt64(type), UInt64(offset), UInt64(length))
            add(tag: isTest ? 1 : 0, UInt64(register.slot))
        case .extensionHeaderStore(let kind, let type, let offset, let length, let register):
            add(tag: 24, UInt64(kind.rawValue), UInt64(type), UInt64(offset), UInt64(length), UInt64(register.slot))
        case .conntrackLoad(let key, let direction, let register):
            add(tag: 6, UInt64(key.rawValue), direction.map { UInt64($0) } ?? 0xffff, UInt64(register.slot))
        case .conntrackStore(let key, let register): add(tag: 7, UInt64(key.rawValue), UInt64(register.slot))
        case .compare(let comparison, let register, let value):
            add(tag: 8, UInt64(comparison.rawValue), UInt64(register.slot))
            add(value)
        case .range(let comparison, let register, let low, let high):
            add(tag: 9, UInt64(comparison.rawValue), UInt64(register.slot))
            add(low)
            add(high)
        case .bitwise(let register, let into, let mask, let xor):
            add(tag: 10, UInt64(register.slot), UInt64(into.slot))
            add(mask)
            add(xor)
        case .byteOrder(let register, let into, let toNetwork, let length, let size):
            add(tag: 11, UInt64(register.slot), UInt64(into.slot), toNetwork ? 1 : 0, UInt64(length), UInt64(size))
        case .immediate(let register, let value):
            add(tag: 12, UInt64(register.slot))
            add(value)
        case .verdict(let verdict):
            add(byte: 13)
            add(verdict)
        case .lookup(let set, let register, let into, let isInverted):
            add(tag: 14, UInt64(register.slot), into.map { UInt64($0.slot) } ?? 0xffff, isInverted ? 1 : 0)
            add(set)
        case .verdictMap(let set, let register):
            add(tag: 15, UInt64(register.slot))
            add(set)
        case .object(let key):
            add(tag: 16, UInt64(key.kind.rawValue))
            add(key.name)
        case .objectMap(let set, let register):
            add(tag: 17, UInt64(register.slot))
            add(set)
        case .counter: add(byte: 18)
        case .limit(let limit):
            add(tag: 19, limit.rate, limit.period, UInt64(limit.burst), UInt64(limit.unit.rawValue))
            add(byte: limit.matchesOver ? 1 : 0)
        case .log(let log):
            add(tag: 20, UInt64(log.group), UInt64(log.snapLength), UInt64(log.queueThreshold))
            add(log.prefix)
        case .reject(let kind): add(kind)
        case .notrack: add(byte: 22)
        case .unknown(let name, let attributes):
            add(byte: 23)
            add(name)
            add(attributes)
        }
    }

    private mutating func add(_ kind: RejectKind) {
        switch kind {
        case .icmp(let code): add(tag: 21, 0, UInt64(code))
        case .tcpReset: add(tag: 21, 1)
        case .icmpx(let code): add(tag: 21, 2, UInt64(code))
        }
    }
}

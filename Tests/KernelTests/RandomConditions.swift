// SPDX-License-Identifier: Apache-2.0
// Random conditions as `set` commands say them, and the edges of their values (filters reference §2, §3).
import JunosModel
import NetworkTypes

/// Makes conditions and remembers the edges of their values.
struct RandomConditions {
    var edges = Edges()
    /// Prefix lists by name, as the configuration defines them.
    private(set) var prefixLists: [String: [Prefix]] = [:]
    /// Which version the addresses of the term that is being made have.
    private var version = AddressFamily.inet

    init(_ dice: inout Dice) {
        for name in ["L1", "L2"] {
            prefixLists[name] = (0..<dice.number(1...5)).flatMap { _ in [prefix(.inet, &dice), prefix(.inet6, &dice)] }
        }
        prefixLists["EMPTY"] = []
        for list in prefixLists.values { for prefix in list { edges.add(prefix) } }
    }

    /// A kind of condition: keywords that cannot stand beside it, and how it is written.
    struct Kind: Sendable {
        let group: String
        let write: @Sendable (inout RandomConditions, inout Dice) -> [String]

        init(_ group: String, _ write: @Sendable @escaping (inout RandomConditions, inout Dice) -> [String]) {
            self.group = group
            self.write = write
        }
    }

    /// The lines under `from` of one term.
    mutating func term(_ family: FilterFamily, _ dice: inout Dice) -> [String] {
        version = family == .inet6 ? .inet6 : .inet
        let kinds = RandomConditionKinds.of(family)
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

    // MARK: Values

    /// One to four values or ranges of a numeric condition, perhaps of its `-except` twin, perhaps by name.
    mutating func numbers(
        _ keyword: String,
        _ range: ClosedRange<Int>,
        names: [String] = [],
        _ dice: inout Dice
    ) -> [String] {
        let usual = [0, 1, 8, 17, 22, 53, 64, 80, 443, 1024, 2048, 65535].filter(range.contains)
        let values = (0..<dice.pick([1, 1, 2, 4])).map { _ in
            if !names.isEmpty, dice.chance(20) { return dice.pick(names) }
            let low = dice.chance(40) && !usual.isEmpty ? dice.pick(usual) : dice.number(range)
            let high = dice.chance(50) ? low : min(range.upperBound, low + dice.below(dice.pick([2, 16, 4096])))
            edges.add(keyword, low...high)
            return low == high ? "\(low)" : "\(low)-\(high)"
        }
        return ["\(keyword)\(dice.chance(25) ? "-except" : "") \(list(values))"]
    }

    /// One to some words of a list, perhaps of the `-except` twin.
    func words(_ keyword: String, _ words: [String], atMost count: Int, _ dice: inout Dice) -> [String] {
        ["\(keyword)\(dice.chance(30) ? "-except" : "") \(list(dice.some(words, atMost: count)))"]
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
    mutating func addresses(_ field: String, _ dice: inout Dice) -> [String] {
        let (keyword, listKeyword) =
            field.isEmpty ? ("address", "prefix-list") : ("\(field)-address", "\(field)-prefix-list")
        var lines: [String] = []
        let listCount = dice.pick([0, 0, 0, 1, 1, 2])
        for _ in 0..<dice.pick(listCount > 0 ? [0, 1, 2] : [1, 1, 2, 3, 6]) {
            let prefix = prefix(version, &dice)
            edges.add(prefix)
            lines.append("\(keyword) \(prefix)\(dice.chance(25) ? " except" : "")")
        }
        if dice.chance(20) { lines.append("\(keyword) \(version == .inet ? "0.0.0.0/0" : "::/0")") }
        if version == .inet, dice.chance(10) {
            // Beside exceptions a mask with holes has no order that the kernel could keep.
            return ["\(keyword) 0.0.0.\(dice.pick([0, 1, 128, 255]))/0.0.0.255"]
        }
        for name in dice.some(["L1", "L2", "EMPTY"], atMost: 2).prefix(listCount) {
            lines.append("\(listKeyword) \(name)\(dice.chance(30) ? " except" : "")")
        }
        return lines
    }

    /// Free bits of the packet under a mask; the values that packets have there are often among those asked for.
    func flexibleMask(_ dice: inout Dice) -> [String] {
        let (place, length) = flexiblePlace(widest: 128, &dice)
        let value = dice.bits(min(length, 64)) & dice.pick([0, 1, 0x10, .max])
        var lines = place + ["prefix \(value)"]
        if dice.chance(60) {
            // Bits of the value that the mask leaves out could never hold.
            let mask = dice.bits(min(length, 64)) & dice.bits(min(length, 64)) | value
            lines.append("mask-in-hex 0x\(String(mask, radix: 16))")
        }
        return lines.map { "flexible-match-mask \($0)" }
    }

    /// Free bits of the packet as a number.
    func flexibleRange(_ dice: inout Dice) -> [String] {
        let (place, length) = flexiblePlace(widest: 32, &dice)
        let highest = UInt64(1) << UInt64(length) - 1
        let ranges = (0..<dice.number(1...2)).map { _ in
            let low = dice.bits(length)
            let high = dice.chance(30) ? low : low + dice.bits(64) % (highest - low + 1)
            return low == high ? "\(low)" : "\(low)-\(high)"
        }
        return (place + ["range\(dice.chance(40) ? "-except" : "") \(list(ranges))"])
            .map { "flexible-match-range \($0)" }
    }

    /// Where free bits stand, near the front more often, and how many.
    private func flexiblePlace(widest: Int, _ dice: inout Dice) -> (lines: [String], length: Int) {
        let length = dice.pick([1, 4, 8, 16, 32, dice.number(1...widest)])
        let lines = [
            "match-start \(dice.pick(["layer-3", "layer-4", "payload"]))",
            "byte-offset \(dice.pick([0, 1, 4, 6, 9, dice.below(24), dice.below(256)]))",
            "bit-offset \(dice.pick([0, 0, dice.below(8)]))", "bit-length \(length)",
        ]
        return (lines, length)
    }
}

/// Values as a list.
private func list(_ values: [String]) -> String {
    values.count == 1 ? values[0] : "[ \(values.joined(separator: " ")) ]"
}

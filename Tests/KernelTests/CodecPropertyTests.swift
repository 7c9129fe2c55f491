// SPDX-License-Identifier: Apache-2.0
// Random programs through the kernel and back; the seed is printed with every failure.
import NftablesIR
import NftablesKernel
import Testing

/// A small generator whose whole state is its seed.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[Int.random(in: 0..<items.count, using: &self)] }

    mutating func expressions() -> [Expression] {
        // Every register is written before it is read, else the kernel refuses the rule.
        let length = pick([1, 2, 4, 8, 16] as [UInt32])
        let slots = 16 - (length + 3) / 4
        let register = Register(slot: UInt8.random(in: 0...UInt8(slots), using: &self))
        var result: [Expression] = [
            .payloadLoad(
                pick([.link, .network, .transport]),
                offset: UInt32.random(in: 0...60, using: &self),
                length: length,
                into: register
            )
        ]
        let value = RegisterValue(bytes(Int(length)))
        for _ in 0..<Int.random(in: 0...4, using: &self) {
            switch Int.random(in: 0...4, using: &self) {
            case 0:
                let mask = RegisterValue(bytes(Int(length)))
                result.append(.bitwise(register, into: register, mask: mask, xor: RegisterValue(bytes(Int(length)))))
            case 1:
                result.append(
                    .compare(
                        pick([.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]),
                        register,
                        value
                    )
                )
            case 2:
                let other = RegisterValue(bytes(Int(length)))
                let (low, high) = value.bits < other.bits ? (value, other) : (other, value)
                if low != high { result.append(.range(pick([.equal, .notEqual]), register, low, high)) }
            case 3: result.append(.immediate(register, value))
            default:
                result.append(
                    .limit(
                        Limit(
                            rate: UInt64.random(in: 1...1_000_000, using: &self),
                            period: pick([1, 60, 3600]),
                            burst: UInt32.random(in: 1...100_000, using: &self),
                            unit: pick([.packets, .bytes]),
                            matchesOver: Bool.random(using: &self)
                        )
                    )
                )
            }
        }
        result.append(pick([.counter, .notrack, .verdict(.drop), .verdict(.jump("side")), .reject(.icmpx(code: 2))]))
        return result
    }

    /// Disjoint ranges, some adjacent, some of one key, perhaps from zero, perhaps up to all ones.
    mutating func intervals(keyLength: Int) -> Set<SetElement> {
        var points: Set<UInt64> = [0, 1 << (8 * UInt64(keyLength)) - 1]
        for _ in 0..<Int.random(in: 2...60, using: &self) {
            points.insert(UInt64.random(in: 0..<(1 << (8 * UInt64(keyLength))), using: &self))
        }
        func key(_ number: UInt64) -> [UInt8] {
            (0..<keyLength).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64(keyLength - 1 - $0))) }
        }
        var result: Set<SetElement> = []
        let sorted = points.sorted()
        for (first, next) in zip(sorted, sorted.dropFirst()) {
            switch Int.random(in: 0...3, using: &self) {
            case 0: continue
            case 1: result.insert(SetElement(.single(key(first))))
            default:
                let last = next - 1
                result.insert(SetElement(first == last ? .single(key(first)) : .range(key(first), key(last))))
            }
        }
        if Bool.random(using: &self), let end = sorted.last { result.insert(SetElement(.single(key(end)))) }
        return result
    }
}

@Suite struct CodecPropertyTests {
    @Test(arguments: 1...20) func `random programs read back as written`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var table = Table(family: .inet, name: "random")
        table.chains["side"] = Chain(name: "side")
        let rules = (0..<200).map { _ in Rule(random.expressions()) }
        table.chains["rules"] = Chain(name: "rules", rules: rules)
        for (name, key) in [("addresses", SetKeyType.ipv4Address), ("ports", .port)] {
            let elements = random.intervals(keyLength: Int(key.length))
            table.sets[name] = NamedSet(name: name, key: key, isInterval: true, elements: elements)
        }
        let written = table
        let read = try inNewNetworkNamespace { () throws -> Table? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try connection.readTable(.inet, "random")
        }
        for (number, pair) in zip(rules, read?.chains["rules"]?.rules ?? []).enumerated() {
            #expect(pair.0 == pair.1, "seed \(seed), rule \(number)")
        }
        #expect(read?.sets == written.sets, "seed \(seed)")
        #expect(read == written, "seed \(seed)")
    }

    @Test(arguments: 1...20) func `elements come and go one by one without touching their neighbours`(seed: UInt64)
        throws
    {
        var random = Seeded(state: seed)
        let elements = random.intervals(keyLength: 2)
        let order = elements.sorted { "\($0)" < "\($1)" }.shuffled(using: &random)
        let gone = Set(order.prefix(order.count / 2))
        let (added, left) = try inNewNetworkNamespace { () throws -> (Set<SetElement>?, Set<SetElement>?) in
            var connection = try NftablesConnection()
            let set = NamedSet(name: "s", key: .port, isInterval: true)
            try connection.send(Batch(.inet, "t", [.addTable(flags: 0), .addSet(set)]))
            for element in order {
                try connection.send(Batch(.inet, "t", [.addElements(set: "s", layout: .intervals, [element])]))
            }
            let added = try connection.set("s", in: .inet, "t")?.elements
            for element in order where gone.contains(element) {
                try connection.send(Batch(.inet, "t", [.deleteElements(set: "s", layout: .intervals, [element])]))
            }
            return (added, try connection.set("s", in: .inet, "t")?.elements)
        }
        #expect(added == elements, "seed \(seed)")
        #expect(left == elements.subtracting(gone), "seed \(seed)")
    }

    @Test func `comments are cut between characters`() throws {
        let cases: [(String, Int)] = [
            ("", 0), (String(repeating: "a", count: 200), 200), (String(repeating: "a", count: 201), 200),
            (String(repeating: "ü", count: 150), 200), ("a" + String(repeating: "ü", count: 150), 199),
            (String(repeating: "🧱", count: 51), 200), ("before\0after", 6),
        ]
        let written = Table(
            family: .inet,
            name: "t",
            chains: ["a": Chain(name: "a", rules: cases.map { Rule([.counter], comment: $0.0) })]
        )
        let read = try inNewNetworkNamespace { () throws -> Table? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try connection.readTable(.inet, "t")
        }
        let comments = try #require(read?.chains["a"]?.rules.map { $0.comment ?? "none" })
        #expect(comments.map(\.utf8.count) == cases.map(\.1))
        for (comment, (text, _)) in zip(comments, cases) { #expect(text.hasPrefix(comment)) }
    }
}

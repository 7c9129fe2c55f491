// SPDX-License-Identifier: Apache-2.0
// Look-ups: hash, intervals, concatenations, maps, catch-all, inversion.
import NftablesEvaluator
import NftablesIR
import Testing

private let loadSource = Expression.payloadLoad(.network, offset: 12, length: 4, into: .one)
private let concatenated = SetKeyType(typeNumber: 7 << 6 | 13, length: 8, fieldLengths: [4, 2])

private func plain(_ elements: Set<SetElement>, interval: Bool = false) -> NamedSet {
    NamedSet(name: "s", key: .ipv4Address, isInterval: interval, elements: elements)
}

private func contains(_ set: NamedSet, inverted: Bool = false) throws -> Bool {
    try run(table([loadSource, .lookup(set: "s", key: .one, into: nil, inverted: inverted)], sets: [set]), ipv4(udp()))
        .fate == .accept
}

@Suite("Sets")
struct SetTests {
    @Test func `a hash set holds its keys and no others`() throws {
        #expect(try contains(plain([SetElement(.single(source4))])))
        #expect(try !contains(plain([SetElement(.single(destination4))])))
        #expect(try !contains(plain([])))
        #expect(try !contains(plain([SetElement(.single(source4))]), inverted: true))
        #expect(try contains(plain([]), inverted: true))
    }

    @Test func `a catch-all counts as found, also inverted`() throws {
        // Measured on 6.18.44: `ip saddr != @s` never counts once @s has a catch-all.
        for elements: Set<SetElement> in [
            [SetElement(.catchAll)], [SetElement(.catchAll), SetElement(.single(source4))],
        ] {
            #expect(try contains(plain(elements)))
            #expect(try !contains(plain(elements), inverted: true))
        }
    }

    @Test(
        arguments: [
            ([10, 1, 0, 2], [10, 1, 0, 9], true), ([10, 1, 0, 0], [10, 1, 0, 2], true),
            ([10, 1, 0, 3], [10, 1, 0, 9], false), ([10, 1, 0, 0], [10, 1, 0, 1], false),
            ([0, 0, 0, 0], [255, 255, 255, 255], true),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func `an interval holds both its ends`(_ low: [UInt8], _ high: [UInt8], _ holds: Bool) throws {
        #expect(try contains(plain([SetElement(.range(low, high))], interval: true)) == holds)
    }

    @Test func `intervals that overlap have no answer`() {
        let set = plain(
            [SetElement(.range([10, 0, 0, 0], [10, 9, 0, 0])), SetElement(.single(source4))],
            interval: true
        )
        #expect(throws: EvaluationError.self) { try contains(set) }
    }

    @Test func `a map gives its data, and a miss breaks`() throws {
        let map = NamedSet(
            name: "s",
            key: .ipv4Address,
            data: .value(length: 4, typeNumber: 19),
            elements: [SetElement(.single(source4), .value([9, 0, 0, 0]))]
        )
        let lookup: [Expression] = [
            .lookup(set: "s", key: .one, into: .one, inverted: false), .metaStore(.mark, from: .one),
        ]
        let hit = try run(table([loadSource] + lookup, sets: [map]), ipv4(udp()))
        #expect(hit.fate == .accept)
        #expect(hit.mark == 9)
        let load = Expression.payloadLoad(.network, offset: 16, length: 4, into: .one)
        #expect(try run(table([load] + lookup, sets: [map]), ipv4(udp())).fate == .drop)
    }

    @Test(
        arguments: [
            (.accept, .accept), (.drop, .drop), (.continue, .accept), (.return, .drop), (.jump("other"), .drop),
            (.goto("other"), .drop),
        ] as [(Verdict, Fate)]
    )
    func `a verdict map does what its element says`(_ verdict: Verdict, _ fate: Fate) throws {
        let map = NamedSet(
            name: "s",
            key: .ipv4Address,
            data: .verdict,
            elements: [SetElement(.single(source4), .verdict(verdict))]
        )
        let other = Chain(name: "other", rules: [Rule([.verdict(.drop)])])
        let outcome = try run(
            table([loadSource, .verdictMap(set: "s", key: .one)], sets: [map], chains: [other]),
            ipv4(udp())
        )
        #expect(outcome.fate == fate)
        #expect(outcome.trace.first == RulePosition(chain: "base", rule: 0))
    }

    @Test func `a verdict map without the key goes on with the next rule`() throws {
        let map = NamedSet(name: "s", key: .ipv4Address, data: .verdict)
        let outcome = try run(table([loadSource, .verdictMap(set: "s", key: .one)], sets: [map]), ipv4(udp()))
        #expect(outcome.decisions == [Decision(chain: "base", fate: .drop, rule: nil)])
    }

    @Test func `an object map charges the object of its key, and a miss breaks`() throws {
        let loadName = Expression.metaLoad(.inputInterfaceName, into: .one)
        func outcome(_ elements: Set<SetElement>) throws -> Outcome {
            let map = NamedSet(name: "m", key: .interfaceName, data: .object(.counter), elements: elements)
            return try run(
                table([loadName, .objectMap(set: "m", key: .one)], sets: [map], objects: [.counter("c"): .counter]),
                ipv4(udp())
            )
        }
        let name = Array("in0".utf8) + [UInt8](repeating: 0, count: 13)
        let hit = try outcome([SetElement(.single(name), .object("c"))])
        #expect(hit.fate == .accept)
        #expect(hit.effects == [.counted(.counter("c"))])
        #expect(try outcome([]).fate == .drop)
        #expect(try outcome([SetElement(.catchAll, .object("c"))]).effects == [.counted(.counter("c"))])
    }

    @Test func `keys of more than 16 bytes are compared whole`() throws {
        let key = SetKeyType(typeNumber: 41 << 12 | 7 << 6 | 13, length: 24, fieldLengths: [16, 4, 2])
        let load: [Expression] = [
            .metaLoad(.inputInterfaceName, into: .one),
            .payloadLoad(.network, offset: 12, length: 4, into: Register(slot: 4)),
            .payloadLoad(.transport, offset: 2, length: 2, into: Register(slot: 5)),
            .lookup(set: "s", key: .one, into: nil, inverted: false),
        ]
        let name = Array("in0".utf8) + [UInt8](repeating: 0, count: 13)
        for (port, holds) in [(7777, true), (7778, false)] {
            for isInterval in [false, true] {
                let element = SetElement(.single(name + source4 + big(port) + [0, 0]))
                let set = NamedSet(name: "s", key: key, isInterval: isInterval, elements: [element])
                let outcome = try run(table(load, sets: [set]), ipv4(udp()))
                #expect((outcome.fate == .accept) == holds)
            }
        }
    }

    @Test func `concatenated ranges that overlap with different answers have none`() throws {
        func map(_ second: Verdict) -> NamedSet {
            NamedSet(
                name: "s",
                key: concatenated,
                data: .verdict,
                isInterval: true,
                elements: [
                    SetElement(.range([10, 0, 0, 0, 0, 1, 0, 0], [10, 255, 255, 255, 0, 9, 0, 0]), .verdict(.accept)),
                    SetElement(.range([10, 1, 0, 2, 0, 0, 0, 0], [10, 1, 0, 2, 255, 255, 0, 0]), .verdict(second)),
                ]
            )
        }
        let load: [Expression] = [
            loadSource, .payloadLoad(.transport, offset: 2, length: 2, into: Register(slot: 1)),
            .verdictMap(set: "s", key: .one),
        ]
        #expect(throws: EvaluationError.self) {
            try run(table(load, sets: [map(.drop)]), ipv4(udp(1, 5)))
        }
        #expect(try run(table(load, sets: [map(.accept)]), ipv4(udp(1, 5))).fate == .accept)
        #expect(try run(table(load, sets: [map(.drop)]), ipv4(udp(1, 10))).fate == .drop)
    }

    @Test func `concatenations answer as a plain search would`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SetTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<60 {
            var ranges: [([UInt8], [UInt8])] = []
            for _ in 0..<Int.random(in: 0...40, using: &numbers) {
                // Few distinct values, so that hits, nests and overlaps are common.
                func field(_ width: Int) -> ([UInt8], [UInt8]) {
                    let one = Int.random(in: 0...15, using: &numbers)
                    let other =
                        Int.random(in: 0...2, using: &numbers) == 0 ? one : Int.random(in: 0...15, using: &numbers)
                    let zeros = [UInt8](repeating: 0, count: width - 1)
                    return (zeros + [UInt8(min(one, other))], zeros + [UInt8(max(one, other))])
                }
                let (address, port) = (field(4), field(2))
                ranges.append((address.0 + port.0 + [0, 0], address.1 + port.1 + [0, 0]))
            }
            let set = NamedSet(
                name: "s",
                key: concatenated,
                isInterval: true,
                elements: Set(ranges.map { SetElement(.range($0, $1)) })
            )
            let load: [Expression] = [
                .payloadLoad(.transport, offset: 0, length: 4, into: .one),
                .payloadLoad(.transport, offset: 4, length: 2, into: Register(slot: 1)),
                .lookup(set: "s", key: .one, into: nil, inverted: false),
            ]
            let machine = Machine(table(load, sets: [set]))
            var state = MachineState()
            for address in UInt8(0)...16 {
                for port in UInt8(0)...16 {
                    let expected = ranges.contains {
                        $0[3] <= address && address <= $1[3] && $0[5] <= port && port <= $1[5]
                    }
                    let outcome = try machine.run(
                        chain: "base",
                        ipv4([0, 0, 0, address, 0, port]),
                        at: 0,
                        state: &state
                    )
                    #expect((outcome.fate == .accept) == expected)
                }
            }
        }
    }

    @Test func `intervals answer as a plain search would`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SetTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<60 {
            var ranges: [ClosedRange<UInt8>] = []
            var next = 0
            while next < 250 {
                let low = next + Int.random(in: 0...20, using: &numbers)
                let high = low + Int.random(in: 0...20, using: &numbers)
                if high > 255 { break }
                ranges.append(UInt8(low)...UInt8(high))
                next = high + 1
            }
            let set = NamedSet(
                name: "s",
                key: .transportProtocol,
                isInterval: true,
                elements: Set(ranges.map { SetElement(.range([$0.lowerBound], [$0.upperBound])) })
            )
            let machine = Machine(
                table(
                    [
                        .payloadLoad(.transport, offset: 0, length: 1, into: .one),
                        .lookup(set: "s", key: .one, into: nil, inverted: false),
                    ],
                    sets: [set]
                )
            )
            var state = MachineState()
            for byte in UInt8(0)...255 {
                let outcome = try machine.run(chain: "base", ipv4([byte]), at: 0, state: &state)
                #expect((outcome.fate == .accept) == ranges.contains { $0.contains(byte) })
            }
        }
    }
}

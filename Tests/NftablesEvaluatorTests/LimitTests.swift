// SPDX-License-Identifier: Apache-2.0
// Token buckets: the arithmetic and the bursts measured in kernel facts §6.
import NftablesEvaluator
import NftablesIR
import Testing

struct LimitCase: CustomTestStringConvertible, Sendable {
    var name: String
    var limit: Limit
    var length: Int
    /// How many of packets sent at one instant keep the limit.
    var burst: Int
    /// How many more keep it after one idle second.
    var refill: Int

    var testDescription: String { name }
}

private let limitCases: [LimitCase] = [
    LimitCase(
        name: "1000 bytes/second burst 500 passes 15 of 100 B",
        limit: Limit(rate: 1000, burst: 500, unit: .bytes, matchesOver: false),
        length: 100,
        burst: 15,
        refill: 10
    ),
    LimitCase(
        name: "1000 bytes/second without burst passes 10 of 100 B",
        limit: Limit(rate: 1000, burst: 0, unit: .bytes, matchesOver: false),
        length: 100,
        burst: 10,
        refill: 10
    ),
    LimitCase(
        name: "a minute's unit has the same bucket and a slower refill",
        limit: Limit(rate: 1000, period: 60, burst: 500, unit: .bytes, matchesOver: false),
        length: 100,
        burst: 15,
        refill: 0
    ),
    LimitCase(
        name: "100 kbytes/second burst 1500 passes 1039 of 100 B",
        limit: Limit(rate: 102_400, burst: 1500, unit: .bytes, matchesOver: false),
        length: 100,
        burst: 1039,
        refill: 1024
    ),
    LimitCase(
        name: "10/second burst 1 passes one",
        limit: Limit(rate: 10, burst: 1, unit: .packets, matchesOver: false),
        length: 100,
        burst: 1,
        refill: 1
    ),
    LimitCase(
        name: "packets without burst: the kernel's five",
        limit: Limit(rate: 10, burst: 0, unit: .packets, matchesOver: false),
        length: 100,
        burst: 5,
        refill: 5
    ),
    LimitCase(
        name: "a packet longer than the bucket never passes",
        limit: Limit(rate: 1, burst: 0, unit: .bytes, matchesOver: false),
        length: 100,
        burst: 0,
        refill: 0
    ),
    LimitCase(
        name: "costs are rounded down: 64 B at 10 GB/s cost 6 ns, not 6.4",
        limit: Limit(rate: 10_000_000_000, burst: 0, unit: .bytes, matchesOver: false),
        length: 64,
        burst: 166_666_666,
        refill: 166_666_666
    ),
    LimitCase(
        name: "the quantum bucket of Q = 100, B = 15000 holds 150 tokens",
        limit: Limit(rate: 10, burst: 150, unit: .packets, matchesOver: false),
        length: 1000,
        burst: 150,
        refill: 10
    ),
]

@Suite("Limits")
struct LimitTests {
    private static func packet(_ length: Int) -> Packet {
        ipv4([UInt8](repeating: 0, count: length - 20))
    }

    @Test(arguments: limitCases)
    func `a named limit has the kernel's burst and refill`(_ example: LimitCase) throws {
        // A bucket of millions is measured by its depth instead of by sending them.
        let steps = min(example.burst, 2000)
        let machine = Machine(table([.object(.limit("l"))], objects: [.limit("l"): .limit(example.limit)]))
        let packet = Self.packet(example.length)
        var state = MachineState()
        let start: UInt64 = 5_000_000_000
        for step in 0..<steps {
            let outcome = try machine.run(chain: "base", packet, at: start, state: &state)
            #expect(outcome.fate == .accept, "packet \(step)")
        }
        if steps == example.burst {
            let outcome = try machine.run(chain: "base", packet, at: start, state: &state)
            #expect(outcome.fate == .drop)
            #expect(outcome.effects == [.limited(.limit("l"), exceeded: true)])
            var passed = 0
            while passed <= example.refill,
                try machine.run(chain: "base", packet, at: start + 1_000_000_000, state: &state).fate == .accept
            {
                passed += 1
            }
            #expect(passed == example.refill)
        } else {
            #expect(state.limits[.limit("l")]?.tokens == 1_000_000_000 - 6 * UInt64(steps))
        }
    }

    @Test(arguments: [false, true])
    func `over and under are opposites and charge alike`(_ over: Bool) throws {
        let limit = Limit(rate: 1, burst: 2, unit: .packets, matchesOver: over)
        let machine = Machine(table([.object(.limit("l"))], objects: [.limit("l"): .limit(limit)]))
        var state = MachineState()
        let fates = try (0..<4).map { _ in
            try machine.run(chain: "base", ipv4(udp()), at: 0, state: &state).fate
        }
        let kept: Fate = over ? .drop : .accept
        let exceeded: Fate = over ? .accept : .drop
        #expect(fates == [kept, kept, exceeded, exceeded])
    }

    @Test func `a packet that exceeds takes nothing but moves the clock`() throws {
        let limit = Limit(rate: 1000, burst: 0, unit: .bytes, matchesOver: false)
        let machine = Machine(table([.object(.limit("l"))], objects: [.limit("l"): .limit(limit)]))
        var state = MachineState()
        state.limits[.limit("l")] = TokenBucket(tokens: 99_999_999, last: 0)
        #expect(try machine.run(chain: "base", Self.packet(100), at: 0, state: &state).fate == .drop)
        #expect(state.limits[.limit("l")] == TokenBucket(tokens: 99_999_999, last: 0))
        #expect(try machine.run(chain: "base", Self.packet(100), at: 1, state: &state).fate == .accept)
        #expect(state.limits[.limit("l")] == TokenBucket(tokens: 0, last: 1))
    }

    @Test func `rules share a named limit, anonymous ones are their own`() throws {
        let limit = Limit(rate: 1, burst: 1, unit: .packets, matchesOver: false)
        func fates(_ expression: Expression) throws -> [Fate] {
            var table = Table(family: .inet, name: "t", objects: [.limit("l"): .limit(limit)])
            table.chains["base"] = Chain(
                name: "base",
                base: BaseChain(hook: .forward, priority: 0),
                rules: [Rule([expression, .verdict(.accept)]), Rule([expression, .verdict(.accept)])]
            )
            let machine = Machine(table)
            var state = MachineState()
            return try (0..<3).map { _ in
                try machine.run(chain: "base", ipv4(udp()), at: 0, state: &state).fate
            }
        }
        #expect(try fates(.object(.limit("l"))) == [.accept, .drop, .drop])
        #expect(try fates(.limit(limit)) == [.accept, .accept, .drop])
    }

    @Test func `counters take whole packets and outlive programs`() throws {
        let objects: [ObjectKey: StatefulObject] = [.counter("c"): .counter]
        var state = MachineState()
        for program in [[Expression.object(.counter("c"))], [.counter, .object(.counter("c"))]] {
            _ = try Machine(table(program, objects: objects))
                .run(chain: "base", Self.packet(100), at: 0, state: &state)
        }
        #expect(state.counters == [.counter("c"): CounterValue(packets: 2, bytes: 200)])
    }

    @Test(arguments: [
        Limit(rate: 0, burst: 1, unit: .packets, matchesOver: false),
        Limit(rate: 18_446_744_074, burst: 0, unit: .bytes, matchesOver: false),
        Limit(rate: 1, period: 604_800, burst: 4_000_000_000, unit: .bytes, matchesOver: false),
    ])
    func `parameters that the kernel refuses are refused`(_ limit: Limit) {
        #expect(throws: EvaluationError(.noObject(.limit("l")), at: RulePosition(chain: "base", rule: 0))) {
            try run(table([.object(.limit("l"))], objects: [.limit("l"): .limit(limit)]), ipv4(udp()))
        }
    }

    @Test func `the largest limit that the kernel takes is taken`() throws {
        let limit = Limit(rate: 18_446_744_073, burst: 0, unit: .bytes, matchesOver: false)
        let outcome = try run(table([.object(.limit("l"))], objects: [.limit("l"): .limit(limit)]), ipv4(udp()))
        #expect(outcome.fate == .accept)
    }
}

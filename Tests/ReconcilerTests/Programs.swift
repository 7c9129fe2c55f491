// SPDX-License-Identifier: Apache-2.0
// Random programs shaped like ours, and random damage done to them.
import NftablesIR

/// A seeded source of numbers (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}

func interfaceKey(_ index: Int) -> [UInt8] {
    let name = Array("in\(index)".utf8)
    return name + [UInt8](repeating: 0, count: 16 - name.count)
}

private let loadHost = Expression.payloadLoad(.network, offset: 15, length: 1, into: .one)
private let loadInput = Expression.metaLoad(.inputInterfaceName, into: .one)

private func hostIs(_ host: Int) -> [Expression] { [loadHost, .compare(.equal, .one, RegisterValue([UInt8(host)]))] }

/// A program in the making.
///
/// Regular chains and constant sets are named after their content.
struct ProgramGenerator {
    private var table = Table(family: .inet, name: "sluice")

    /// Makes a program: dispatch by interface into shared bodies.
    static func make(_ numbers: inout SeededNumbers) -> Table {
        var generator = ProgramGenerator()
        generator.fill(&numbers)
        return generator.table
    }

    private mutating func fill(_ numbers: inout SeededNumbers) {
        var middles: [String] = []
        for _ in 0..<(1 + numbers.below(4)) { middles.append(middle(&numbers)) }
        var dispatch: Set<SetElement> = []
        var counters: Set<SetElement> = []
        for index in 0..<4 where numbers.chance(70) {
            let verdict = Verdict.goto(middles[numbers.below(middles.count)])
            dispatch.insert(SetElement(.single(interfaceKey(index)), .verdict(verdict)))
            let counter = "c\(numbers.below(5))"
            table.objects[.counter(counter)] = .counter
            counters.insert(SetElement(.single(interfaceKey(index)), .object(counter)))
        }
        add(NamedSet(name: "dispatch", key: .interfaceName, data: .verdict, elements: dispatch))
        add(NamedSet(name: "counters", key: .interfaceName, data: .object(.counter), elements: counters))
        var policers: Set<SetElement> = []
        for index in 0..<4 where numbers.chance(60) {
            policers.insert(SetElement(.single(interfaceKey(index)), .object(limit(&numbers))))
        }
        add(NamedSet(name: "policers", key: .interfaceName, data: .object(.limit), elements: policers))
        var hosts: Set<SetElement> = []
        var next = 0
        while next < 12 {
            let last = next + numbers.below(4)
            let counter = "h\(numbers.below(3))"
            table.objects[.counter(counter)] = .counter
            if numbers.chance(70) { hosts.insert(SetElement(.range([UInt8(next)], [UInt8(last)]), .object(counter))) }
            next = last + 1
        }
        if numbers.chance(30) { hosts.insert(SetElement(.catchAll, .object("h0"))) }
        table.objects[.counter("h0")] = .counter
        add(NamedSet(name: "hosts", key: .integer(1), data: .object(.counter), isInterval: true, elements: hosts))
        // A plain set that changes under its name.
        let blocked = Set((0..<numbers.below(4)).map { _ in SetElement(.single([UInt8(numbers.below(12))])) })
        add(NamedSet(name: "blocked", key: .integer(1), elements: blocked))
        base("forward", .forward, numbers.chance(50) ? .drop : .accept, &numbers)
        if numbers.chance(70) { base("input", .input, .drop, &numbers) }
    }

    private mutating func base(
        _ name: String,
        _ hook: BaseChain.Hook,
        _ policy: BaseChain.Policy,
        _ numbers: inout SeededNumbers
    ) {
        var rules = [
            Rule([loadInput, .objectMap(set: "counters", key: .one)]),
            Rule([loadHost, .objectMap(set: "hosts", key: .one)]),
            Rule([loadInput, .objectMap(set: "policers", key: .one)]),
            Rule([loadHost, .lookup(set: "blocked", key: .one, into: nil, inverted: false), .verdict(.drop)]),
            Rule([loadInput, .verdictMap(set: "dispatch", key: .one)]),
        ]
        if numbers.chance(40) { rules.append(Rule(hostIs(numbers.below(12)) + [.verdict(.accept)])) }
        if numbers.chance(40) { rules.append(Rule([.verdict(.jump(leaf(&numbers)))])) }
        table.chains[name] = Chain(
            name: name,
            base: BaseChain(hook: hook, priority: 0, policy: policy),
            rules: rules
        )
    }

    private mutating func middle(_ numbers: inout SeededNumbers) -> String {
        let (first, second) = (leaf(&numbers), leaf(&numbers))
        let set = constantSet(&numbers)
        let map = constantMap(&numbers)
        let host = numbers.below(12)
        let shares = constantPolicers(&numbers)
        let name = "m-\(first)-\(second)-\(set)-\(map)-\(host)-\(shares)"
        table.chains[name] = Chain(
            name: name,
            rules: [
                Rule([loadHost, .lookup(set: set, key: .one, into: nil, inverted: false), .verdict(.jump(first))]),
                Rule([loadHost, .objectMap(set: shares, key: .one)]),
                Rule([loadHost, .verdictMap(set: map, key: .one)]),
                Rule(hostIs(host) + [.object(.counter("always")), .verdict(.accept)]),
                Rule([.verdict(.goto(second))]),
            ]
        )
        table.objects[.counter("always")] = .counter
        return name
    }

    private mutating func leaf(_ numbers: inout SeededNumbers) -> String {
        let (host, limit, accepts) = (numbers.below(12), limit(&numbers), numbers.chance(50))
        let name = "l-\(host)-\(limit)-\(accepts)"
        var rules = [Rule([.object(.limit(limit)), .verdict(.drop)]), Rule(hostIs(host) + [.verdict(.drop)])]
        if accepts { rules.append(Rule([.verdict(.accept)])) }
        table.chains[name] = Chain(name: name, rules: rules)
        return name
    }

    /// A limit, whose name holds its parameters; deep enough that one packet never exceeds it.
    private mutating func limit(_ numbers: inout SeededNumbers) -> String {
        let rate = numbers.below(3)
        let limit = Limit(rate: UInt64(rate + 1), burst: 50, unit: .packets, matchesOver: true)
        table.objects[.limit("limit-\(rate)")] = .limit(limit)
        return "limit-\(rate)"
    }

    private mutating func constantPolicers(_ numbers: inout SeededNumbers) -> String {
        let (limit, host) = (limit(&numbers), numbers.below(3))
        let name = "p-\(limit)-\(host)"
        let elements: Set<SetElement> = [SetElement(.single([UInt8(host)]), .object(limit))]
        add(NamedSet(name: name, key: .integer(1), data: .object(.limit), isConstant: true, elements: elements))
        return name
    }

    private mutating func constantSet(_ numbers: inout SeededNumbers) -> String {
        let hosts = Set((0..<3).map { _ in numbers.below(12) }).sorted()
        let name = "s-" + hosts.map(String.init).joined(separator: "-")
        let elements = Set(hosts.map { SetElement(.single([UInt8($0)])) })
        add(NamedSet(name: name, key: .integer(1), isConstant: true, elements: elements))
        return name
    }

    private mutating func constantMap(_ numbers: inout SeededNumbers) -> String {
        let (target, host) = (leaf(&numbers), numbers.below(12))
        let name = "v-\(target)-\(host)"
        let elements: Set<SetElement> = [SetElement(.single([UInt8(host)]), .verdict(.goto(target)))]
        add(NamedSet(name: name, key: .integer(1), data: .verdict, isConstant: true, elements: elements))
        return name
    }

    private mutating func add(_ set: NamedSet) { table.sets[set.name] = set }
}

/// Does random damage to a table, as another program might; the result is still one that a kernel could hold.
func damage(_ table: Table, _ numbers: inout SeededNumbers) -> Table {
    var table = table
    for _ in 0..<(1 + numbers.below(4)) { damageOnce(&table, &numbers) }
    return table
}

private func damageOnce(_ table: inout Table, _ numbers: inout SeededNumbers) {
    let chains = table.chains.keys.sorted()
    let chain = chains[numbers.below(chains.count)]
    let sets = table.sets.keys.sorted()
    let set = sets[numbers.below(sets.count)]
    switch numbers.below(12) {
    case 0:
        table.chains["stray"] = Chain(
            name: "stray",
            rules: [Rule([.unknown(name: "fib", attributes: [1])]), Rule([.verdict(.jump("stray2"))])]
        )
        table.chains["stray2"] = Chain(name: "stray2", rules: [Rule([.object(.counter("always"))])])
        table.objects[.counter("always")] = .counter
    case 1: table.chains[chain]?.rules.append(Rule([.verdict(.drop)]))
    case 2: table.chains[chain]?.rules.removeAll()
    case 3: table.chains["forward"]?.base?.priority += 10
    case 4: table.chains["forward"]?.base?.policy = numbers.chance(50) ? .accept : .drop
    case 5:
        // Another constant set under the same name.
        if table.sets[set]?.isConstant == true, table.sets[set]?.data == SetData.none {
            table.sets[set]?.elements.insert(SetElement(.single([77])))
        }
    case 6: table.sets[set]?.key.typeNumber += 1
    case 7:
        for key in table.objects.keys where key.kind == .limit && numbers.chance(50) {
            table.objects[key] = .limit(Limit(rate: 99, burst: 9, unit: .packets, matchesOver: true))
        }
    case 8:
        table.chains["evil"] = Chain(
            name: "evil",
            base: BaseChain(hook: .forward, priority: -5, policy: .accept),
            rules: [Rule(hostIs(numbers.below(12)) + [.verdict(.drop)])]
        )
    case 9:
        // Base chains under names that are regular chains of many programs.
        for host in 0..<12 where table.chains["l-\(host)-limit-0-true"] == nil {
            table.chains["l-\(host)-limit-0-true"] = Chain(
                name: "l-\(host)-limit-0-true",
                base: BaseChain(hook: .input, priority: Int32(100 + host), policy: .accept),
                rules: [Rule(hostIs(host) + [.verdict(.drop)])]
            )
        }
    case 10:
        table.objects[.counter("stray")] = .counter
        table.sets["strays"] = NamedSet(
            name: "strays",
            key: .integer(1),
            data: .object(.counter),
            elements: [SetElement(.single([1]), .object("stray"))]
        )
        table.sets["straymap"] = NamedSet(
            name: "straymap",
            key: .integer(1),
            data: .verdict,
            elements: [SetElement(.single([1]), .verdict(.jump(chains.first { table.chains[$0]?.base == nil } ?? "")))]
        )
        if chains.allSatisfy({ table.chains[$0]?.base != nil }) { table.sets["straymap"] = nil }
    default:
        // What is not referenced can vanish; base chains always can.
        table.chains["forward"] = nil
        if table.chains.isEmpty { table.chains["stray"] = Chain(name: "stray") }
    }
}

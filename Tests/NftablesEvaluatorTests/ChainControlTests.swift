// SPDX-License-Identifier: Apache-2.0
// Jumps, gotos, returns, policies, the order of base chains, and what is refused.
import NftablesEvaluator
import NftablesIR
import Testing

struct ControlCase: CustomTestStringConvertible, Sendable {
    var name: String
    /// Chains by name; each rule marks its passage in the mark and then gives its verdict.
    var chains: [String: [Verdict]]
    var policy = BaseChain.Policy.drop
    var fate: Fate
    /// The rules passed, as chain and index.
    var trace: [String]

    var testDescription: String { name }
}

private let controlCases: [ControlCase] = [
    ControlCase(name: "an empty base chain: its policy drop", chains: ["base": []], fate: .drop, trace: []),
    ControlCase(
        name: "an empty base chain: its policy accept",
        chains: ["base": []],
        policy: .accept,
        fate: .accept,
        trace: []
    ),
    ControlCase(
        name: "accept ends the base chain",
        chains: ["base": [.accept, .drop]],
        fate: .accept,
        trace: ["base 0"]
    ),
    ControlCase(
        name: "continue goes on",
        chains: ["base": [.continue, .accept]],
        fate: .accept,
        trace: ["base 0", "base 1"]
    ),
    ControlCase(
        name: "return in a base chain: its policy",
        chains: ["base": [.return, .accept]],
        fate: .drop,
        trace: ["base 0"]
    ),
    ControlCase(
        name: "jump comes back at its end",
        chains: ["base": [.jump("a"), .accept], "a": [.continue]],
        fate: .accept,
        trace: ["base 0", "a 0", "base 1"]
    ),
    ControlCase(
        name: "jump comes back at return",
        chains: ["base": [.jump("a"), .accept], "a": [.return, .drop]],
        fate: .accept,
        trace: ["base 0", "a 0", "base 1"]
    ),
    ControlCase(
        name: "goto does not come back",
        chains: ["base": [.goto("a"), .accept], "a": [.continue]],
        fate: .drop,
        trace: ["base 0", "a 0"]
    ),
    ControlCase(
        name: "goto and end return to the caller of the last jump",
        chains: ["base": [.jump("a"), .accept], "a": [.goto("b"), .drop], "b": [.continue]],
        fate: .accept,
        trace: ["base 0", "a 0", "b 0", "base 1"]
    ),
    ControlCase(
        name: "goto and return return to the caller of the last jump",
        chains: ["base": [.jump("a"), .accept], "a": [.goto("b"), .drop], "b": [.return, .drop]],
        fate: .accept,
        trace: ["base 0", "a 0", "b 0", "base 1"]
    ),
    ControlCase(
        name: "accept far down ends the base chain",
        chains: ["base": [.jump("a"), .drop], "a": [.jump("b"), .drop], "b": [.accept]],
        fate: .accept,
        trace: ["base 0", "a 0", "b 0"]
    ),
    ControlCase(
        name: "jumps nest",
        chains: ["base": [.jump("a"), .accept], "a": [.jump("b"), .return, .drop], "b": []],
        fate: .accept,
        trace: ["base 0", "a 0", "a 1", "base 1"]
    ),
]

private func chains(_ verdicts: [String: [Verdict]], policy: BaseChain.Policy = .drop) -> Table {
    var table = Table(family: .inet, name: "t")
    for (name, rules) in verdicts {
        table.chains[name] = Chain(
            name: name,
            base: name == "base" ? BaseChain(hook: .forward, priority: 0, policy: policy) : nil,
            rules: rules.map { Rule([.verdict($0)]) }
        )
    }
    return table
}

/// base → c1 → … → c`depth`, whose last accepts.
private func nested(_ depth: Int, _ verdict: (String) -> Verdict) -> Table {
    var verdicts: [String: [Verdict]] = ["base": [verdict("c1")]]
    for level in 1...depth { verdicts["c\(level)"] = [level == depth ? .accept : verdict("c\(level + 1)")] }
    return chains(verdicts)
}

private func setMark(_ mark: UInt32) -> Rule {
    Rule([.immediate(.one, RegisterValue(host: mark)), .metaStore(.mark, from: .one)])
}

private func base(_ hook: BaseChain.Hook, _ priority: Int32, _ rules: [Rule], _ name: String) -> Chain {
    Chain(name: name, base: BaseChain(hook: hook, priority: priority, policy: .accept), rules: rules)
}

private func stateIs(_ state: UInt32) -> [Expression] {
    [
        .conntrackLoad(.state, direction: nil, into: .one), .compare(.equal, .one, RegisterValue(host: state)),
        .verdict(.accept),
    ]
}

@Suite("Chain control")
struct ChainControlTests {
    @Test(arguments: controlCases)
    func `verdicts lead as in the kernel`(_ example: ControlCase) throws {
        let outcome = try run(chains(example.chains, policy: example.policy), ipv4(udp()))
        #expect(outcome.fate == example.fate)
        #expect(outcome.trace.map { "\($0.chain) \($0.rule)" } == example.trace)
    }

    @Test func `fifteen chains below a base chain are allowed, sixteen are not`() throws {
        for verdict in [Verdict.jump, Verdict.goto] {
            #expect(try run(nested(15, verdict), ipv4(udp())).fate == .accept)
            #expect(throws: EvaluationError(.tooDeep, at: RulePosition(chain: "c15", rule: 0))) {
                try run(nested(16, verdict), ipv4(udp()))
            }
        }
        #expect(throws: EvaluationError.self) {
            try run(chains(["base": [.jump("a")], "a": [.jump("a")]]), ipv4(udp()))
        }
    }

    @Test func `depth is that of the path, not of what was left behind`() throws {
        var verdicts: [String: [Verdict]] = ["base": [Verdict](repeating: .jump("a"), count: 40) + [.accept]]
        verdicts["a"] = []
        #expect(try run(chains(verdicts), ipv4(udp())).fate == .accept)
    }

    @Test func `base chains run by priority until one drops`() throws {
        var table = Table(family: .inet, name: "t")
        for chain in [
            base(.forward, 10, [setMark(3)], "z-late"), base(.forward, -10, [setMark(1)], "a-early"),
            base(.input, 0, [Rule([.verdict(.drop)])], "elsewhere"),
        ] {
            table.chains[chain.name] = chain
        }
        var state = MachineState()
        let outcome = try Machine(table).run(.forward, ipv4(udp()), at: 0, state: &state)
        #expect(outcome.fate == .accept)
        #expect(outcome.mark == 3)
        #expect(outcome.decisions.map(\.chain) == ["a-early", "z-late"])

        table.chains["a-early"] = base(.forward, -10, [Rule([.verdict(.drop)])], "a-early")
        let dropped = try Machine(table).run(.forward, ipv4(udp()), at: 0, state: &state)
        #expect(dropped.fate == .drop)
        #expect(dropped.decisions.map(\.chain) == ["a-early"])

        let untouched = try Machine(table).run(.output, ipv4(udp()), at: 0, state: &state)
        #expect(untouched.fate == .accept)
        #expect(untouched.decisions.isEmpty)
    }

    @Test func `an accept ends only its own base chain`() throws {
        var table = Table(family: .inet, name: "t")
        table.chains["one"] = base(.forward, 0, [Rule([.verdict(.accept)])], "one")
        table.chains["two"] = base(.forward, 1, [Rule([.verdict(.drop)])], "two")
        var state = MachineState()
        #expect(try Machine(table).run(.forward, ipv4(udp()), at: 0, state: &state).fate == .drop)
    }

    @Test(arguments: [
        (Int32(-450), UInt32(1)), (-200, 1), (-199, 8), (-150, 8),
    ])
    func `prerouting sees conntrack only behind -200`(_ priority: Int32, _ state: UInt32) throws {
        var table = Table(family: .inet, name: "t")
        table.chains["c"] = Chain(
            name: "c",
            base: BaseChain(hook: .prerouting, priority: priority),
            rules: [Rule(stateIs(state))]
        )
        let packet = ipv4(udp(), conntrack: .tracked(ConntrackEntry(.new)))
        var machineState = MachineState()
        #expect(try Machine(table).run(.prerouting, packet, at: 0, state: &machineState).fate == .accept)
    }

    @Test func `notrack before conntrack keeps it away`() throws {
        var table = Table(family: .inet, name: "t")
        table.chains["a"] = base(.prerouting, -450, [Rule([.notrack])], "a")
        table.chains["b"] = Chain(
            name: "b",
            base: BaseChain(hook: .prerouting, priority: -150),
            rules: [Rule(stateIs(64))]
        )
        let packet = ipv4(udp(), conntrack: .tracked(ConntrackEntry(.new)))
        var state = MachineState()
        let outcome = try Machine(table).run(.prerouting, packet, at: 0, state: &state)
        #expect(outcome.fate == .accept)
        #expect(outcome.isUntracked)
    }

    @Test func `a table of one family does not see the other`() throws {
        var table = chains(["base": []])
        table.family = .ip6
        var state = MachineState()
        #expect(try Machine(table).run(.forward, ipv4(udp()), at: 0, state: &state).fate == .accept)
        #expect(try Machine(table).run(.forward, ipv6(17, udp()), at: 0, state: &state).fate == .drop)
        table.flags = 1
        #expect(try Machine(table).run(.forward, ipv6(17, udp()), at: 0, state: &state).fate == .accept)
    }

    @Test func `equal priorities, device hooks and nat at a connection's start are refused`() throws {
        var table = Table(family: .inet, name: "t")
        table.chains["one"] = base(.forward, 0, [], "one")
        table.chains["two"] = base(.forward, 0, [], "two")
        table.chains["nat"] = Chain(name: "nat", base: BaseChain(kind: .nat, hook: .prerouting, priority: -100))
        let machine = Machine(table)
        var state = MachineState()
        #expect(throws: EvaluationError(.samePriority("one", "two"))) {
            try machine.run(.forward, ipv4(udp()), at: 0, state: &state)
        }
        #expect(throws: EvaluationError.self) { try machine.run(.ingress, ipv4(udp()), at: 0, state: &state) }
        let new = ipv4(udp(), conntrack: .tracked(ConntrackEntry(.new)))
        #expect(throws: EvaluationError.self) { try machine.run(.prerouting, new, at: 0, state: &state) }
        let known = ipv4(udp(), conntrack: .tracked(ConntrackEntry(.established)))
        #expect(try machine.run(.prerouting, known, at: 0, state: &state).fate == .accept)
    }

    @Test(
        arguments: [
            (.unknown(name: "fib", attributes: []), .unknownExpression("fib")),
            (.metaLoad(MetaKey(rawValue: 99), into: .one), .unsupported("meta key 99")),
            (.conntrackLoad(ConntrackKey(rawValue: 5), direction: nil, into: .one), .unsupported("ct key 5")),
            (.metaStore(MetaKey(rawValue: 12), from: .one), .unsupported("setting meta key 12")),
            (.verdict(.jump("nowhere")), .noChain("nowhere")),
            (.verdict(.jump("base")), .noChain("base")),
            (.object(.counter("none")), .noObject(.counter("none"))),
            (.lookup(set: "none", key: .one, into: nil, inverted: false), .noSet("none")),
            (
                .extensionHeader(.ipv4Option, type: 68, offset: 0, length: 1, testsPresence: true, into: .one),
                .unsupported("IPv4 option 68")
            ),
            (
                .extensionHeader(.ipv4Option, type: 131, offset: 2, length: 1, testsPresence: false, into: .one),
                .unsupported("a field of IPv4 option 131")
            ),
            (
                .payloadLoad(.network, offset: 0, length: 16, into: Register(slot: 13)),
                .unsupported("a payload load of 16 bytes at 0 of header network")
            ),
            (
                .range(.less, .one, RegisterValue([1]), RegisterValue([2])),
                .unsupported("a register operation that the kernel would not load")
            ),
        ] as [(Expression, EvaluationError.Reason)]
    )
    func `what is not known is refused by name, and only when reached`(
        _ expression: Expression,
        _ reason: EvaluationError.Reason
    ) throws {
        #expect(throws: EvaluationError(reason, at: RulePosition(chain: "base", rule: 0))) {
            try run(table([expression]), ipv4(udp()))
        }
        let unreached: [Expression] = [.payloadLoad(.network, offset: 200, length: 4, into: .one), expression]
        #expect(try run(table(unreached), ipv4(udp())).fate == .drop)
    }

    @Test func `equal tables answer alike`() throws {
        let first = nested(15, Verdict.jump)
        var second = Table(family: .inet, name: "t")
        for chain in first.chains.values.sorted(by: { $0.name > $1.name }) { second.chains[chain.name] = chain }
        #expect(first == second)
        #expect(try run(first, ipv4(udp())) == run(second, ipv4(udp())))
    }

    @Test func `the trace is left out when nobody asks`() throws {
        var state = MachineState()
        let outcome = try Machine(table([])).run(
            chain: "base",
            ipv4(udp()),
            at: 0,
            state: &state,
            recordingTrace: false
        )
        #expect(outcome.trace.isEmpty)
        #expect(outcome.decisions.first?.rule == RulePosition(chain: "base", rule: 0))
    }
}

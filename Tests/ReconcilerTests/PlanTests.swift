// SPDX-License-Identifier: Apache-2.0
// What goes into which step, case by case.
import NftablesIR
import Reconciler
import Testing

private let drop = Rule([.verdict(.drop)])
private let accept = Rule([.verdict(.accept)])

private func table(
    chains: [Chain] = [],
    sets: [NamedSet] = [],
    objects: [ObjectKey: StatefulObject] = [:]
) -> Table {
    var table = Table(family: .inet, name: "sluice", objects: objects)
    for chain in chains { table.chains[chain.name] = chain }
    for set in sets { table.sets[set.name] = set }
    return table
}

private func base(_ rules: [Rule], priority: Int32 = 0, policy: BaseChain.Policy = .drop) -> Chain {
    Chain(name: "forward", base: BaseChain(hook: .forward, priority: priority, policy: policy), rules: rules)
}

private func dispatch(_ elements: (Int, String)...) -> NamedSet {
    NamedSet(
        name: "dispatch",
        key: .interfaceName,
        data: .verdict,
        elements: Set(elements.map { SetElement(.single(interfaceKey($0.0)), .verdict(.goto($0.1))) })
    )
}

private func counters(_ elements: (Int, String)...) -> NamedSet {
    NamedSet(
        name: "counters",
        key: .interfaceName,
        data: .object(.counter),
        elements: Set(elements.map { SetElement(.single(interfaceKey($0.0)), .object($0.1)) })
    )
}

private func element(_ interface: Int, goto chain: String) -> SetElement {
    SetElement(.single(interfaceKey(interface)), .verdict(.goto(chain)))
}

private let dispatching = Rule([.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: "dispatch", key: .one)])
private let counting = Rule([.metaLoad(.inputInterfaceName, into: .one), .objectMap(set: "counters", key: .one)])

struct PlanCase: CustomTestStringConvertible, Sendable {
    var name: String
    var desired: Table
    var observed: Table?
    var prepare: [Change] = []
    var switchOver: [Change] = []
    var sweep: [Change] = []
    var differences: [Difference] = []

    var testDescription: String { name }
}

private let whole = table(
    chains: [base([dispatching]), Chain(name: "a", rules: [drop])],
    sets: [dispatch((0, "a"))],
    objects: [.counter("c"): .counter]
)

private let programCases: [PlanCase] = [
    PlanCase(name: "equal tables: nothing", desired: whole, observed: whole),
    PlanCase(
        name: "first load: everything but base chains is prepared",
        desired: whole,
        observed: nil,
        prepare: [
            .addTable(flags: 0), .addObject(.counter("c"), .counter), .addChain("a", base: nil),
            .addSet(dispatch()), .addElements(set: "dispatch", layout: .exact, [element(0, goto: "a")]),
            .addRule(chain: "a", drop),
        ],
        switchOver: [
            .addChain("forward", base: BaseChain(hook: .forward, priority: 0)),
            .addRule(chain: "forward", dispatching),
        ],
        differences: [
            Difference(.table, "sluice", .missing), Difference(.chain, "a", .missing),
            Difference(.baseChain, "forward", .missing), Difference(.set, "dispatch", .missing),
            Difference(.counter, "c", .missing),
        ]
    ),
    PlanCase(
        name: "a repointed verdict map: chain first, element second, old chain last (T15)",
        desired: table(
            chains: [base([dispatching]), Chain(name: "b", rules: [accept])],
            sets: [dispatch((0, "b"))]
        ),
        observed: table(
            chains: [base([dispatching]), Chain(name: "a", rules: [drop])],
            sets: [dispatch((0, "a"))]
        ),
        prepare: [.addChain("b", base: nil), .addRule(chain: "b", accept)],
        switchOver: [
            .deleteElements(set: "dispatch", layout: .exact, [element(0, goto: "a")]),
            .addElements(set: "dispatch", layout: .exact, [element(0, goto: "b")]),
        ],
        sweep: [.flushChain("a"), .deleteChain("a")],
        differences: [
            Difference(.chain, "a", .unexpected, "1 rules"), Difference(.chain, "b", .missing),
            Difference(.set, "dispatch", .different, "1 elements missing, 1 unexpected"),
        ]
    ),
    PlanCase(
        name: "an object map gains early and loses late (T16), then its objects go",
        desired: table(
            chains: [base([counting])],
            sets: [counters((0, "x"))],
            objects: [.counter("x"): .counter]
        ),
        observed: table(
            chains: [base([counting])],
            sets: [counters((1, "y"))],
            objects: [.counter("y"): .counter]
        ),
        prepare: [
            .addObject(.counter("x"), .counter),
            .addElements(set: "counters", layout: .exact, [SetElement(.single(interfaceKey(0)), .object("x"))]),
        ],
        sweep: [
            .deleteElements(set: "counters", layout: .exact, [SetElement(.single(interfaceKey(1)), .object("y"))]),
            .deleteObject(.counter("y")),
        ],
        differences: [
            Difference(.set, "counters", .different, "1 elements missing, 1 unexpected"),
            Difference(.counter, "x", .missing), Difference(.counter, "y", .unexpected),
        ]
    ),
    PlanCase(
        name: "an object map's key that changes its object changes in the switch",
        desired: table(sets: [counters((0, "x"))], objects: [.counter("x"): .counter, .counter("y"): .counter]),
        observed: table(sets: [counters((0, "y"))], objects: [.counter("x"): .counter, .counter("y"): .counter]),
        switchOver: [
            .deleteElements(set: "counters", layout: .exact, [SetElement(.single(interfaceKey(0)), .object("y"))]),
            .addElements(set: "counters", layout: .exact, [SetElement(.single(interfaceKey(0)), .object("x"))]),
        ],
        differences: [Difference(.set, "counters", .different, "1 elements missing, 1 unexpected")]
    ),
]

private let limitA = StatefulObject.limit(Limit(rate: 1, burst: 1, unit: .packets, matchesOver: true))
private let limitB = StatefulObject.limit(Limit(rate: 2, burst: 1, unit: .packets, matchesOver: true))
private let timed = Rule([.object(.conntrackTimeout("t"))])
private let policed = Rule([.object(.limit("l")), .verdict(.drop)])
private let constant = NamedSet(name: "s", key: .integer(1), isConstant: true, elements: [SetElement(.single([1]))])
private let looking = Rule([.lookup(set: "s", key: .one, into: nil, inverted: false), .verdict(.drop)])

private let driftCases: [PlanCase] = [
    PlanCase(
        name: "a base chain that is gone is made again",
        desired: table(chains: [base([drop])]),
        observed: table(),
        switchOver: [
            .addChain("forward", base: BaseChain(hook: .forward, priority: 0)), .addRule(chain: "forward", drop),
        ],
        differences: [Difference(.baseChain, "forward", .missing)]
    ),
    PlanCase(
        name: "rules of a base chain are replaced in place",
        desired: table(chains: [base([drop])]),
        observed: table(chains: [base([drop, accept])]),
        switchOver: [.flushChain("forward"), .addRule(chain: "forward", drop)],
        differences: [Difference(.baseChain, "forward", .different, "2 rules for 1, from rule 2 on")]
    ),
    PlanCase(
        name: "a policy is changed in place, and nothing else",
        desired: table(chains: [base([drop])]),
        observed: table(chains: [base([drop], policy: .accept)]),
        switchOver: [.addChain("forward", base: BaseChain(hook: .forward, priority: 0))],
        differences: [
            Difference(
                .baseChain,
                "forward",
                .different,
                "filter hook forward priority 0 policy accept for filter hook forward priority 0 policy drop"
            )
        ]
    ),
    PlanCase(
        name: "another priority: deleted and made again in one batch",
        desired: table(chains: [base([drop])]),
        observed: table(chains: [base([drop], priority: 5)]),
        switchOver: [
            .flushChain("forward"), .deleteChain("forward"),
            .addChain("forward", base: BaseChain(hook: .forward, priority: 0)), .addRule(chain: "forward", drop),
        ],
        differences: [
            Difference(
                .baseChain,
                "forward",
                .different,
                "filter hook forward priority 5 policy drop for filter hook forward priority 0 policy drop"
            )
        ]
    ),
    PlanCase(
        name: "a regular chain that differs under its name is repaired in place",
        desired: table(chains: [Chain(name: "a", rules: [drop])]),
        observed: table(chains: [Chain(name: "a", rules: [accept])]),
        switchOver: [.flushChain("a"), .addRule(chain: "a", drop)],
        differences: [Difference(.chain, "a", .different, "1 rules for 1, from rule 1 on")]
    ),
    PlanCase(
        name: "a limit with other parameters: rules flushed, limit made anew, rules put back (T4)",
        desired: table(chains: [Chain(name: "a", rules: [policed])], objects: [.limit("l"): limitA]),
        observed: table(chains: [Chain(name: "a", rules: [policed])], objects: [.limit("l"): limitB]),
        switchOver: [
            .flushChain("a"), .deleteObject(.limit("l")), .addObject(.limit("l"), limitA),
            .addRule(chain: "a", policed),
        ],
        differences: [Difference(.limit, "l", .different, "other parameters")]
    ),
    PlanCase(
        name: "a timeout object with other parameters is made anew, too (T4)",
        desired: table(
            chains: [Chain(name: "a", rules: [timed])],
            objects: [.conntrackTimeout("t"): .conntrackTimeout(ConntrackTimeout(protocolNumber: 1, seconds: [9]))]
        ),
        observed: table(
            chains: [Chain(name: "a", rules: [timed])],
            objects: [.conntrackTimeout("t"): .conntrackTimeout(ConntrackTimeout(protocolNumber: 1, seconds: [8]))]
        ),
        switchOver: [
            .flushChain("a"), .deleteObject(.conntrackTimeout("t")),
            .addObject(
                .conntrackTimeout("t"),
                .conntrackTimeout(ConntrackTimeout(protocolNumber: 1, seconds: [9]))
            ),
            .addRule(chain: "a", timed),
        ],
        differences: [Difference(.object, "t", .different, "other parameters")]
    ),
    PlanCase(
        name: "a constant set with other elements is made anew, with its rules",
        desired: table(chains: [Chain(name: "a", rules: [looking])], sets: [constant]),
        observed: table(
            chains: [Chain(name: "a", rules: [looking])],
            sets: [NamedSet(name: "s", key: .integer(1), isConstant: true)]
        ),
        switchOver: [
            .flushChain("a"), .deleteSet("s"),
            .addSet(NamedSet(name: "s", key: .integer(1), isConstant: true)),
            .addElements(set: "s", layout: .exact, [SetElement(.single([1]))]), .addRule(chain: "a", looking),
        ],
        differences: [Difference(.set, "s", .different, "1 elements missing, 0 unexpected")]
    ),
    PlanCase(
        name: "strangers are swept, a base chain among them goes with the switch",
        desired: table(),
        observed: table(
            chains: [base([drop]), Chain(name: "x", rules: [Rule([.unknown(name: "fib", attributes: [])])])],
            sets: [constant],
            objects: [.counter("c"): .counter]
        ),
        switchOver: [.flushChain("forward"), .deleteChain("forward")],
        sweep: [.flushChain("x"), .deleteSet("s"), .deleteChain("x"), .deleteObject(.counter("c"))],
        differences: [
            Difference(.baseChain, "forward", .unexpected, "1 rules"), Difference(.chain, "x", .unexpected, "1 rules"),
            Difference(.set, "s", .unexpected, "1 elements"), Difference(.counter, "c", .unexpected),
        ]
    ),
    PlanCase(
        name: "a dormant table is woken by the switch",
        desired: table(),
        observed: Table(family: .inet, name: "sluice", flags: 1),
        switchOver: [.addTable(flags: 0)],
        differences: [Difference(.table, "sluice", .different, "flags 1 for 0")]
    ),
]

@Suite("Plans")
struct PlanTests {
    @Test(arguments: programCases + driftCases)
    func `each change has its step`(_ example: PlanCase) {
        let plan = plan(desired: example.desired, observed: example.observed)
        #expect(plan.prepare == example.prepare)
        #expect(plan.switchOver == example.switchOver)
        #expect(plan.sweep == example.sweep)
        #expect(plan.differences == example.differences)
    }

    @Test func `comments and handles are no difference`() {
        let observed = table(chains: [base([Rule([.verdict(.drop)], comment: "firewall", handle: 7)])])
        #expect(plan(desired: table(chains: [base([drop])]), observed: observed).isEmpty)
    }

    @Test func `a one-term change in 20,000 chains is a handful of changes`() throws {
        func large(_ changed: Int?) -> Table {
            var chains = [base([dispatching])]
            var elements: Set<SetElement> = []
            for index in 0..<20_000 {
                let name = index == changed ? "chain-\(index)-new" : "chain-\(index)"
                chains.append(Chain(name: name, rules: [drop, accept, index == changed ? drop : accept]))
                elements.insert(element(index, goto: name))
            }
            var map = dispatch()
            map.elements = elements
            return table(chains: chains, sets: [map])
        }
        let plan = plan(desired: large(17), observed: large(nil))
        #expect(plan.prepare.count == 4)
        #expect(plan.switchOver.count == 2)
        #expect(plan.sweep == [.flushChain("chain-17"), .deleteChain("chain-17")])
    }
}

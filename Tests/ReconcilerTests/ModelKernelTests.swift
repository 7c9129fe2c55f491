// SPDX-License-Identifier: Apache-2.0
// The model kernel refuses what the real one refuses (kernel facts §4, §5, §8).
import NftablesIR
import Testing

private let accept = Rule([.verdict(.accept)])
private let base = BaseChain(hook: .forward, priority: 0)
private let set = NamedSet(name: "s", key: .integer(1), isConstant: true)
private let intervals = NamedSet(name: "i", key: .integer(1), isInterval: true)
private let map = NamedSet(name: "m", key: .integer(1), data: .verdict)
private let counters = NamedSet(name: "o", key: .integer(1), data: .object(.counter))
private let lookup = Rule([.lookup(set: "s", key: .one, into: nil, inverted: false)])
private let one = SetElement(.single([1]))

private func elements(_ name: String, _ elements: [SetElement], _ layout: SetLayout = .exact) -> Change {
    .addElements(set: name, layout: layout, elements)
}

private func jump(_ name: String) -> SetElement { SetElement(.single([1]), .verdict(.jump(name))) }

struct RefusalCase: CustomTestStringConvertible, Sendable {
    var name: String
    var changes: [Change]
    var refusal: Refusal?

    init(_ name: String, _ changes: [Change], _ refusal: Refusal?) {
        self.name = name
        self.changes = changes
        self.refusal = refusal
    }

    var testDescription: String { name }
}

private let refusalCases: [RefusalCase] = [
    RefusalCase("a rule needs its chain", [.addRule(chain: "a", accept)], .noEntry),
    RefusalCase(
        "a jump needs its target",
        [.addChain("a", base: nil), .addRule(chain: "a", Rule([.verdict(.jump("b"))]))],
        .noEntry
    ),
    RefusalCase(
        "nobody jumps to a base chain",
        [
            .addChain("f", base: base), .addChain("a", base: nil), .addRule(chain: "a", Rule([.verdict(.jump("f"))])),
        ],
        .notSupported
    ),
    RefusalCase(
        "a base chain stays where it is",
        [
            .addChain("f", base: base), .addChain("f", base: BaseChain(hook: .forward, priority: 1)),
        ],
        .notSupported
    ),
    RefusalCase(
        "a policy changes in place",
        [
            .addChain("f", base: base), .addChain("f", base: BaseChain(hook: .forward, priority: 0, policy: .accept)),
        ],
        nil
    ),
    RefusalCase(
        "a chain with rules stays",
        [
            .addChain("a", base: nil), .addRule(chain: "a", accept), .deleteChain("a"),
        ],
        .busy
    ),
    RefusalCase(
        "a chain that an element leads to stays",
        [
            .addChain("a", base: nil), .addSet(map), elements("m", [jump("a")]), .deleteChain("a"),
        ],
        .busy
    ),
    RefusalCase(
        "and goes with the element",
        [
            .addChain("a", base: nil), .addSet(map), elements("m", [jump("a")]),
            .deleteElements(set: "m", layout: .exact, [jump("a")]), .deleteChain("a"),
        ],
        nil
    ),
    RefusalCase(
        "a set deleted frees what its elements lead to",
        [
            .addChain("a", base: nil), .addSet(map), elements("m", [jump("a")]), .deleteSet("m"), .deleteChain("a"),
        ],
        nil
    ),
    RefusalCase(
        "a set that a rule uses stays",
        [
            .addSet(set), .addChain("a", base: nil), .addRule(chain: "a", lookup), .deleteSet("s"),
        ],
        .busy
    ),
    RefusalCase(
        "a constant set in use takes no elements",
        [
            .addSet(set), .addChain("a", base: nil), .addRule(chain: "a", lookup), elements("s", [one]),
        ],
        .busy
    ),
    RefusalCase(
        "nor in the batch that flushes its rules",
        [
            .addSet(set), .addChain("a", base: nil), .addRule(chain: "a", lookup), .flushChain("a"),
            elements("s", [one]),
        ],
        .busy
    ),
    RefusalCase(
        "but it can be made anew in that batch",
        [
            .addSet(set), .addChain("a", base: nil), .addRule(chain: "a", lookup), .flushChain("a"), .deleteSet("s"),
            .addSet(set), elements("s", [one]), .addRule(chain: "a", lookup),
        ],
        nil
    ),
    RefusalCase("sets are made once", [.addSet(set), .addSet(set)], .exists),
    RefusalCase("an element may come twice", [.addSet(set), elements("s", [one]), elements("s", [one])], nil),
    RefusalCase(
        "a key has one value",
        [
            .addSet(map), elements("m", [SetElement(.single([1]), .verdict(.accept))]),
            elements("m", [SetElement(.single([1]), .verdict(.drop))]),
        ],
        .exists
    ),
    RefusalCase(
        "intervals do not overlap",
        [
            .addSet(intervals), elements("i", [SetElement(.range([1], [5]))], .intervals),
            elements("i", [SetElement(.range([5], [6]))], .intervals),
        ],
        .exists
    ),
    RefusalCase(
        "neighbours do not overlap",
        [
            .addSet(intervals),
            elements("i", [SetElement(.range([1], [5])), SetElement(.range([6], [6]))], .intervals),
        ],
        nil
    ),
    RefusalCase(
        "a missing element cannot go",
        [
            .addSet(set), .deleteElements(set: "s", layout: .exact, [one]),
        ],
        .noEntry
    ),
    RefusalCase(
        "objects are made once",
        [
            .addObject(.counter("c"), .counter), .addObject(.counter("c"), .counter),
        ],
        .exists
    ),
    RefusalCase(
        "an object in a map stays",
        [
            .addObject(.counter("c"), .counter), .addSet(counters),
            elements("o", [SetElement(.single([1]), .object("c"))]),
            .deleteObject(.counter("c")),
        ],
        .busy
    ),
    RefusalCase(
        "a rule needs its object",
        [
            .addChain("a", base: nil), .addRule(chain: "a", Rule([.object(.counter("c"))])),
        ],
        .noEntry
    ),
    RefusalCase(
        "a map of another kind is refused",
        [
            .addSet(set), .addChain("a", base: nil), .addRule(chain: "a", Rule([.verdictMap(set: "s", key: .one)])),
        ],
        .invalid
    ),
]

@Suite("Model kernel")
struct ModelKernelTests {
    @Test(arguments: refusalCases)
    func `refuses as the kernel does`(_ example: RefusalCase) throws {
        var kernel = try ModelKernel(Table(family: .inet, name: "t"), family: .inet, name: "t")
        guard let refusal = example.refusal, let last = example.changes.last else {
            try kernel.apply(example.changes)
            return
        }
        #expect(throws: RefusedChange(refusal: refusal, change: last)) { try kernel.apply(example.changes) }
        #expect(kernel.table == Table(family: .inet, name: "t"))
    }
}

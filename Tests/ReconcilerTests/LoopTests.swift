// SPDX-License-Identifier: Apache-2.0
// The loop's answers to events, and how its waits grow.
import Reconciler
import Testing

struct LoopCase: CustomTestStringConvertible, Sendable {
    var name: String
    var steps: [(ReconcileLoop.Event, ReconcileLoop.Action)]
    var state: ReconcileLoop.State

    var testDescription: String { name }
}

private let loopCases: [LoopCase] = [
    LoopCase(
        name: "nothing to do: settled",
        steps: [(.observed(generation: 5, next: nil), .none)],
        state: .settled(generation: 5)
    ),
    LoopCase(
        name: "three steps, then read back",
        steps: [
            (.observed(generation: 5, next: .prepare), .apply(.prepare)),
            (.applied(next: .switchOver), .apply(.switchOver)), (.kernelChanged(generation: 7), .none),
            (.applied(next: .sweep), .apply(.sweep)), (.applied(next: nil), .observe),
            (.kernelChanged(generation: 8), .none), (.observed(generation: 8, next: nil), .none),
        ],
        state: .settled(generation: 8)
    ),
    LoopCase(
        name: "the settled generation is no news",
        steps: [(.observed(generation: 5, next: nil), .none), (.kernelChanged(generation: 5), .none)],
        state: .settled(generation: 5)
    ),
    LoopCase(
        name: "a foreign commit is looked at",
        steps: [(.observed(generation: 5, next: nil), .none), (.kernelChanged(generation: 6), .observe)],
        state: .observing
    ),
    LoopCase(
        name: "lost events are looked at",
        steps: [(.observed(generation: 5, next: nil), .none), (.kernelChanged(generation: nil), .observe)],
        state: .observing
    ),
    LoopCase(
        name: "a commit behind the dump: once more",
        steps: [(.kernelChanged(generation: 6), .none), (.observed(generation: 5, next: .switchOver), .observe)],
        state: .observing
    ),
    LoopCase(
        name: "generations wrap",
        steps: [
            (.kernelChanged(generation: 0), .none), (.observed(generation: .max, next: nil), .observe),
            (.kernelChanged(generation: .max), .none), (.observed(generation: 0, next: nil), .none),
        ],
        state: .settled(generation: 0)
    ),
    LoopCase(
        name: "another program while applying: the plan stops and is made anew",
        steps: [
            (.observed(generation: 5, next: .prepare), .apply(.prepare)), (.desiredChanged, .none),
            (.applied(next: .switchOver), .observe),
        ],
        state: .observing
    ),
    LoopCase(
        name: "overtaken: wait, then look again",
        steps: [
            (.observed(generation: 5, next: .switchOver), .apply(.switchOver)),
            (.overtaken, .wait(.milliseconds(100))), (.kernelChanged(generation: 6), .none), (.desiredChanged, .none),
            (.waited, .observe), (.failed, .wait(.milliseconds(200))), (.waited, .observe),
            (.observed(generation: 6, next: nil), .none), (.kernelChanged(generation: 7), .observe),
            (.failed, .wait(.milliseconds(100))),
        ],
        state: .waiting
    ),
    LoopCase(
        name: "answers that nobody waits for are ignored",
        steps: [
            (.applied(next: .sweep), .none), (.waited, .none), (.observed(generation: 1, next: nil), .none),
            (.observed(generation: 2, next: .sweep), .none),
        ],
        state: .settled(generation: 1)
    ),
]

@Suite("Reconcile loop")
struct LoopTests {
    @Test(arguments: loopCases)
    func `each event has its answer`(_ example: LoopCase) {
        var loop = ReconcileLoop()
        for (index, (event, action)) in example.steps.enumerated() {
            #expect(loop.handle(event) == action, "step \(index)")
        }
        #expect(loop.state == example.state)
    }

    @Test func `waits double up to the longest and start again after a success`() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(5))
        #expect((0..<5).map { _ in backoff.failed() } == [1, 2, 4, 5, 5].map { .seconds($0) })
        backoff.succeeded()
        #expect(backoff.failed() == .seconds(1))
        #expect(backoff.failures == 1)
    }

    @Test func `jitter takes up to half away`() {
        var backoff = Backoff(first: .seconds(2), longest: .seconds(8))
        #expect(backoff.failed(jitter: 0) == .seconds(1))
        #expect(backoff.failed(jitter: 0.5) == .seconds(3))
        #expect(backoff.failed(jitter: 7) == .seconds(8))
        #expect(backoff.failed(jitter: -7) == .seconds(4))
    }

    @Test func `no number of failures overflows`() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(1_000_000_000))
        for _ in 0..<200 { _ = backoff.failed() }
        #expect(backoff.failed() == .seconds(1_000_000_000))
    }
}

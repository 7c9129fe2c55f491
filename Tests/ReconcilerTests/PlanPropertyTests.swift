// SPDX-License-Identifier: Apache-2.0
// Random pairs of tables: every step is accepted, the end is the desired table, and only the switch changes meaning.
import NftablesEvaluator
import NftablesIR
import Reconciler
import Testing

/// What a packet meets, or why nobody can tell.
private enum Answer: Hashable {
    case fate(Fate, mark: UInt32)
    case unknown(EvaluationError)
}

/// What every kind of packet meets under a table.
private func meaning(_ table: Table?) -> [Answer] {
    guard let table else { return [] }
    let machine = Machine(table)
    var answers: [Answer] = []
    for hook in [BaseChain.Hook.forward, .input] {
        for interface in 0..<4 {
            for host in 0..<12 {
                let header: [UInt8] = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, UInt8(host), 10, 0, 1, 1]
                let packet = Packet(
                    header + [0, 1, 0, 2, 0, 8, 0, 0],
                    family: .ipv4,
                    input: InterfaceName("in\(interface)")
                )
                // A fresh state for each packet: every limit is full, so time plays no part.
                var state = MachineState()
                do {
                    let outcome = try machine.run(hook, packet, at: 0, state: &state, recordingTrace: false)
                    answers.append(.fate(outcome.fate, mark: outcome.mark))
                } catch {
                    answers.append(.unknown(EvaluationError(error.reason)))
                }
            }
        }
    }
    return answers
}

/// Applies a plan step by step and checks all that a plan promises.
private func check(_ desired: Table, _ observed: Table?, _ note: Comment) throws {
    var kernel = try ModelKernel(observed, family: desired.family, name: desired.name)
    let counters = kernel.readings.keys
    for key in counters { kernel.readings[key] = 1000 }
    let plan = plan(desired: desired, observed: kernel.table)

    let before = meaning(kernel.table)
    try kernel.apply(plan.prepare)
    let prepared = meaning(kernel.table)
    if !before.isEmpty { #expect(prepared == before, note) }
    try kernel.apply(plan.switchOver)
    let switched = meaning(kernel.table)
    #expect(switched == meaning(desired), note)
    try kernel.apply(plan.sweep)
    #expect(meaning(kernel.table) == switched, note)

    #expect(kernel.table == desired, note)
    for key in counters where desired.objects[key] != nil { #expect(kernel.readings[key] == 1000, note) }
    #expect(plan.isEmpty == plan.differences.isEmpty, note)
    let again = Reconciler.plan(desired: desired, observed: kernel.table)
    #expect(again.isEmpty && again.differences.isEmpty, note)
}

@Suite("Plans of random tables")
struct PlanPropertyTests {
    @Test func `from any program of ours to any other`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("PlanPropertyTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for round in 0..<150 {
            let observed = ProgramGenerator.make(&numbers)
            let desired = ProgramGenerator.make(&numbers)
            try check(desired, observed, "seed \(seed) round \(round)")
            // Without drift every new chain is full before anything leads to it (T15), and nothing is made anew.
            let plan = plan(desired: desired, observed: observed)
            for change in plan.switchOver {
                switch change {
                case .flushChain(let name), .addRule(let name, _), .deleteChain(let name):
                    #expect((desired.chains[name] ?? observed.chains[name])?.base != nil, "seed \(seed) \(change)")
                case .addChain(_, let base): #expect(base != nil)
                case .deleteElements(let name, _, _):
                    #expect(desired.sets[name]?.isConstant == false)
                case .addElements: break
                default: Issue.record("seed \(seed) round \(round): \(change)")
                }
            }
        }
    }

    @Test func `from any damage back`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("PlanPropertyTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for round in 0..<200 {
            let ours = ProgramGenerator.make(&numbers)
            let damaged = damage(ours, &numbers)
            try check(ours, damaged, "seed \(seed) round \(round)")
            // And from damage to another program altogether.
            try check(ProgramGenerator.make(&numbers), damaged, "seed \(seed) round \(round), other program")
        }
    }

    @Test func `from nothing`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("PlanPropertyTests seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for round in 0..<50 { try check(ProgramGenerator.make(&numbers), nil, "seed \(seed) round \(round)") }
    }

    @Test func `a plan depends on nothing but its tables`() {
        var numbers = SeededNumbers(seed: 7)
        let (one, other) = (ProgramGenerator.make(&numbers), ProgramGenerator.make(&numbers))
        var rebuilt = Table(family: other.family, name: other.name)
        for chain in other.chains.values.sorted(by: { $0.name > $1.name }) { rebuilt.chains[chain.name] = chain }
        for set in other.sets.values.sorted(by: { $0.name > $1.name }) { rebuilt.sets[set.name] = set }
        rebuilt.objects = Dictionary(uniqueKeysWithValues: other.objects.map { ($0.key, $0.value) })
        #expect(plan(desired: rebuilt, observed: one) == plan(desired: other, observed: one))
    }
}

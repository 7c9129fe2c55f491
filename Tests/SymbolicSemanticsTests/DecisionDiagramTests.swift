// SPDX-License-Identifier: Apache-2.0
// Every operation against truth tables over six variables. Two seconds in all.
import DecisionDiagrams
import TestSupport
import Testing

/// A function as the terminals for all 64 assignments, beside its diagram.
private struct Tabled {
    var diagram: Diagram
    var values: [UInt32]
}

@Suite struct DecisionDiagramTests {
    private static let count = 6
    private static let variables: [UInt32] = [3, 4, 10, 500, 1000, 2001]

    private static func assignment(_ row: Int) -> Assignment {
        Dictionary(uniqueKeysWithValues: variables.enumerated().map { ($1, row >> $0 & 1 == 1) })
    }

    private static func row(_ assignment: Assignment) -> Int {
        variables.enumerated().reduce(0) { $0 | (assignment[$1.element] ?? false ? 1 << $1.offset : 0) }
    }

    private func check(_ function: Tabled, _ store: DiagramStore, _ what: Comment) {
        for row in function.values.indices {
            #expect(store.value(function.diagram, Self.assignment(row)) == function.values[row], what)
        }
    }

    /// A random Boolean function, as a disjunction of rows or of other functions.
    private func random(_ generator: inout SeededGenerator, _ store: inout DiagramStore) -> Tabled {
        var result = Tabled(diagram: .no, values: Array(repeating: 0, count: 1 << Self.count))
        for (index, variable) in Self.variables.enumerated() where generator.chance(70) {
            let diagram = store.variable(variable)
            let values = (0..<1 << Self.count).map { UInt32($0 >> index & 1) }
            switch generator.pick([0, 1, 2, 3]) {
            case 0:
                result.diagram = store.and(result.diagram, diagram)
                result.values = zip(result.values, values).map { $0 & $1 }
            case 1:
                result.diagram = store.or(diagram, result.diagram)
                result.values = zip(result.values, values).map { $0 | $1 }
            case 2:
                result.diagram = store.differ(result.diagram, diagram)
                result.values = zip(result.values, values).map { $0 ^ $1 }
            default:
                result.diagram = store.not(result.diagram)
                result.values = result.values.map { 1 - $0 }
            }
        }
        return result
    }

    @Test(arguments: [UInt64](1...60)) func `operations are those of truth tables`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var store = DiagramStore(capacity: 4)
        var known: [[UInt32]: Diagram] = [:]
        for _ in 0..<20 {
            let condition = random(&generator, &store)
            let then = random(&generator, &store)
            let otherwise = random(&generator, &store)
            check(condition, store, "seed \(seed)")
            let terminals = (2...4).map { store.terminal($0) }
            var many = Tabled(diagram: terminals[0], values: Array(repeating: 2, count: 1 << Self.count))
            for (number, part) in [then, otherwise].enumerated() {
                many.diagram = store.choose(part.diagram, then: terminals[number + 1], otherwise: many.diagram)
                many.values = zip(part.values, many.values).map { $0 == 1 ? UInt32(number + 3) : $1 }
            }
            let chosen = Tabled(
                diagram: store.choose(condition.diagram, then: then.diagram, otherwise: many.diagram),
                values: condition.values.indices.map { condition.values[$0] == 1 ? then.values[$0] : many.values[$0] }
            )
            let differing = Tabled(
                diagram: store.differ(many.diagram, chosen.diagram),
                values: zip(many.values, chosen.values).map { $0 == $1 ? 0 : 1 }
            )
            for function in [many, chosen, differing] {
                check(function, store, "seed \(seed)")
                // The same function is the same diagram, whatever way led to it.
                #expect(known[function.values] ?? function.diagram == function.diagram, "seed \(seed)")
                known[function.values] = function.diagram
                #expect(store.terminals(function.diagram) == Set(function.values).sorted())
            }
            checkTransformations(chosen, &generator, &store, "seed \(seed)")
            checkWitness(differing, store, "seed \(seed)")
        }
    }

    private func checkTransformations(
        _ function: Tabled,
        _ generator: inout SeededGenerator,
        _ store: inout DiagramStore,
        _ what: Comment
    ) {
        let fixed = generator.pick(Self.variables)
        let value = generator.chance(50)
        let fixing = Tabled(
            diagram: store.fixing(function.diagram, [fixed: value]),
            values: function.values.indices.map { row in
                var assignment = Self.assignment(row)
                assignment[fixed] = value
                return function.values[Self.row(assignment)]
            }
        )
        check(fixing, store, what)
        let replaced = Tabled(
            diagram: store.replacingTerminals(function.diagram) { store, number in
                number == 3 ? store.variable(10) : store.terminal(number &+ 5)
            },
            values: function.values.enumerated().map { row, number in
                number == 3 ? (Self.assignment(row)[10] == true ? 1 : 0) : number + 5
            }
        )
        check(replaced, store, what)
        let isOne = Tabled(
            diagram: store.replacingTerminals(function.diagram) { _, number in number == 1 ? .yes : .no },
            values: function.values.map { $0 == 1 ? 1 : 0 }
        )
        check(isOne, store, what)
        let some = Tabled(
            diagram: store.forSome(4...500, isOne.diagram),
            values: isOne.values.indices.map { row in
                isOne.values.indices.contains { $0 & 0b110001 == row & 0b110001 && isOne.values[$0] == 1 } ? 1 : 0
            }
        )
        check(some, store, what)
    }

    /// A witness holds whatever the other variables are, and no shorter one does.
    private func checkWitness(_ function: Tabled, _ store: DiagramStore, _ what: Comment) {
        guard let witness = store.witness(function.diagram) else {
            #expect(function.values.allSatisfy { $0 == 0 }, what)
            return
        }
        for row in function.values.indices {
            let assignment = Self.assignment(row)
            if witness.allSatisfy({ assignment[$0.key] == $0.value }) { #expect(function.values[row] == 1, what) }
        }
        #expect(Set(store.variables(function.diagram)).isSuperset(of: witness.keys), what)
    }

    @Test(arguments: [UInt64](1...40)) func `ranges of numbers hold where the number is inside`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var store = DiagramStore()
        for _ in 0..<20 {
            // Bits of every kind, in any order.
            let bits: [Bit] = (0..<5).map { _ in
                switch generator.pick([0, 1, 1, 1, 2]) {
                case 0: .constant(generator.chance(50))
                case 1: .variable(generator.pick(Self.variables))
                default: .function(random(&generator, &store).diagram)
                }
            }
            var ranges: [ClosedRange<UInt128>] = []
            var next = 0
            while next < 40, generator.chance(70) {
                let first = Int.random(in: next...next + 8, using: &generator)
                let last = first + Int.random(in: 0...6, using: &generator)
                ranges.append(UInt128(first)...UInt128(last))
                next = last + 1
            }
            let mask = UInt128.random(in: 0..<32, using: &generator)
            let wanted = UInt128.random(in: 0..<32, using: &generator)
            let inside = store.isInside(bits, ranges)
            let equal = store.isEqual(bits, wanted, mask: mask)
            for row in 0..<1 << Self.count {
                let assignment = Self.assignment(row)
                let number = bits.reduce(UInt128(0)) { number, bit in
                    let isSet: Bool =
                        switch bit {
                        case .constant(let value): value
                        case .variable(let variable): assignment[variable] ?? false
                        case .function(let diagram): store.value(diagram, assignment) == 1
                        }
                    return number << 1 | (isSet ? 1 : 0)
                }
                let isInside = ranges.contains { $0.contains(number) }
                #expect(store.value(inside, assignment) == (isInside ? 1 : 0), "seed \(seed)")
                #expect(store.value(equal, assignment) == (number & mask == wanted & mask ? 1 : 0), "seed \(seed)")
            }
        }
    }

    @Test func `addresses of 128 bits reach both ends`() {
        var store = DiagramStore()
        let bits = (UInt32(0)..<128).map { Bit.variable($0) }
        func value(_ diagram: Diagram, _ number: UInt128) -> UInt32 {
            store.value(
                diagram,
                Dictionary(uniqueKeysWithValues: (UInt32(0)..<128).map { ($0, number >> UInt128(127 - $0) & 1 == 1) })
            )
        }
        #expect(store.isInside(bits, [0...UInt128.max]) == .yes)
        #expect(store.isInside(bits, []) == .no)
        let ends = store.isInside(bits, [0...0, UInt128.max...UInt128.max])
        #expect(value(ends, 0) == 1 && value(ends, .max) == 1 && value(ends, 1) == 0 && value(ends, .max - 1) == 0)
    }
}

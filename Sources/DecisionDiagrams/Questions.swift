// SPDX-License-Identifier: Apache-2.0
// What a function says: a witness, its terminals, its size.

extension DiagramStore {
    /// The fewest decisions after which a Boolean function holds; nil if it holds nowhere.
    public func witness(_ diagram: Diagram) -> Assignment? {
        guard diagram != .no else { return nil }
        var costs: [UInt32: Int] = [:]
        _ = cost(diagram.node, &costs)
        var result: Assignment = [:]
        var number = diagram.node
        while nodes[Int(number)].variable != Self.terminal {
            let entry = nodes[Int(number)]
            let takesHigh = (costs[entry.high] ?? .max) < (costs[entry.low] ?? .max)
            result[entry.variable] = takesHigh
            number = takesHigh ? entry.high : entry.low
        }
        return result
    }

    /// Decisions to the nearest terminal `yes`; a quarter of the highest number where there is none.
    private func cost(_ number: UInt32, _ costs: inout [UInt32: Int]) -> Int {
        if let known = costs[number] { return known }
        let entry = nodes[Int(number)]
        let result =
            entry.variable == Self.terminal
            ? (entry.low == 0 ? Int.max / 4 : 0)
            : 1 + min(cost(entry.low, &costs), cost(entry.high, &costs))
        costs[number] = result
        return result
    }

    /// The terminal that a function has for an assignment; variables that are not in it are false.
    public func value(_ diagram: Diagram, _ assignment: Assignment) -> UInt32 {
        var number = diagram.node
        while true {
            let entry = nodes[Int(number)]
            if entry.variable == Self.terminal { return entry.low }
            number = assignment[entry.variable] ?? false ? entry.high : entry.low
        }
    }

    /// The terminals that occur, ascending.
    public func terminals(_ diagram: Diagram) -> [UInt32] {
        var found: Set<UInt32> = []
        visit(diagram) { if $0.variable == Self.terminal { found.insert($0.low) } }
        return found.sorted()
    }

    /// The variables that matter, ascending.
    public func variables(_ diagram: Diagram) -> [UInt32] {
        var found: Set<UInt32> = []
        visit(diagram) { if $0.variable != Self.terminal { found.insert($0.variable) } }
        return found.sorted()
    }

    /// How many nodes the function has, terminals among them.
    public func size(_ diagram: Diagram) -> Int {
        var size = 0
        visit(diagram) { _ in size += 1 }
        return size
    }

    private func visit(_ diagram: Diagram, _ body: (Node) -> Void) {
        var seen: Set<UInt32> = [diagram.node]
        var waiting = [diagram.node]
        while let number = waiting.popLast() {
            let entry = nodes[Int(number)]
            body(entry)
            guard entry.variable != Self.terminal else { continue }
            if seen.insert(entry.low).inserted { waiting.append(entry.low) }
            if seen.insert(entry.high).inserted { waiting.append(entry.high) }
        }
    }
}

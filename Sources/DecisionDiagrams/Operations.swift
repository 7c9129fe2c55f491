// SPDX-License-Identifier: Apache-2.0
// Functions from functions.

/// Numbers by which results are remembered.
private enum Operation {
    static let choose: UInt32 = 1
    static let and: UInt32 = 2
    static let differ: UInt32 = 3
}

extension DiagramStore {
    /// `then` where `condition` (a Boolean function) holds, `otherwise` elsewhere.
    public mutating func choose(_ condition: Diagram, then: Diagram, otherwise: Diagram) -> Diagram {
        Diagram(choose(condition.node, then.node, otherwise.node))
    }

    /// Where both hold.
    public mutating func and(_ first: Diagram, _ second: Diagram) -> Diagram { Diagram(and(first.node, second.node)) }

    /// Where one or both hold.
    public mutating func or(_ first: Diagram, _ second: Diagram) -> Diagram {
        Diagram(choose(first.node, 1, second.node))
    }

    /// Where it does not hold.
    public mutating func not(_ diagram: Diagram) -> Diagram { Diagram(choose(diagram.node, 0, 1)) }

    /// Where two functions have different terminals.
    public mutating func differ(_ first: Diagram, _ second: Diagram) -> Diagram {
        Diagram(differ(first.node, second.node))
    }

    private mutating func choose(_ condition: UInt32, _ then: UInt32, _ otherwise: UInt32) -> UInt32 {
        if condition == 1 { return then }
        if condition == 0 { return otherwise }
        if then == otherwise { return then }
        if then == 1, otherwise == 0 { return condition }
        if otherwise == 0, isBoolean(then) { return and(condition, then) }
        if let known = recall(Operation.choose, condition, then, otherwise) { return known }
        let (one, two, three) = (nodes[Int(condition)], nodes[Int(then)], nodes[Int(otherwise)])
        let top = min(one.variable, two.variable, three.variable)
        let low = choose(
            one.variable == top ? one.low : condition,
            two.variable == top ? two.low : then,
            three.variable == top ? three.low : otherwise
        )
        let high = choose(
            one.variable == top ? one.high : condition,
            two.variable == top ? two.high : then,
            three.variable == top ? three.high : otherwise
        )
        let result = node(top, low, high)
        remember(Operation.choose, condition, then, otherwise, is: result)
        return result
    }

    private mutating func and(_ first: UInt32, _ second: UInt32) -> UInt32 {
        if first == second { return first }
        if first == 0 || second == 0 { return 0 }
        if first == 1 { return second }
        if second == 1 { return first }
        let (first, second) = first < second ? (first, second) : (second, first)
        if let known = recall(Operation.and, first, second, 0) { return known }
        let (one, two) = (nodes[Int(first)], nodes[Int(second)])
        let top = min(one.variable, two.variable)
        let low = and(one.variable == top ? one.low : first, two.variable == top ? two.low : second)
        let high = and(one.variable == top ? one.high : first, two.variable == top ? two.high : second)
        let result = node(top, low, high)
        remember(Operation.and, first, second, 0, is: result)
        return result
    }

    private mutating func differ(_ first: UInt32, _ second: UInt32) -> UInt32 {
        if first == second { return 0 }
        let (first, second) = first < second ? (first, second) : (second, first)
        let (one, two) = (nodes[Int(first)], nodes[Int(second)])
        // Two terminals that are not the same node are different.
        let top = min(one.variable, two.variable)
        if top == Self.terminal { return 1 }
        if let known = recall(Operation.differ, first, second, 0) { return known }
        let low = differ(one.variable == top ? one.low : first, two.variable == top ? two.low : second)
        let high = differ(one.variable == top ? one.high : first, two.variable == top ? two.high : second)
        let result = node(top, low, high)
        remember(Operation.differ, first, second, 0, is: result)
        return result
    }

    /// Whether a node is a decision or a Boolean terminal: the diagonal of conditions that `and` may take over.
    private func isBoolean(_ number: UInt32) -> Bool { number <= 1 }
}

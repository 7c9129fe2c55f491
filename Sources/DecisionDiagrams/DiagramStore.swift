// SPDX-License-Identifier: Apache-2.0
// Reduced ordered decision diagrams with many terminals: one node for each distinct function, so that equality is
// equality of numbers. A store of our own, because there is no package for it and the engine is the product.

/// Where nodes live; variables are decided in ascending order of their numbers.
///
/// Nodes are never freed: a store lives as long as one proof, or as one series of proofs that share parts.
public struct DiagramStore: Sendable {
    struct Node: Sendable {
        var variable: UInt32
        /// The function where the variable is false; for a terminal its number.
        var low: UInt32
        /// The function where the variable is true; for a terminal 0.
        var high: UInt32
    }

    /// One remembered result; `operation` 0 is an empty place.
    struct Remembered: Sendable {
        var operation: UInt32 = 0
        var first: UInt32 = 0
        var second: UInt32 = 0
        var third: UInt32 = 0
        var result: UInt32 = 0
    }

    /// What a terminal has for a variable: behind all others.
    static let terminal = UInt32.max

    private(set) var nodes: [Node] = []
    /// Places of nodes by hash, open addressing; 0 is free, else the node's place and 1.
    private var table: [UInt32] = []
    private(set) var remembered: [Remembered] = []

    /// Makes a store with room for about so many nodes before it grows.
    public init(capacity: Int = 1 << 12) {
        var size = 1 << 10
        while size < 2 * capacity { size *= 2 }
        table = [UInt32](repeating: 0, count: size)
        remembered = [Remembered](repeating: Remembered(), count: size / 2)
        nodes.reserveCapacity(capacity)
        _ = node(Self.terminal, 0, 0)
        _ = node(Self.terminal, 1, 0)
    }

    /// How many nodes there are, terminals among them; what memory grows with.
    public var count: Int { nodes.count }

    /// The function that is one terminal everywhere; numbers 0 and 1 are `no` and `yes`.
    public mutating func terminal(_ number: UInt32) -> Diagram { Diagram(node(Self.terminal, number, 0)) }

    /// The terminal that a function is everywhere; nil if it depends on a variable.
    public func constant(_ diagram: Diagram) -> UInt32? {
        let node = nodes[Int(diagram.node)]
        return node.variable == Self.terminal ? node.low : nil
    }

    /// The function that is one variable; its number is below `UInt32.max`.
    public mutating func variable(_ number: UInt32) -> Diagram { Diagram(node(number, 0, 1)) }

    /// The node of a decision; the same decision is always the same node.
    mutating func node(_ variable: UInt32, _ low: UInt32, _ high: UInt32) -> UInt32 {
        if low == high, variable != Self.terminal { return low }
        let mask = table.count - 1
        var place = Self.hash(variable, low, high) & mask
        while table[place] != 0 {
            let known = nodes[Int(table[place] - 1)]
            if known.low == low, known.high == high, known.variable == variable { return table[place] - 1 }
            place = (place + 1) & mask
        }
        let number = UInt32(nodes.count)
        nodes.append(Node(variable: variable, low: low, high: high))
        table[place] = number + 1
        if nodes.count * 2 > table.count { grow() }
        return number
    }

    private mutating func grow() {
        let size = table.count * 2
        table = [UInt32](repeating: 0, count: size)
        for (index, node) in nodes.enumerated() {
            var place = Self.hash(node.variable, node.low, node.high) & (size - 1)
            while table[place] != 0 { place = (place + 1) & (size - 1) }
            table[place] = UInt32(index) + 1
        }
        // Results may be forgotten at any time; a larger memory starts empty.
        remembered = [Remembered](repeating: Remembered(), count: size / 2)
    }

    /// A remembered result.
    func recall(_ operation: UInt32, _ first: UInt32, _ second: UInt32, _ third: UInt32) -> UInt32? {
        let entry = remembered[Self.hash(first ^ operation &* 0x9e37_79b1, second, third) & (remembered.count - 1)]
        guard entry.operation == operation, entry.first == first, entry.second == second, entry.third == third else {
            return nil
        }
        return entry.result
    }

    /// Remembers a result in place of another one.
    mutating func remember(
        _ operation: UInt32,
        _ first: UInt32,
        _ second: UInt32,
        _ third: UInt32,
        is result: UInt32
    ) {
        let place = Self.hash(first ^ operation &* 0x9e37_79b1, second, third) & (remembered.count - 1)
        remembered[place] = Remembered(
            operation: operation,
            first: first,
            second: second,
            third: third,
            result: result
        )
    }

    private static func hash(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> Int {
        var mixed = UInt64(first) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ UInt64(second)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 29 ^ UInt64(third)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: mixed >> 32)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Functions changed in their variables or terminals; each call remembers its own results.

extension DiagramStore {
    /// The function with some variables fixed.
    public mutating func fixing(_ diagram: Diagram, _ values: Assignment) -> Diagram {
        guard let last = values.keys.max() else { return diagram }
        var done: [UInt32: UInt32] = [:]
        return Diagram(fix(diagram.node, values, last, &done))
    }

    private mutating func fix(
        _ number: UInt32,
        _ values: Assignment,
        _ last: UInt32,
        _ done: inout [UInt32: UInt32]
    ) -> UInt32 {
        let entry = nodes[Int(number)]
        // Behind the last fixed variable nothing changes; terminals are behind all.
        if entry.variable > last { return number }
        if let known = done[number] { return known }
        let result: UInt32
        if let value = values[entry.variable] {
            result = fix(value ? entry.high : entry.low, values, last, &done)
        } else {
            let low = fix(entry.low, values, last, &done)
            let high = fix(entry.high, values, last, &done)
            result = node(entry.variable, low, high)
        }
        done[number] = result
        return result
    }

    /// The function with each terminal replaced by a function; the same terminal gives the same function.
    public mutating func replacingTerminals(
        _ diagram: Diagram,
        _ replacement: (inout DiagramStore, UInt32) -> Diagram
    ) -> Diagram {
        var done: [UInt32: UInt32] = [:]
        return Diagram(replace(diagram.node, replacement, &done))
    }

    private mutating func replace(
        _ number: UInt32,
        _ replacement: (inout DiagramStore, UInt32) -> Diagram,
        _ done: inout [UInt32: UInt32]
    ) -> UInt32 {
        if let known = done[number] { return known }
        let entry = nodes[Int(number)]
        let result: UInt32
        if entry.variable == Self.terminal {
            result = replacement(&self, entry.low).node
        } else {
            let low = replace(entry.low, replacement, &done)
            let high = replace(entry.high, replacement, &done)
            let condition = variable(entry.variable)
            result = choose(condition, then: Diagram(high), otherwise: Diagram(low)).node
        }
        done[number] = result
        return result
    }

    /// Where the function holds for some values of the given variables (a Boolean function).
    public mutating func forSome(_ variables: ClosedRange<UInt32>, _ diagram: Diagram) -> Diagram {
        var done: [UInt32: UInt32] = [:]
        return Diagram(some(diagram.node, variables, &done))
    }

    private mutating func some(
        _ number: UInt32,
        _ variables: ClosedRange<UInt32>,
        _ done: inout [UInt32: UInt32]
    ) -> UInt32 {
        let entry = nodes[Int(number)]
        if entry.variable > variables.upperBound { return number }
        if let known = done[number] { return known }
        let low = some(entry.low, variables, &done)
        let high = some(entry.high, variables, &done)
        let result =
            variables.contains(entry.variable)
            ? or(Diagram(low), Diagram(high)).node : node(entry.variable, low, high)
        done[number] = result
        return result
    }
}

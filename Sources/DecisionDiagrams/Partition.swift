// SPDX-License-Identifier: Apache-2.0
// A function seen through one number: which values lead where.

/// Values of a number that lead to the same function.
public struct Part: Hashable, Sendable {
    /// The values, ascending, disjoint and apart.
    public var ranges: [ClosedRange<UInt128>]
    /// What is left of the function for them.
    public var rest: Diagram
}

extension DiagramStore {
    /// The parts of a number's values by what they leave of a function, in order of their lowest value.
    ///
    /// - Parameter variables: the number's, ascending, most significant first, at most 128; the function does not depend
    ///   on variables below the first of them.
    public func parts(_ diagram: Diagram, by variables: [UInt32]) -> [Part] {
        var pieces: [(range: ClosedRange<UInt128>, node: UInt32)] = []
        collect(diagram.node, variables[...], offset: 0, &pieces)
        var order: [UInt32] = []
        var ranges: [UInt32: [ClosedRange<UInt128>]] = [:]
        for piece in pieces {
            if ranges[piece.node] == nil { order.append(piece.node) }
            ranges[piece.node, default: []].append(piece.range)
        }
        return order.map { Part(ranges: ranges[$0] ?? [], rest: Diagram($0)) }
    }

    /// Values in ascending order; neighbours that lead to the same node are one piece.
    private func collect(
        _ number: UInt32,
        _ variables: ArraySlice<UInt32>,
        offset: UInt128,
        _ pieces: inout [(range: ClosedRange<UInt128>, node: UInt32)]
    ) {
        let entry = nodes[Int(number)]
        guard let last = variables.last, entry.variable <= last, let variable = variables.first else {
            let span = variables.count >= 128 ? UInt128.max : (UInt128(1) << UInt128(variables.count)) - 1
            let range = offset...offset + span
            if let before = pieces.last, before.node == number, before.range.upperBound &+ 1 == range.lowerBound {
                pieces[pieces.count - 1].range = before.range.lowerBound...range.upperBound
            } else {
                pieces.append((range, number))
            }
            return
        }
        let rest = variables.dropFirst()
        let half = UInt128(1) << UInt128(rest.count)
        let isDecided = entry.variable == variable
        collect(isDecided ? entry.low : number, rest, offset: offset, &pieces)
        collect(isDecided ? entry.high : number, rest, offset: offset + half, &pieces)
    }
}

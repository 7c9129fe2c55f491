// SPDX-License-Identifier: Apache-2.0
// Conditions on numbers: a number is a list of bits, most significant first, each a variable, a constant or a function.

/// One bit of a number.
public enum Bit: Hashable, Sendable {
    /// A bit that is the same everywhere.
    case constant(Bool)
    /// A bit that is a variable.
    case variable(UInt32)
    /// A bit that is a function of variables.
    case function(Diagram)
}

extension DiagramStore {
    /// Where a bit is set.
    public mutating func isSet(_ bit: Bit) -> Diagram {
        switch bit {
        case .constant(let value): value ? .yes : .no
        case .variable(let number): variable(number)
        case .function(let diagram): diagram
        }
    }

    /// Where the number of some bits is inside one of the ranges.
    ///
    /// - Parameters:
    ///   - bits: at most 128, most significant first.
    ///   - ranges: ascending and disjoint.
    public mutating func isInside(_ bits: [Bit], _ ranges: [ClosedRange<UInt128>]) -> Diagram {
        Diagram(inside(bits[...], ranges[...], offset: 0))
    }

    /// Where the number of some bits is this one.
    public mutating func isEqual(_ bits: [Bit], _ number: UInt128) -> Diagram { isInside(bits, [number...number]) }

    /// Where the bits under a mask have these values; other bits do not matter.
    public mutating func isEqual(_ bits: [Bit], _ number: UInt128, mask: UInt128) -> Diagram {
        let cared = bits.enumerated().filter { mask >> UInt128(bits.count - 1 - $0.offset) & 1 == 1 }
        let wanted = cared.reduce(UInt128(0)) { $0 << 1 | number >> UInt128(bits.count - 1 - $1.offset) & 1 }
        return isEqual(cared.map(\.element), wanted)
    }

    /// - Parameter offset: the number that the bits decided so far make, shifted to its place.
    private mutating func inside(
        _ bits: ArraySlice<Bit>,
        _ ranges: ArraySlice<ClosedRange<UInt128>>,
        offset: UInt128
    ) -> UInt32 {
        guard let first = ranges.first else { return 0 }
        let span = bits.count >= 128 ? UInt128.max : (UInt128(1) << UInt128(bits.count)) - 1
        if first.lowerBound <= offset, first.upperBound >= offset + span { return 1 }
        guard let bit = bits.first else { return 0 }
        let middle = offset + span / 2 + 1
        let rest = bits.dropFirst()
        // Ranges that begin below the middle, and ranges that end at or above it; one may be both.
        let lower = ranges[..<partition(ranges) { $0.lowerBound >= middle }]
        let upper = ranges[partition(ranges) { $0.upperBound >= middle }...]
        switch bit {
        case .constant(true): return inside(rest, upper, offset: middle)
        case .constant(false): return inside(rest, lower, offset: offset)
        case .variable(let number):
            let low = inside(rest, lower, offset: offset)
            let high = inside(rest, upper, offset: middle)
            if nodes[Int(low)].variable > number, nodes[Int(high)].variable > number { return node(number, low, high) }
            let condition = variable(number)
            return choose(condition, then: Diagram(high), otherwise: Diagram(low)).node
        case .function(let diagram):
            let low = inside(rest, lower, offset: offset)
            let high = inside(rest, upper, offset: middle)
            return choose(diagram, then: Diagram(high), otherwise: Diagram(low)).node
        }
    }

    /// The first place from which on a condition holds, which holds for none before and all behind.
    private func partition(
        _ ranges: ArraySlice<ClosedRange<UInt128>>,
        _ holds: (ClosedRange<UInt128>) -> Bool
    ) -> Int {
        var (low, high) = (ranges.startIndex, ranges.endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

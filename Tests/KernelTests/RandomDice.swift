// SPDX-License-Identifier: Apache-2.0
// Throws of dice that a seed repeats, and the values that random filters speak of and random packets carry.
import NetworkTypes
import TestSupport

/// Random choices.
struct Dice {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// True so many times in a hundred.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// A number from zero up.
    mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(max(1, bound))) }

    /// A number of a range.
    mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// One of several; there is at least one.
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// So many random bits.
    mutating func bits(_ count: Int) -> UInt64 {
        count >= 64 ? generator.next() : generator.next() >> UInt64(64 - count)
    }

    /// Some of several, at least one, in their order.
    mutating func some<Element>(_ elements: [Element], atMost count: Int) -> [Element] {
        var left = min(number(1...count), elements.count)
        var result: [Element] = []
        for (index, element) in elements.enumerated() where left > 0 {
            guard below(elements.count - index) < left else { continue }
            result.append(element)
            left -= 1
        }
        return result
    }
}

/// Values at the edges of what a configuration's conditions say: first, last, one beside.
struct Edges {
    private(set) var numbers: [String: [Int]] = [:]
    private(set) var addresses: [AddressFamily: [IPAddress]] = [:]

    /// Notes a range of a condition.
    mutating func add(_ field: String, _ range: ClosedRange<Int>) {
        numbers[field, default: []] += [
            range.lowerBound, range.upperBound, range.lowerBound - 1, range.upperBound + 1,
        ]
    }

    /// Notes a prefix of a condition; of its edges those that a packet can have.
    mutating func add(_ prefix: Prefix) {
        let (first, last) = (prefix.first.value, prefix.last.value)
        let inside = first + (last - first) / 3
        for value in [first, last, first &- 1, last &+ 1, inside] {
            let address = IPAddress(prefix.family, value & prefix.family.highest)
            if Self.isOrdinary(address) { addresses[prefix.family, default: []].append(address) }
        }
    }

    /// Whether the stack forwards packets from and to an address without a thought of its own (kernel facts §10).
    static func isOrdinary(_ address: IPAddress) -> Bool {
        switch address.family {
        case .inet:
            let first = address.value >> 24
            // The two networks of the router's own devices are left to its own addresses.
            return first > 0 && first != 127 && first < 224 && address.value >> 16 != 0xc0a8
        case .inet6: return address.value >> 125 == 1 && address.value >> 112 != 0x2fff
        }
    }

    /// An edge of a field's conditions; nil where they say nothing of it.
    func edge(_ field: String, below bound: Int, _ dice: inout Dice) -> Int? {
        guard let values = numbers[field] else { return nil }
        let value = dice.pick(values)
        return value >= 0 && value < bound ? value : nil
    }
}

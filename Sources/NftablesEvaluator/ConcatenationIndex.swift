// SPDX-License-Identifier: Apache-2.0
// Look-up of a concatenation in elements that are ranges field by field.

/// Elements grouped by shape: fields that are prefixes (single values included) are masked and hashed, one field that is
/// another kind of range is searched in order, further ones are compared.
///
/// Memory is linear in the elements; a look-up costs one hash a shape.
struct ConcatenationIndex: Sendable {
    private struct Field: Sendable {
        var offset: Int
        var length: Int
    }

    private struct Entry: Sendable {
        var low: WideKey
        var high: WideKey
        var element: Int
        /// The highest end of the ordered field in the bucket up to here; the search goes back no further than it must.
        var reach: UInt128 = 0
    }

    private struct Shape: Sendable {
        var mask: WideKey
        /// The field that orders a bucket, if one is no prefix.
        var ordered: Int?
        var buckets: [WideKey: [Entry]] = [:]
    }

    private struct ShapeKey: Hashable {
        var mask: WideKey
        var ordered: Int?
    }

    private var fields: [Field] = []
    private var shapes: [Shape] = []

    /// Takes the fields' lengths in bytes, each padded to four in keys, and elements as their lowest and highest keys.
    ///
    /// Nil if a field or the whole is too long, or if a range ends before it starts.
    init?(fieldLengths: [UInt32], _ elements: [(low: WideKey, high: WideKey, element: Int)]) {
        var offset = 0
        for length in fieldLengths {
            guard (1...16).contains(length) else { return nil }
            fields.append(Field(offset: offset, length: Int(length)))
            offset += (Int(length) + 3) / 4 * 4
        }
        guard offset <= 64 else { return nil }
        var positions: [ShapeKey: Int] = [:]
        for (low, high, element) in elements {
            guard let (mask, ordered) = shape(of: low, high) else { return nil }
            let key = ShapeKey(mask: mask, ordered: ordered)
            let position = positions[key] ?? shapes.count
            if position == shapes.count {
                positions[key] = position
                shapes.append(Shape(mask: mask, ordered: ordered))
            }
            shapes[position].buckets[low.masked(by: mask), default: []].append(
                Entry(low: low, high: high, element: element)
            )
        }
        for position in shapes.indices {
            guard let ordered = shapes[position].ordered else { continue }
            let field = fields[ordered]
            shapes[position].buckets = shapes[position].buckets.mapValues { Self.order($0, by: field) }
        }
    }

    /// Calls `visit` with every element that holds the key, in no particular order.
    func forEachMatch(_ key: WideKey, _ visit: (Int) -> Void) {
        for shape in shapes {
            guard let bucket = shape.buckets[key.masked(by: shape.mask)] else { continue }
            guard let ordered = shape.ordered else {
                for entry in bucket { visit(entry.element) }
                continue
            }
            let value = key.field(at: fields[ordered].offset, length: fields[ordered].length)
            var index = count(bucket, startingAtMost: value, ordered)
            while index > 0, bucket[index - 1].reach >= value {
                index -= 1
                if holds(bucket[index], key) { visit(bucket[index].element) }
            }
        }
    }

    /// The mask that finds an element by hash, and the field to order by; nil for a range that ends before it starts.
    private func shape(of low: WideKey, _ high: WideKey) -> (mask: WideKey, ordered: Int?)? {
        var mask = [UInt8](repeating: 0, count: 64)
        var ordered: Int?
        for (index, field) in fields.enumerated() {
            let (from, to) = (
                low.field(at: field.offset, length: field.length), high.field(at: field.offset, length: field.length)
            )
            guard from <= to else { return nil }
            // Bits behind the field are not part of it; shift them out to look at the range alone.
            let shift = UInt128(128 - 8 * field.length)
            let free = (from ^ to) >> shift
            let isPrefix = free & (free &+ 1) == 0 && (from >> shift) & free == 0
            guard isPrefix else {
                ordered = ordered ?? index
                continue
            }
            let fixed = ~(free << shift) & leading(field.length)
            for byte in 0..<field.length {
                mask[field.offset + byte] = UInt8(truncatingIfNeeded: fixed >> (8 * (15 - UInt128(byte))))
            }
        }
        return (WideKey(mask), ordered)
    }

    private static func order(_ bucket: [Entry], by field: Field) -> [Entry] {
        var sorted = bucket.sorted {
            $0.low.field(at: field.offset, length: field.length) < $1.low.field(at: field.offset, length: field.length)
        }
        var reach: UInt128 = 0
        for index in sorted.indices {
            reach = max(reach, sorted[index].high.field(at: field.offset, length: field.length))
            sorted[index].reach = reach
        }
        return sorted
    }

    /// How many entries of an ordered bucket start at the value or before.
    private func count(_ bucket: [Entry], startingAtMost value: UInt128, _ ordered: Int) -> Int {
        let field = fields[ordered]
        var low = 0
        var high = bucket.count
        while low < high {
            let middle = (low + high) / 2
            if bucket[middle].low.field(at: field.offset, length: field.length) <= value {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func holds(_ entry: Entry, _ key: WideKey) -> Bool {
        for field in fields {
            let value = key.field(at: field.offset, length: field.length)
            guard entry.low.field(at: field.offset, length: field.length) <= value,
                value <= entry.high.field(at: field.offset, length: field.length)
            else { return false }
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Netlink attributes as read from the kernel: strict, bounds-checked, and every attribute must be accounted for.

/// One attribute: its number and where its payload stands in the received bytes.
public struct Attribute: Hashable, Sendable {
    /// The received bytes; shared with every other attribute of them.
    let storage: [UInt8]
    /// Where the payload stands.
    let start: Int
    /// Where it ends.
    let end: Int
    /// The attribute's number without the nesting and byte-order bits.
    public let type: UInt16

    /// The payload's length in bytes.
    public var count: Int { end - start }

    /// The payload.
    public var bytes: [UInt8] { Array(storage[start..<end]) }

    /// The payload as a one-byte number; nil if it has another length.
    public var byte: UInt8? { count == 1 ? storage[start] : nil }

    /// The payload as a number in network order; nil unless it is 2, 4 or 8 bytes long.
    private func number(_ length: Int) -> UInt64? {
        guard count == length else { return nil }
        var value: UInt64 = 0
        for index in start..<end { value = value << 8 | UInt64(storage[index]) }
        return value
    }

    /// The payload as a two-byte number in network order.
    public var network16: UInt16? { number(2).map { UInt16(truncatingIfNeeded: $0) } }
    /// The payload as a four-byte number in network order.
    public var network32: UInt32? { number(4).map { UInt32(truncatingIfNeeded: $0) } }
    /// The payload as an eight-byte number in network order.
    public var network64: UInt64? { number(8) }
    /// The payload as a four-byte number in host order, as the netlink core and rtnetlink have them.
    public var host32: UInt32? { network32.map { UInt32(littleEndian: $0.byteSwapped) } }

    /// The payload as text: UTF-8 without a NUL but for the one that ends it, which some programs leave out.
    public var text: String? {
        let body = storage[start..<(count > 0 && storage[end - 1] == 0 ? end - 1 : end)]
        guard count > 0, !body.contains(0) else { return nil }
        return String(validating: body, as: UTF8.self)
    }

    /// The payload as attributes.
    public func nested() throws(MalformedAttributes) -> AttributeFields {
        try AttributeFields(storage, start..<end)
    }

    /// The payload as a list of attributes in which numbers may repeat.
    public func list() throws(MalformedAttributes) -> [Attribute] {
        try Attribute.parse(storage, start..<end)
    }

    /// Splits bytes into attributes.
    ///
    /// Refused: a length below the header's or beyond the end, and left-over bytes.
    public static func parse(_ storage: [UInt8], _ range: Range<Int>) throws(MalformedAttributes) -> [Attribute] {
        var result: [Attribute] = []
        var position = range.lowerBound
        while position < range.upperBound {
            guard position + 4 <= range.upperBound else { throw MalformedAttributes(offset: position) }
            let length = Int(UInt16(storage[position]) | UInt16(storage[position + 1]) << 8)
            let type = UInt16(storage[position + 2]) | UInt16(storage[position + 3]) << 8
            guard length >= 4, position + length <= range.upperBound else {
                throw MalformedAttributes(offset: position)
            }
            // The two upper bits say "nested" and "network order"; the kernel sets them inconsistently.
            result.append(
                Attribute(storage: storage, start: position + 4, end: position + length, type: type & 0x3fff)
            )
            position += (length + 3) & ~3
        }
        return result
    }
}

/// Bytes from the kernel that are no attributes.
public struct MalformedAttributes: Error, Hashable, Sendable {
    /// Where the first bad attribute stands.
    public let offset: Int
}

/// The attributes of one nest, each to be taken once.
///
/// A decoder takes what it knows; `isExhausted` then says whether something was left that it does not know. This is
/// why we read with our own code: libnftnl passes over attributes it does not know, and an object with an
/// unknown property would look like one without.
public struct AttributeFields: Sendable {
    private var fields: [Attribute]
    private var taken: UInt64 = 0

    /// Splits bytes into attributes; a number may stand only once, and at most 64 may stand.
    public init(_ storage: [UInt8], _ range: Range<Int>) throws(MalformedAttributes) {
        fields = try Attribute.parse(storage, range)
        guard fields.count <= 64 else { throw MalformedAttributes(offset: range.lowerBound) }
    }

    /// Whether every attribute was taken.
    public var isExhausted: Bool { taken == (fields.count == 64 ? .max : (1 << UInt64(fields.count)) - 1) }

    /// Takes an attribute; a repeated one stays behind and keeps the nest from being exhausted.
    public mutating func take(_ type: UInt32) -> Attribute? {
        for index in fields.indices where UInt32(fields[index].type) == type {
            let bit: UInt64 = 1 << UInt64(index)
            guard taken & bit == 0 else { continue }
            taken |= bit
            return fields[index]
        }
        return nil
    }

    /// Takes attributes that say nothing about meaning (handles, use counts, padding), however often they stand.
    public mutating func discard(_ types: UInt32...) {
        for index in fields.indices where types.contains(UInt32(fields[index].type)) {
            taken |= 1 << UInt64(index)
        }
    }

    /// The numbers of the attributes nobody took.
    public var leftOver: [UInt16] {
        fields.indices.filter { taken & (1 << UInt64($0)) == 0 }.map { fields[$0].type }
    }

    /// Takes a four-byte number in network order.
    public mutating func network32(_ type: UInt32) -> UInt32? { take(type)?.network32 }
    /// Takes an eight-byte number in network order.
    public mutating func network64(_ type: UInt32) -> UInt64? { take(type)?.network64 }
    /// Takes a text.
    public mutating func text(_ type: UInt32) -> String? { take(type)?.text }
}

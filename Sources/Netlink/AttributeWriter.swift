// SPDX-License-Identifier: Apache-2.0
// Writes the attributes of a request; nesting and padding take care of themselves.

/// A growing list of attributes.
public struct AttributeWriter: Sendable {
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// Makes an empty list.
    public init() {}

    /// Writes bytes that are no attribute, such as a family header, padded to four.
    public mutating func raw(_ payload: some Sequence<UInt8>) {
        bytes += payload
        pad()
    }

    /// Writes an attribute with bytes.
    public mutating func put(_ type: UInt32, _ payload: some Collection<UInt8>) {
        header(type, length: 4 + payload.count)
        bytes += payload
        pad()
    }

    /// Writes an attribute with a text and its NUL.
    public mutating func put(_ type: UInt32, text: String) { put(type, Array(text.utf8) + [0]) }

    /// Writes an attribute with a two-byte number in network order.
    public mutating func put(_ type: UInt32, network16 number: UInt16) {
        put(type, [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)])
    }

    /// Writes an attribute with a four-byte number in network order.
    public mutating func put(_ type: UInt32, network32 number: UInt32) {
        put(type, (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) })
    }

    /// Writes an attribute with a four-byte number in host order.
    public mutating func put(_ type: UInt32, host32 number: UInt32) {
        put(type, network32: number.littleEndian.byteSwapped)
    }

    /// Writes a nest of attributes.
    public mutating func nest(_ type: UInt32, _ body: (inout AttributeWriter) -> Void) {
        let start = bytes.count
        header(type | 0x8000, length: 4)
        body(&self)
        let length = UInt16(truncatingIfNeeded: bytes.count - start)
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(length >> 8)
    }

    private mutating func header(_ type: UInt32, length: Int) {
        let length = UInt16(truncatingIfNeeded: length)
        bytes += [
            UInt8(truncatingIfNeeded: length), UInt8(length >> 8), UInt8(truncatingIfNeeded: type),
            UInt8(truncatingIfNeeded: type >> 8),
        ]
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}

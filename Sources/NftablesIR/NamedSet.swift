// SPDX-License-Identifier: Apache-2.0
// Sets and maps: keys, data and elements.

/// What a map gives for a key.
public enum SetData: Hashable, Sendable {
    /// A plain set.
    case none
    /// A verdict map.
    case verdict
    /// A map to a value of so many bytes, with nft's number for its type (only shown to people).
    case value(length: UInt32, typeNumber: UInt32)
    /// A map to stateful objects of one kind.
    case object(ObjectKind)
}

/// The key type of a set: nft's type number is for readers, the kernel goes by the length.
public struct SetKeyType: Hashable, Sendable {
    /// nft's data type number (TYPE_*; a concatenation shifts by six bits a field).
    public var typeNumber: UInt32
    /// Total length in bytes, each field padded to four.
    public var length: UInt32
    /// Lengths of the fields in bytes of a concatenation; empty for a single field.
    public var fieldLengths: [UInt32]

    /// Makes a key type.
    public init(typeNumber: UInt32, length: UInt32, fieldLengths: [UInt32] = []) {
        self.typeNumber = typeNumber
        self.length = length
        self.fieldLengths = fieldLengths
    }

    /// An IPv4 address.
    public static let ipv4Address = SetKeyType(typeNumber: 7, length: 4)
    /// An IPv6 address.
    public static let ipv6Address = SetKeyType(typeNumber: 8, length: 16)
    /// A protocol number.
    public static let transportProtocol = SetKeyType(typeNumber: 12, length: 1)
    /// A port.
    public static let port = SetKeyType(typeNumber: 13, length: 2)
    /// A mark.
    public static let mark = SetKeyType(typeNumber: 19, length: 4)
    /// A device name.
    public static let interfaceName = SetKeyType(typeNumber: 41, length: 16)
    /// Plain bytes in network order, shown as a number.
    public static func integer(_ length: UInt32) -> SetKeyType { SetKeyType(typeNumber: 4, length: length) }
    /// Several keys one after another, each padded to four bytes.
    public static func concatenation(_ fields: [SetKeyType]) -> SetKeyType {
        SetKeyType(
            typeNumber: fields.reduce(0) { $0 << 6 | $1.typeNumber },
            length: fields.reduce(0) { $0 + ($1.length + 3) / 4 * 4 },
            fieldLengths: fields.map(\.length)
        )
    }
}

/// What an element's key stands for, and what the map gives for it.
public struct SetElement: Hashable, Sendable {
    /// What the element covers.
    public enum Key: Hashable, Sendable {
        /// One key, its bytes in memory order.
        case single([UInt8])
        /// All keys from the first to the last, both included (interval sets; for concatenations field by field).
        case range([UInt8], [UInt8])
        /// Every key that no other element covers.
        case catchAll
    }

    /// What the map gives.
    public enum Value: Hashable, Sendable {
        case none
        case verdict(Verdict)
        case value([UInt8])
        case object(String)
    }

    /// What it covers.
    public var key: Key
    /// What the map gives.
    public var value: Value

    /// Makes an element.
    public init(_ key: Key, _ value: Value = .none) {
        self.key = key
        self.value = value
    }
}

/// A set or map of a table.
public struct NamedSet: Hashable, Sendable {
    /// Its name, at most 255 bytes.
    public var name: String
    /// What its keys are.
    public var key: SetKeyType
    /// What it gives.
    public var data: SetData
    /// Whether elements may be ranges (`NFT_SET_INTERVAL`).
    public var isInterval: Bool
    /// Whether its elements never change (`NFT_SET_CONSTANT`).
    public var isConstant: Bool
    /// Flags beyond the two, as the kernel reports them (timeouts, evaluation, …); 0 for ours.
    public var otherFlags: UInt32
    /// Its elements.
    public var elements: Set<SetElement>

    /// Makes a set.
    public init(
        name: String,
        key: SetKeyType,
        data: SetData = .none,
        isInterval: Bool = false,
        isConstant: Bool = false,
        otherFlags: UInt32 = 0,
        elements: Set<SetElement> = []
    ) {
        self.name = name
        self.key = key
        self.data = data
        self.isInterval = isInterval
        self.isConstant = isConstant
        self.otherFlags = otherFlags
        self.elements = elements
    }
}

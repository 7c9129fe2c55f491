// SPDX-License-Identifier: Apache-2.0
// A prefix, and a mask that need not be one.

/// An address with a prefix length; host bits may be set, as interface addresses have them.
public struct Prefix: Hashable, Sendable {
    /// The address as written.
    public let address: IPAddress
    /// The prefix length, 0 to the family's bits.
    public let length: Int

    /// Makes a prefix; nil if the length does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bits).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The prefix of one host.
    public init(host address: IPAddress) {
        self.address = address
        length = address.family.bits
    }

    /// The prefix of all addresses of a family.
    public static func everything(_ family: AddressFamily) -> Prefix {
        Prefix(unchecked: IPAddress(family, 0), length: 0)
    }

    /// The family.
    public var family: AddressFamily { address.family }

    /// The mask as a number.
    public var mask: UInt128 {
        length == 0 ? 0 : family.highest & ~((UInt128(1) << UInt128(family.bits - length)) &- 1)
    }

    /// The lowest address inside.
    public var first: IPAddress { IPAddress(family, address.value & mask) }

    /// The highest address inside.
    public var last: IPAddress { IPAddress(family, address.value | ~mask) }

    /// The same prefix with its host bits cleared.
    public var network: Prefix { Prefix(unchecked: first, length: length) }

    /// Whether host bits are set.
    public var hasHostBits: Bool { address.value & ~mask & family.highest != 0 }

    /// Whether the address lies inside.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.value & mask == address.value & mask
    }

    private init(unchecked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }
}

extension Prefix: LosslessStringConvertible {
    /// Reads `ADDRESS/LENGTH`, or an address alone for one host.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        guard parts.count == 2 else {
            self.init(host: address)
            return
        }
        guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]) else { return nil }
        self.init(address, length: length)
    }

    /// `ADDRESS/LENGTH`.
    public var description: String { "\(address)/\(length)" }
}

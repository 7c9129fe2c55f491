// SPDX-License-Identifier: Apache-2.0
// Address lists as the chooser needs them: whether an address is in, and which addresses stand at the edges.
import JunosModel
import NetworkTypes

/// The entries of an address list that one IP version can meet, by prefix length.
struct AddressTable {
    private let version: AddressFamily
    private var byLength: [Int: [UInt128: Bool]] = [:]
    private var lengths: [Int] = []
    private var masked: [(address: UInt32, mask: UInt32)] = []
    /// All entries in order of the configuration.
    private(set) var edges: [AddressEdges] = []

    init(_ entries: [AddressEntry], version: AddressFamily, prefixLists: [String: PrefixList]) {
        self.version = version
        for entry in entries {
            switch entry.value {
            case .prefix(let prefix): add(prefix, entry.isExcept, version)
            case .prefixList(let name):
                for prefix in prefixLists[name]?.prefixes ?? [] { add(prefix, entry.isExcept, version) }
            case .masked(let address, let mask):
                guard version == .inet else { continue }
                masked.append((address & mask, mask))
                edges.append(AddressEdges(address: address, mask: mask))
            }
        }
        lengths = byLength.keys.sorted(by: >)
    }

    private mutating func add(_ prefix: Prefix, _ isExcept: Bool, _ version: AddressFamily) {
        guard prefix.family == version else { return }
        let before = byLength[prefix.length]?[prefix.first.value] ?? false
        byLength[prefix.length, default: [:]][prefix.first.value] = before || isExcept
        edges.append(AddressEdges(first: prefix.first, last: prefix.last))
    }

    /// Whether the longest entry that covers the address is a plain one (filters reference §2.2).
    func contains(_ address: IPAddress) -> Bool {
        guard address.family == version else { return false }
        if address.family == .inet {
            let value = UInt32(truncatingIfNeeded: address.value)
            if masked.contains(where: { value & $0.mask == $0.address }) { return true }
        }
        let bits = address.family.bits
        for length in lengths {
            let mask = length == 0 ? 0 : address.family.highest & ~((UInt128(1) << UInt128(bits - length)) &- 1)
            if let isExcept = byLength[length]?[address.value & mask] { return !isExcept }
        }
        return false
    }
}

/// The addresses worth sending for one entry.
struct AddressEdges {
    /// The lowest one inside.
    var first: IPAddress
    /// The highest one inside.
    var last: IPAddress
    /// The ones beside it.
    var outside: [IPAddress]
    /// The bits that differ inside; nil for an interval.
    private let freeBits: UInt128?

    /// Edges of an interval.
    init(first: IPAddress, last: IPAddress) {
        self.first = first
        self.last = last
        outside = []
        freeBits = nil
        if first.value > 0 { outside.append(IPAddress(first.family, first.value - 1)) }
        if last.value < first.family.highest { outside.append(IPAddress(first.family, last.value + 1)) }
    }

    /// Edges under a mask that need not be a prefix: no free bit and all free bits; the lowest and highest fixed bit wrong.
    init(address: UInt32, mask: UInt32) {
        let base = address & mask
        first = IPAddress(.inet, UInt128(base))
        last = IPAddress(.inet, UInt128(base | ~mask))
        outside = []
        freeBits = UInt128(~mask)
        guard mask != 0 else { return }
        outside.append(IPAddress(.inet, UInt128(base ^ (1 << UInt32(mask.trailingZeroBitCount)))))
        outside.append(IPAddress(.inet, UInt128(base ^ (0x8000_0000 >> UInt32(mask.leadingZeroBitCount)))))
    }

    /// Some address inside.
    func sample(_ random: inout SeededGenerator) -> IPAddress {
        let number = UInt128(random.next()) << 64 | UInt128(random.next())
        if let freeBits { return IPAddress(first.family, first.value | number & freeBits) }
        let span = last.value - first.value
        return IPAddress(first.family, first.value + (span == .max ? number : number % (span + 1)))
    }
}

// SPDX-License-Identifier: Apache-2.0
// The kernel's sixteen 32-bit registers, and keys of up to 64 bytes taken out of them.

/// Up to 64 bytes in memory order, unused low bytes zero: a set key.
struct WideKey: Hashable, Sendable {
    /// Bytes 0–15, 16–31, 32–47 and 48–63, the first byte of each most significant.
    var words: (first: UInt128, second: UInt128, third: UInt128, fourth: UInt128)

    init(_ first: UInt128 = 0, _ second: UInt128 = 0, _ third: UInt128 = 0, _ fourth: UInt128 = 0) {
        words = (first, second, third, fourth)
    }

    /// Takes bytes in memory order; more than 64 are cut off.
    init(_ bytes: [UInt8]) {
        self.init()
        for (index, byte) in bytes.prefix(64).enumerated() {
            self[index / 16] |= UInt128(byte) << (8 * (15 - UInt128(index % 16)))
        }
    }

    static func == (left: WideKey, right: WideKey) -> Bool {
        left.words.first == right.words.first && left.words.second == right.words.second
            && left.words.third == right.words.third && left.words.fourth == right.words.fourth
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.first)
        hasher.combine(words.second)
        hasher.combine(words.third)
        hasher.combine(words.fourth)
    }

    /// One of the four words.
    subscript(word: Int) -> UInt128 {
        get {
            switch word {
            case 0: words.first
            case 1: words.second
            case 2: words.third
            default: words.fourth
            }
        }
        set {
            switch word {
            case 0: words.first = newValue
            case 1: words.second = newValue
            case 2: words.third = newValue
            default: words.fourth = newValue
            }
        }
    }

    /// Up to 16 bytes from `offset` on, left-aligned.
    func field(at offset: Int, length: Int) -> UInt128 {
        let shift = UInt128(8 * (offset % 16))
        var bits = self[offset / 16] << shift
        if shift > 0, offset / 16 < 3 { bits |= self[offset / 16 + 1] >> (128 - shift) }
        return bits & leading(length)
    }

    func masked(by mask: WideKey) -> WideKey {
        WideKey(
            words.first & mask.words.first,
            words.second & mask.words.second,
            words.third & mask.words.third,
            words.fourth & mask.words.fourth
        )
    }
}

/// A mask of the first `count` bytes of sixteen.
func leading(_ count: Int) -> UInt128 {
    // A shift by all 128 bits gives zero.
    ~(UInt128.max >> UInt128(8 * count))
}

/// The registers of one evaluation.
///
/// A slot is kept as the number whose most significant byte is first in memory, so that comparing numbers is `memcmp`.
/// Slot and length were checked when the program was taken in (`Instruction`).
struct RegisterFile {
    private var slots: [16 of UInt32] = .init(repeating: 0)

    /// `count` bytes, at most 16, from a slot on; left-aligned, the rest zero.
    func load(_ slot: Int, _ count: Int) -> UInt128 {
        var bits: UInt128 = 0
        for index in 0..<((count + 3) / 4) {
            bits |= UInt128(slots[slot + index]) << (96 - 32 * UInt128(index))
        }
        return count % 4 == 0 ? bits : bits & leading(count)
    }

    /// `count` bytes, at most 64, as a set key.
    func key(_ slot: Int, _ count: Int) -> WideKey {
        var key = WideKey()
        for word in 0..<((count + 15) / 16) {
            key[word] = load(slot + 4 * word, min(16, count - 16 * word))
        }
        return key
    }

    /// Writes `count` left-aligned bytes and zeroes the rest of the last slot, as `nft_data_copy` does.
    mutating func store(_ slot: Int, _ count: Int, _ bits: UInt128) {
        for index in 0..<((count + 3) / 4) {
            slots[slot + index] = UInt32(truncatingIfNeeded: bits >> (96 - 32 * UInt128(index)))
        }
    }

    /// Writes bytes of a packet and zeroes the rest of the last slot.
    ///
    /// The range lies inside the packet.
    mutating func store(_ slot: Int, _ count: Int, from bytes: [UInt8], at offset: Int) {
        var index = 0
        while index < count {
            var word: UInt32 = 0
            for position in index..<min(index + 4, count) {
                word |= UInt32(bytes[offset + position]) << (24 - 8 * UInt32(position % 4))
            }
            slots[slot + index / 4] = word
            index += 4
        }
    }

    /// One slot as memory has it, most significant byte first.
    subscript(slot: Int) -> UInt32 {
        get { slots[slot] }
        set { slots[slot] = newValue }
    }

    /// One byte by its distance from the start of a slot.
    func byte(_ slot: Int, _ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: slots[slot + index / 4] >> (24 - 8 * UInt32(index % 4)))
    }

    /// A host-order number as it lies in memory.
    static func memory(host number: UInt32) -> UInt32 { number.littleEndian.byteSwapped }

    /// The host-order number of a slot.
    func host(_ slot: Int) -> UInt32 { RegisterFile.memory(host: slots[slot]) }
}

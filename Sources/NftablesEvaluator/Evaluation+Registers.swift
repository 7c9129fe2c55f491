// SPDX-License-Identifier: Apache-2.0
// Comparing and changing registers.
import NftablesIR

extension Evaluation {
    /// Compares as `memcmp` does over the value's length.
    func compare(_ comparison: Comparison, _ slot: Int, _ value: RegisterValue) -> StepResult {
        let held = registers.load(slot, Int(value.count))
        let holds =
            switch comparison {
            case .equal: held == value.bits
            case .notEqual: held != value.bits
            case .less: held < value.bits
            case .lessOrEqual: held <= value.bits
            case .greater: held > value.bits
            case .greaterOrEqual: held >= value.bits
            }
        return holds ? .next : .nextRule
    }

    func checkRange(_ inside: Bool, _ slot: Int, _ low: RegisterValue, _ high: RegisterValue) -> StepResult {
        let held = registers.load(slot, Int(low.count))
        return (low.bits <= held && held <= high.bits) == inside ? .next : .nextRule
    }

    mutating func bitwise(_ slot: Int, _ destination: Int, _ mask: RegisterValue, _ xor: RegisterValue) -> StepResult {
        // Whole slots: behind the mask's end its bytes are zero.
        let count = (Int(mask.count) + 3) / 4 * 4
        registers.store(destination, count, registers.load(slot, count) & mask.bits ^ xor.bits)
        return .next
    }

    /// Swaps units of `size` bytes: both directions are the same.
    ///
    /// Bytes behind `length` stay as they are.
    mutating func swap(_ slot: Int, _ destination: Int, _ length: Int, _ size: Int) -> StepResult {
        // On a big-endian host both orders are one.
        guard UInt16(1).littleEndian == 1 else { return copy(slot, destination, length) }
        var taken: [UInt8] = []
        for start in stride(from: 0, to: length, by: size) {
            for index in (0..<size).reversed() { taken.append(registers.byte(slot, start + index)) }
        }
        return put(taken, destination)
    }

    private mutating func copy(_ slot: Int, _ destination: Int, _ length: Int) -> StepResult {
        put((0..<length).map { registers.byte(slot, $0) }, destination)
    }

    private mutating func put(_ bytes: [UInt8], _ slot: Int) -> StepResult {
        for (index, byte) in bytes.enumerated() {
            let shift = 24 - 8 * UInt32(index % 4)
            registers[slot + index / 4] = registers[slot + index / 4] & ~(0xff << shift) | UInt32(byte) << shift
        }
        return .next
    }

    mutating func setRegister(_ slot: Int, _ value: RegisterValue) -> StepResult {
        registers.store(slot, Int(value.count), value.bits)
        return .next
    }
}

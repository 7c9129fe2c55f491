// SPDX-License-Identifier: Apache-2.0
// What the kernel's registers hold, bit by bit.
import DecisionDiagrams
import NftablesIR

/// A value as a register holds it.
enum RegisterContent {
    /// Bits in memory order, the first byte's highest bit first.
    case bits([Bit])
    /// The name of a device that is not known; only whole names can be compared.
    case device(Device)

    /// Which device.
    enum Device: String {
        case input
        case output
    }
}

/// The sixteen 32-bit slots of one rule.
struct RegisterContents {
    private var slots = [[Bit]?](repeating: nil, count: 16)
    private var devices: [UInt8: RegisterContent.Device] = [:]

    /// Puts a value into a register, padded with zeros to whole slots as the kernel does.
    mutating func set(_ register: Register, _ content: RegisterContent) {
        switch content {
        case .device(let device):
            for slot in Int(register.slot)..<min(16, Int(register.slot) + 4) { slots[slot] = nil }
            devices[register.slot] = device
        case .bits(var bits):
            while bits.count % 32 != 0 { bits.append(.constant(false)) }
            for (index, slot) in (Int(register.slot)..<min(16, Int(register.slot) + bits.count / 32)).enumerated() {
                slots[slot] = Array(bits[index * 32..<index * 32 + 32])
                devices[UInt8(slot)] = nil
            }
        }
    }

    /// The first bytes of a register; nil where nothing that is known was put there.
    func bits(_ register: Register, _ bytes: Int) -> [Bit]? {
        var result: [Bit] = []
        var slot = Int(register.slot)
        while result.count < bytes * 8 {
            guard slot < 16, let content = slots[slot] else { return nil }
            result += content
            slot += 1
        }
        return Array(result.prefix(bytes * 8))
    }

    /// The device whose name a register holds.
    func device(_ register: Register) -> RegisterContent.Device? { devices[register.slot] }

    /// Forgets what depends on variables that have just changed.
    mutating func forget(_ variables: some Sequence<UInt32>) {
        let changed = Set(variables)
        for index in slots.indices {
            let isStale =
                slots[index]?.contains { bit in
                    switch bit {
                    case .constant: false
                    case .variable(let variable): changed.contains(variable)
                    // A function may hide one of them.
                    case .function: true
                    }
                } ?? false
            if isStale { slots[index] = nil }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `meta` and `ct`: what is known of a packet beside its bytes.

extension Evaluation {
    mutating func loadMeta(_ key: LoadableMeta, _ slot: Int) -> StepResult {
        switch key {
        case .length: registers[slot] = RegisterFile.memory(host: UInt32(truncatingIfNeeded: bytes.count))
        case .priority: registers[slot] = RegisterFile.memory(host: priority)
        case .mark: registers[slot] = RegisterFile.memory(host: mark)
        case .ethernetProtocol: registers[slot] = packet.family == .ipv4 ? 0x0800_0000 : 0x86dd_0000
        case .networkFamily: registers[slot] = UInt32(packet.family.rawValue) << 24
        // Without a device the name is empty, and the rule goes on.
        case .inputName: registers.store(slot, 16, packet.input?.bits ?? 0)
        case .outputName: registers.store(slot, 16, packet.output?.bits ?? 0)
        case .transportProtocol:
            guard let number = walk.transportProtocol else { return .nextRule }
            registers[slot] = UInt32(number) << 24
        }
        return .next
    }

    mutating func storeMark(_ slot: Int) -> StepResult {
        mark = registers.host(slot)
        return .next
    }

    mutating func storePriority(_ slot: Int) -> StepResult {
        priority = registers.host(slot)
        return .next
    }

    mutating func loadConntrack(_ key: LoadableConntrack, _ slot: Int) -> StepResult {
        if case .state = key {
            let state: UInt32 =
                switch conntrack {
                case .none: 1
                case .untracked: 64
                case .tracked(let entry): entry.state.rawValue
                }
            registers[slot] = RegisterFile.memory(host: state)
            return .next
        }
        // Kernel facts T18: every other key needs an entry.
        guard case .tracked(let entry) = conntrack else { return .nextRule }
        switch key {
        case .direction: registers[slot] = entry.isReply ? 0x0100_0000 : 0
        case .status: registers[slot] = RegisterFile.memory(host: entry.status)
        case .mark, .state: registers[slot] = RegisterFile.memory(host: entry.mark)
        }
        return .next
    }

    /// Without an entry nothing happens, and the rule goes on.
    mutating func storeConntrackMark(_ slot: Int) -> StepResult {
        guard case .tracked(var entry) = conntrack else { return .next }
        entry.mark = registers.host(slot)
        conntrack = .tracked(entry)
        conntrackMark = entry.mark
        return .next
    }

    /// Too late for a packet that conntrack has already seen (kernel facts §2).
    mutating func notrack() -> StepResult {
        if case .none = conntrack {
            conntrack = .untracked
            isUntracked = true
        }
        return .next
    }
}

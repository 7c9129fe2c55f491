// SPDX-License-Identifier: Apache-2.0
// `exthdr`: IPv6 extension headers, IPv4 options, TCP options.

extension Evaluation {
    mutating func loadIPv6Header(
        _ type: UInt8,
        _ offset: Int,
        _ length: Int,
        _ testsPresence: Bool,
        _ slot: Int
    ) -> StepResult {
        // The kernel looks at the protocol first and breaks for IPv4, also when only asked for presence.
        guard packet.family == .ipv6 else { return .nextRule }
        var start: Int?
        if case .found(_, let found) = findIPv6Header(bytes, target: type) { start = found }
        return deliver(start, offset, length, testsPresence, slot)
    }

    mutating func testIPv4Option(_ type: UInt8, _ slot: Int) -> StepResult {
        guard packet.family == .ipv4 else { return .nextRule }
        switch findIPv4Option(bytes, target: type) {
        case .found: registers[slot] = 0x0100_0000
        case .absent: registers[slot] = 0
        case .undecided(let what): return .fail(.unsupported(what))
        }
        return .next
    }

    mutating func loadTCPOption(
        _ type: UInt8,
        _ offset: Int,
        _ length: Int,
        _ testsPresence: Bool,
        _ slot: Int
    ) -> StepResult {
        let start = findTCPOption(bytes, walk, type: type, needed: offset + length)
        return deliver(start, offset, length, testsPresence, slot)
    }

    /// Writes two bytes of an option; a segment size is only lowered, and without the option nothing happens (kernel:
    /// nft_exthdr_tcp_set_eval).
    mutating func storeTCPOption(_ type: UInt8, _ offset: Int, _ slot: Int) -> StepResult {
        guard let option = findTCPOption(bytes, walk, type: type, needed: offset + 2) else { return .nextRule }
        let start = option + offset
        let new = [registers.byte(slot, 0), registers.byte(slot, 1)]
        let old = [bytes[start], bytes[start + 1]]
        guard type == 2 ? new.lexicographicallyPrecedes(old) : new != old else { return .next }
        let change = ChecksumChange(from: old[...], to: new)
        guard mend(walk.transportOffset + 16, change) else { return .nextRule }
        bytes.replaceSubrange(start..<start + 2, with: new)
        effects.append(.rewrote(offset: start, new))
        return .next
    }

    /// Loads presence as one byte, or the bytes of what was found; breaks if they are not there.
    private mutating func deliver(
        _ start: Int?,
        _ offset: Int,
        _ length: Int,
        _ testsPresence: Bool,
        _ slot: Int
    ) -> StepResult {
        if testsPresence {
            registers[slot] = start == nil ? 0 : 0x0100_0000
            return .next
        }
        guard let start, start + offset + length <= bytes.count else { return .nextRule }
        registers.store(slot, length, from: bytes, at: start + offset)
        return .next
    }
}

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

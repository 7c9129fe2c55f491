// SPDX-License-Identifier: Apache-2.0
// Reading and writing bytes of the packet.
import NftablesIR

extension Evaluation {
    mutating func loadPayload(_ place: PayloadPlace, _ slot: Int) -> StepResult {
        if place.base == .inner, let number = walk.transportProtocol, number == 4 || number == 47, !walk.isLaterFragment
        {
            // The kernel finds inner headers of these too; no program of ours asks.
            return .fail(.unsupported("the inner header of protocol \(number)"))
        }
        guard let start = place.isFast ? fastStart(place) ?? slowStart(place) : slowStart(place) else {
            return .nextRule
        }
        registers.store(slot, place.length, from: bytes, at: start)
        return .next
    }

    /// The short way: no look at fragments, but only in the linear part (kernel facts T1).
    private func fastStart(_ place: PayloadPlace) -> Int? {
        var start = place.offset
        if place.base == .transport {
            guard walk.transportProtocol != nil else { return nil }
            start += walk.transportOffset
        }
        return start + place.length <= min(bytes.count, packet.linearLength ?? bytes.count) ? start : nil
    }

    /// The long way, which knows later fragments.
    private func slowStart(_ place: PayloadPlace) -> Int? {
        guard let base = headerStart(place) else { return nil }
        let start = base + place.offset
        return start + place.length <= bytes.count ? start : nil
    }

    private func headerStart(_ place: PayloadPlace) -> Int? {
        switch place.base {
        case .network: 0
        case .transport: walk.transportProtocol == nil || walk.isLaterFragment ? nil : walk.transportOffset
        case .inner: innerStart
        // There is no link-layer header.
        case .link: nil
        }
    }

    /// Behind a TCP or UDP header, as `nft_payload_inner_offset` finds it: never in later fragments, and behind a whole
    /// fixed TCP header only.
    private var innerStart: Int? {
        guard !walk.isLaterFragment else { return nil }
        switch walk.transportProtocol {
        case 17: return walk.transportOffset + 8
        case 6:
            guard walk.transportOffset + 20 <= bytes.count else { return nil }
            return walk.transportOffset + 4 * Int(bytes[walk.transportOffset + 12] >> 4)
        default: return nil
        }
    }

    mutating func storePayload(
        _ place: PayloadPlace,
        _ slot: Int,
        checksumOffset: Int?,
        mendsTransport: Bool
    ) -> StepResult {
        guard let base = headerStart(place) else { return .nextRule }
        let start = base + place.offset
        guard start + place.length <= bytes.count else { return .nextRule }
        let new = (0..<place.length).map { registers.byte(slot, $0) }
        let change = ChecksumChange(from: bytes[start..<start + place.length], to: new)
        if let checksumOffset, !mend(base + checksumOffset, change) { return .nextRule }
        if mendsTransport, let offset = transportChecksum(), !mend(offset, change) { return .nextRule }
        for (index, byte) in new.enumerated() { bytes[start + index] = byte }
        // What is written lies in the linear part, and all before it (`skb_ensure_writable`).
        if let linear = packet.linearLength { packet.linearLength = max(linear, start + place.length) }
        effects.append(.rewrote(offset: start, new))
        return .next
    }

    /// Mends the checksum at an offset; whether it is there.
    mutating func mend(_ offset: Int, _ change: ChecksumChange) -> Bool {
        guard offset + 2 <= bytes.count else { return false }
        let mended = change.applied(to: UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]))
        bytes[offset] = UInt8(mended >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: mended)
        return true
    }

    /// Where the transport checksum that covers the pseudo header is; nil for protocols without one.
    private func transportChecksum() -> Int? {
        guard !walk.isLaterFragment else { return nil }
        let start = walk.transportOffset
        switch walk.transportProtocol {
        case 6: return start + 16
        case 17:
            // A UDP checksum of zero means none.
            guard start + 8 <= bytes.count, bytes[start + 6] != 0 || bytes[start + 7] != 0 else { return nil }
            return start + 6
        case 136: return start + 6
        case 58: return start + 2
        default: return nil
        }
    }
}

/// The difference that replaced bytes make to an Internet checksum (`nft_csum_replace`).
struct ChecksumChange {
    private var old: UInt32
    private var new: UInt32

    /// Sums both as 16-bit words from their first byte on, wherever they stand in the packet, as the kernel does.
    init(from old: ArraySlice<UInt8>, to new: [UInt8]) {
        self.old = Self.sum(old)
        self.new = Self.sum(new[...])
    }

    /// The mended checksum; never zero.
    func applied(to checksum: UInt16) -> UInt16 {
        var sum = Self.add(UInt32(~checksum), ~old)
        sum = Self.add(sum, new)
        sum = (sum & 0xffff) + (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16)
        let folded = ~UInt16(truncatingIfNeeded: sum)
        return folded == 0 ? 0xffff : folded
    }

    /// Adds with the carry brought round.
    private static func add(_ left: UInt32, _ right: UInt32) -> UInt32 {
        let (sum, carry) = left.addingReportingOverflow(right)
        return carry ? sum &+ 1 : sum
    }

    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
        }
        return sum
    }
}

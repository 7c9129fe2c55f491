// SPDX-License-Identifier: Apache-2.0
// Conditions on free bits and on GRE keys as fields of whole bytes (filters reference §3.2).
import JunosModel
import NetworkTypes
import PolicyModel

extension MatchContext {
    /// Bits under a mask as bytes under a wider mask; what does not fit the 16 bytes of one comparison goes into a second.
    func lowerFlexibleMask(
        _ field: FlexibleField,
        mask: UInt128,
        value: UInt128,
        reporting problem: (String) -> Void
    ) -> [[Condition]] {
        let count = (field.bitOffset + field.bitLength + 7) / 8
        let behind = UInt128(count * 8 - field.bitOffset - field.bitLength)
        guard value & ~mask == 0 else { return [[]] }
        guard count > 16 else {
            return flexible(field, offset: 0, count: count, mask << behind, IntervalSet(values: [value << behind]))
        }
        guard field.byteOffset < 255 else {
            problem("17 octets from octet 255 on are one more than the kernel can reach: give a smaller 'byte-offset'")
            return [[]]
        }
        // The first byte has what is left of the 16 behind it.
        let front = 128 - behind
        return flexible(field, offset: 0, count: 1, mask >> front, IntervalSet(values: [value >> front]))
            + flexible(field, offset: 1, count: 16, mask << behind, IntervalSet(values: [value << behind]))
    }

    /// Bits as a number.
    func lowerFlexibleRange(
        _ field: FlexibleField,
        _ ranges: [ClosedRange<UInt32>],
        isExcept: Bool
    ) -> [[Condition]] {
        let count = (field.bitOffset + field.bitLength + 7) / 8
        let behind = UInt128(count * 8 - field.bitOffset - field.bitLength)
        let highest = UInt128.max >> UInt128(128 - field.bitLength)
        let listed = IntervalSet(ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
        let values = isExcept ? listed.complement(upTo: highest) : listed.clamped(to: 0...highest)
        return flexible(field, offset: 0, count: count, highest << behind, shifted(values, by: behind))
    }

    /// Bytes of the field's place under a mask.
    private func flexible(
        _ field: FlexibleField,
        offset: Int,
        count: Int,
        _ mask: UInt128,
        _ values: IntervalSet
    ) -> [[Condition]] {
        let place: BytePlace =
            switch field.start {
            case .layer3: .networkHeader
            case .layer4: .transportHeader
            case .payload: .transportPayload
            }
        let isWhole = mask == UInt128.max >> UInt128(128 - 8 * count)
        let bytes = Condition.field(
            .bytes(place, offset: field.byteOffset + offset, count: count),
            mask: isWhole ? nil : mask,
            values
        )
        guard field.start == .payload else { return [[bytes]] }
        // Only TCP and UDP have a payload; the kernel knows further ones.
        return [[.field(.transportProtocol, mask: nil, IntervalSet(values: [6, 17]))], [bytes]]
    }

    /// The key of a GRE header with the K bit: behind four bytes, or eight with the C or R bit (RFC 2890, RFC 1701).
    func lowerGREKey(_ values: IntervalSet) -> [[Condition]] {
        func key(flags: [UInt128], offset: Int) -> Condition {
            .all([
                .field(.transportProtocol, mask: nil, IntervalSet(values: [47])),
                .field(.bytes(.transportHeader, offset: 0, count: 1), mask: 0xe0, IntervalSet(values: flags)),
                .field(.bytes(.transportHeader, offset: offset, count: 4), mask: nil, values),
            ])
        }
        return [[key(flags: [0x20], offset: 4), key(flags: [0x60, 0xa0, 0xe0], offset: 8)]]
    }
}

// SPDX-License-Identifier: Apache-2.0
// The edges of conditions on free bits, GRE keys and SCTP chunks (filters reference §3.2).
import JunosModel
import NetworkTypes

/// Bits to be written into a packet.
struct BitPatch {
    var field: FlexibleField
    var value: UInt128

    /// Octets behind the headers that certainly make the packet long enough.
    var payloadLength: Int { field.byteOffset + (field.bitOffset + field.bitLength + 7) / 8 }

    /// The packet's octets with the bits; nil where it has no such place, or where they would say what it is.
    func applied(to packet: Packet) -> [UInt8]? {
        guard let first = firstBit(of: field, in: packet.header) else { return nil }
        // Version, header length and length: a packet with others never reaches a filter.
        let fixed: [Int] = packet.family == .inet ? [0, 2, 3] : [0, 4, 5]
        guard (first + field.bitLength + 7) / 8 <= packet.bytes.count,
            !fixed.contains(where: { (first / 8..<(first + field.bitLength + 7) / 8).contains($0) })
        else { return nil }
        var bytes = packet.bytes
        for index in 0..<field.bitLength {
            let bit = first + index
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            let isSet = value >> UInt128(field.bitLength - 1 - index) & 1 == 1
            bytes[bit / 8] = isSet ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask
        }
        return bytes
    }
}

private func firstBit(of field: FlexibleField, in header: PacketHeader) -> Int? {
    let start: Int? =
        switch field.start {
        case .layer3: 0
        case .layer4: header.isLaterFragment ? nil : header.transportOffset
        case .payload:
            switch header.upperProtocol {
            case ProtocolNumber.udp where !header.isLaterFragment: header.transportOffset.map { $0 + 8 }
            case ProtocolNumber.tcp where !header.isLaterFragment:
                header.transportOctet(12).flatMap { octet in header.transportOffset.map { $0 + 4 * Int(octet >> 4) } }
            default: nil
            }
        }
    return start.map { ($0 + field.byteOffset) * 8 + field.bitOffset }
}

/// The bits that a packet has, for guiding the choice.
func probedBits(_ field: FlexibleField, _ header: PacketHeader) -> UInt128? {
    guard let first = firstBit(of: field, in: header), (first + field.bitLength + 7) / 8 <= header.end else {
        return nil
    }
    return (first..<first + field.bitLength).reduce(0) {
        $0 << 1 | UInt128(header.bytes[$1 / 8] >> UInt8(7 - $1 % 8) & 1)
    }
}

/// The value, the value with other bits outside the mask, and it with each edge of the mask turned.
func flexibleMaskVariations(_ field: FlexibleField, mask: UInt128, value: UInt128) -> [Variation] {
    let all = UInt128.max >> UInt128(128 - field.bitLength)
    var result = [variation(field, value & mask, .first, isInside: value & ~mask == 0)]
    if mask != all { result.append(variation(field, value | all & ~mask, .last, isInside: value & ~mask == 0)) }
    guard mask != 0 else { return result }
    for bit in Set([127 - mask.leadingZeroBitCount, mask.trailingZeroBitCount]).sorted() {
        result.append(variation(field, value ^ UInt128(1) << UInt128(bit), .outside, isInside: false))
    }
    return result
}

/// Both ends of every range and the numbers beside them.
func flexibleRangeVariations(
    _ field: FlexibleField,
    _ ranges: [ClosedRange<UInt32>],
    _ isExcept: Bool
) -> [Variation] {
    let highest = UInt32.max >> UInt32(32 - field.bitLength)
    var result: [Variation] = []
    func add(_ rank: ChoiceRank, _ value: UInt32) {
        let isInside = ranges.contains { $0.contains(value) } != isExcept
        result.append(variation(field, UInt128(value), rank, isInside: isInside))
    }
    for range in ranges {
        add(.first, range.lowerBound)
        if range.count > 1 { add(.last, range.upperBound) }
        if range.lowerBound > 0 { add(.outside, range.lowerBound - 1) }
        if range.upperBound < highest { add(.outside, range.upperBound + 1) }
    }
    return result
}

private func variation(_ field: FlexibleField, _ value: UInt128, _ rank: ChoiceRank, isInside: Bool) -> Variation {
    Variation(rank: rank, isInside: isInside) { draft in draft.bitPatch = BitPatch(field: field, value: value) }
}

/// An INIT chunk and another one.
func initiationVariations() -> [Variation] {
    [(UInt8(1), ChoiceRank.first), (0, .outside), (2, .outside)].map { chunk, rank in
        Variation(rank: rank, isInside: chunk == 1) { draft in
            draft.fields.protocolNumber = ProtocolNumber.sctp
            draft.transportPatch = (12, [chunk])
        }
    }
}

/// A GRE header with a key: with and without a checksum before it, and one whose K bit is not set.
func greKeyChanges(_ value: UInt32) -> [(inout Draft) -> Void] {
    let key = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    let headers: [[UInt8]] = [
        [0x20, 0, 0x08, 0] + key, [0xa0, 0, 0x08, 0, 0, 0, 0, 0] + key, [0x80, 0, 0x08, 0] + key,
    ]
    return headers.map { octets in
        { draft in
            draft.fields.protocolNumber = ProtocolNumber.gre
            draft.transportPatch = (0, octets + Array(repeating: 0, count: 8))
        }
    }
}

/// The key of a GRE header, for guiding the choice.
func probedKey(_ header: PacketHeader) -> UInt32? {
    guard header.upperProtocol == ProtocolNumber.gre, !header.isLaterFragment, let flags = header.transportOctet(0),
        flags & 0x20 != 0
    else { return nil }
    return header.transportWord(flags & 0xc0 == 0 ? 4 : 8)
}

// SPDX-License-Identifier: Apache-2.0
// What conditions read beyond the usual fields: free bits, GRE keys, SCTP chunks (filters reference §3.2).
import JunosModel
import NetworkTypes

extension PacketHeader {
    /// Where a flexible match begins to count; nil where the packet has no such header.
    private func start(_ start: FlexibleField.Start) -> Int? {
        switch start {
        case .layer3: return 0
        // The upper-layer header whatever the protocol; a later fragment has none (decision in `FlexibleField`).
        case .layer4: return isLaterFragment ? nil : transportOffset
        case .payload:
            guard !isLaterFragment, let transportOffset else { return nil }
            switch upperProtocol {
            case ProtocolNumber.udp: return transportOffset + 8
            // As long as its data offset says, the fixed header wholly there.
            case ProtocolNumber.tcp:
                guard transportOffset + 20 <= end else { return nil }
                return transportOffset + 4 * Int(bytes[transportOffset + 12] >> 4)
            default: return nil
            }
        }
    }

    /// Free bits as a number, the first one most significant; nil where an octet of them is missing (DESIGN §3.10).
    func bits(_ field: FlexibleField) -> UInt128? {
        guard let start = start(field.start) else { return nil }
        let first = (start + field.byteOffset) * 8 + field.bitOffset
        guard (first + field.bitLength + 7) / 8 <= end else { return nil }
        return (first..<first + field.bitLength).reduce(0) { number, bit in
            number << 1 | UInt128(bytes[bit / 8] >> (7 - UInt8(bit % 8)) & 1)
        }
    }

    /// The key of a GRE header; nil for other protocols, later fragments, and headers without the K bit.
    ///
    /// Decision: the condition implies protocol 47, since the place of the key depends on the header's own flags: behind
    /// the first four octets, or behind the checksum and offset that the C or R bit adds (RFC 1701, RFC 2784, RFC 2890).
    var greKey: UInt32? {
        guard upperProtocol == ProtocolNumber.gre, !isLaterFragment, let flags = transportOctet(0), flags & 0x20 != 0
        else { return nil }
        return transportWord(flags & 0xc0 == 0 ? 4 : 8)
    }

    /// Whether the packet is SCTP and its first chunk is INIT (RFC 9260 §3.3.2), which alone opens an association.
    ///
    /// Decision: unlike `tcp-initial`, of which the documentation says that no protocol is checked, this implies SCTP.
    var beginsAssociation: Bool {
        upperProtocol == ProtocolNumber.sctp && !isLaterFragment && transportOctet(12) == 1
    }
}

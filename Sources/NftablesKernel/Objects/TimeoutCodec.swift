// SPDX-License-Identifier: Apache-2.0
// `ct timeout` objects to messages and back. libnftnl writes them for TCP and UDP alone, the kernel takes more.
import CMnl
import CNetfilterShims
import Netlink
import NftablesIR

enum TimeoutCodec {
    /// `NFPROTO_INET`: what the kernel takes from the table where nothing is said, and always reports.
    private static let anyVersion: UInt16 = 1

    /// Writes the data of an object.
    static func write(_ timeout: ConntrackTimeout, to writer: MessageWriter) throws(EncodingFailure) {
        guard ConntrackTimeout.states(of: timeout.protocolNumber) == timeout.seconds.count else {
            throw EncodingFailure(
                reason: "\(timeout.seconds.count) times for the states of protocol \(timeout.protocolNumber)"
            )
        }
        try writer.nest(NFTA_OBJ_DATA.rawValue) { () throws(EncodingFailure) in
            try writer.bytes(NFTA_CT_TIMEOUT_L3PROTO.rawValue, [0, UInt8(anyVersion)])
            try writer.bytes(NFTA_CT_TIMEOUT_L4PROTO.rawValue, [timeout.protocolNumber])
            try writer.nest(NFTA_CT_TIMEOUT_DATA.rawValue) {
                for (index, seconds) in timeout.seconds.enumerated() { writer.number(UInt32(index) + 1, seconds) }
            }
        }
    }

    /// Reads the data of an object; nil if not wholly understood.
    static func read(_ fields: inout AttributeFields) -> ConntrackTimeout? {
        guard fields.take(NFTA_CT_TIMEOUT_L3PROTO.rawValue)?.network16 == anyVersion,
            let number = fields.take(NFTA_CT_TIMEOUT_L4PROTO.rawValue)?.byte,
            let count = ConntrackTimeout.states(of: number),
            var times = try? fields.take(NFTA_CT_TIMEOUT_DATA.rawValue)?.nested()
        else { return nil }
        var seconds: [UInt32] = []
        for index in 1...count {
            guard let time = times.network32(UInt32(index)) else { return nil }
            seconds.append(time)
        }
        return times.isExhausted ? ConntrackTimeout(protocolNumber: number, seconds: seconds) : nil
    }
}

// SPDX-License-Identifier: Apache-2.0
// One message as received: header fields, payload, and the kernel's verdict if it is an acknowledgement.
import CNetfilterShims
import Glibc

/// A received netlink message.
public struct NetlinkMessage: Sendable {
    /// `nlmsg_type`.
    public let type: UInt16
    /// `nlmsg_flags`.
    public let flags: UInt16
    /// `nlmsg_seq`: the request it answers; for events that of the request that caused them.
    public let sequence: UInt32
    /// `nlmsg_pid`: the port of the socket it is about.
    public let portID: UInt32
    /// The datagram it came in.
    let storage: [UInt8]
    /// Where its payload stands there.
    let payload: Range<Int>

    /// The payload's bytes.
    public var bytes: [UInt8] { Array(storage[payload]) }

    /// The attributes behind a fixed header of `headerLength` bytes.
    public func attributes(after headerLength: Int) throws(MalformedAttributes) -> AttributeFields {
        guard payload.count >= headerLength else { throw MalformedAttributes(offset: payload.lowerBound) }
        return try AttributeFields(storage, (payload.lowerBound + headerLength)..<payload.upperBound)
    }

    /// One byte of the payload; 0 beyond its end.
    public func payloadByte(_ offset: Int) -> UInt8 {
        offset < payload.count ? storage[payload.lowerBound + offset] : 0
    }

    /// Splits a datagram into messages; nil if a length is wrong.
    public static func split(_ storage: [UInt8]) -> [NetlinkMessage]? {
        func number(_ position: Int, _ length: Int) -> UInt32 {
            (0..<length).reduce(0) { $0 | UInt32(storage[position + $1]) << (8 * UInt32($1)) }
        }
        var result: [NetlinkMessage] = []
        var position = 0
        while position < storage.count {
            guard position + 16 <= storage.count else { return nil }
            let length = Int(number(position, 4))
            guard length >= 16, position + length <= storage.count else { return nil }
            result.append(
                NetlinkMessage(
                    type: UInt16(number(position + 4, 2)),
                    flags: UInt16(number(position + 6, 2)),
                    sequence: number(position + 8, 4),
                    portID: number(position + 12, 4),
                    storage: storage,
                    payload: (position + 16)..<(position + length)
                )
            )
            position += (length + 3) & ~3
        }
        return result
    }
}

/// What an acknowledgement (`NLMSG_ERROR`) or the end of a dump (`NLMSG_DONE`) says.
public struct Acknowledgement: Hashable, Sendable {
    /// The request it answers.
    public var sequence: UInt32
    /// The error number, positive; 0 for success.
    public var errno: Int32
    /// The extended acknowledgement's text.
    public var message: String?
    /// Where in the request the kernel found fault, in bytes from the start of the netlink header.
    public var attributeOffset: UInt32?
}

extension NetlinkMessage {
    /// The verdict in it, if it is one; nil for data.
    public var acknowledgement: Acknowledgement? {
        let isError = type == UInt16(NLMSG_ERROR)
        guard isError || type == UInt16(NLMSG_DONE) else { return nil }
        var result = Acknowledgement(sequence: sequence, errno: 0)
        guard payload.count >= 4 else { return result }
        let raw = (0..<4).reduce(UInt32(0)) { $0 | UInt32(storage[payload.lowerBound + $1]) << (8 * UInt32($1)) }
        let status = Int32(bitPattern: raw)
        result.errno = status < 0 && status > -4096 ? -status : 0
        guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return result }
        // Behind the error stands the refused request: its header alone (NLM_F_CAPPED) or all of it.
        var offset = 4
        if isError {
            guard payload.count >= 20 else { return result }
            let length = (0..<4).reduce(0) { $0 | Int(storage[payload.lowerBound + 4 + $1]) << (8 * $1) }
            offset += flags & UInt16(NLM_F_CAPPED) != 0 ? 16 : (length + 3) & ~3
        }
        guard offset <= payload.count, var fields = try? attributes(after: offset) else { return result }
        result.message = fields.text(NLMSGERR_ATTR_MSG.rawValue)
        result.attributeOffset = fields.take(NLMSGERR_ATTR_OFFS.rawValue)?.host32
        return result
    }
}

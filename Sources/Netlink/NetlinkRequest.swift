// SPDX-License-Identifier: Apache-2.0
// Questions and answers: one request, one dump, each with its own sequence number and a definite end.
import CNetfilterShims
import Glibc

extension NetlinkSocket {
    /// How long an answer may take, in milliseconds; the kernel answers while it is asked, so this is an emergency.
    private static let patience: Int32 = 60_000

    /// Asks one question and gives its answers, which may be none; an error acknowledgement is thrown.
    ///
    /// - Parameter flags: `NLM_F_*` beyond `NLM_F_REQUEST`; without `NLM_F_DUMP` an acknowledgement ends the exchange.
    public mutating func request(
        type: UInt16,
        flags: UInt16 = 0,
        payload: [UInt8],
        operation: String
    ) throws(NetlinkError) -> [NetlinkMessage] {
        var result: [NetlinkMessage] = []
        try exchange(type: type, flags: flags | UInt16(NLM_F_ACK), payload: payload, operation: operation) {
            result.append($0)
        }
        return result
    }

    /// Asks for a dump and hands over each message; an interrupted dump throws `.interrupted` at its end.
    public mutating func dump(
        type: UInt16,
        payload: [UInt8],
        operation: String,
        _ body: (NetlinkMessage) throws(NetlinkError) -> Void
    ) throws(NetlinkError) {
        try exchange(
            type: type,
            flags: UInt16(NLM_F_DUMP),
            payload: payload,
            operation: operation,
            body
        )
    }

    private mutating func exchange(
        type: UInt16,
        flags: UInt16,
        payload: [UInt8],
        operation: String,
        _ body: (NetlinkMessage) throws(NetlinkError) -> Void
    ) throws(NetlinkError) {
        let sequence = sequences()
        let message = Self.message(
            type: type,
            flags: flags | UInt16(NLM_F_REQUEST),
            sequence: sequence,
            payload: payload
        )
        let sent = unsafe message.withUnsafeBytes { bytes in
            Result { () throws(NetlinkError) in try unsafe send(bytes, operation: operation) }
        }
        try sent.get()
        var interrupted = false
        // A failure of the caller's body must not leave the rest of the dump to be taken for the next answer.
        var failure: NetlinkError?
        while true {
            switch try receive() {
            case .nothing:
                guard try waitReadable(milliseconds: Self.patience) else {
                    throw NetlinkError(.timedOut, operation: operation)
                }
            case .lost:
                throw NetlinkError(.lost, operation: operation, errno: ENOBUFS)
            case .messages(let messages):
                for message in messages where message.sequence == sequence {
                    if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { interrupted = true }
                    if let answer = message.acknowledgement {
                        if let failure { throw failure }
                        guard answer.errno == 0 else { throw NetlinkError(answer, operation: operation) }
                        if interrupted { throw NetlinkError(.interrupted, operation: operation, errno: EINTR) }
                        return
                    }
                    guard failure == nil else { continue }
                    do { try body(message) } catch { failure = error }
                }
            }
        }
    }

    /// One message: header and payload.
    public static func message(type: UInt16, flags: UInt16, sequence: UInt32, payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ number: UInt32, _ length: UInt32) {
            for index in 0..<length { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
        }
        put(UInt32(16 + payload.count), 4)
        put(UInt32(type), 2)
        put(UInt32(flags), 2)
        put(sequence, 4)
        put(0, 4)
        return bytes + payload
    }
}

extension NetlinkError {
    /// The error that an acknowledgement reports.
    public init(_ answer: Acknowledgement, operation: String) {
        self.init(
            .refused,
            operation: operation,
            errno: answer.errno,
            kernelMessage: answer.message,
            attributeOffset: answer.attributeOffset
        )
    }
}

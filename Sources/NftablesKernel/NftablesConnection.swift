// SPDX-License-Identifier: Apache-2.0
// The connection to the kernel's nftables: sends batches, whole or not at all.
import CNetfilterShims
import Glibc
public import Netlink
public import NftablesIR

/// A connection to nftables in the network namespace that the calling thread was in when it was made.
///
/// Its methods block; the kernel does its work while it is asked.
public struct NftablesConnection: ~Copyable, Sendable {
    var socket: NetlinkSocket

    /// Connects; needs no privilege by itself, but every change needs CAP_NET_ADMIN.
    public init() throws(NetlinkError) { socket = try NetlinkSocket(.netfilter) }

    /// The port by which events name this connection as their cause.
    public var portID: UInt32 { socket.portID }

    /// The socket, for those who wait on it.
    public var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Applies a batch: all of it, at one instant for packets that enter later, or nothing.
    ///
    /// - Parameter generation: the generation that the batch was planned for; `.generationMoved` is thrown if another
    ///   one holds (kernel facts §8). Nil applies it to whatever is there.
    public mutating func send(_ batch: Batch, ifGeneration generation: UInt32? = nil) throws(BatchFailure) {
        try exchange(batch, generation: generation, commits: true)
    }

    /// Tries a batch without applying it: the batch has no end, so the kernel forgets it.
    ///
    /// Finds what the kernel finds message by message; loops and nesting that it checks only at commit stay unfound
    /// (kernel facts T13).
    public mutating func check(_ batch: Batch) throws(BatchFailure) {
        try exchange(batch, generation: nil, commits: false)
    }

    private mutating func exchange(_ batch: Batch, generation: UInt32?, commits: Bool) throws(BatchFailure) {
        let first = socket.sequences(BatchEncoder.sequences(for: batch))
        let encoder = try BatchEncoder(batch, firstSequence: first, generation: generation, commits: commits)
        do throws(NetlinkError) {
            try discardStaleAnswers()
            let bytes = unsafe encoder.buffer.bytes
            // One system call takes the whole batch, so it must fit into the send buffer (kernel facts §7).
            if bytes.count > 1 << 20 { socket.growBuffers(to: Int32(clamping: bytes.count + (1 << 20))) }
            unsafe try socket.send(bytes, operation: "change table \(batch.family.rawValue) \(batch.table)")
        } catch {
            throw BatchFailure(error.code == .notPermitted ? .notPermitted : .transport, cause: error)
        }
        try judge(try answers(batch), first: first, origins: encoder.origins)
    }

    private mutating func discardStaleAnswers() throws(NetlinkError) {
        while true {
            if case .nothing = try socket.receive() { return }
        }
    }

    /// Everything that waits: the kernel has dealt with the batch when `send` returns.
    private mutating func answers(_ batch: Batch) throws(BatchFailure) -> [Acknowledgement] {
        var result: [Acknowledgement] = []
        var lost = false
        do throws(NetlinkError) {
            while true {
                switch try socket.receive() {
                case .messages(let messages): result += messages.compactMap(\.acknowledgement)
                case .lost: lost = true
                case .nothing:
                    // Overflow comes only from refusals; without one, something is wrong with our picture (T10).
                    if lost, result.allSatisfy({ $0.errno == 0 }) {
                        throw NetlinkError(.lost, operation: "read the answers to a batch", errno: ENOBUFS)
                    }
                    return result
                }
            }
        } catch {
            throw BatchFailure(.transport, cause: error)
        }
    }

    private func judge(_ answers: [Acknowledgement], first: UInt32, origins: [Int32]) throws(BatchFailure) {
        var failure = BatchFailure(.refused)
        // Linux before 6.10 acknowledges neither begin nor end; no refusal is success there as well.
        for answer in answers where answer.errno != 0 {
            let position = Int(answer.sequence &- first)
            guard position <= origins.count + 1 else { continue }
            // The kernel names the first message when the commit as a whole fails.
            let change = 1...max(1, origins.count) ~= position && !origins.isEmpty ? Int(origins[position - 1]) : nil
            if change == nil, answer.errno == ERESTART { throw BatchFailure(.generationMoved) }
            if answer.errno == EPERM, change == nil { failure.code = .notPermitted }
            failure.refusals.append(
                BatchFailure.Refusal(
                    change: change,
                    errno: answer.errno,
                    message: answer.message,
                    attributeOffset: answer.attributeOffset
                )
            )
        }
        guard failure.refusals.isEmpty else { throw failure }
    }
}

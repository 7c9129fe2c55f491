// SPDX-License-Identifier: Apache-2.0
// Who changed the ruleset, as it happens. Events are a reason to look; the generation is the truth (kernel facts §8).
import CNetfilterShims
public import Netlink

/// Something that happened to the ruleset.
public enum NftablesEvent: Hashable, Sendable {
    /// A transaction was committed; `portID` is that of the connection which did it.
    case newGeneration(Generation, portID: UInt32)
    /// Some object was added or removed by the connection with that port, with the kernel's message number.
    case change(message: UInt16, portID: UInt32)
    /// Events were lost, the buffer was full: read everything again.
    case lost
}

/// Listens to changes of the ruleset in the network namespace that the calling thread was in when it was made.
public struct NftablesEvents: ~Copyable, Sendable {
    private let socket: NetlinkSocket

    /// Starts listening; needs CAP_NET_ADMIN where the kernel asks for it.
    public init(bufferSize: Int32 = 8 << 20) throws(NetlinkError) {
        let socket = try NetlinkSocket(.netfilter, bufferSize: bufferSize)
        try socket.join(group: UInt32(NFNLGRP_NFTABLES.rawValue))
        self.socket = socket
    }

    /// The socket, for those who wait on it.
    public var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Waits for events at most so many milliseconds (negative: for ever) and gives those that came; empty if none did.
    public func wait(milliseconds: Int32) throws(NetlinkError) -> [NftablesEvent] {
        guard try socket.waitReadable(milliseconds: milliseconds) else { return [] }
        var events: [NftablesEvent] = []
        // A bound, so that a busy ruleset cannot hold the caller for ever.
        for _ in 0..<64 {
            switch try socket.receive() {
            case .nothing: return events
            case .lost: events.append(.lost)
            case .messages(let messages):
                for message in messages {
                    if let generation = Generation(message) {
                        events.append(.newGeneration(generation, portID: message.portID))
                    } else {
                        events.append(.change(message: message.type & 0xff, portID: message.portID))
                    }
                }
            }
        }
        return events
    }
}

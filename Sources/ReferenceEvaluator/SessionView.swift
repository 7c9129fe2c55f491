// SPDX-License-Identifier: Apache-2.0
// A session of the model as others may look at it (flow reference §2.1).
public import NetworkTypes

/// One session by its first packet.
public struct SessionView: Hashable, Sendable {
    /// Who began it.
    public let source: IPAddress
    /// To whom.
    public let destination: IPAddress
    /// The IP protocol.
    public let protocolNumber: UInt8
    /// The source port, or the identifier of an ICMP query; 0 where the protocol has neither.
    public let sourcePort: UInt16
    /// The destination port, or type and code of an ICMP query; 0 where the protocol has neither.
    public let destinationPort: UInt16
    /// Whether the other end was heard of.
    public let isAnswered: Bool
    /// Seconds until it ends if no packet comes.
    public let remaining: Double
}

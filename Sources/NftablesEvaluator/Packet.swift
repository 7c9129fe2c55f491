// SPDX-License-Identifier: Apache-2.0
// What the machine is given: the bytes of one IP packet, where it was met, and what conntrack says of it.

/// The layer-3 protocol of a packet (`NFPROTO_*`).
public enum PacketFamily: UInt8, Hashable, Sendable {
    case ipv4 = 2
    case ipv6 = 10
}

/// A device name as registers hold it: 16 bytes, padded with NUL.
public struct InterfaceName: Hashable, Sendable {
    /// The 16 bytes, the first one most significant.
    let bits: UInt128

    /// Makes a name; nil if it is empty or longer than the kernel's 15 bytes.
    public init?(_ name: String) {
        guard (1...15).contains(name.utf8.count) else { return nil }
        var bits: UInt128 = 0
        for byte in name.utf8 { bits = bits << 8 | UInt128(byte) }
        self.bits = bits << (8 * UInt128(16 - name.utf8.count))
    }
}

/// What conntrack has to say about a packet.
public enum Conntrack: Hashable, Sendable {
    /// No entry: not looked at yet (priority -200 and before, kernel facts T2), or found invalid.
    case none
    /// Taken out by `notrack`, or never tracked (neighbour discovery).
    case untracked
    /// Belongs to an entry.
    case tracked(ConntrackEntry)
}

/// What the `ct` expressions can see of a packet's conntrack entry.
public struct ConntrackEntry: Hashable, Sendable {
    /// The packet's relation to its entry, by the bit that `ct state` loads.
    public enum State: UInt32, Hashable, Sendable {
        case established = 2
        case related = 4
        case new = 8
    }

    /// The relation of this packet to the entry.
    public var state: State
    /// Whether the packet goes against the direction of the entry's first packet.
    public var isReply: Bool
    /// The status bits (`IPS_*`).
    public var status: UInt32
    /// The mark.
    public var mark: UInt32

    /// `IPS_SEEN_REPLY`.
    public static let seenReply: UInt32 = 2
    /// `IPS_ASSURED`: TCP's handshake is complete.
    public static let assured: UInt32 = 4
    /// `IPS_CONFIRMED`: an earlier packet made the entry.
    public static let confirmed: UInt32 = 8

    /// Makes an entry.
    public init(_ state: State, isReply: Bool = false, status: UInt32 = 0, mark: UInt32 = 0) {
        self.state = state
        self.isReply = isReply
        self.status = status
        self.mark = mark
    }
}

/// One packet at one hook.
///
/// It has no link-layer header: loads from there break, as for a packet from a TUN device.
public struct Packet: Hashable, Sendable {
    /// The IP packet from the first byte of its network header; nothing behind its end.
    public var bytes: [UInt8]
    /// The layer-3 protocol by which the stack received it.
    public var family: PacketFamily
    /// The device of arrival; nil for what the host itself sends.
    public var input: InterfaceName?
    /// The device of departure; nil where the hook does not know it.
    public var output: InterfaceName?
    /// `skb->mark` on arrival at the hook.
    public var mark: UInt32
    /// `skb->priority` on arrival at the hook.
    public var priority: UInt32
    /// What conntrack says once it has looked; in `prerouting` and `output` chains before it see nothing of it.
    public var conntrack: Conntrack
    /// How many bytes lie in the linear part of the buffer; nil for all of them.
    ///
    /// Only later fragments can tell (kernel facts T1).
    public var linearLength: Int?

    /// Makes a packet.
    public init(
        _ bytes: [UInt8],
        family: PacketFamily,
        input: InterfaceName? = nil,
        output: InterfaceName? = nil,
        mark: UInt32 = 0,
        priority: UInt32 = 0,
        conntrack: Conntrack = .none,
        linearLength: Int? = nil
    ) {
        self.bytes = bytes
        self.family = family
        self.input = input
        self.output = output
        self.mark = mark
        self.priority = priority
        self.conntrack = conntrack
        self.linearLength = linearLength
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the program does with a packet, in the words in which a kernel can be observed.
public import NetworkTypes
import NftablesIR

/// A netfilter hook on a packet's way, in order.
public enum PathHook: Int, Hashable, Sendable, CaseIterable, Comparable {
    case prerouting
    case input
    case forward
    case output
    case postrouting

    /// Orders by a packet's way; `input` ends one, so it and `forward` never meet.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What is sent back for a refused packet.
public enum ReplyKind: Hashable, Sendable, CustomStringConvertible {
    /// ICMP type 3 or ICMPv6 type 1 with a code.
    case unreachable(code: UInt8)
    /// A TCP segment with RST.
    case tcpReset

    /// For people.
    public var description: String {
        switch self {
        case .unreachable(let code): "unreachable, code \(code)"
        case .tcpReset: "tcp-reset"
        }
    }
}

/// One object charged with a packet.
public struct ProgramCharge: Hashable, Sendable {
    /// Where.
    public let hook: PathHook
    /// The counter's name in the kernel.
    public let object: String
    /// Octets of the packet there.
    public let octets: UInt64

    /// Makes a charge.
    public init(hook: PathHook, object: String, octets: UInt64) {
        self.hook = hook
        self.object = object
        self.octets = octets
    }
}

/// What became of a packet.
public enum ObservedVerdict: Hashable, Sendable, CustomStringConvertible {
    /// It left the router, or reached it.
    case accept
    /// It vanished.
    case discard
    /// It vanished and its sender was, or would have been, told.
    case reject

    /// The word of DESIGN §6.
    public var description: String {
        switch self {
        case .accept: "accept"
        case .discard: "discard"
        case .reject: "reject"
        }
    }
}

/// What the program says about one packet.
public struct ProgramOutcome: Hashable, Sendable {
    /// Its fate.
    public var verdict: ObservedVerdict
    /// The answer it asks for when it refuses; the stack may still send none.
    public var reply: ReplyKind?
    /// Counters charged, in order.
    public var charges: [ProgramCharge]
    /// Prefixes of the reports that it caused, in order.
    public var reports: [String] = []
    /// The last hook that saw the packet.
    public var lastHook: PathHook
    /// Whether it is a fragment that waits for others.
    public var isHeld: Bool
    /// Whether a connection began with it, or it belongs to one; nil where conntrack has no part in it.
    public var session: ProgramSession?
    /// `skb->mark` at the end.
    public var mark: UInt32
    /// The packet at the end.
    public var packet: NetworkTypes.Packet
    /// The rule that decided: chain, index and comment; a base chain's policy has no index.
    public var rule: String?

    /// Packets by counter, by the kernel's names.
    public var counters: [String: UInt64] {
        charges.reduce(into: [:]) { $0[$1.object, default: 0] += 1 }
    }

    /// Packets by counter up to a hook.
    public func counters(upTo hook: PathHook) -> [String: UInt64] {
        charges.reduce(into: [:]) { sums, charge in
            if charge.hook <= hook { sums[charge.object, default: 0] += 1 }
        }
    }
}

/// What a packet is to the connections that the program owns.
public enum ProgramSession: Hashable, Sendable {
    case create
    case match
}

extension ReplyKind {
    /// What an expression asks for; the family decides about the family-independent form (kernel: nft_reject.c).
    init(_ kind: RejectKind, _ family: AddressFamily) {
        switch kind {
        case .tcpReset: self = .tcpReset
        case .icmp(let code): self = .unreachable(code: code)
        case .icmpx(let code):
            // No route, port unreachable, host unreachable, administratively prohibited.
            let codes: [UInt8] = family == .inet ? [0, 3, 1, 13] : [0, 4, 3, 1]
            self = .unreachable(code: Int(code) < codes.count ? codes[Int(code)] : code)
        }
    }
}

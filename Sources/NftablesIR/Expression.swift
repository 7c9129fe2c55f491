// SPDX-License-Identifier: Apache-2.0
// The kernel's expressions over registers, one case each; an unknown one is a value that survives and never matches
// anything of ours.

/// A kernel register by its first 32-bit slot, 0 to 15.
///
/// `NFT_REG_1` … `NFT_REG_4` are slots 0, 4, 8, 12; `NFT_REG32_00` + n is slot n. The kernel dumps a slot that is a
/// multiple of four in the first form.
public struct Register: Hashable, Sendable {
    /// The first 32-bit slot.
    public let slot: UInt8

    /// Makes a register from its slot, 0 to 15.
    public init(slot: UInt8) { self.slot = slot }

    /// `NFT_REG_1`, where almost every rule does its work.
    public static let one = Register(slot: 0)
}

/// Up to 16 bytes as a register holds them, in memory order.
public struct RegisterValue: Hashable, Sendable {
    /// The bytes, the first one most significant, unused low bytes zero.
    public let bits: UInt128
    /// How many bytes count, 1 to 16.
    public let count: UInt8

    /// Makes a value from bytes in memory order; more than 16 are cut off.
    public init(_ bytes: some Sequence<UInt8>) {
        var bits: UInt128 = 0
        var count: UInt8 = 0
        for byte in bytes where count < 16 {
            bits |= UInt128(byte) << (8 * (15 - UInt128(count)))
            count += 1
        }
        self.bits = bits
        self.count = count
    }

    /// Makes a value of `count` bytes from a number in network byte order.
    public init(network number: UInt128, count: Int) {
        self.bits = number << (8 * UInt128(16 - count))
        self.count = UInt8(count)
    }

    /// Makes a four-byte value in this host's byte order, as marks and other `meta` numbers have it.
    public init(host number: UInt32) {
        self.init(network: UInt128(number.littleEndian.byteSwapped), count: 4)
    }

    /// The bytes in memory order.
    public var bytes: [UInt8] {
        (0..<Int(count)).map { UInt8(truncatingIfNeeded: bits >> (8 * (15 - UInt128($0)))) }
    }
}

/// Where a verdict sends the packet.
public enum Verdict: Hashable, Sendable {
    case accept
    case drop
    case `continue`
    case `return`
    case jump(String)
    case goto(String)
}

/// A comparison (`NFT_CMP_*`, `NFT_RANGE_*`).
public enum Comparison: UInt32, Hashable, Sendable {
    case equal = 0
    case notEqual = 1
    case less = 2
    case lessOrEqual = 3
    case greater = 4
    case greaterOrEqual = 5
}

/// Where a payload load starts (`NFT_PAYLOAD_*_HEADER`).
public enum PayloadBase: UInt32, Hashable, Sendable {
    case link = 0
    case network = 1
    case transport = 2
    case inner = 3
}

/// A `meta` key (`NFT_META_*`), by the kernel's number so that none is lost.
public struct MetaKey: Hashable, Sendable {
    /// The kernel's number.
    public let rawValue: UInt32
    /// Makes a key from the kernel's number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Packet length in bytes, host order.
    public static let length = MetaKey(rawValue: 0)
    /// EtherType, network order.
    public static let ethernetProtocol = MetaKey(rawValue: 1)
    /// `skb->priority`, host order.
    public static let priority = MetaKey(rawValue: 2)
    /// `skb->mark`, host order.
    public static let mark = MetaKey(rawValue: 3)
    /// Name of the device of arrival, 16 bytes.
    public static let inputInterfaceName = MetaKey(rawValue: 6)
    /// Name of the device of departure, 16 bytes.
    public static let outputInterfaceName = MetaKey(rawValue: 7)
    /// `NFPROTO_*`, one byte.
    public static let networkFamily = MetaKey(rawValue: 15)
    /// Upper-layer protocol number, one byte.
    public static let transportProtocol = MetaKey(rawValue: 16)
}

/// A `ct` key (`NFT_CT_*`), by the kernel's number.
public struct ConntrackKey: Hashable, Sendable {
    /// The kernel's number.
    public let rawValue: UInt32
    /// Makes a key from the kernel's number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// State bits, host order: invalid 1, established 2, related 4, new 8, untracked 64.
    public static let state = ConntrackKey(rawValue: 0)
    /// Direction, one byte: 0 original, 1 reply.
    public static let direction = ConntrackKey(rawValue: 1)
    /// Status bits, host order.
    public static let status = ConntrackKey(rawValue: 2)
    /// The mark, host order.
    public static let mark = ConntrackKey(rawValue: 3)
}

/// How a packet is refused (`NFT_REJECT_*`).
public enum RejectKind: Hashable, Sendable {
    /// An ICMP or ICMPv6 unreachable with the given code, by the packet's own family.
    case icmp(code: UInt8)
    /// A TCP reset.
    case tcpReset
    /// The family-independent form with `NFT_REJECT_ICMPX_*`.
    case icmpx(code: UInt8)
}

/// Parameters of a `log` expression towards an NFLOG group.
public struct LogParameters: Hashable, Sendable {
    /// The NFLOG group.
    public var group: UInt16
    /// At most 127 bytes.
    public var prefix: String
    /// Bytes of packet to copy; 0 for all.
    public var snapLength: UInt32
    /// Messages gathered before they are sent; 0 for the kernel's default.
    public var queueThreshold: UInt16

    /// Makes log parameters.
    public init(group: UInt16, prefix: String, snapLength: UInt32 = 0, queueThreshold: UInt16 = 0) {
        self.group = group
        self.prefix = prefix
        self.snapLength = snapLength
        self.queueThreshold = queueThreshold
    }
}

/// One kernel expression.
public enum Expression: Hashable, Sendable {
    /// Loads a `meta` key.
    case metaLoad(MetaKey, into: Register)
    /// Sets a `meta` key from a register.
    case metaStore(MetaKey, from: Register)
    /// Loads bytes of the packet; breaks if they are not there.
    case payloadLoad(PayloadBase, offset: UInt32, length: UInt32, into: Register)
    /// Writes bytes of the packet and mends a checksum.
    case payloadStore(
        PayloadBase,
        offset: UInt32,
        length: UInt32,
        from: Register,
        checksumType: UInt32,
        checksumOffset: UInt32,
        checksumFlags: UInt32
    )
    /// Loads part of, or tests for, an IPv6 extension header, IP option or TCP option.
    case extensionHeader(
        ExtensionHeaderKind,
        type: UInt8,
        offset: UInt32,
        length: UInt32,
        testsPresence: Bool,
        into: Register
    )
    /// Writes part of a TCP option and mends the checksum; the segment size is only ever lowered (kernel:
    /// nft_exthdr_tcp_set_eval).
    case extensionHeaderStore(ExtensionHeaderKind, type: UInt8, offset: UInt32, length: UInt32, from: Register)
    /// Loads a conntrack key; `direction` is nil where the key has none.
    case conntrackLoad(ConntrackKey, direction: UInt8?, into: Register)
    /// Sets a conntrack key.
    case conntrackStore(ConntrackKey, from: Register)
    /// Goes on only if the comparison holds.
    case compare(Comparison, Register, RegisterValue)
    /// Goes on only if the register is inside (`equal`) or outside (`notEqual`) a closed range.
    case range(Comparison, Register, RegisterValue, RegisterValue)
    /// `destination = (source & mask) ^ xor`.
    case bitwise(Register, into: Register, mask: RegisterValue, xor: RegisterValue)
    /// Changes byte order: `toNetwork` for host to network; sizes in bytes.
    case byteOrder(Register, into: Register, toNetwork: Bool, length: UInt32, size: UInt32)
    /// Puts data into a register.
    case immediate(Register, RegisterValue)
    /// Ends the rule with a verdict.
    case verdict(Verdict)
    /// Goes on only if the key is (`inverted`: is not) in the set; with `into`, loads the map's data.
    case lookup(set: String, key: Register, into: Register?, inverted: Bool)
    /// Looks the key up in a verdict map and does what it says; goes on with the next rule if the key is not there.
    case verdictMap(set: String, key: Register)
    /// Uses a stateful object.
    case object(ObjectKey)
    /// Uses the stateful object that an object map gives for the key; breaks if the key is not there.
    case objectMap(set: String, key: Register)
    /// An anonymous counter.
    case counter
    /// An anonymous limit.
    case limit(Limit)
    /// Logs the packet.
    case log(LogParameters)
    /// Refuses the packet with an answer; ends the rule.
    case reject(RejectKind)
    /// Keeps the packet out of conntrack.
    case notrack
    /// Anything else, with the kernel's name for it and its attributes as they came.
    case unknown(name: String, attributes: [UInt8])
}

/// Which chain of headers an `exthdr` expression walks (`NFT_EXTHDR_OP_*`).
public enum ExtensionHeaderKind: UInt32, Hashable, Sendable {
    case ipv6 = 0
    case tcpOption = 1
    case ipv4Option = 2
}

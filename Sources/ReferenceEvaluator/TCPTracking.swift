// SPDX-License-Identifier: Apache-2.0
// TCP as conntrack tracks it: states by flags, and the window (kernel: nf_conntrack_proto_tcp.c; flow reference §10.1
// facts 3 to 7; DESIGN §3.18: the model follows the kernel here).

/// The states of a tracked connection, in the kernel's order.
enum TCPState: Int, Sendable {
    case none, synSent, synReceived, established, finWait, closeWait, lastAck, timeWait, close, synSent2
}

/// Which row of the kernel's table a segment is.
enum TCPKind: Int, Sendable {
    case syn, synAck, fin, ack, reset, none

    init(_ flags: UInt8) {
        self =
            if flags & TCPFlag.reset != 0 { .reset } else if flags & TCPFlag.syn != 0 {
                flags & TCPFlag.ack != 0 ? .synAck : .syn
            } else if flags & TCPFlag.fin != 0 { .fin } else if flags & TCPFlag.ack != 0 { .ack } else { .none }
    }
}

/// Bits of the flags octet.
enum TCPFlag {
    static let fin: UInt8 = 0x01
    static let syn: UInt8 = 0x02
    static let reset: UInt8 = 0x04
    static let push: UInt8 = 0x08
    static let ack: UInt8 = 0x10
    static let urgent: UInt8 = 0x20
}

/// What the table says: a state, ignore the segment but let it pass, or invalid.
enum TCPTransition: Sendable, Equatable {
    case to(TCPState)
    case ignore
    case invalid
}

/// The kernel's table as text: direction, kind of segment, old state.
///
/// One letter a state: s SYN_SENT, R SYN_RECV, E ESTABLISHED, F FIN_WAIT, C CLOSE_WAIT, L LAST_ACK, T TIME_WAIT,
/// X CLOSE, 2 SYN_SENT2; i ignore, - invalid. Columns in the order of `TCPState`, rows in that of `TCPKind`.
private let transitions: [[[TCPTransition]]] = [
    ["ssiiiiiss2", "--R------R", "--FFLLLTX-", "E-EECCTTX-", "-XXXXXXXXX", "----------"],
    ["-2-----s-2", "-RiiiiiiiR", "--FFLLLTX-", "-iRECCTTXi", "-XXXXXXXXX", "----------"],
].map { rows in rows.map { row in row.utf8.map(transition) } }

private func transition(_ letter: UInt8) -> TCPTransition {
    switch letter {
    case UInt8(ascii: "s"): .to(.synSent)
    case UInt8(ascii: "R"): .to(.synReceived)
    case UInt8(ascii: "E"): .to(.established)
    case UInt8(ascii: "F"): .to(.finWait)
    case UInt8(ascii: "C"): .to(.closeWait)
    case UInt8(ascii: "L"): .to(.lastAck)
    case UInt8(ascii: "T"): .to(.timeWait)
    case UInt8(ascii: "X"): .to(.close)
    case UInt8(ascii: "2"): .to(.synSent2)
    case UInt8(ascii: "i"): .ignore
    default: .invalid
    }
}

/// What the kernel's table says of a segment.
func tcpTransition(isReply: Bool, _ kind: TCPKind, from state: TCPState) -> TCPTransition {
    transitions[isReply ? 1 : 0][kind.rawValue][state.rawValue]
}

/// A segment as conntrack reads it.
struct TCPSegment: Sendable {
    let flags: UInt8
    let kind: TCPKind
    let sequence: UInt32
    let acknowledgment: UInt32
    let window: UInt16
    /// One past the last sequence number that the segment uses.
    let end: UInt32
    /// Shift of the window-scale option; nil without it.
    let windowScale: UInt8?
    let permitsSACK: Bool
    /// The highest right edge of its SACK blocks; nil without them.
    let highestSACK: UInt32?

    var hasSYN: Bool { flags & TCPFlag.syn != 0 }
    var hasACK: Bool { flags & TCPFlag.ack != 0 }
    var hasRST: Bool { flags & TCPFlag.reset != 0 }

    /// Nil for what conntrack calls invalid at first sight: a cut header, or flags that no segment has (kernel:
    /// tcp_error; flow reference §10.1 fact 3).
    init?(_ packet: TrackedPacket) {
        guard packet.length >= 20, let dataOffset = packet.octet(12).map({ Int($0 >> 4) * 4 }), dataOffset >= 20,
            dataOffset <= packet.length, let flags = packet.octet(13), let sequence = packet.word(4),
            let acknowledgment = packet.word(8), let window = packet.halfword(14),
            Self.isPossible(flags)
        else { return nil }
        self.flags = flags
        kind = TCPKind(flags)
        self.sequence = sequence
        self.acknowledgment = acknowledgment
        self.window = window
        let data = UInt32(packet.length - dataOffset)
        let controls = UInt32(flags & TCPFlag.syn) / UInt32(TCPFlag.syn) + UInt32(flags & TCPFlag.fin)
        end = sequence &+ data &+ controls
        let options = TCPOptions(packet, dataOffset)
        windowScale = options.windowScale
        permitsSACK = options.permitsSACK
        highestSACK = options.highestSACK
    }

    /// Combinations that exist; push and the ECN bits do not matter.
    private static func isPossible(_ flags: UInt8) -> Bool {
        switch flags & (TCPFlag.fin | TCPFlag.syn | TCPFlag.reset | TCPFlag.ack | TCPFlag.urgent) {
        case TCPFlag.syn, TCPFlag.syn | TCPFlag.urgent, TCPFlag.syn | TCPFlag.ack, TCPFlag.reset,
            TCPFlag.reset | TCPFlag.ack, TCPFlag.fin | TCPFlag.ack, TCPFlag.fin | TCPFlag.ack | TCPFlag.urgent,
            TCPFlag.ack, TCPFlag.ack | TCPFlag.urgent:
            true
        default: false
        }
    }
}

/// The options that matter to the window.
private struct TCPOptions {
    private(set) var windowScale: UInt8?
    private(set) var permitsSACK = false
    private(set) var highestSACK: UInt32?

    init(_ packet: TrackedPacket, _ dataOffset: Int) {
        var offset = 20
        while offset < dataOffset, let kind = packet.octet(offset), kind != 0 {
            guard kind != 1 else {
                offset += 1
                continue
            }
            guard offset + 1 < dataOffset, let length = packet.octet(offset + 1).map(Int.init), length >= 2,
                offset + length <= dataOffset
            else { return }
            switch (kind, length) {
            case (3, 3): windowScale = packet.octet(offset + 2).map { min($0, 14) }
            case (4, 2): permitsSACK = true
            case (5, _) where length >= 10 && (length - 2) % 8 == 0:
                for block in stride(from: offset + 6, to: offset + length, by: 8) {
                    guard let edge = packet.word(block) else { continue }
                    if highestSACK.map({ isAfter(edge, $0) }) ?? true { highestSACK = edge }
                }
            default: break
            }
            offset += length
        }
    }
}

/// Sequence numbers in a circle: whether one comes before another.
func isBefore(_ left: UInt32, _ right: UInt32) -> Bool { Int32(bitPattern: left &- right) < 0 }

/// Sequence numbers in a circle: whether one comes after another.
func isAfter(_ left: UInt32, _ right: UInt32) -> Bool { isBefore(right, left) }

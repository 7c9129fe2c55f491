// SPDX-License-Identifier: Apache-2.0
// How far a TCP connection is, by the flags of its segments (kernel: tcp_conntracks in nf_conntrack_proto_tcp.c).

/// A connection's state by flags alone.
struct TCPProgress {
    enum State { case synSent, synReceived, established, finWait, closeWait, lastAck, timeWait, closed, simultaneous }

    /// What a segment did.
    enum Step { case taken, ignored, invalid, restarts }

    private enum Kind { case syn, synAck, fin, ack, reset, none }

    private(set) var state: State
    /// Whether the handshake was completed (kernel: IPS_ASSURED).
    private(set) var isAssured = false

    /// The first segment; nil where none may begin a connection.
    init?(first flags: UInt8, isLoose: Bool) {
        switch Self.kind(flags) {
        case .syn: state = .synSent
        case .ack where isLoose: state = .established
        default: return nil
        }
    }

    /// Combinations that segments have, whatever PSH and ECN bits say.
    static func isPossible(_ flags: UInt8) -> Bool {
        [0x02, 0x22, 0x12, 0x04, 0x14, 0x11, 0x31, 0x10, 0x30].contains(flags & 0x37)
    }

    private static func kind(_ flags: UInt8) -> Kind {
        if flags & 0x04 != 0 { return .reset }
        if flags & 0x02 != 0 { return flags & 0x10 != 0 ? .synAck : .syn }
        if flags & 0x01 != 0 { return .fin }
        return flags & 0x10 != 0 ? .ack : .none
    }

    /// Takes a further segment; `hasReply` says whether the other end was ever heard of before it.
    mutating func take(_ flags: UInt8, isReply: Bool, hasReply: Bool) -> Step {
        let before = state
        let step = move(flags, isReply: isReply)
        if case .taken = step, hasReply, before == .synReceived || before == .established, state == .established {
            isAssured = true
        }
        return step
    }

    private mutating func move(_ flags: UInt8, isReply: Bool) -> Step {
        switch Self.kind(flags) {
        case .none: return .invalid
        case .reset:
            state = .closed
            return .taken
        case .syn: return takeSYN(isReply)
        case .synAck: return takeSYNACK(isReply)
        case .fin:
            switch state {
            case .synSent, .simultaneous: return .invalid
            case .synReceived, .established: state = .finWait
            case .finWait, .closeWait, .lastAck: state = .lastAck
            case .timeWait, .closed: break
            }
            return .taken
        case .ack: return takeACK(isReply)
        }
    }

    private mutating func takeSYN(_ isReply: Bool) -> Step {
        switch (state, isReply) {
        case (.synSent, false), (.simultaneous, _): return .taken
        case (.synSent, true):
            state = .simultaneous
            return .taken
        case (.timeWait, _), (.closed, false): return .restarts
        case (_, false): return .ignored
        case (_, true): return .invalid
        }
    }

    private mutating func takeSYNACK(_ isReply: Bool) -> Step {
        switch (state, isReply) {
        case (.synSent, true), (.simultaneous, _), (.synReceived, false):
            state = .synReceived
            return .taken
        case (_, true): return .ignored
        case (_, false): return .invalid
        }
    }

    private mutating func takeACK(_ isReply: Bool) -> Step {
        switch (state, isReply) {
        case (.synSent, true), (.simultaneous, true): return .ignored
        case (.synSent, false), (.simultaneous, false): return .invalid
        case (.synReceived, true): break
        case (.synReceived, false), (.established, _): state = .established
        case (.finWait, _), (.closeWait, _): state = .closeWait
        case (.lastAck, _), (.timeWait, _): state = .timeWait
        case (.closed, _): break
        }
        return .taken
    }
}

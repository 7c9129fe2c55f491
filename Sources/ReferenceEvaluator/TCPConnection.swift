// SPDX-License-Identifier: Apache-2.0
// One tracked connection: how a segment changes it, and whether it is in the window (kernel: nf_conntrack_tcp_packet
// and tcp_in_window, Linux 6.18; DESIGN §3.18).
import JunosModel

/// What a segment is to the connection it belongs to.
enum TCPOutcome: Sendable {
    /// It belongs, and the entry lives on for that many seconds.
    case accepted(timeout: Double)
    /// It belongs but changes nothing.
    case ignored
    /// It is no segment of this connection.
    ///
    /// After an invalid FIN or reset each way the entry lives no longer than with data that nobody acknowledged.
    case invalid(shortens: Bool)
    /// It opens the connection anew: the old entry goes, the segment is a first one.
    case reopens
    /// It belongs, and ends the entry at once.
    case ends
}

/// The state of a connection.
struct TCPConnection: Sendable {
    /// What one end has sent.
    struct End: Sendable {
        var end: UInt32 = 0
        var maximumEnd: UInt32 = 0
        var maximumWindow: UInt32 = 0
        var scale: UInt8 = 0
        var maximumAck: UInt32?
        var hasWindowScale = false
        var permitsSACK = false
        var isLiberal = false
        var hasUnacknowledgedData = false
        var initiatedClose = false
    }

    /// What was annotated of the last segment.
    struct Last: Sendable {
        var isReply = false
        var kind = TCPKind.none
        var sequence: UInt32 = 0
        var acknowledgment: UInt32 = 0
        var end: UInt32 = 0
        var window: UInt16 = 0
        var scale: UInt8 = 0
        var hasWindowScale = false
        var permitsSACK = false
        var expectsChallenge = false
        var isSimultaneousOpen = false
    }

    private(set) var state = TCPState.none
    var ends = [End(), End()]
    var last = Last()
    var retransmissions = 0
    private(set) var isAssured = false
    let isLiberal: Bool
    var timeouts: TCPTimeouts

    /// A connection that begins with this segment; nil where none may (flow reference §10.1 facts 3, 4).
    init?(_ segment: TCPSegment, _ flow: FlowOptions) {
        isLiberal = flow.noSequenceCheck
        timeouts = TCPTimeouts(flow, idle: nil)
        guard case .to(let first) = tcpTransition(isReply: false, segment.kind, from: .none) else { return nil }
        ends[0].end = segment.end
        ends[0].maximumWindow = max(1, UInt32(segment.window))
        if first == .synSent {
            ends[0].maximumEnd = segment.end
            Self.readOptions(segment, &ends[0])
        } else {
            guard flow.noSYNCheck else { return nil }
            // Picked up in the middle: what came before is unknown.
            ends[0].maximumEnd = segment.end &+ ends[0].maximumWindow
            for index in ends.indices {
                ends[index].permitsSACK = true
                ends[index].isLiberal = true
            }
        }
    }

    /// The numbers that continue this direction: its next sequence number and what it acknowledges; nil where nothing
    /// was seen.
    func next(isReply: Bool) -> (sequence: UInt32?, acknowledgment: UInt32?) {
        let sender = ends[isReply ? 1 : 0]
        let receiver = ends[isReply ? 0 : 1]
        return (
            sender.maximumWindow == 0 ? nil : sender.end, receiver.maximumWindow == 0 ? nil : receiver.end
        )
    }

    /// Takes a segment.
    ///
    /// `hasReply` says whether the other end was ever heard of before it.
    mutating func take(_ segment: TCPSegment, isReply: Bool, hasReply: Bool) -> TCPOutcome {
        var old = state
        let new: TCPState
        switch tcpTransition(isReply: isReply, segment.kind, from: state) {
        case .invalid: return .invalid(shortens: false)
        case .ignore:
            guard isLateAnswer(segment, isReply) else {
                annotateIgnored(segment, isReply)
                return .ignored
            }
            // The other end was in step all along: begin again from the annotated SYN.
            old = .synSent
            new = .synReceived
            resynchronise(isReply)
        case .to(.synSent) where state.rawValue >= TCPState.timeWait.rawValue:
            if ends[0].initiatedClose || ends[1].initiatedClose || (last.isReply == isReply && last.kind == .reset) {
                return .reopens
            }
            guard isLateAnswer(segment, isReply) else {
                annotateIgnored(segment, isReply)
                return .ignored
            }
            old = .synSent
            new = .synReceived
            resynchronise(isReply)
        case .to(.timeWait)
        where state == .lastAck && segment.kind == .ack && last.isReply != isReply && last.kind == .syn
            && last.expectsChallenge:
            last.expectsChallenge = false
            return .ignored
        case .to(.synSent2):
            last.isSimultaneousOpen = true
            new = .synSent2
        case .to(.synReceived):
            new = isReply && segment.kind == .ack && last.isSimultaneousOpen ? .established : .synReceived
        case .to(.close) where segment.kind == .reset:
            switch judgeReset(segment, isReply, hasReply: hasReply) {
            case .invalid: return .invalid(shortens: false)
            case .skipsWindow: return enter(.close, from: old, segment, isReply, hasReply: hasReply)
            case .keepsState: new = old
            case .closes: new = .close
            }
        case .to(let next): new = next
        }
        switch isInWindow(segment, isReply) {
        case .ignored: return .ignored
        case .invalid:
            return .invalid(shortens: noteInvalid(segment, isReply))
        default: return enter(new, from: old, segment, isReply, hasReply: hasReply)
        }
    }

    /// Changes the state and says how long the entry lives.
    private mutating func enter(
        _ new: TCPState,
        from old: TCPState,
        _ segment: TCPSegment,
        _ isReply: Bool,
        hasReply: Bool
    ) -> TCPOutcome {
        last.kind = segment.kind
        last.isReply = isReply
        state = new
        if old != new, new == .finWait { ends[isReply ? 1 : 0].initiatedClose = true }
        var timeout = timeouts.of(new)
        if retransmissions >= 3 {
            timeout = min(timeout, timeouts.troubled)
        } else if segment.kind == .reset {
            timeout = timeouts.close
        } else if ends[0].hasUnacknowledgedData || ends[1].hasUnacknowledgedData {
            timeout = min(timeout, timeouts.troubled)
        } else if last.window == 0 {
            timeout = min(timeout, timeouts.troubled)
        }
        if !hasReply {
            // A reset as the only answer ends the entry (flow reference §10.1 fact 7).
            if segment.hasRST { return .ends }
            // A repeated SYN does not prolong it.
            if segment.kind == .syn, old == .synSent { return .ignored }
            if new == .established { timeout = min(timeout, timeouts.troubled) }
        } else if !isAssured, old == .synReceived || old == .established, new == .established {
            isAssured = true
        }
        return .accepted(timeout: timeout)
    }

    /// A SYN-ACK that acknowledges a SYN which was ignored before.
    private func isLateAnswer(_ segment: TCPSegment, _ isReply: Bool) -> Bool {
        segment.kind == .synAck && last.kind == .syn && last.isReply != isReply && segment.acknowledgment == last.end
    }

    private mutating func resynchronise(_ isReply: Bool) {
        let index = last.isReply ? 1 : 0
        ends[index].end = last.end
        ends[index].maximumEnd = last.end
        ends[index].maximumWindow = max(1, UInt32(last.window))
        ends[index].scale = last.scale
        ends[index].hasWindowScale = last.hasWindowScale
        ends[index].permitsSACK = last.permitsSACK
        ends[index].isLiberal = false
        ends[index].maximumAck = nil
        ends[index].hasUnacknowledgedData = false
        ends[index].initiatedClose = false
        last.expectsChallenge = false
        ends[isReply ? 1 : 0] = End()
    }

    private mutating func annotateIgnored(_ segment: TCPSegment, _ isReply: Bool) {
        last.kind = segment.kind
        last.isReply = isReply
        last.sequence = segment.sequence
        last.end = segment.end
        last.window = segment.window
        if segment.kind == .syn, !isReply {
            last.hasWindowScale = segment.windowScale != nil
            last.scale = segment.windowScale ?? 0
            last.permitsSACK = segment.permitsSACK
            last.expectsChallenge = state == .lastAck
            last.isSimultaneousOpen = false
        }
        if state == .synSent, segment.kind == .ack, isReply { last.acknowledgment = segment.acknowledgment }
    }

    private enum ResetJudgement {
        case invalid
        case skipsWindow
        case keepsState
        case closes
    }

    private func judgeReset(_ segment: TCPSegment, _ isReply: Bool, hasReply: Bool) -> ResetJudgement {
        if [.finWait, .lastAck, .timeWait, .close, .closeWait].contains(state) { return .skipsWindow }
        let isEstablished = state == .established && isAssured
        var judgement = ResetJudgement.closes
        if let expected = ends[isReply ? 0 : 1].maximumAck, last.kind != .syn {
            if segment.sequence == 0, !isEstablished { return .closes }
            if isBefore(segment.sequence, expected) { return .invalid }
            if !isEstablished || segment.sequence == expected { return .closes }
            if last.kind == .ack, last.isReply == isReply, segment.sequence == last.end { return .closes }
            // Not the expected number: the other end may answer with a challenge.
            judgement = .keepsState
        }
        let answersIgnored =
            (hasReply && last.kind == .syn && last.isReply != isReply) || (!isAssured && last.kind == .ack)
        if answersIgnored, segment.acknowledgment == last.end { return .skipsWindow }
        // A reset that answers a challenge which was let through.
        if state == .synSent, last.kind == .ack, last.isReply, segment.sequence == last.acknowledgment {
            return .skipsWindow
        }
        return judgement
    }

    /// Remembers an invalid FIN or reset of an assured connection; whether it answers one of the other direction.
    private mutating func noteInvalid(_ segment: TCPSegment, _ isReply: Bool) -> Bool {
        guard isAssured, segment.kind == .fin || segment.kind == .reset else { return false }
        if last.isReply != isReply, last.kind == .fin || last.kind == .reset { return true }
        last.kind = segment.kind
        last.isReply = isReply
        return false
    }
}

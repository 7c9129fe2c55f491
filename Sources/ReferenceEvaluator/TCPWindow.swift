// SPDX-License-Identifier: Apache-2.0
// Whether a segment fits what both ends of a connection have said (kernel: tcp_in_window, Linux 6.18; DESIGN §3.18).

extension TCPConnection {
    static func readOptions(_ segment: TCPSegment, _ end: inout End) {
        end.scale = segment.windowScale ?? 0
        end.hasWindowScale = segment.windowScale != nil
        end.permitsSACK = segment.permitsSACK
        end.maximumAck = nil
        end.hasUnacknowledgedData = false
        end.initiatedClose = false
    }

    static func begin(_ sender: inout End, _ receiver: inout End, _ segment: TCPSegment, _ isReply: Bool) {
        sender.end = segment.end
        sender.maximumEnd = segment.end
        sender.maximumWindow = max(1, UInt32(segment.window))
        readOptions(segment, &sender)
        // Scaling holds only if both ends offer it (RFC 7323).
        if isReply, !(sender.hasWindowScale && receiver.hasWindowScale) {
            sender.scale = 0
            receiver.scale = 0
        }
    }

    enum WindowJudgement {
        case inside
        case ignored
        case invalid
    }

    /// Whether the segment fits what both ends said (kernel: tcp_in_window), which it updates.
    mutating func isInWindow(_ segment: TCPSegment, _ isReply: Bool) -> WindowJudgement {
        let senderIndex = isReply ? 1 : 0
        var sender = ends[senderIndex]
        var receiver = ends[1 - senderIndex]
        defer {
            ends[senderIndex] = sender
            ends[1 - senderIndex] = receiver
        }
        func judged(_ judgement: WindowJudgement) -> WindowJudgement {
            isLiberal || sender.isLiberal ? .inside : judgement
        }
        var sequence = segment.sequence
        var end = segment.end
        var acknowledgment = segment.acknowledgment
        var sack = acknowledgment
        if receiver.permitsSACK, let edge = segment.highestSACK, isAfter(edge, sack) { sack = edge }
        var window = UInt32(segment.window)
        if sender.maximumWindow == 0 {
            if segment.hasSYN {
                Self.begin(&sender, &receiver, segment, isReply)
                if !segment.hasACK { return .inside }
            } else {
                sender.end = end
                sender.maximumWindow = max(1, window << UInt32(sender.scale))
                sender.maximumEnd = end &+ sender.maximumWindow
                if receiver.maximumWindow == 0 {
                    receiver.end = sack
                    receiver.maximumEnd = sack
                } else if sack == receiver.end &+ 1 {
                    receiver.end &+= 1
                }
            }
        } else if segment.hasSYN, isAfter(end, sender.end), state == .synSent || state == .synReceived {
            Self.begin(&sender, &receiver, segment, isReply)
            if isReply, !segment.hasACK { return .inside }
        }
        if !segment.hasACK || (segment.hasRST && acknowledgment == 0) {
            acknowledgment = receiver.end
            sack = receiver.end
        }
        if segment.hasRST, sequence == 0, state == .synSent {
            sequence = sender.end
            end = sender.end
        }
        let ackWindow = max(sender.maximumWindow, 66000)
        if !isBefore(sequence, sender.maximumEnd &+ 1) {
            let overshot = end &- sender.maximumEnd &+ 1
            let ackFits = isAfter(sack, receiver.end &- ackWindow &- 1)
            let inside = receiver.maximumWindow != 0 && isAfter(end, sender.end &- receiver.maximumWindow &- 1)
            if inside, ackFits, overshot <= receiver.maximumWindow, isBefore(sack, receiver.end &+ 1) {
                sender.end = end
                sender.hasUnacknowledgedData = true
                return judged(.ignored)
            }
            return judged(.invalid)
        }
        if !isBefore(sack, receiver.end &+ 1) { return judged(.invalid) }
        if receiver.maximumWindow != 0, !isAfter(end, sender.end &- receiver.maximumWindow &- 1) {
            return judged(.ignored)
        }
        if !isAfter(sack, receiver.end &- ackWindow &- 1) { return judged(.ignored) }
        if !segment.hasSYN { window <<= UInt32(sender.scale) }
        sender.maximumWindow = max(sender.maximumWindow, window &+ (sack &- acknowledgment))
        if isAfter(end, sender.end) {
            sender.end = end
            sender.hasUnacknowledgedData = true
        }
        if segment.hasACK {
            if let known = sender.maximumAck, !isAfter(acknowledgment, known) {
            } else {
                sender.maximumAck = acknowledgment
            }
        }
        if receiver.maximumWindow != 0, isAfter(end, sender.maximumEnd) {
            receiver.maximumWindow &+= end &- sender.maximumEnd
        }
        if isAfter(sack &+ window, receiver.maximumEnd &- 1) {
            receiver.maximumEnd = sack &+ window
            if window == 0 { receiver.maximumEnd &+= 1 }
        }
        if acknowledgment == receiver.end { receiver.hasUnacknowledgedData = false }
        if segment.kind == .ack { countRepetition(segment, isReply, sequence, acknowledgment, end) }
        return .inside
    }

    private mutating func countRepetition(
        _ segment: TCPSegment,
        _ isReply: Bool,
        _ sequence: UInt32,
        _ acknowledgment: UInt32,
        _ end: UInt32
    ) {
        if last.isReply == isReply, last.sequence == sequence, last.acknowledgment == acknowledgment, last.end == end,
            last.window == segment.window
        {
            retransmissions += 1
            return
        }
        last.isReply = isReply
        last.sequence = sequence
        last.acknowledgment = acknowledgment
        last.end = end
        last.window = segment.window
        retransmissions = 0
    }
}

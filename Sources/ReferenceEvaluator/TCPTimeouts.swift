// SPDX-License-Identifier: Apache-2.0
// How long TCP sessions live in each state (flow reference §2.3, §2.5).
import JunosModel

/// Seconds that entries live.
struct TCPTimeouts: Sendable {
    var initial = 20.0
    var established = 1800.0
    var halfClosed = 1800.0
    var lastAck = 150.0
    var timeWait = 2.0
    var close = 2.0
    /// Both ends opened at once: no sysctl changes it (kernel: tcp_timeouts; DESIGN §3.18).
    var simultaneousOpen = 120.0
    /// At most this after retransmissions, and with data that nobody acknowledged.
    var troubled = 1800.0

    /// What `security flow` says, for sessions whose application asks for `idle` seconds; nil for the protocol's time.
    init(_ flow: FlowOptions, idle: Double?) {
        initial = Double(flow.initialTimeout)
        if let idle {
            established = idle
            halfClosed = idle
            simultaneousOpen = initial
            troubled = max(idle, troubled)
        }
        switch flow.timeWait {
        case .seconds(let seconds):
            timeWait = Double(seconds)
            if flow.timeWaitCoversHalfClose { halfClosed = timeWait }
        case .serviceTime: timeWait = established
        case nil: if flow.endsOnClose { timeWait = 0 }
        }
        if flow.endsOnReset { close = 0 }
    }

    func of(_ state: TCPState) -> Double {
        switch state {
        case .none, .synSent, .synReceived: initial
        case .synSent2: simultaneousOpen
        case .established: established
        case .finWait, .closeWait: halfClosed
        case .lastAck: lastAck
        case .timeWait: timeWait
        case .close: close
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// `security flow` (flow reference §2.3, §2.5, §2.6).
import JunosModel
import PolicyModel

/// How sessions are checked.
func sessionChecks(_ flow: FlowOptions) -> SessionChecks {
    var times = SessionTimes(
        opening: flow.initialTimeout,
        halfClosed: nil,
        closing: 150,
        closed: 2,
        reset: flow.endsOnReset ? 0 : 2
    )
    switch flow.timeWait {
    case .seconds(let seconds):
        times.closed = seconds
        if flow.timeWaitCoversHalfClose { times.halfClosed = seconds }
    case .serviceTime: times.closed = nil
    case nil: if flow.endsOnClose { times.closed = 0 }
    }
    var checks = SessionChecks(times: times)
    checks.waitsForHandshake = flow.strictSYNCheck
    checks.admitsDNSResponses = flow.allowsDNSReply
    checks.judgesStrayErrors = flow.allowsEmbeddedICMP
    checks.segmentSize = flow.maximumSegmentSize
    return checks
}

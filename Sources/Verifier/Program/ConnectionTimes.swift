// SPDX-License-Identifier: Apache-2.0
// How long connections live, for the program's voice: by the sysctls that a configuration sets, or by a `ct timeout`
// object that the program has set (flow reference §10.1, §10.2).
import JunosModel
import NetworkTypes
import NftablesIR

/// Idle seconds of connections.
struct ConnectionTimes {
    /// TCP's by state; what repeats or is not acknowledged is not followed here.
    private var tcp: [ConntrackTimeout.TCPState: Double]
    /// Those of the protocol of a timeout object.
    private var other: Double?

    /// The times that hold where a program sets none.
    init(_ flow: FlowOptions) {
        let held: Double
        switch flow.timeWait {
        case .seconds(let seconds): held = Double(seconds)
        case .serviceTime: held = 1800
        case nil: held = flow.endsOnClose ? 0 : 2
        }
        var halfClosed = 1800.0
        if flow.timeWaitCoversHalfClose, case .seconds = flow.timeWait { halfClosed = held }
        tcp = [
            .synSent: Double(flow.initialTimeout), .synReceived: Double(flow.initialTimeout), .simultaneousOpen: 120,
            .established: 1800, .finWait: halfClosed, .closeWait: halfClosed, .lastAck: 150, .timeWait: held,
            .close: flow.endsOnReset ? 0 : 2,
        ]
    }

    /// The times of an object.
    init(_ timeout: ConntrackTimeout) {
        tcp = [:]
        if timeout.protocolNumber == ProtocolNumber.tcp {
            for (state, seconds) in zip(ConntrackTimeout.TCPState.allCases, timeout.seconds) {
                tcp[state] = Double(seconds)
            }
        } else {
            other = timeout.seconds.first.map(Double.init)
        }
    }

    /// Of a TCP connection in a state.
    func of(_ state: TCPProgress.State) -> Double {
        let found: ConntrackTimeout.TCPState =
            switch state {
            case .synSent: .synSent
            case .synReceived: .synReceived
            case .established: .established
            case .finWait: .finWait
            case .closeWait: .closeWait
            case .lastAck: .lastAck
            case .timeWait: .timeWait
            case .closed: .close
            case .simultaneous: .simultaneousOpen
            }
        return tcp[found] ?? 0
    }

    /// What a connection of another protocol has (flow reference §2.2).
    func idle(_ segment: TransportSegment) -> Double {
        if let other { return other }
        return segment.isICMP || segment.protocolNumber == ProtocolNumber.udp
            || segment.protocolNumber == ProtocolNumber.udpLite ? 60 : 1800
    }

    /// What a packet that sets the times gives its connection: the first of them, whatever the packet is.
    func first(_ segment: TransportSegment) -> Double {
        segment.protocolNumber == ProtocolNumber.tcp ? of(.synSent) : idle(segment)
    }
}

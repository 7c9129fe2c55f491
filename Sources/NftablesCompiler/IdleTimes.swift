// SPDX-License-Identifier: Apache-2.0
// Idle times of services as `ct timeout` objects, set on the first packet of a session (flow reference §2.2, §10.1).
import NftablesIR
import PolicyModel

/// Makes timeout objects.
struct IdleTimes {
    let times: SessionTimes

    /// The object for sessions of a protocol that live so many idle seconds; nil where the kernel keeps one time for all
    /// protocols that it does not know.
    func object(_ protocolNumber: UInt8, idle: UInt32) -> (key: ObjectKey, object: StatefulObject)? {
        guard let count = ConntrackTimeout.states(of: protocolNumber) else { return nil }
        let idle = min(idle, ConntrackTimeout.longest)
        let seconds =
            protocolNumber == 6
            ? ConntrackTimeout.TCPState.allCases.map { time(of: $0, idle) }
            : Array(repeating: idle, count: count)
        // The name holds every parameter: an object that is there already is never changed (kernel facts T4).
        let name = stateName(["timeout", "\(protocolNumber)", seconds.map(String.init).joined(separator: ".")])
        return (
            .conntrackTimeout(name),
            .conntrackTimeout(ConntrackTimeout(protocolNumber: protocolNumber, seconds: seconds))
        )
    }

    /// Flow reference §2.5.
    private func time(of state: ConntrackTimeout.TCPState, _ idle: UInt32) -> UInt32 {
        switch state {
        case .synSent, .synReceived, .simultaneousOpen: times.opening
        case .established: idle
        case .finWait, .closeWait: times.halfClosed ?? idle
        case .lastAck: times.closing
        case .timeWait: times.closed ?? idle
        case .close: times.reset
        // What hosts repeat or leave unacknowledged shortens nothing.
        case .retransmitted, .unacknowledged: max(idle, 1800)
        }
    }

    /// A chain that gives the session its idle time and goes on; the target itself where there is nothing to give.
    func chain(
        _ protocolNumber: UInt8,
        idle: UInt32?,
        then target: String,
        _ origin: String,
        _ builder: inout ProgramBuilder
    ) -> String {
        guard let idle, let (key, object) = object(protocolNumber, idle: idle) else { return target }
        builder.object(key, object)
        return builder.chain(
            "idle",
            [
                // An entry that others may see already cannot be extended: a session older than the program keeps the
                // protocol's time.
                Rule(ConntrackStatus.isAmong(ConntrackStatus.confirmed, false) + [.object(key)], comment: origin),
                Rule([.verdict(.goto(target))], comment: origin),
            ]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Which sessions a command means: filters that must all hold (flow reference §9.1).
import NetworkTypes

/// A choice of sessions.
struct SessionSelection {
    private var conditions: [(FlowSession) -> Bool] = []
    private var first: UInt32?
    private var limit: Int?

    /// What may follow `show security flow session` and `clear security flow session`.
    static let options: [OperationalCommand.Option] = {
        let words: [(String, String)] = [
            ("source-prefix", "PREFIX"), ("destination-prefix", "PREFIX"), ("source-port", "PORT"),
            ("destination-port", "PORT"), ("protocol", "PROTOCOL"), ("application", "APPLICATION"),
            ("interface", "INTERFACE"), ("zone", "ZONE"), ("policy-id", "NUMBER"), ("family", "inet|inet6"),
            ("session-identifier", "NUMBER"), ("conn-tag", "NUMBER"), ("start-identifier", "NUMBER"),
            ("count", "NUMBER"),
        ]
        let bounds = ranges.flatMap { [("\($0.0)-more-than", "NUMBER"), ("\($0.0)-less-than", "NUMBER")] }
        return (words + bounds).map { OperationalCommand.Option(keyword: $0.0, value: $0.1) }
    }()

    /// What can be compared with a number.
    private static let ranges: [(String, @Sendable (FlowSession) -> UInt64)] = [
        ("duration", { $0.duration ?? 0 }), ("timeout", { UInt64($0.timeout) }),
        ("packets", { $0.initiator.traffic.packets &+ $0.responder.traffic.packets }),
        ("bytes", { $0.initiator.traffic.bytes &+ $0.responder.traffic.bytes }),
    ]

    /// Whether anything was chosen.
    private(set) var isEmpty = true

    init(_ arguments: CommandArguments) throws(OperationalProblem) {
        isEmpty = arguments.values.isEmpty
        for (keyword, value) in arguments.values { try add(keyword, value) }
    }

    private mutating func add(_ keyword: String, _ value: String) throws(OperationalProblem) {
        func fail(_ wanted: String) -> OperationalProblem {
            OperationalProblem("syntax error: '\(keyword)' takes \(wanted), not '\(value)'")
        }
        func number() throws(OperationalProblem) -> UInt64 {
            guard let number = UInt64(value) else { throw fail("a number") }
            return number
        }
        for (name, quantity) in Self.ranges {
            if keyword == "\(name)-more-than" {
                let bound = try number()
                return conditions.append { quantity($0) > bound }
            }
            if keyword == "\(name)-less-than" {
                let bound = try number()
                return conditions.append { quantity($0) < bound }
            }
        }
        switch keyword {
        case "source-prefix", "destination-prefix":
            guard let prefix = Prefix(value) else { throw fail("an address or a prefix") }
            let isSource = keyword == "source-prefix"
            conditions.append { session in
                prefix.contains(isSource ? session.initiator.source : session.initiator.destination)
            }
        case "source-port", "destination-port":
            guard let port = UInt16(value) else { throw fail("a number from 0 to 65535") }
            let isSource = keyword == "source-port"
            conditions.append { (isSource ? $0.initiator.sourcePort : $0.initiator.destinationPort) == port }
        case "protocol":
            guard let number = OperationalMode.protocolNumber(value) else {
                throw fail("a protocol's name or number")
            }
            conditions.append { $0.protocolNumber == number }
        case "application": conditions.append { $0.application == value }
        case "interface":
            conditions.append { [$0.initiator.interface, $0.responder.interface].contains(value) }
        case "zone": conditions.append { [$0.fromZone, $0.toZone].contains(value) }
        case "policy-id":
            let wanted = try number()
            conditions.append { UInt64($0.policyNumber) == wanted }
        case "family":
            guard let family = AddressFamily(rawValue: value) else { throw fail("inet or inet6") }
            conditions.append { $0.initiator.source.family == family }
        case "session-identifier":
            let wanted = try number()
            conditions.append { UInt64($0.id) == wanted }
        case "conn-tag":
            // Without GTP and SCTP distribution every session has tag 0 (flow reference §2.1).
            let wanted = try number()
            conditions.append { _ in wanted == 0 }
        case "start-identifier": first = UInt32(clamping: try number())
        case "count": limit = Int(clamping: try number())
        default: throw OperationalProblem("syntax error: '\(keyword)' is not expected")
        }
    }

    /// The chosen ones, in order of their numbers.
    func choose(_ sessions: [FlowSession]) -> [FlowSession] {
        let found = sessions.filter { session in
            session.id >= first ?? 0 && conditions.allSatisfy { $0(session) }
        }.sorted { $0.id < $1.id }
        return limit.map { Array(found.prefix($0)) } ?? found
    }
}

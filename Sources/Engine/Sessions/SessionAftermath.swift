// SPDX-License-Identifier: Apache-2.0
// What a commit does to live sessions (flow reference §6.5): the model judges, conntrack obeys.
import Conntrack
import JunosModel
import NetworkTypes
import ReferenceEvaluator

/// What a commit did to sessions.
public struct SessionAftermath: Hashable, Sendable {
    /// Sessions that were deleted.
    public var closed = 0
    /// Sessions that got another policy.
    public var handed = 0

    /// Makes an empty account.
    public init() {}
}

/// Numbers of owners that live sessions of the current network namespace carry.
func carriedOwners() throws -> Set<UInt16> {
    var carried: Set<UInt16> = []
    var connection = try ConntrackConnection()
    for session in try connection.sessions() { carried.insert(PolicyOwners.index(session.mark)) }
    return carried
}

/// Closes and hands over sessions after the new program has been loaded.
func settleSessions(
    from old: JunosConfiguration,
    to new: CompiledConfiguration,
    _ closedSessions: ClosedSessions
) throws -> SessionAftermath {
    var aftermath = SessionAftermath()
    guard old.security != nil, let count = sessionCount(), count > 0 else { return aftermath }
    let rematch = SessionRematch(from: old, to: new.configuration)
    let left = AddressFamily.allCases.filter { keepsSessions(old, $0) && !keepsSessions(new.configuration, $0) }
    guard rematch.concernsSessions || !left.isEmpty else { return aftermath }
    let owners = PolicyOwners(new.policyIndices)
    var connection = try ConntrackConnection()
    let places = try SessionPlaces(new.configuration, owners)
    // A packet that was on its way through the old program may make a session behind the first look.
    for _ in 0..<2 {
        let before = aftermath
        // What no policy of ours permitted is none of its business: older sessions, and other programs' ones.
        for session in try connection.sessions() where PolicyOwners.index(session.mark) != 0 {
            switch left.contains(session.original.source.family)
                ? .closed : try judge(session, rematch, owners, places)
            {
            case .kept: break
            case .closed:
                closedSessions.note(session, .policyDelete)
                if try connection.delete(session) { aftermath.closed += 1 } else { _ = closedSessions.take(session) }
            case .handed(let heir):
                guard let index = owners.index(of: heir) else { continue }
                let mark = MarkFilter(UInt32(index), mask: PolicyOwners.mask)
                if try connection.setMark(of: session, to: mark) { aftermath.handed += 1 }
            }
        }
        guard aftermath != before else { break }
    }
    return aftermath
}

/// Whether a family's packets meet sessions (flow reference §1.3).
private func keepsSessions(_ configuration: JunosConfiguration, _ family: AddressFamily) -> Bool {
    guard let security = configuration.security else { return false }
    return (family == .inet ? security.inetMode : security.inet6Mode) == .flowBased
}

private func judge(
    _ session: TrackedSession,
    _ rematch: SessionRematch,
    _ owners: PolicyOwners,
    _ places: SessionPlaces
) throws -> RematchJudgement {
    let owner = owners.owner(session.mark)
    guard let owner, rematch.needsPacket(owner) else { return rematch.judge(owner, from: nil, to: nil, nil) }
    let ends = try places.ends(of: session)
    return rematch.judge(owner, from: ends.from.zone, to: ends.to.zone, session.firstPacket)
}

extension TrackedSession {
    /// A packet like the one that began the session, as policies see it: the source before translation, the
    /// destination behind it (flow reference §1.1 step 11).
    var firstPacket: Packet? {
        var fields = PacketFields(original.protocolNumber, from: original.source, to: reply.source)
        switch (original.selector, reply.selector) {
        case (.ports(let source, _), .ports(let destination, _))
        where Self.portProtocols.contains(original.protocolNumber):
            fields.sourcePort = source
            fields.destinationPort = destination
        case (.query(let identifier, let type, let code), _):
            fields.icmpIdentifier = identifier
            fields.icmpType = type
            fields.icmpCode = code
        default: break
        }
        return try? fields.build()
    }

    /// TCP, UDP, DCCP, SCTP, UDP-Lite.
    private static let portProtocols: Set<UInt8> = [6, 17, 33, 132, 136]
}

// SPDX-License-Identifier: Apache-2.0
// Sessions as conntrack keeps them: which packets are new, established, related, invalid, untracked (flow reference
// §2, §10.1; DESIGN §3.18).
import JunosModel
import NetworkTypes

/// Where a packet meets conntrack.
enum TrackingHook: Sendable {
    /// It was received: checksums are checked.
    case received
    /// The router sends it.
    case sent
}

/// What a packet is to the sessions.
enum TrackingState: Sendable, Equatable {
    /// The first of a session that does not exist yet.
    case first
    /// Of a session that nobody answered yet, in its original direction.
    case new
    case established
    /// An ICMP error about a session.
    case related
    case invalid
    /// Neighbour discovery and MLD (DESIGN §3.16).
    case untracked
}

/// A session that exists once its first packet has passed everything (flow reference §10.1 fact 2).
struct PendingSession: Sendable {
    fileprivate let key: SessionKey
    fileprivate let reply: SessionKey
    fileprivate var session: Session
    fileprivate var timeout: Double
}

/// What a packet is to the sessions, and what its session says about it.
struct Tracked: Sendable {
    /// What it is.
    var state: TrackingState
    /// The session that it would begin.
    var pending: PendingSession?
    /// Whether it goes against the direction of its session's first packet.
    var isReply = false
    /// Whether it is TCP, and its connection's handshake is not complete.
    var isOpening = false
    /// What its session lets it announce.
    var segmentSizes = SegmentSizeLimits()

    init(_ state: TrackingState, _ pending: PendingSession? = nil) {
        self.state = state
        self.pending = pending
    }
}

/// The largest TCP segments that both ends may announce (flow reference §2.6); nil for no limit.
struct SegmentSizeLimits: Sendable {
    /// For the end that opened the connection.
    var initial: UInt16?
    /// For the other end.
    var reverse: UInt16?
}

/// What a permitted session has of the policy that permits it.
struct SessionTerms: Sendable {
    /// Idle seconds that the application asks for; nil for the protocol's.
    var inactivityTimeout: UInt32?
    var segmentSizes = SegmentSizeLimits()
    /// The policy that permits it, by the key of its hit count.
    var owner: String?
}

/// One session.
private struct Session: Sendable {
    let reply: SessionKey
    var expires: Double
    /// Whether a packet of the other direction was seen.
    var hasReply = false
    /// Idle seconds that the application asks for; nil for the protocol's.
    var inactivityTimeout: Double?
    var tcp: TCPConnection?
    var segmentSizes = SegmentSizeLimits()
    /// The policy that permitted it, by the key of its hit count; nil for none.
    var owner: String?
}

/// All sessions, by the key of their first packet, and by the key of what answers.
struct SessionTable: Sendable {
    private var sessions: [SessionKey: Session] = [:]
    /// Keys of answers, to the key of the first packet.
    private var replies: [SessionKey: SessionKey] = [:]
    private var sweepAt = 1024
    private let flow: FlowOptions

    /// A table without sessions.
    init(_ flow: FlowOptions) { self.flow = flow }

    /// How many sessions there are, idle ones that nobody looked at since among them.
    var count: Int { sessions.count }

    /// Idle seconds by protocol (§2.2, §10.2).
    private func timeout(_ number: UInt8, _ family: AddressFamily) -> Double {
        switch number {
        case ProtocolNumber.udp, ProtocolNumber.udpLite: 60
        case _ where isICMP(family, number): 60
        default: 1800
        }
    }

    /// Takes a packet: what it is, and the session it would begin.
    mutating func track(_ header: PacketHeader, time: Double, _ hook: TrackingHook) -> Tracked {
        guard let packet = TrackedPacket(header) else { return Tracked(.invalid) }
        // The other version's ICMP begins no session (kernel: nf_conntrack_proto_icmp.c and its twin, by `state->pf`).
        if isICMP(header.family == .inet ? .inet6 : .inet, packet.protocolNumber) { return Tracked(.invalid) }
        // GRE of version 1 that carries no PPP has no tuple (kernel: nf_conntrack_proto_gre.c).
        if packet.protocolNumber == ProtocolNumber.gre, packet.length >= 8, let version = packet.octet(1),
            version & 7 == 1, packet.halfword(2) != 0x880b
        {
            return Tracked(.invalid)
        }
        if isICMP(header.family, packet.protocolNumber) {
            guard packet.length >= 8, let type = packet.octet(0) else { return Tracked(.invalid) }
            if hook == .received, !packet.hasValidChecksum { return Tracked(.invalid) }
            if header.family == .inet6, isUntracked(type) { return Tracked(.untracked) }
            // In IPv4 unknown types are invalid; in IPv6 everything below 128 is read as an error.
            if header.family == .inet ? type > 18 : false { return Tracked(.invalid) }
            if header.family == .inet ? isICMPError(.inet, type) : type < 128 {
                return Tracked(isAboutSession(packet, time) ? .related : .invalid)
            }
        } else if !isAcceptable(packet, hook) {
            return Tracked(.invalid)
        }
        guard let key = packet.key, let reply = key.reply else { return Tracked(.invalid) }
        if let found = find(key, time) { return takeExisting(packet, found.original, isReply: found.isReply, time) }
        return begin(packet, key, reply)
    }

    /// Neighbour discovery and MLD, but not the redirect (kernel: nf_conntrack_proto_icmpv6.c).
    private func isUntracked(_ type: UInt8) -> Bool { (130...136).contains(type) || type == 143 }

    /// Lengths and checksums (flow reference §10.1, kernel facts §14).
    private func isAcceptable(_ packet: TrackedPacket, _ hook: TrackingHook) -> Bool {
        switch packet.protocolNumber {
        case ProtocolNumber.udp:
            guard packet.length >= 8, let length = packet.halfword(4), length >= 8, Int(length) <= packet.length else {
                return false
            }
        case ProtocolNumber.udpLite:
            guard packet.length >= 8, let coverage = packet.halfword(4), coverage == 0 || coverage >= 8,
                Int(coverage) <= packet.length, packet.halfword(6) != 0
            else { return false }
        case ProtocolNumber.tcp:
            guard TCPSegment(packet) != nil else { return false }
        default: return true
        }
        return hook == .sent || packet.hasValidChecksum
    }

    private mutating func find(_ key: SessionKey, _ time: Double) -> (original: SessionKey, isReply: Bool)? {
        let original: SessionKey
        let isReply: Bool
        if sessions[key] != nil {
            (original, isReply) = (key, false)
        } else if let first = replies[key] {
            (original, isReply) = (first, true)
        } else {
            return nil
        }
        guard let session = sessions[original], session.expires > time else {
            remove(original)
            return nil
        }
        return (original, isReply)
    }

    private mutating func remove(_ key: SessionKey) {
        if let session = sessions.removeValue(forKey: key) { replies[session.reply] = nil }
    }

    private mutating func takeExisting(
        _ packet: TrackedPacket,
        _ original: SessionKey,
        isReply: Bool,
        _ time: Double
    ) -> Tracked {
        guard var session = sessions[original] else { return Tracked(.invalid) }
        var tracked = Tracked(isReply || session.hasReply ? .established : .new)
        tracked.isReply = isReply
        tracked.segmentSizes = session.segmentSizes
        if var connection = session.tcp, let segment = TCPSegment(packet) {
            let outcome = connection.take(segment, isReply: isReply, hasReply: session.hasReply)
            session.tcp = connection
            sessions[original] = session
            tracked.isOpening = !connection.isAssured
            switch outcome {
            case .invalid(let shortens):
                if shortens, session.expires - time >= 120 {
                    // Lowered, never raised (kernel: nf_tcp_handle_invalid).
                    session.expires = min(session.expires, time + connection.timeouts.troubled)
                    sessions[original] = session
                }
                return Tracked(.invalid)
            case .reopens:
                remove(original)
                guard let key = packet.key, let reply = key.reply else { return Tracked(.invalid) }
                return begin(packet, key, reply)
            case .ends:
                remove(original)
                return tracked
            case .ignored: break
            case .accepted(let timeout): session.expires = time + timeout
            }
        } else {
            session.expires =
                time + (session.inactivityTimeout ?? timeout(packet.protocolNumber, packet.header.family))
        }
        if isReply { session.hasReply = true }
        sessions[original] = session
        return tracked
    }

    /// A first packet: whether its protocol lets it begin a session.
    private func begin(
        _ packet: TrackedPacket,
        _ key: SessionKey,
        _ reply: SessionKey
    ) -> Tracked {
        let family = packet.header.family
        var session = Session(reply: reply, expires: 0)
        var timeout = timeout(packet.protocolNumber, family)
        switch packet.protocolNumber {
        case ProtocolNumber.tcp:
            guard let segment = TCPSegment(packet),
                var connection = TCPConnection(segment, flow),
                case .accepted(let seconds) = connection.take(segment, isReply: false, hasReply: false)
            else { return Tracked(.invalid) }
            session.tcp = connection
            timeout = seconds
        case ProtocolNumber.sctp:
            // An association begins with INIT alone (kernel facts §14).
            guard packet.octet(12) == 1 else { return Tracked(.invalid) }
        case _ where isICMP(family, packet.protocolNumber):
            // Only queries begin a session (flow reference §10.1 fact 8).
            let queries: [UInt8] = family == .inet ? [8, 13, 15, 17] : [128, 139]
            guard let type = packet.octet(0), queries.contains(type) else { return Tracked(.invalid) }
        default: break
        }
        return Tracked(.first, PendingSession(key: key, reply: reply, session: session, timeout: timeout))
    }

    /// Whether an ICMP error is about a packet of a session, and goes to whom that packet came from.
    private mutating func isAboutSession(_ packet: TrackedPacket, _ time: Double) -> Bool {
        let inner = Array(packet.header.bytes[min(packet.offset + 8, packet.header.end)..<packet.header.end])
        guard let about = EmbeddedPacket(packet.header.family, inner), let key = about.key?.reply,
            let found = find(key, time)
        else { return false }
        let expected = found.isReply ? sessions[found.original]?.reply : found.original
        return expected?.destination == packet.header.destination
    }

    /// Makes a session real.
    mutating func confirm(_ pending: PendingSession, _ terms: SessionTerms, time: Double) {
        var session = pending.session
        session.owner = terms.owner
        var timeout = pending.timeout
        session.segmentSizes = terms.segmentSizes
        if let seconds = terms.inactivityTimeout.map({ Double(min($0, Self.longestIdleTime)) }) {
            switch pending.key.protocolNumber {
            case ProtocolNumber.tcp:
                let timeouts = TCPTimeouts(flow, idle: seconds)
                session.tcp?.timeouts = timeouts
                // Whatever the first segment is, the kernel gives it the time of a SYN (nft_ct_timeout_obj_eval).
                timeout = timeouts.initial
            case ProtocolNumber.udp, ProtocolNumber.udpLite, ProtocolNumber.sctp, ProtocolNumber.gre,
                _ where isICMP(pending.key.family, pending.key.protocolNumber):
                session.inactivityTimeout = seconds
                timeout = seconds
            // Protocols that conntrack does not know share one time (flow reference §10.1 fact 10).
            default: break
            }
        }
        session.expires = time + timeout
        sessions[pending.key] = session
        replies[pending.reply] = pending.key
        if sessions.count > sweepAt {
            for (key, session) in sessions where session.expires <= time { remove(key) }
            sweepAt = max(1024, sessions.count * 2)
        }
    }

    /// Closes the sessions of policies.
    mutating func close(ownedBy owners: Set<String>) {
        for (key, session) in sessions where session.owner.map(owners.contains) ?? false { remove(key) }
    }

    /// What is there at a time.
    func views(at time: Double) -> [SessionView] {
        sessions.compactMap { key, session in
            guard session.expires > time else { return nil }
            return SessionView(
                source: IPAddress(key.family, key.source),
                destination: IPAddress(key.family, key.destination),
                protocolNumber: key.protocolNumber,
                sourcePort: key.sourcePort,
                destinationPort: key.destinationPort,
                isAnswered: session.hasReply,
                remaining: session.expires - time
            )
        }
    }

    /// `inactivity-timeout never`: the longest time that the kernel knows (DESIGN §3.18).
    private static let longestIdleTime: UInt32 = 2_147_483

    /// The numbers that continue the connection a TCP packet belongs to.
    func next(_ header: PacketHeader, time: Double) -> (sequence: UInt32?, acknowledgment: UInt32?)? {
        guard let packet = TrackedPacket(header), packet.protocolNumber == ProtocolNumber.tcp, let key = packet.key,
            let original = sessions[key] != nil ? key : replies[key], let session = sessions[original],
            session.expires > time, let connection = session.tcp
        else { return nil }
        let isReply = original != key
        var next = connection.next(isReply: isReply)
        // A SYN that is sent again has the number it had.
        if packet.octet(13).map(TCPKind.init) == .syn, connection.state == .synSent, !isReply {
            next.sequence = next.sequence.map { $0 &- 1 }
        }
        return next
    }
}

/// The packet inside an ICMP error, of which only the beginning need be there.
private struct EmbeddedPacket {
    let key: SessionKey?

    init?(_ family: AddressFamily, _ octets: [UInt8]) {
        let minimum = family == .inet ? 20 : 40
        guard octets.count >= minimum, octets[0] >> 4 == (family == .inet ? 4 : 6) else { return nil }
        // The length field speaks of the whole packet; what is there is what counts.
        let header = PacketHeader(Packet(family: family, bytes: octets))
        guard let packet = TrackedPacket(header) else { return nil }
        key = packet.key
    }
}

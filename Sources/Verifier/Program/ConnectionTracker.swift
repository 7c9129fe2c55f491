// SPDX-License-Identifier: Apache-2.0
// A small conntrack for the program's voice: enough to say which state the program's `ct` expressions load. TCP windows
// are not followed: a segment outside its window is the laboratory's to show (DESIGN §5, what the proof leaves out).
import JunosModel
import NetworkTypes
import NftablesEvaluator
import NftablesIR

/// Connections that the program has let through.
struct ConnectionTracker {
    /// What a packet is to the connections.
    struct View {
        /// What the program's expressions see.
        var conntrack: Conntrack
        /// The connection it belongs to.
        fileprivate(set) var existing: TrackedTuple?
        /// The connection that begins if it is accepted.
        fileprivate(set) var fresh: Connection?
        /// The upper layer that it was told by.
        fileprivate var segment: TransportSegment?

        static let invalid = View(conntrack: .none)
        static let untracked = View(conntrack: .untracked)
    }

    /// One connection.
    struct Connection {
        var original: TrackedTuple
        var reply: TrackedTuple
        var mark: UInt32 = 0
        var hasReply = false
        var tcp: TCPProgress?
        /// What the program set; nil where the sysctls hold.
        var times: ConnectionTimes?
        var expires: Double
    }

    private var connections: [TrackedTuple: Connection] = [:]
    private var originals: [TrackedTuple: TrackedTuple] = [:]
    /// `nf_conntrack_tcp_loose`: a connection may begin in its middle.
    private let isLoose: Bool
    private let times: ConnectionTimes

    /// Begins without connections, under the sysctls that a configuration sets.
    init(_ flow: FlowOptions) {
        isLoose = flow.noSYNCheck
        times = ConnectionTimes(flow)
    }

    /// Looks at a packet; `checksChecksums` where it was received.
    mutating func look(_ packet: NetworkTypes.Packet, time: Double, checksChecksums: Bool) -> View {
        guard let segment = TransportSegment(packet) else { return .invalid }
        // The other version's ICMP is never tracked.
        if segment.protocolNumber == (packet.family == .inet ? ProtocolNumber.icmp6 : ProtocolNumber.icmp) {
            return .invalid
        }
        // Enhanced GRE is tracked by its call, and only PPP has one (kernel: nf_conntrack_proto_gre.c).
        let isEnhancedGRE = segment.protocolNumber == ProtocolNumber.gre && (segment.octet(1) ?? 0) & 0x07 == 0x01
        if isEnhancedGRE, segment.octets.count > 7, segment.halfword(2) != 0x880b { return .invalid }
        if segment.isICMP {
            guard segment.octets.count >= 8, let type = segment.octet(0) else { return .invalid }
            if checksChecksums, !segment.hasValidChecksum() { return .invalid }
            let isIPv4 = packet.family == .inet
            if !isIPv4, (130...136).contains(type) || type == 143 { return .untracked }
            if isIPv4, type > 18 { return .invalid }
            if isIPv4 ? isICMPError(.inet, type) : type < 128 { return related(segment, packet, time) }
        } else if !isSound(segment, checksChecksums) {
            return .invalid
        }
        guard let tuple = TrackedTuple(segment), let inverted = tuple.inverted else { return .invalid }
        if let key = find(tuple, time) { return follow(key, tuple, segment, time) }
        return begin(tuple, inverted, segment, time)
    }

    /// Lengths, flags and checksums of what is not ICMP (kernel facts §14).
    private func isSound(_ segment: TransportSegment, _ checksChecksums: Bool) -> Bool {
        switch segment.protocolNumber {
        case ProtocolNumber.tcp:
            guard segment.octets.count >= 20, let words = segment.octet(12), let flags = segment.octet(13) else {
                return false
            }
            let length = Int(words >> 4) * 4
            guard length >= 20, length <= segment.octets.count, TCPProgress.isPossible(flags) else { return false }
            return !checksChecksums || segment.hasValidChecksum()
        case ProtocolNumber.udp:
            guard let length = segment.halfword(4).map(Int.init), segment.octets.count >= 8, length >= 8,
                length <= segment.octets.count
            else { return false }
            return !checksChecksums || segment.halfword(6) == 0 || segment.hasValidChecksum(covering: length)
        case ProtocolNumber.udpLite:
            guard let coverage = segment.halfword(4).map(Int.init), segment.octets.count >= 8,
                coverage == 0 || coverage >= 8, coverage <= segment.octets.count, segment.halfword(6) != 0
            else { return false }
            return !checksChecksums || segment.hasValidChecksum(covering: coverage == 0 ? nil : coverage)
        default: return true
        }
    }

    private mutating func find(_ tuple: TrackedTuple, _ time: Double) -> TrackedTuple? {
        guard let key = originals[tuple], let connection = connections[key] else { return nil }
        guard connection.expires > time else {
            forget(connection)
            return nil
        }
        return key
    }

    private mutating func forget(_ connection: Connection) {
        connections[connection.original] = nil
        originals[connection.original] = nil
        originals[connection.reply] = nil
    }

    private mutating func follow(
        _ key: TrackedTuple,
        _ tuple: TrackedTuple,
        _ segment: TransportSegment,
        _ time: Double
    ) -> View {
        guard var connection = connections[key] else { return .invalid }
        let isReply = tuple != connection.original
        let state: ConntrackEntry.State = isReply || connection.hasReply ? .established : .new
        func view(_ connection: Connection) -> View {
            View(
                conntrack: .tracked(
                    ConntrackEntry(state, isReply: isReply, status: status(connection), mark: connection.mark)
                ),
                existing: key
            )
        }
        let hasReply = connection.hasReply
        let times = connection.times ?? times
        guard var tcp = connection.tcp, let flags = segment.octet(13) else {
            connection.hasReply = connection.hasReply || isReply
            connection.expires = time + times.idle(segment)
            connections[key] = connection
            return view(connection)
        }
        switch tcp.take(flags, isReply: isReply, hasReply: hasReply) {
        case .invalid: return .invalid
        case .restarts:
            forget(connection)
            guard let inverted = tuple.inverted else { return .invalid }
            return begin(tuple, inverted, segment, time)
        case .ignored: break
        case .taken:
            if flags & 0x04 != 0, !connection.hasReply {
                // A reset before any answer, or as the only one, ends the connection at once (nf_conntrack_tcp_packet).
                forget(connection)
                return view(connection)
            }
            connection.tcp = tcp
            connection.expires = time + times.of(tcp.state)
        }
        connection.hasReply = connection.hasReply || isReply
        connections[key] = connection
        return view(connection)
    }

    /// What `ct status` shows of a connection that an earlier packet began.
    private func status(_ connection: Connection) -> UInt32 {
        ConntrackEntry.confirmed | (connection.hasReply ? ConntrackEntry.seenReply : 0)
            | (connection.tcp?.isAssured == true ? ConntrackEntry.assured : 0)
    }

    private func begin(
        _ tuple: TrackedTuple,
        _ inverted: TrackedTuple,
        _ segment: TransportSegment,
        _ time: Double
    ) -> View {
        var connection = Connection(original: tuple, reply: inverted, expires: time + times.idle(segment))
        switch segment.protocolNumber {
        case ProtocolNumber.tcp:
            guard let flags = segment.octet(13), let tcp = TCPProgress(first: flags, isLoose: isLoose) else {
                return .invalid
            }
            connection.tcp = tcp
            connection.expires = time + times.of(tcp.state)
        case ProtocolNumber.sctp:
            guard segment.octet(12) == 1 else { return .invalid }
        case _ where segment.isICMP:
            let queries: [UInt8] = segment.source.family == .inet ? [8, 13, 15, 17] : [128, 139]
            guard let type = segment.octet(0), queries.contains(type) else { return .invalid }
        default: break
        }
        return View(conntrack: .tracked(ConntrackEntry(.new)), fresh: connection, segment: segment)
    }

    /// An ICMP error belongs to the connection of the packet inside, if it goes to whom that came from.
    private mutating func related(
        _ segment: TransportSegment,
        _ packet: NetworkTypes.Packet,
        _ time: Double
    ) -> View {
        let inner = NetworkTypes.Packet(family: packet.family, bytes: Array(segment.octets.dropFirst(8)))
        guard inner.bytes.count >= (packet.family == .inet ? 20 : 40), inner.header.version == packet.header.version,
            let innerSegment = TransportSegment(inner), let tuple = TrackedTuple(innerSegment)?.inverted,
            let key = find(tuple, time), let connection = connections[key], tuple.destination == segment.destination
        else { return .invalid }
        let isReply = tuple != connection.original
        return View(
            conntrack: .tracked(
                ConntrackEntry(.related, isReply: isReply, status: status(connection), mark: connection.mark)
            ),
            existing: key
        )
    }

    /// Keeps what the program did: a mark at once, a new connection only if the packet got through.
    mutating func commit(
        _ view: View,
        mark: UInt32?,
        timeout: ConntrackTimeout?,
        isAccepted: Bool,
        time: Double
    ) {
        if let key = view.existing, let mark { connections[key]?.mark = mark }
        guard var fresh = view.fresh, isAccepted else { return }
        fresh.mark = mark ?? fresh.mark
        if let timeout, let segment = view.segment {
            let times = ConnectionTimes(timeout)
            fresh.times = times
            fresh.expires = time + times.first(segment)
        }
        connections[fresh.original] = fresh
        originals[fresh.original] = fresh.original
        originals[fresh.reply] = fresh.original
    }
}

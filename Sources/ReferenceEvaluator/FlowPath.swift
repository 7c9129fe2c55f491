// SPDX-License-Identifier: Apache-2.0
// What sessions, zones and policies decide, in transit and to the router (DESIGN §3.15, §3.16; flow reference §3, §6).
import JunosModel
import NetworkTypes

extension ReferenceEvaluator {
    /// A packet that is forwarded.
    mutating func forward(_ journey: inout Journey, to output: Int, _ record: inout PacketRecord) -> PacketAnswer {
        // The kernel takes one off the TTL before its forward hook; output filters see that (DESIGN §3.12).
        journey.passage.replace(journey.passage.packet.forwarded())
        if !journey.isPacketMode {
            switch meetSessions(&journey, isTransit: true, &record) {
            case .refused(let decision): return end(journey, decision, record)
            case .belongs: break
            case .isFirst:
                // No zone, no traffic; the management zone forwards nothing (flow reference §3.1).
                guard let from = zones[journey.input], let to = zones[output] else {
                    record.note(.flow, "", "interface in no zone")
                    return end(journey, Decision(.discard, .flow, nil), record)
                }
                if let management = [from, to].first(where: \.isManagement) {
                    return end(journey, Decision(.discard, .flow, management.path), record)
                }
                if let refusal = consult(from.name, to.name, &journey, &record) {
                    return end(journey, refusal, record)
                }
            }
        }
        return leave(&journey, by: output, &record)
    }

    /// Output filters, which see the packet as forwarded (DESIGN §3.12).
    mutating func leave(_ journey: inout Journey, by output: Int, _ record: inout PacketRecord) -> PacketAnswer {
        for instance in instances.at(output, .output, journey.passage.header.family) {
            if let refusal = run(instance, &journey, .outputFilter, &record) { return end(journey, refusal, record) }
        }
        return accept(&journey, .mode, record)
    }

    /// A packet for the router itself: second pass, lo0 filter, neighbour discovery, sessions, host-inbound, policies.
    mutating func deliver(_ journey: inout Journey, _ record: inout PacketRecord) -> PacketAnswer {
        let version = journey.passage.header.family
        for instance in instances.at(journey.input, .input, version) where instance.hasSecondPass {
            if let refusal = run(instance, &journey, .routingEngineFilter, secondPass: true, &record) {
                return end(journey, refusal, record)
            }
        }
        if let routingEngine {
            for instance in instances.at(routingEngine, .input, version) {
                if let refusal = run(instance, &journey, .lo0Input, &record) { return end(journey, refusal, record) }
            }
        }
        if journey.isPacketMode { return accept(&journey, .mode, record) }
        let isDiscovery =
            isNeighbourDiscovery(journey.passage.header)
            && configuration.interfaces[journey.input].families[.inet6] != nil
        if isDiscovery { return accept(&journey, .hostInbound, record) }
        switch meetSessions(&journey, isTransit: false, &record) {
        case .refused(let decision): return end(journey, decision, record)
        case .belongs: return accept(&journey, .flow, record)
        case .isFirst: break
        }
        guard let from = zones[journey.input] else {
            record.note(.flow, "", "interface in no zone")
            return end(journey, Decision(.discard, .flow, nil), record)
        }
        // Whose address it is: another interface's is reached through that interface's zone (flow reference §3.4).
        let owner = addresses.owner(version, journey.passage.header.destination) ?? journey.input
        var zone = from
        if owner != journey.input {
            guard let ownZone = zones[owner] else {
                record.note(.flow, "", "the address belongs to an interface in no zone")
                return end(journey, Decision(.discard, .flow, nil), record)
            }
            zone = ownZone
            // Nothing passes into or out of the functional zone, as in transit (flow reference §3.1).
            if let management = [from, zone].first(where: \.isManagement) {
                return end(journey, Decision(.discard, .flow, management.path), record)
            }
            if let refusal = consult(from.name, zone.name, &journey, &record) { return end(journey, refusal, record) }
        }
        switch zone.hostInbound.decide(journey.passage.header) {
        case .allowed: record.note(.hostInbound, zone.hostInboundPath, "allowed")
        case .refused:
            record.note(.hostInbound, zone.hostInboundPath, "not listed: discard")
            return end(journey, Decision(.discard, .hostInbound, zone.hostInboundPath), record)
        case .reset:
            return end(
                journey,
                Decision(.reject, .hostInbound, zone.hostInboundPath, rejectWith: "tcp-reset"),
                record
            )
        }
        // The functional zone has no policies, global ones included (flow reference §3.1).
        if !zone.isManagement, let refusal = consult(zone.name, PolicyTable.router, &journey, &record) {
            return end(journey, refusal, record)
        }
        return accept(&journey, .hostInbound, record)
    }

    /// What sessions say about a packet.
    enum SessionJudgement {
        case refused(Decision)
        /// It belongs to one.
        case belongs
        /// Policies decide.
        case isFirst
    }

    /// The ladder: invalid, untracked, owned, related, new (DESIGN §3.15).
    private mutating func meetSessions(
        _ journey: inout Journey,
        isTransit: Bool,
        _ record: inout PacketRecord
    ) -> SessionJudgement {
        guard let tracked = journey.tracked else { return .belongs }
        let header = journey.passage.header
        record.note(.flow, "", "\(tracked.state)")
        switch tracked.state {
        case .invalid:
            // What policies and host-inbound-traffic may let pass although it makes no session.
            if isTransit ? flow.allowsEmbeddedICMP && header.isICMPErrorWithContent : header.isRouterDiscovery {
                return .isFirst
            }
            return .refused(stray(journey))
        case .untracked: return .refused(Decision(.discard, .flow, nil))
        case .new, .established, .related:
            if flow.strictSYNCheck, tracked.isOpening, tracked.isReply, let flags = header.tcpFlags,
                flags & (TCPFlag.syn | TCPFlag.reset) == 0
            {
                record.note(.flow, "security flow tcp-session strict-syn-check", "the handshake is not complete")
                return .refused(Decision(.discard, .flow, nil))
            }
            journey.session = .match
            journey.permitted = Decision(.accept, .flow, nil)
            lowerSegmentSize(&journey, tracked.segmentSizes, isReply: tracked.isReply)
            return .belongs
        case .first:
            // A first datagram to port 53 is a query (flow reference §2.6).
            if !flow.allowsDNSReply, header.isDNSResponse {
                record.note(.flow, "", "a DNS response without a query")
                return .refused(Decision(.discard, .flow, nil))
            }
            journey.pending = tracked.pending
            return .isFirst
        }
    }

    /// TCP of no session is answered where the zone says so, a reset never (flow reference §2.4).
    private func stray(_ journey: Journey) -> Decision {
        let header = journey.passage.header
        if journey.input >= 0, let zone = zones[journey.input], zone.sendsTCPReset,
            header.upperProtocol == ProtocolNumber.tcp, let flags = header.tcpFlags, flags & TCPFlag.reset == 0
        {
            return Decision(.reject, .flow, "\(zone.path) tcp-rst", rejectWith: "tcp-reset")
        }
        return Decision(.discard, .flow, nil)
    }

    /// `security flow`, or its defaults.
    private var flow: FlowOptions { configuration.security?.flow ?? FlowOptions() }

    /// A SYN or SYN-ACK announces no more than it may (flow reference §2.6).
    func lowerSegmentSize(_ journey: inout Journey, _ limits: SegmentSizeLimits, isReply: Bool) {
        guard let limit = isReply ? limits.reverse : limits.initial,
            journey.passage.header.upperProtocol == ProtocolNumber.tcp, let flags = journey.passage.header.tcpFlags,
            flags & TCPFlag.syn != 0
        else { return }
        journey.passage.replace(journey.passage.packet.loweringTCPSegmentSize(to: limit))
    }

    /// Asks the policies of a pair of zones; the refusal, or nil where they permit.
    mutating func consult(
        _ from: String,
        _ to: String,
        _ journey: inout Journey,
        _ record: inout PacketRecord
    ) -> Decision? {
        guard let policies else { return nil }
        let found = policies.lookUp(from: from, to: to, journey.passage.header, &record)
        // The policy asks for a SYN although others need none (flow reference §2.4).
        if found.requiresSYN, flow.noSYNCheck, let path = found.path,
            journey.passage.header.upperProtocol == ProtocolNumber.tcp, let flags = journey.passage.header.tcpFlags,
            flags & (TCPFlag.syn | TCPFlag.ack | TCPFlag.reset | TCPFlag.fin) != TCPFlag.syn
        {
            record.note(.policy, "\(path) then permit tcp-options syn-check-required", "no SYN")
            var refusal = stray(journey)
            refusal.path = refusal.path ?? path
            return refusal
        }
        if let refusal = decide(found, journey.passage.header, &record) { return refusal }
        journey.terms.inactivityTimeout = found.inactivityTimeout ?? journey.terms.inactivityTimeout
        journey.terms.segmentSizes = SegmentSizeLimits(
            initial: found.initialSegmentSize ?? flow.maximumSegmentSize,
            reverse: found.reverseSegmentSize ?? flow.maximumSegmentSize
        )
        lowerSegmentSize(&journey, journey.terms.segmentSizes, isReply: false)
        journey.terms.owner = found.hitKey
        // The implicit permit of the router's own contexts is no configured policy (flow reference §3.4).
        if found.source != .selfTraffic { journey.permitted = accepted(found) }
        return nil
    }

    /// ICMPv6 133–137, 130–132 and 143 (DESIGN §3.16).
    private func isNeighbourDiscovery(_ header: PacketHeader) -> Bool {
        header.family == .inet6 && header.upperProtocol == ProtocolNumber.icmp6
            && header.icmpType.map { (130...137).contains($0) || $0 == 143 } ?? false
    }
}

extension PacketHeader {
    /// An ICMP error that carries something of the packet that it is about (flow reference §2.7).
    fileprivate var isICMPErrorWithContent: Bool {
        guard let number = upperProtocol, isICMP(family, number), let type = icmpType, isICMPError(family, type),
            let offset = transportOffset
        else { return false }
        return offset + 8 < end
    }

    /// ICMP router advertisement or solicitation (flow reference §3.3).
    fileprivate var isRouterDiscovery: Bool {
        family == .inet && upperProtocol == ProtocolNumber.icmp && icmpType.map { $0 == 9 || $0 == 10 } ?? false
    }

    /// A datagram to port 53 whose message says that it is a response.
    fileprivate var isDNSResponse: Bool {
        guard upperProtocol == ProtocolNumber.udp, destinationPort == 53, let offset = transportOffset else {
            return false
        }
        return offset + 10 < end && bytes[offset + 10] & 0x80 != 0
    }
}

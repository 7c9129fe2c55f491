// SPDX-License-Identifier: Apache-2.0
// What follows a first packet, and what comes without one: sessions continue, strays do not (DESIGN §3.15).
import NetworkTypes

/// Packets around one first packet.
struct Conversation {
    let opening: Draft

    init(_ opening: Draft) { self.opening = opening }

    private var number: UInt8 { opening.fields.resolvedProtocol }

    /// The opening under a new port or identifier.
    private func start(_ places: inout PacketPlaces) -> Draft {
        var draft = opening
        draft.fields.sourcePort = places.freshPort()
        draft.fields.icmpIdentifier = places.freshPort()
        return draft
    }

    private func same(_ draft: Draft, flags: UInt8? = nil, payload: Int = 0) -> Draft {
        var next = draft
        next.fields.payloadLength = payload
        next.continuesSession = true
        if let flags { next.fields.tcpFlags = flags }
        return next
    }

    private func answer(_ draft: Draft, flags: UInt8? = nil, payload: Int = 0) -> Draft {
        var next = same(draft, flags: flags, payload: payload)
        (next.input, next.output) = (draft.output, draft.input)
        (next.fields.source, next.fields.destination) = (draft.fields.destination, draft.fields.source)
        (next.fields.sourcePort, next.fields.destinationPort) = (draft.fields.destinationPort, draft.fields.sourcePort)
        switch (number, draft.fields.icmpType ?? (draft.fields.resolvedFamily == .inet ? 8 : 128)) {
        case (ProtocolNumber.icmp, 8): next.fields.icmpType = 0
        case (ProtocolNumber.icmp, 13): next.fields.icmpType = 14
        case (ProtocolNumber.icmp6, 128): next.fields.icmpType = 129
        default: break
        }
        return next
    }

    /// An ICMP error from the far end about a packet.
    private func unreachable(_ draft: Draft) -> Draft? {
        guard let packet = draft.build(), let from = draft.fields.destination else { return nil }
        let isIPv4 = packet.family == .inet
        var error = draft
        (error.input, error.output) = (draft.output, draft.input)
        error.fields = .icmpError(type: isIPv4 ? 3 : 1, code: isIPv4 ? 1 : 3, about: packet, from: from)
        return error
    }

    /// From the first packet to the last.
    func wholeSession(_ places: inout PacketPlaces) -> [Draft] {
        let first = start(&places)
        switch number {
        case ProtocolNumber.tcp:
            return [
                // The first one again, as a host does that hears nothing.
                first, first, answer(first, flags: 0x12), same(first, flags: 0x10),
                same(first, flags: 0x18, payload: 32),
                answer(first, flags: 0x18, payload: 64), answer(first, flags: 0x10), same(first, flags: 0x04),
            ]
        case ProtocolNumber.udp:
            return [first, first, answer(first, payload: 16), same(first, payload: 8)]
                + (unreachable(first).map { [$0] } ?? [])
        default:
            return [first, answer(first), same(first)] + (unreachable(first).map { [$0] } ?? [])
        }
    }

    /// Packets that belong to no session: segments without a SYN, replies without a request, errors about nothing.
    func strays(_ places: inout PacketPlaces) -> [[Draft]] {
        var result: [[Draft]] = []
        if number == ProtocolNumber.tcp {
            for flags in [0x10, 0x12, 0x04, 0x14, 0x11, 0x00, 0x29, 0x03, 0x42, 0x18] as [UInt8] {
                result.append([same(start(&places), flags: flags)])
            }
        }
        if number == ProtocolNumber.tcp {
            // The server talks before the client has completed the handshake (flow reference §2.3).
            let first = start(&places)
            result.append([first, answer(first, flags: 0x12), answer(first, flags: 0x18, payload: 8)])
        }
        result.append([response(&places)])
        if number == ProtocolNumber.icmp || number == ProtocolNumber.icmp6 { result.append([answer(start(&places))]) }
        if let error = unreachable(start(&places)) { result.append([error]) }
        result += datagrams(&places)
        return result
    }

    /// A DNS response that nobody asked for (flow reference §2.6).
    private func response(_ places: inout PacketPlaces) -> Draft {
        var draft = start(&places)
        draft.fields.protocolNumber = ProtocolNumber.udp
        draft.fields.destinationPort = 53
        draft.fields.payloadLength = 12
        // No checksum, and behind the message's identifier the bit that says "response".
        draft.transportPatch = (6, [0, 0, 0, 1, 0x80])
        return draft
    }

    /// Fragments of one datagram: in order, the last first, and pieces alone.
    private func datagrams(_ places: inout PacketPlaces) -> [[Draft]] {
        var result: [[Draft]] = []
        for shape in 0..<5 {
            var whole = start(&places)
            whole.fields.payloadLength = 100
            let identification = places.freshIdentification()
            guard let packet = whole.build() else { return result }
            let pieces = packet.fragmented(payload: 48, identification: identification).map { piece in
                var draft = whole
                draft.ready = piece
                return draft
            }
            guard pieces.count == 3 else { return result }
            switch shape {
            case 0: result.append(pieces)
            case 1: result.append(pieces.reversed())
            case 2: result.append([pieces[0]])
            case 3: result.append([pieces[1]])
            default: result.append([pieces[2]])
            }
        }
        return result
    }
}

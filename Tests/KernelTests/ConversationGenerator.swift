// SPDX-License-Identifier: Apache-2.0
// Random conversations through a router: handshakes, half-opens, resets, retransmissions, one-way UDP, pings, ICMP errors,
// fragments, and segments that no end would send.
import NetworkTypes

/// One packet of a conversation.
struct ConversationPacket {
    /// The device it arrives on.
    var input: String
    /// The device its destination is behind; `local` for the router itself.
    var output: String
    var packet: Packet
}

/// Makes conversations; each has ends of its own, so that none meets another's session.
struct ConversationGenerator<Random: RandomNumberGenerator> {
    var random: Random
    private var serial: UInt32 = 0

    init(_ random: Random) { self.random = random }

    /// What an end of a TCP connection would send next.
    private struct Peer {
        var next: UInt32
        var acknowledged: UInt32 = 0
        var window: UInt16 = 65535
    }

    /// Where a conversation takes place.
    private struct Place {
        var client: IPAddress
        var server: IPAddress
        var clientPort: UInt16
        var serverPort: UInt16
        var clientDevice: String
        var serverDevice: String
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &random)]
    }

    /// The next conversation, of at most a dozen packets.
    mutating func next() -> [ConversationPacket] {
        serial += 1
        let isIPv6 = chance(30)
        // Client from trust or untrust; server in the other zone, in dmz, or the router itself.
        let outward = chance(75)
        let toDMZ = !isIPv6 && chance(20)
        let toRouter = !toDMZ && chance(10)
        let client = isIPv6 ? "2001:db8:\(outward ? 1 : 2)" : outward ? "10.1" : "203.0"
        let server =
            isIPv6
            ? "2001:db8:\(outward != toRouter ? 2 : 1)"
            : toDMZ ? "10.2" : outward != toRouter ? "203.0" : "10.1"
        var place = Place(
            client: address(client, isIPv6, host: serial),
            server: address(server, isIPv6, host: serial),
            clientPort: UInt16.random(in: 1024...60000, using: &random),
            serverPort: pick([80, 80, 443, 443, 8080, 8080, 53, 22, 7, 25, 9999]),
            clientDevice: outward ? "t0" : "u0",
            serverDevice: toDMZ ? "d0" : outward ? "u0" : "t0"
        )
        if toRouter {
            let own = isIPv6 ? (outward ? "2001:db8:1::1" : "2001:db8:2::1") : (outward ? "10.1.0.1" : "203.0.0.1")
            place.server = IPAddress(own) ?? place.server
            place.serverDevice = "local"
        }
        switch Int.random(in: 0..<100, using: &random) {
        case ..<62: return connection(place)
        case ..<80: return datagrams(place)
        case ..<92: return pings(place)
        default: return others(place)
        }
    }

    private func address(_ network: String, _ isIPv6: Bool, host: UInt32) -> IPAddress {
        let low = host % 60000 + 2
        let text =
            isIPv6 ? "\(network)::\(String(low, radix: 16))" : "\(network).\(low >> 8 & 0xff).\(low & 0xff)"
        return IPAddress(text) ?? IPAddress(.inet, 0)
    }

    private func packet(_ place: Place, _ isReply: Bool, _ packet: Packet) -> ConversationPacket {
        // What the router's own end says is left to tests that send as the router.
        isReply
            ? ConversationPacket(input: place.serverDevice, output: place.clientDevice, packet: packet)
            : ConversationPacket(input: place.clientDevice, output: place.serverDevice, packet: packet)
    }

    private func fields(_ place: Place, _ isReply: Bool, _ number: UInt8) -> PacketFields {
        var fields = PacketFields(
            number,
            from: isReply ? place.server : place.client,
            to: isReply ? place.client : place.server
        )
        if number == ProtocolNumber.tcp || number == ProtocolNumber.udp {
            fields.sourcePort = isReply ? place.serverPort : place.clientPort
            fields.destinationPort = isReply ? place.clientPort : place.serverPort
        }
        return fields
    }

    // MARK: TCP

    private mutating func connection(_ place: Place) -> [ConversationPacket] {
        var peers = [
            Peer(next: UInt32.random(in: 0 ... .max, using: &random)),
            Peer(next: UInt32.random(in: 0 ... .max, using: &random)),
        ]
        var result: [ConversationPacket] = []
        // Most begin as they should, so that the later states are met.
        let orderly = pick([0, 1, 2, 3, 3, 3, 3])
        if orderly > 0 { result += segment(place, &peers, isReply: false, flags: 0x02) }
        if orderly > 1 { result += segment(place, &peers, isReply: true, flags: 0x12) }
        if orderly > 2 { result += segment(place, &peers, isReply: false, flags: 0x10) }
        for _ in 0..<Int.random(in: 1...7, using: &random) {
            switch Int.random(in: 0..<100, using: &random) {
            case ..<22:
                result += segment(place, &peers, isReply: chance(50), flags: 0x18, payload: pick([1, 100, 1000]))
            case ..<36: result += segment(place, &peers, isReply: chance(50), flags: 0x10)
            case ..<50: result += segment(place, &peers, isReply: chance(50), flags: 0x11)
            case ..<58: result += segment(place, &peers, isReply: chance(50), flags: pick([0x04, 0x14]))
            case ..<66: result += segment(place, &peers, isReply: chance(10), flags: 0x02)
            case ..<72: result += segment(place, &peers, isReply: chance(90), flags: 0x12)
            case ..<82: if let earlier = result.randomElement(using: &random) { result.append(earlier) }
            case ..<88: if let earlier = result.randomElement(using: &random) { result += error(place, about: earlier) }
            case ..<92:
                result += segment(
                    place,
                    &peers,
                    isReply: chance(50),
                    flags: UInt8.random(in: 0...63, using: &random),
                    payload: pick([0, 0, 5])
                )
            default:
                if let earlier = result.randomElement(using: &random) { result.append(damaged(earlier)) }
            }
        }
        return result.filter { $0.input != "local" }
    }

    /// A segment that an end sends, or nearly so.
    private mutating func segment(
        _ place: Place,
        _ peers: inout [Peer],
        isReply: Bool,
        flags: UInt8,
        payload: Int = 0
    ) -> [ConversationPacket] {
        let sender = isReply ? 1 : 0
        var fields = fields(place, isReply, ProtocolNumber.tcp)
        fields.tcpFlags = flags
        fields.payloadLength = payload
        var sequence = peers[sender].next
        var acknowledgment = peers[1 - sender].next
        if chance(12) { sequence &+= pick([1, .max, 2, 1000, 70_000, 0 &- 70_000, 0x4000_0000, 0 &- sequence]) }
        if chance(8) { acknowledgment &+= pick([1, .max, 1000, 70_000, 0 &- 70_000, 0x4000_0000]) }
        fields.tcpSequence = sequence
        fields.tcpAcknowledgment = flags & 0x10 != 0 ? acknowledgment : chance(90) ? 0 : acknowledgment
        fields.tcpWindow = chance(85) ? 65535 : pick([0, 1, 512, 8192])
        if flags & 0x02 != 0 {
            if chance(60) { fields.tcpOptions += [2, 4, 5, 0xb4] }
            if chance(50) { fields.tcpOptions += [3, 3, UInt8.random(in: 0...15, using: &random), 1] }
            if chance(50) { fields.tcpOptions += [4, 2, 1, 1] }
        } else if chance(5) {
            let edge = acknowledgment &+ pick([0, 100, 100_000])
            let octets = [edge, edge &+ 10].flatMap { number in
                (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
            }
            fields.tcpOptions = [1, 1, 5, 10] + octets
        }
        guard let built = try? fields.build() else { return [] }
        if sequence == peers[sender].next {
            peers[sender].next &+= UInt32(payload) &+ (flags & 0x02 != 0 ? 1 : 0) &+ (flags & 0x01 != 0 ? 1 : 0)
        }
        return [packet(place, isReply, built)]
    }

    /// The same packet with an octet of its transport header changed, so that its checksum is wrong.
    private mutating func damaged(_ earlier: ConversationPacket) -> ConversationPacket {
        var bytes = earlier.packet.bytes
        guard let start = earlier.packet.header.transportOffset, start + 8 < bytes.count else { return earlier }
        bytes[start + Int.random(in: 4..<8, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        return ConversationPacket(
            input: earlier.input,
            output: earlier.output,
            packet: Packet(family: earlier.packet.family, bytes: bytes)
        )
    }

    /// An ICMP error about a packet, from its destination or from a router on the way.
    private mutating func error(_ place: Place, about earlier: ConversationPacket) -> [ConversationPacket] {
        guard earlier.output != "local", earlier.input != "local" else { return [] }
        let isIPv4 = earlier.packet.family == .inet
        let from = chance(50) ? earlier.packet.header.destinationAddress : place.server
        let kinds: [(UInt8, UInt8)] =
            isIPv4 ? [(3, 3), (3, 1), (11, 0), (3, 4), (12, 0)] : [(1, 4), (3, 0), (2, 0), (4, 1)]
        let kind = pick(kinds)
        guard
            let packet = try? PacketFields.icmpError(type: kind.0, code: kind.1, about: earlier.packet, from: from)
                .build()
        else { return [] }
        return [ConversationPacket(input: earlier.output, output: earlier.input, packet: packet)]
    }

    // MARK: The rest

    private mutating func datagrams(_ place: Place) -> [ConversationPacket] {
        var result: [ConversationPacket] = []
        let oneWay = chance(40)
        for index in 0..<Int.random(in: 1...5, using: &random) {
            let isReply = !oneWay && index > 0 && chance(60) || chance(5)
            var fields = fields(place, isReply, ProtocolNumber.udp)
            fields.payloadLength = pick([0, 12, 100, 900])
            guard let built = try? fields.build() else { continue }
            let one = packet(place, isReply, built)
            switch Int.random(in: 0..<100, using: &random) {
            case ..<70: result.append(one)
            case ..<80 where fields.payloadLength == 900: result += pieces(one)
            case ..<90: result += error(place, about: one)
            default: result += [one, damaged(one)]
            }
        }
        return result.filter { $0.input != "local" }
    }

    /// A datagram in fragments: in order, out of order, or some of them alone.
    private mutating func pieces(_ whole: ConversationPacket) -> [ConversationPacket] {
        let number = UInt32.random(in: 1...65535, using: &random)
        var pieces = whole.packet.fragmented(payload: 400, identification: number)
        switch Int.random(in: 0...3, using: &random) {
        case 0: pieces.reverse()
        case 1: pieces.shuffle(using: &random)
        case 2: pieces.removeFirst()
        default: break
        }
        return pieces.map { ConversationPacket(input: whole.input, output: whole.output, packet: $0) }
    }

    private mutating func pings(_ place: Place) -> [ConversationPacket] {
        var result: [ConversationPacket] = []
        let isIPv4 = place.client.family == .inet
        let number = isIPv4 ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        let identifier = UInt16.random(in: 1...65535, using: &random)
        for index in 1...UInt16.random(in: 1...4, using: &random) {
            let isReply = chance(40)
            var fields = fields(place, isReply, number)
            fields.icmpType =
                isIPv4
                ? chance(85) ? (isReply ? 0 : 8) : pick([13, 14, 17, 30, 9, 10])
                : chance(90) ? (isReply ? 129 : 128) : pick([138, 139, 140, 200])
            fields.icmpIdentifier = chance(90) ? identifier : 1
            fields.icmpSequence = index
            fields.payloadLength = pick([0, 56])
            guard let built = try? fields.build() else { continue }
            let one = packet(place, isReply, built)
            result += chance(12) ? error(place, about: one) : [one]
        }
        return result.filter { $0.input != "local" }
    }

    /// Protocols without ports.
    private mutating func others(_ place: Place) -> [ConversationPacket] {
        let number: UInt8 = pick([50, 89, 200, 4])
        return (0..<Int.random(in: 1...3, using: &random)).compactMap { index in
            let isReply = index > 0 && chance(50)
            var fields = fields(place, isReply, number)
            fields.payloadLength = 16
            return (try? fields.build()).map { packet(place, isReply, $0) }
        }.filter { $0.input != "local" }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Random packets aimed at the edges of what a configuration says: every header a filter reads, whole, cut, in fragments.
import NetworkTypes

/// Makes packets for one configuration.
struct RandomPackets {
    let router: RandomRouter
    private var edges: Edges { router.edges }
    private var identification: UInt32 = 1

    /// One way through the router.
    struct Way: Hashable {
        var input: String
        var output: String

        var isSent: Bool { input == PacketVector.local }
        var isDelivered: Bool { output == PacketVector.local }

        /// Every way, those through the router most often.
        static let all = [
            Way(input: "eth1.0", output: "eth2.0"), Way(input: "eth1.0", output: "eth2.0"),
            Way(input: "eth1.0", output: "eth3.7"), Way(input: "eth2.0", output: "eth1.0"),
            Way(input: "eth3.7", output: "eth1.0"), Way(input: "eth1.0", output: "local"),
            Way(input: "eth2.0", output: "local"), Way(input: "eth3.7", output: "local"),
            Way(input: "local", output: "eth2.0"), Way(input: "local", output: "eth3.7"),
        ]
    }

    init(_ router: RandomRouter) { self.router = router }

    /// So many packets that go one way.
    mutating func vectors(_ count: Int, _ way: Way, _ dice: inout Dice) -> [PacketVector] {
        var result: [PacketVector] = []
        while result.count < count {
            let family: AddressFamily = dice.chance(55) ? .inet : .inet6
            guard let packet = packet(family, way, &dice) else { continue }
            let packets = !way.isSent && dice.chance(way.isDelivered ? 20 : 4) ? pieces(packet, &dice) : [packet]
            result += packets.map {
                PacketVector(id: "", inputInterface: way.input, outputInterface: way.output, packet: $0)
            }
        }
        return Array(result.prefix(count))
    }

    /// A datagram in fragments, mostly all of them, in some order, seldom one twice.
    private func pieces(_ packet: Packet, _ dice: inout Dice) -> [Packet] {
        let size = dice.pick([8, 16, 32, 64])
        var pieces = packet.fragmented(payload: size, identification: identification)
        guard pieces.count > 1, pieces.count <= 16 else { return [packet] }
        if dice.chance(10) { pieces.append(dice.pick(pieces)) }
        if dice.chance(10) { pieces.remove(at: dice.below(pieces.count)) }
        for index in pieces.indices.dropFirst() where dice.chance(30) { pieces.swapAt(index, dice.below(index)) }
        return pieces
    }

    private mutating func packet(_ family: AddressFamily, _ way: Way, _ dice: inout Dice) -> Packet? {
        // Identifications are never used twice, so that fragments of different packets never meet.
        identification += 1
        var fields = PacketFields()
        fields.family = family
        fields.source = way.isSent ? own(family, way.output) : address(family, &dice)
        fields.destination = way.isDelivered ? own(family, way.input) : address(family, &dice)
        guard fields.source != fields.destination else { return nil }
        fields.identification = identification
        fields.protocolNumber = protocolNumber(family, way, &dice)
        fields.sourcePort = port("source-port", &dice)
        fields.destinationPort = port("destination-port", &dice)
        if fields.protocolNumber == ProtocolNumber.tcp { fields.tcpFlags = tcpFlags(&dice) }
        if fields.protocolNumber == (family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6) {
            fields.icmpType = octet("icmp-type", 256, usual: [0, 3, 8, 128, 129], &dice)
            fields.icmpCode = octet("icmp-code", 256, usual: [0, 0, 1, 3], &dice)
            (fields.sourcePort, fields.destinationPort) = (nil, nil)
        }
        fields.dscp = octet(family == .inet ? "dscp" : "traffic-class", 64, usual: [0, 0, 0, 10, 46], &dice)
        if dice.chance(30), let class0 = edges.edge("precedence", below: 8, &dice) {
            fields.dscp = UInt8(class0 << 3 | dice.below(8))
        }
        fields.timeToLive = timeToLive(family, way, &dice)
        fields.payloadLength = dice.pick([0, 0, 8, 16, 40, dice.below(200)])
        if !way.isSent { addPeculiarities(&fields, way, &dice) }
        guard var packet = try? fields.build() else { return nil }
        if !way.isSent { disturb(&packet, way, &dice) }
        return isTwiceFragmented(packet.header) ? nil : packet
    }

    /// A fragment header behind another one that says the packet begins here: no sender makes such packets (RFC 8200 §4.1),
    /// and the kernel, which finds the first one alone by name, reads ports in the IPv6 header (README, Build and test).
    private func isTwiceFragmented(_ header: PacketHeader) -> Bool {
        let count = header.extensionHeaders.count { $0 == ProtocolNumber.fragment }
        return count > 1 && !header.isLaterFragment && header.transportOffset == nil
    }

    /// What dies on the way makes the stack say so; only where no filter judges that may it.
    private func timeToLive(_ family: AddressFamily, _ way: Way, _ dice: inout Dice) -> UInt8 {
        let value = octet(family == .inet ? "ttl" : "hop-limit", 256, usual: [64, 64, 64, 255, 2, 1], &dice)
        return way.isDelivered || mayDie(family, way) ? value : max(2, value)
    }

    private func mayDie(_ family: AddressFamily, _ way: Way) -> Bool {
        !way.isSent && !router.judgesAnswers(by: way.input, family)
    }

    /// Lengths, fragments, options, extension headers and sources that the stack does not take.
    private func addPeculiarities(_ fields: inout PacketFields, _ way: Way, _ dice: inout Dice) {
        let isInet = fields.family == .inet
        if isInet {
            fields.doesNotFragment = dice.chance(20)
            if dice.chance(15) { fields.ipv4Options = options(mayBeBroken: mayDie(.inet, way), &dice) }
        } else if dice.chance(30) {
            // Headers as people send them, and such that nobody does; 44 is a fragment that is the whole.
            let usual: [[UInt8]] = [[0], [60], [43], [0, 60], [60, 43], [0, 43, 60], [51], [60, 51], [135], [44]]
            fields.extensionHeaders =
                dice.chance(80)
                ? dice.pick(usual) : (0..<dice.number(1...4)).map { _ in dice.pick([43, 44, 51, 60, 60]) }
        }
        if dice.chance(20) {
            let (isFirst, isLast) = (dice.chance(30), dice.chance(40))
            fields.fragmentOffset =
                isFirst ? 0 : edges.edge("fragment-offset", below: 8192, &dice) ?? dice.pick([1, 2, 64, 185, 300])
            fields.moreFragments = isFirst || !isLast
            fields.payloadLength = dice.pick([nil, 8, 16, 48])
            // What the fragment header names may be one more extension header (kernel facts §1.3).
            if !isInet, fields.isFragment, dice.chance(15) { fields.protocolNumber = dice.pick([60, 43, 51, 0]) }
        }
        if dice.chance(15) {
            let shortest = isInet ? 20 + fields.ipv4Options.count : 40
            fields.length = min(9000, edges.edge("packet-length", below: 9002, &dice) ?? shortest + dice.below(64))
        }
        // Such packets are not in one piece in the kernel's memory (kernel facts §1).
        if dice.chance(1) { fields.length = dice.pick([1501, 2000, 5000, 8992]) }
        if fields.isFragment, let length = fields.length { fields.length = length / 8 * 8 - 4 * (isInet ? 1 : 0) }
        guard dice.chance(2) else { return }
        let strange =
            isInet
            ? ["0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "240.1.2.3"]
            : ["::1", "ff02::1", "fe80::1", "::", "::ffff:10.0.0.1"]
        if dice.chance(50) || way.isDelivered {
            fields.source = IPAddress(dice.pick(strange))
        } else {
            // The stack says that there is no way to a link-local address.
            let unroutable = mayDie(.inet6, way) ? ["ff02::5", "fe80::2"] : ["ff02::5"]
            fields.destination = IPAddress(dice.pick(isInet ? ["224.0.0.5", "127.0.0.1"] : unroutable))
        }
    }

    /// Bits that fields cannot say.
    private func disturb(_ packet: inout Packet, _ way: Way, _ dice: inout Dice) {
        var bytes = packet.bytes
        fillPayload(&bytes, packet.header, &dice)
        if packet.family == .inet {
            if dice.chance(5) { bytes[6] |= 0x80 }
            if dice.chance(15) { bytes[1] |= UInt8(dice.below(4)) }
        } else if dice.chance(15) {
            bytes[1] |= UInt8(dice.below(4)) << 4 | UInt8(dice.below(16))
        }
        guard bytes != packet.bytes else { return }
        packet = Packet(family: packet.family, bytes: bytes)
        // Setting the DSCP that is there already mends the header checksum.
        packet = packet.settingDSCP(packet.header.dscp)
        guard packet.family == .inet, dice.chance(1) else { return }
        bytes = packet.bytes
        bytes[10] ^= 1
        packet = Packet(family: .inet, bytes: bytes)
    }

    /// What stands behind headers without a checksum: keys, indices, octets that free matches ask for.
    private func fillPayload(_ bytes: inout [UInt8], _ header: PacketHeader, _ dice: inout Dice) {
        guard let start = header.transportOffset, start < header.end else { return }
        func write(_ value: UInt32, at offset: Int) {
            guard start + offset + 4 <= header.end else { return }
            for index in 0..<4 {
                bytes[start + offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
            }
        }
        switch header.upperProtocol {
        case _ where header.isLaterFragment:
            if dice.chance(50) { write(UInt32(dice.bits(32)), at: 4 * dice.below(4)) }
        case ProtocolNumber.gre:
            // With and without a key, with and without the fields that stand before it (RFC 2890).
            write(
                UInt32(dice.pick([0x0000, 0x2000, 0x2000, 0x2000, 0xa000, 0x8000, 0x6000, 0x3000])) << 16 | 0x0800,
                at: 0
            )
            write(UInt32(edges.edge("gre-key", below: 1 << 32, &dice) ?? dice.below(70000)), at: dice.pick([4, 4, 8]))
        case ProtocolNumber.esp: write(UInt32(edges.edge("esp-spi", below: 1 << 32, &dice) ?? dice.below(70000)), at: 0)
        case ProtocolNumber.ah where header.family == .inet:
            write(UInt32(edges.edge("ah-spi", below: 1 << 32, &dice) ?? dice.below(70000)), at: 4)
        case ProtocolNumber.udp where !header.isFragment && dice.chance(30):
            // Without a checksum the octets behind the header are free.
            if header.family == .inet, start + 8 < header.end {
                bytes.replaceSubrange(start + 6..<start + 8, with: [0, 0])
                for index in start + 8..<header.end { bytes[index] = UInt8(dice.below(256)) }
            }
        default: break
        }
    }

    private func own(_ family: AddressFamily, _ interface: String) -> IPAddress? {
        let device = RandomRouter.devices.first { $0.value == interface }?.key
        return device.flatMap { RandomRouter.own[family]?[$0] }.flatMap { IPAddress($0) }
    }

    private func address(_ family: AddressFamily, _ dice: inout Dice) -> IPAddress {
        let usual: [UInt128] =
            family == .inet
            ? [0x0a14_0001, 0x0a15_00ff, 0xac10_0180, 0xcb00_7107]
            : [1, 0x8000_0000_0000_0000_0000].map { UInt128(0x2001_0db8) << 96 | $0 }
        let listed = edges.addresses[family] ?? []
        if dice.chance(75), !listed.isEmpty { return dice.pick(listed) }
        return IPAddress(family, dice.pick(usual))
    }

    private func protocolNumber(_ family: AddressFamily, _ way: Way, _ dice: inout Dice) -> UInt8 {
        let icmp = family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        let usual: [UInt8] = [6, 6, 6, 6, 17, 17, 17, 17, icmp, icmp, 50, 51, 47, 132]
        // Seldom asked for, and hard to meet by accident.
        let keyed = [("gre-key", ProtocolNumber.gre), ("esp-spi", ProtocolNumber.esp), ("ah-spi", ProtocolNumber.ah)]
        if let (_, number) = keyed.first(where: { edges.numbers[$0.0] != nil && dice.chance(12) }) { return number }
        let keyword = family == .inet ? "protocol" : dice.pick(["next-header", "payload-protocol"])
        guard dice.chance(25), let number = edges.edge(keyword, below: 256, &dice) else { return dice.pick(usual) }
        // A hop-by-hop header that is none is dropped before any filter, and the stack may say so.
        return family == .inet6 && number == 0 && !mayDie(family, way) ? 59 : UInt8(number)
    }

    private func port(_ field: String, _ dice: inout Dice) -> UInt16 {
        let edge = edges.edge(dice.pick([field, field, "port"]), below: 65536, &dice)
        return UInt16(dice.chance(75) ? edge ?? dice.pick([22, 80, 443, 2048]) : dice.below(65536))
    }

    private func tcpFlags(_ dice: inout Dice) -> UInt8 {
        dice.chance(50) ? dice.pick([0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14]) : UInt8(dice.below(256))
    }

    private func octet(_ field: String, _ bound: Int, usual: [UInt8], _ dice: inout Dice) -> UInt8 {
        dice.chance(50) ? dice.pick(usual) : UInt8(edges.edge(field, below: bound, &dice) ?? Int(dice.pick(usual)))
    }

    /// IPv4 options that the stack forwards, or such as it refuses.
    private func options(mayBeBroken: Bool, _ dice: inout Dice) -> [UInt8] {
        var known: [[UInt8]] = [
            [1, 1, 1, 1], [1, 1, 1, 0], [7, 7, 4, 0, 0, 0, 0, 0], [68, 8, 5, 0, 0, 0, 0, 0], [148, 4, 0, 0],
            [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [136, 4, 0, 1], [1, 148, 4, 0, 0, 200, 2, 0],
            [UInt8(dice.pick([2, 5, 20, 94, 200])), 6, 1, 2, 3, 4, 1, 0],
        ]
        if mayBeBroken {
            known += [
                [131, 7, 4, 10, 20, 0, 9, 0], [137, 7, 4, 10, 20, 0, 9, 0], [7, 2, 0, 0], [68, 40, 5, 0],
                [130, 1, 0, 0],
                [1, 1, 1, 7],
            ]
        }
        let first = dice.pick(known)
        guard dice.chance(30) else { return first }
        let second = dice.pick(known)
        // The stack refuses to write into two options of one kind.
        return !mayBeBroken && [7, 68].contains(first[0]) && first[0] == second[0] ? first : first + second
    }
}

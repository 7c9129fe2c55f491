// SPDX-License-Identifier: Apache-2.0
// Random packets aimed at the edges of what a configuration says: every header a filter reads, whole, cut, in fragments.
import NetworkTypes

/// Makes packets for one configuration.
struct RandomPackets {
    let edges: Edges
    private var identification: UInt32 = 1

    /// One way through the router.
    struct Way: Hashable {
        var input: String
        var output: String

        /// Every way, those through the router most often.
        static let all = [
            Way(input: "eth1.0", output: "eth2.0"), Way(input: "eth1.0", output: "eth2.0"),
            Way(input: "eth1.0", output: "eth2.0"), Way(input: "eth2.0", output: "eth1.0"),
            Way(input: "eth1.0", output: "local"), Way(input: "eth2.0", output: "local"),
            Way(input: "local", output: "eth2.0"),
        ]
    }

    init(_ edges: Edges) { self.edges = edges }

    /// So many packets that go one way.
    mutating func vectors(_ count: Int, _ way: Way, _ dice: inout Dice) -> [PacketVector] {
        var result: [PacketVector] = []
        while result.count < count {
            let family: AddressFamily = dice.chance(55) ? .inet : .inet6
            guard let packet = packet(family, way, &dice) else { continue }
            result.append(
                PacketVector(id: "", inputInterface: way.input, outputInterface: way.output, packet: packet)
            )
        }
        return result
    }

    private mutating func packet(_ family: AddressFamily, _ way: Way, _ dice: inout Dice) -> Packet? {
        // Identifications are never used twice, so that fragments of different packets never meet.
        identification += 1
        let isSent = way.input == PacketVector.local
        var fields = PacketFields()
        fields.family = family
        fields.source = isSent ? own(family, way.output) : address(family, &dice)
        fields.destination = way.output == PacketVector.local ? own(family, way.input) : address(family, &dice)
        guard fields.source != fields.destination else { return nil }
        fields.identification = identification
        fields.protocolNumber = protocolNumber(family, &dice)
        fields.sourcePort = port("source-port", &dice)
        fields.destinationPort = port("destination-port", &dice)
        if fields.protocolNumber == ProtocolNumber.tcp { fields.tcpFlags = tcpFlags(&dice) }
        if [ProtocolNumber.icmp, ProtocolNumber.icmp6].contains(fields.protocolNumber ?? 0) {
            fields.icmpType = icmp("icmp-type", [0, 3, 8, 128, 129], &dice)
            fields.icmpCode = icmp("icmp-code", [0, 0, 1, 3], &dice)
            (fields.sourcePort, fields.destinationPort) = (nil, nil)
        }
        fields.dscp = octet(family == .inet ? "dscp" : "traffic-class", 64, usual: [0, 0, 0, 10, 46], &dice)
        if dice.chance(30), let class0 = edges.edge("precedence", below: 8, &dice) {
            fields.dscp = UInt8(class0 << 3 | dice.below(8))
        }
        fields.timeToLive = octet(family == .inet ? "ttl" : "hop-limit", 256, usual: [64, 64, 64, 255, 2, 1], &dice)
        // What dies on the way makes the router say so, past output filters that no vector speaks of.
        if way.output != PacketVector.local { fields.timeToLive = max(2, fields.timeToLive ?? 64) }
        fields.payloadLength = dice.pick([0, 0, 8, 16, 40, dice.below(200)])
        if !isSent { addPeculiarities(&fields, &dice) }
        guard var packet = try? fields.build() else { return nil }
        if !isSent { disturb(&packet, &dice) }
        return packet
    }

    /// Lengths, fragments, options and extension headers.
    private func addPeculiarities(_ fields: inout PacketFields, _ dice: inout Dice) {
        if fields.family == .inet {
            fields.doesNotFragment = dice.chance(20)
            if dice.chance(15) { fields.ipv4Options = options(&dice) }
        } else if dice.chance(25) {
            fields.extensionHeaders = dice.pick([[0], [60], [43], [0, 60], [60, 43], [0, 43, 60]])
        }
        if dice.chance(20) {
            let (isFirst, isLast) = (dice.chance(30), dice.chance(40))
            fields.fragmentOffset =
                isFirst ? 0 : edges.edge("fragment-offset", below: 8192, &dice) ?? dice.pick([1, 2, 64, 185, 300])
            fields.moreFragments = isFirst || !isLast
            fields.payloadLength = dice.pick([nil, 8, 16, 48])
        }
        if dice.chance(12) {
            let shortest = fields.family == .inet ? 20 + fields.ipv4Options.count : 40
            fields.length = edges.edge("packet-length", below: 9001, &dice) ?? shortest + dice.below(64)
        }
        // Such packets are not in one piece in the kernel's memory (kernel facts §1).
        if dice.chance(1) { fields.length = dice.pick([1501, 2000, 5000, 8992]) }
        if fields.isFragment, let length = fields.length { fields.length = length / 8 * 8 + 4 }
    }

    /// Bits that fields cannot say.
    private func disturb(_ packet: inout Packet, _ dice: inout Dice) {
        var bytes = packet.bytes
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
    }

    private func own(_ family: AddressFamily, _ interface: String) -> IPAddress? {
        RandomRouter.own[family]?[String(interface.prefix { $0 != "." })].flatMap { IPAddress($0) }
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

    private func protocolNumber(_ family: AddressFamily, _ dice: inout Dice) -> UInt8 {
        let icmp = family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6
        let usual: [UInt8] = [6, 6, 6, 6, 17, 17, 17, 17, icmp, icmp, 50, 51, 47, 132]
        let keyword = family == .inet ? "protocol" : dice.pick(["next-header", "payload-protocol"])
        guard dice.chance(25), let number = edges.edge(keyword, below: 256, &dice) else { return dice.pick(usual) }
        // As the upper-layer protocol these would be broken IPv6 packets.
        return family == .inet6 && [0, 43, 44, 60].contains(number) ? 59 : UInt8(number)
    }

    private func port(_ field: String, _ dice: inout Dice) -> UInt16 {
        let edge = edges.edge(dice.pick([field, field, "port"]), below: 65536, &dice)
        return UInt16(dice.chance(75) ? edge ?? dice.pick([22, 80, 443, 2048]) : dice.below(65536))
    }

    private func tcpFlags(_ dice: inout Dice) -> UInt8 {
        dice.chance(50) ? dice.pick([0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14]) : UInt8(dice.below(256))
    }

    private func icmp(_ field: String, _ usual: [UInt8], _ dice: inout Dice) -> UInt8 {
        octet(field, 256, usual: usual, &dice)
    }

    private func octet(_ field: String, _ bound: Int, usual: [UInt8], _ dice: inout Dice) -> UInt8 {
        dice.chance(50) ? dice.pick(usual) : UInt8(edges.edge(field, below: bound, &dice) ?? Int(dice.pick(usual)))
    }

    /// IPv4 options that the stack forwards.
    private func options(_ dice: inout Dice) -> [UInt8] {
        let known: [[UInt8]] = [
            [1, 1, 1, 1], [1, 1, 1, 0], [7, 7, 4, 0, 0, 0, 0, 0], [68, 8, 5, 0, 0, 0, 0, 0], [148, 4, 0, 0],
            [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [136, 4, 0, 1],
        ]
        if dice.chance(30), let type = edges.edge("ip-options", below: 256, &dice), type > 1, type != 131, type != 137 {
            return known.first { Int($0[0]) == type } ?? [UInt8(type), 4, 0, 0]
        }
        return dice.chance(30) ? dice.pick(known) + dice.pick(known) : dice.pick(known)
    }
}

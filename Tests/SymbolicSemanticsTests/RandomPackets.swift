// SPDX-License-Identifier: Apache-2.0
// Random packets over the values that the random filters name; truncated, fragmented and with headers in between.
import NetworkTypes
import TestSupport

struct RandomPackets {
    let version: AddressFamily
    var generator: SeededGenerator

    mutating func packet() -> Packet {
        while true {
            if let packet = try? fields().build() { return changed(packet) }
        }
    }

    private mutating func fields() -> PacketFields {
        var fields = PacketFields()
        fields.source = address()
        fields.destination = address()
        let icmp: UInt8 = version == .inet ? 1 : 58
        fields.protocolNumber = generator.pick([6, 6, 6, 17, 17, icmp, icmp, 47, 50, 51, 132, 135])
        fields.sourcePort = generator.pick([0, 53, 80, 1023, 1024, 40000])
        fields.destinationPort = generator.pick([22, 79, 80, 90, 91, 443, 65535])
        fields.tcpFlags = UInt8.random(in: 0...255, using: &generator)
        if fields.protocolNumber == icmp {
            fields.icmpType = generator.pick([0, 3, 7, 8, 128, 129])
            fields.icmpCode = generator.pick([0, 1, 13, 20, 21])
        }
        fields.timeToLive = generator.pick([1, 5, 6, 64, 255])
        fields.dscp = generator.pick([0, 10, 15, 20, 40, 46, 56])
        if generator.chance(25) { fields.payloadLength = generator.pick([0, 8, 20, 1440]) }
        if generator.chance(20) { fields.length = Int.random(in: 20...90, using: &generator) }
        if generator.chance(25) {
            fields.moreFragments = generator.chance(50)
            fields.fragmentOffset = generator.pick([0, 0, 1, 200, 201, 8191])
            if generator.chance(50) { fields.length = nil }
        }
        if version == .inet {
            fields.doesNotFragment = generator.chance(20)
            if generator.chance(20) {
                fields.ipv4Options = generator.pick([
                    [148, 4, 0, 0], [131, 3, 4, 0], [7, 7, 4, 0, 0, 0, 0], [1, 1, 1],
                ])
            }
        } else if generator.chance(30) {
            fields.extensionHeaders = generator.pick([[0], [60], [43], [0, 60], [60, 43, 60]])
        }
        return fields
    }

    /// Octets behind the network header, the reserved bit and ECN as no builder makes them.
    private mutating func changed(_ packet: Packet) -> Packet {
        var bytes = packet.bytes
        let start = packet.header.transportOffset ?? bytes.count
        if generator.chance(30), start < bytes.count {
            bytes[Int.random(in: start..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        if version == .inet, generator.chance(5) { bytes[6] |= 0x80 }
        if version == .inet6, let fragment = packet.header.fragmentHeaderOffset, generator.chance(30) {
            // What follows a later fragment is known by its number alone.
            bytes[fragment] = generator.pick([60, 0, 43, 6, 17, 135, 50])
        }
        let changed = Packet(family: version, bytes: bytes)
        // The setter mends the checksum.
        return changed.settingDSCP(changed.header.dscp)
    }

    private mutating func address() -> IPAddress {
        if version == .inet {
            let value: UInt32 = generator.pick([
                0x0a00_0005, 0x0a01_0001, 0x0a01_0203, 0x0aff_ff05, 0x0b00_0001, 0xc000_0207, 0xc000_0280, 0xc000_02c8,
                0xc633_6401,
            ])
            return IPAddress(.inet, UInt128(value))
        }
        let low: UInt128 = generator.pick([1, 5, 6])
        return IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | generator.pick([0, 1, 2]) << 80 | low)
    }
}

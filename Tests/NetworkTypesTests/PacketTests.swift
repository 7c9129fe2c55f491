// SPDX-License-Identifier: Apache-2.0
// Packets built from fields are what the fields say, and their checksums are right.
import NetworkTypes
import Testing

/// Addresses of the tests.
private let near4 = IPAddress(.inet, 0x0a01_0005)
private let far4 = IPAddress(.inet, 0xcb00_7107)
private let near6 = IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | 5)
private let far6 = IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | UInt128(7) << 64 | 9)

/// The one's complement sum of 16-bit words, written anew so that the builder does not check itself.
private func sum(_ bytes: [UInt8]) -> Int {
    var total = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        total += Int(bytes[index]) * 256 + (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
        if total > 65535 { total -= 65535 }
    }
    return total
}

@Suite struct `Packets built from fields` {
    @Test(arguments: [
        (UInt8(6), AddressFamily.inet), (17, .inet), (1, .inet), (136, .inet), (6, .inet6), (17, .inet6), (58, .inet6),
    ])
    func `carry right checksums for every payload length`(number: UInt8, family: AddressFamily) throws {
        for payload in [0, 1, 2, 7, 8, 100, 1001] {
            var fields = PacketFields(
                number,
                from: family == .inet ? near4 : near6,
                to: family == .inet ? far4 : far6
            )
            fields.payloadLength = payload
            let packet = try fields.build()
            let header = packet.header
            #expect(header.isWellFormed)
            #expect(header.totalLength == packet.bytes.count)
            #expect(header.upperProtocol == number)
            let transport = Array(packet.bytes[header.headerLength...])
            if family == .inet { #expect(sum(Array(packet.bytes[..<20])) == 65535) }
            var pseudo = header.sourceAddress.octets + header.destinationAddress.octets
            pseudo += [0, number, UInt8(transport.count >> 8), UInt8(transport.count & 255)]
            #expect(sum((number == 1 ? [] : pseudo) + transport) == 65535)
        }
    }

    @Test func `have the documented defaults`() throws {
        let packet = try PacketFields().build()
        let header = packet.header
        #expect(header.sourceAddress == IPAddress("192.0.2.1"))
        #expect(header.destinationAddress == IPAddress("198.51.100.1"))
        #expect(header.firstProtocol == 6)
        #expect(header.sourcePort == 40000)
        #expect(header.destinationPort == 80)
        #expect(header.tcpFlags == 0x02)
        #expect(header.timeToLive == 64)
        #expect(packet.bytes.count == 40)
    }

    @Test func `take a header with options from length and payload length together`() throws {
        var fields = PacketFields(6, from: near4, to: far4)
        fields.length = 60
        fields.payloadLength = 0
        let packet = try fields.build()
        #expect(packet.bytes.count == 60)
        #expect(packet.bytes[32] >> 4 == 10)
    }

    @Test func `can be cut inside the transport header, and say nothing about what is cut off`() throws {
        var fields = PacketFields(17, from: near4, to: far4)
        fields.length = 23
        let header = try fields.build().header
        #expect(header.sourcePort == 40000)
        #expect(header.destinationPort == nil)
        #expect(header.tcpFlags == nil)
        #expect(header.isWellFormed)
    }

    @Test func `are refused where the fields contradict each other`() {
        var mixed = PacketFields(6, from: near4, to: far6)
        #expect(throws: PacketFieldError.mixedFamilies) { try mixed.build() }
        mixed = PacketFields(6, from: near4, to: far4)
        mixed.dscp = 64
        #expect(throws: PacketFieldError.outOfRange(field: "dscp", value: 64)) { try mixed.build() }
        mixed.dscp = nil
        mixed.length = 19
        #expect(throws: PacketFieldError.impossibleLength(19)) { try mixed.build() }
        mixed.length = 33
        mixed.moreFragments = true
        #expect(throws: PacketFieldError.unalignedFragment(payload: 13)) { try mixed.build() }
    }

    @Test func `put given ports where a filter reads them in a later fragment`() throws {
        var fields = PacketFields(17, from: near4, to: far4, destinationPort: 53)
        fields.fragmentOffset = 100
        let header = try fields.build().header
        #expect(header.fragmentOffset == 100)
        #expect(header.isLaterFragment)
        #expect(header.destinationPort == 53)
        #expect(header.sourcePort == 0)
    }

    @Test func `carry DSCP in both families, and keep ECN when it changes`() throws {
        for (near, far) in [(near4, far4), (near6, far6)] {
            var fields = PacketFields(6, from: near, to: far)
            fields.dscp = 46
            let packet = try fields.build()
            #expect(packet.header.dscp == 46)
            let changed = packet.settingDSCP(10)
            #expect(changed.header.dscp == 10)
            #expect(changed.header.hasValidHeaderChecksum)
            #expect(changed.settingDSCP(46) == packet)
        }
    }

    @Test func `SCTP carries an INIT chunk and a CRC-32C`() throws {
        let packet = try PacketFields(132, from: near4, to: far4).build()
        #expect(packet.bytes.count == 52)
        #expect(packet.bytes[32] == 1)
        #expect(packet.bytes[28..<32].contains { $0 != 0 })
    }

    @Test func `an ICMP error carries the packet it is about`() throws {
        let about = try PacketFields(17, from: near4, to: far4).build()
        let error = try PacketFields.icmpError(type: 3, code: 3, about: about, from: far4).build()
        #expect(error.header.destinationAddress == near4)
        #expect(Array(error.bytes[28...]) == about.bytes)
    }
}

@Suite struct `The header view` {
    @Test func `walks IPv6 extension headers to the upper layer`() throws {
        var fields = PacketFields(6, from: near6, to: far6)
        fields.extensionHeaders = [0, 60, 43]
        let header = try fields.build().header
        #expect(header.firstProtocol == 0)
        #expect(header.extensionHeaders == [0, 60, 43])
        #expect(header.upperProtocol == 6)
        #expect(header.transportOffset == 64)
        #expect(header.destinationPort == 80)
    }

    @Test func `stops at AH as the kernel does`() throws {
        var fields = PacketFields(51, from: near6, to: far6)
        fields.payloadLength = 8
        let header = try fields.build().header
        #expect(header.upperProtocol == 51)
        #expect(header.transportOffset == 40)
        #expect(header.extensionHeaders == [51])
        // The kernel reads the header's first two octets before it calls it the upper layer.
        #expect(try PacketFields(51, from: near6, to: far6).build().header.upperProtocol == nil)
    }

    @Test func `knows no transport header in a later IPv6 fragment`() throws {
        var fields = PacketFields(17, from: near6, to: far6)
        fields.fragmentOffset = 5
        let header = try fields.build().header
        #expect(header.upperProtocol == 17)
        #expect(header.transportOffset == nil)
        #expect(header.destinationPort == nil)
        #expect(header.fragmentOffset == 5)
    }

    @Test func `reads IPv4 options up to the end of the list`() throws {
        var fields = PacketFields(17, from: near4, to: far4)
        fields.ipv4Options = [1, 148, 4, 0, 0, 0]
        let header = try fields.build().header
        #expect(header.optionTypes == [1, 148, 0])
        #expect(header.hasOptions)
        #expect(header.destinationPort == 80)
    }

    @Test func `never reads beyond the octets, whatever they are`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20000 {
            let count = Int.random(in: 0...90, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let family: AddressFamily = Bool.random(using: &generator) ? .inet : .inet6
            if Bool.random(using: &generator), count > 7 {
                bytes[0] = family == .inet ? 0x45 : 0x60
                if family == .inet6 { bytes[6] = [0, 43, 44, 60][Int.random(in: 0...3, using: &generator)] }
            }
            let packet = Packet(family: family, bytes: bytes)
            let header = packet.header
            _ = (header.optionTypes, header.sourcePort, header.tcpFlags, header.hasValidHeaderChecksum)
            var reassembly = FragmentReassembly<Int>()
            _ = reassembly.add(packet, 0, time: 0)
            #expect(header.end <= bytes.count, "seed \(seed)")
            #expect(packet.settingDSCP(5).bytes.count == count, "seed \(seed)")
        }
    }
}

/// A small generator whose seed a failing test prints (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        if state == 0 { state = 0x9e37_79b9_7f4a_7c15 }
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

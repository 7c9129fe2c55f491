// SPDX-License-Identifier: Apache-2.0
// Packets octet by octet, written as the RFCs draw them: the table of match conditions shares no builder with the product.
import NetworkTypes

/// A 16-bit number in network order.
func octets16(_ value: UInt32) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }

/// A 32-bit number in network order.
func octets32(_ value: UInt32) -> [UInt8] { octets16(value >> 16) + octets16(value & 0xffff) }

/// What an IPv4 packet says.
struct RawIPv4 {
    var tos: UInt8 = 0
    /// Reserved bit, DF, MF and the offset.
    var fragment: UInt32 = 0
    var ttl: UInt8 = 64
    var number: UInt8 = 17
    var source: [UInt8] = [10, 200, 0, 9]
    var destination: [UInt8] = [10, 201, 0, 9]
    /// A multiple of four octets, at most forty.
    var options: [UInt8] = []
    var payload = [UInt8](repeating: 0, count: 40)

    var packet: Packet {
        let length = 20 + options.count + payload.count
        var header: [UInt8] = [0x40 | UInt8(5 + options.count / 4), tos]
        header += octets16(UInt32(length)) + [0, 7] + octets16(fragment) + [ttl, number, 0, 0]
        header += source + destination + options
        var sum = UInt32(0)
        for index in stride(from: 0, to: header.count, by: 2) {
            sum += UInt32(header[index]) << 8 | UInt32(header[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        header.replaceSubrange(10..<12, with: octets16(~sum & 0xffff))
        return Packet(family: .inet, bytes: header + payload)
    }
}

/// What an IPv6 packet says.
struct RawIPv6 {
    var trafficClass: UInt8 = 0
    var hopLimit: UInt8 = 64
    var source: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
    var destination: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
    /// Extension headers: number and octets, the first of which is filled in with the next number.
    var headers: [(number: UInt8, octets: [UInt8])] = []
    var number: UInt8 = 17
    var payload = [UInt8](repeating: 0, count: 40)

    var packet: Packet {
        let numbers = headers.map(\.number) + [number]
        var rest: [UInt8] = []
        for (index, header) in headers.enumerated() { rest += [numbers[index + 1]] + header.octets.dropFirst() }
        rest += payload
        let first: [UInt8] = [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0]
        let head = first + octets16(UInt32(rest.count)) + [numbers[0], hopLimit] + source + destination
        return Packet(family: .inet6, bytes: head + rest)
    }
}

/// Options that are only padding, eight octets with the header's own two.
func paddedHeader(_ number: UInt8) -> (number: UInt8, octets: [UInt8]) {
    (number, number == 43 ? [0, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 1, 4, 0, 0, 0, 0])
}

/// A fragment header; the offset counts units of eight octets.
func fragmentHeader(offset: UInt32, more: Bool) -> (number: UInt8, octets: [UInt8]) {
    (44, [0, 0] + octets16(offset << 3 | (more ? 1 : 0)) + [0, 0, 0, 7])
}

/// An authentication header of 24 octets.
func authenticationHeader() -> (number: UInt8, octets: [UInt8]) {
    (51, [0, 4, 0, 0] + octets32(0x1234) + octets32(1) + [UInt8](repeating: 0xaa, count: 12))
}

// SPDX-License-Identifier: Apache-2.0
// The numeric conditions of filters reference §3.2 and §3.3, each with its twin.
import JunosModel
import NetworkTypes

/// Packets of so many octets.
@Sendable private func ofLength(_ version: AddressFamily, _ length: UInt32) -> Packet {
    let count = Int(length) - (version == .inet ? 20 : 40)
    return plain(version, 253, [UInt8](repeating: 0, count: count))
}

/// GRE headers with a key: behind four octets, or behind the eight of a checksum or routing header (RFC 2890, RFC 1701).
@Sendable private func keyed(_ version: AddressFamily, _ key: UInt32) -> [(String, Packet)] {
    let rest = [UInt8](repeating: 0, count: 24)
    let headers: [(String, [UInt8])] = [
        ("with key", [0x20, 0, 8, 0] + octets32(key)),
        ("with checksum and key", [0xa0, 0, 8, 0] + octets32(~key) + octets32(key)),
        ("with routing and key", [0x60, 0, 8, 0] + octets32(~key) + octets32(key)),
        ("with checksum, routing and key", [0xe0, 0, 8, 0] + octets32(~key) + octets32(key)),
        ("of version 1", [0x30, 1, 0x88, 0x0b] + octets32(key)),
    ]
    return headers.map { ($0, plain(version, 47, $1 + rest)) }
}

/// The key 100 where none is: no K bit, another protocol, a later fragment, a cut header.
@Sendable private func unkeyed(_ version: AddressFamily) -> [(String, Packet)] {
    let rest = [UInt8](repeating: 0, count: 24)
    let header: [UInt8] = [0x20, 0, 8, 0] + octets32(100)
    var result = [
        ("without K bit", plain(version, 47, [0x80, 0, 8, 0] + octets32(100) + octets32(100) + rest)),
        ("of another protocol", plain(version, 17, header + rest)),
        ("cut before the key", plain(version, 47, [0x20, 0, 8, 0, 0, 0, 0])),
        ("cut behind the checksum", plain(version, 47, [0xa0, 0, 8, 0, 0, 0, 0, 100])),
        ("empty", plain(version, 47, [])),
    ]
    if version == .inet {
        result.append(("later fragment", RawIPv4(fragment: 0x17, number: 47, payload: header + rest).packet))
    } else {
        let headers = [fragmentHeader(offset: 23, more: false)]
        result.append(("later fragment", RawIPv6(headers: headers, number: 47, payload: header + rest).packet))
    }
    return result
}

/// Upper-layer protocols: in the header itself, behind extension headers, in first and later fragments.
@Sendable private func ofProtocol(_ version: AddressFamily, _ number: UInt32) -> [(String, Packet)] {
    let number = UInt8(number)
    let payload = [UInt8](repeating: 0, count: 40)
    if version == .inet {
        return [
            ("plain", plain(version, number, payload)),
            ("later fragment", RawIPv4(fragment: 0x17, number: number, payload: payload).packet),
        ]
    }
    return [
        ("plain", plain(version, number, payload)),
        ("behind headers", RawIPv6(headers: [0, 43, 60].map(paddedHeader), number: number, payload: payload).packet),
        ("first fragment", RawIPv6(headers: [fragmentHeader(offset: 0, more: true)], number: number).packet),
        ("later fragment", RawIPv6(headers: [fragmentHeader(offset: 5, more: false)], number: number).packet),
    ]
}

/// IPv6 packets whose upper-layer protocol cannot be told: a later fragment that begins with an extension header, and a
/// chain that is cut.
@Sendable private func ofUnknownProtocol(_ version: AddressFamily) -> [(String, Packet)] {
    guard version == .inet6 else { return [] }
    let later = [fragmentHeader(offset: 5, more: false)]
    return [
        ("later fragment before a header", RawIPv6(headers: later, number: 60).packet),
        ("cut in its headers", RawIPv6(headers: [paddedHeader(0)], number: 60, payload: [6]).packet),
    ]
}

let numericSpecs: [NumericSpec] = [
    NumericSpec(
        keyword: "protocol",
        families: [.inet],
        values: "[ tcp 0x11 50-52 253-255 ]",
        members: [6...6, 17...17, 50...52, 253...255],
        highest: 255,
        place: .own(with: ofProtocol, without: ofUnknownProtocol)
    ),
    NumericSpec(
        keyword: "payload-protocol",
        families: [.inet6],
        values: "[ icmp6 tcp 100-110 ]",
        members: [58...58, 6...6, 100...110],
        highest: 255,
        place: .own(with: ofProtocol, without: ofUnknownProtocol)
    ),
    NumericSpec(
        keyword: "next-header",
        families: [.inet6],
        values: "[ udp icmp 200-210 ]",
        members: [17...17, 1...1, 200...210],
        highest: 255,
        place: .own(
            with: { version, number in
                // The fixed header's octet alone (filters reference §3.3); 0 would announce hop-by-hop options.
                number == 0
                    ? [("hop-by-hop", RawIPv6(headers: [paddedHeader(0)]).packet)]
                    : [("plain", plain(version, UInt8(number), [UInt8](repeating: 0, count: 40)))]
            },
            without: { _ in [] }
        )
    ),
    NumericSpec(
        keyword: "source-port",
        families: [.inet, .inet6],
        values: "[ ssh 0x50 1024-2047 65535 ]",
        members: [22...22, 80...80, 1024...2047, 65535...65535],
        highest: 65535,
        place: .transport(offset: 0, width: 2, number: 6)
    ),
    NumericSpec(
        keyword: "destination-port",
        families: [.inet, .inet6],
        values: "[ 0 domain 33434-33534 ]",
        members: [0...0, 53...53, 33434...33534],
        highest: 65535,
        place: .transport(offset: 2, width: 2, number: 17)
    ),
    NumericSpec(
        keyword: "port",
        families: [.inet, .inet6],
        values: "[ bgp ldp 5000-5001 ]",
        members: [179...179, 646...646, 5000...5001],
        highest: 65535,
        place: .eitherPort
    ),
    NumericSpec(
        keyword: "icmp-type",
        families: [.inet],
        values: "[ echo-request unreachable 13-18 ]",
        members: [8...8, 3...3, 13...18],
        highest: 255,
        place: .transport(offset: 0, width: 1, number: 1)
    ),
    NumericSpec(
        keyword: "icmp-type",
        families: [.inet6],
        values: "[ echo-request packet-too-big 200-255 ]",
        members: [128...128, 2...2, 200...255],
        highest: 255,
        place: .transport(offset: 0, width: 1, number: 58)
    ),
    NumericSpec(
        keyword: "icmp-code",
        families: [.inet],
        values: "[ port-unreachable 9 20-30 ]",
        members: [3...3, 9...9, 20...30],
        highest: 255,
        place: .transport(offset: 1, width: 1, number: 1)
    ),
    NumericSpec(
        keyword: "icmp-code",
        families: [.inet6],
        values: "[ port-unreachable 9 20-30 ]",
        members: [4...4, 9...9, 20...30],
        highest: 255,
        place: .transport(offset: 1, width: 1, number: 58)
    ),
    NumericSpec(
        keyword: "fragment-offset",
        families: [.inet],
        values: "[ 0 100-200 8191 ]",
        members: [0...0, 100...200, 8191...8191],
        highest: 8191,
        place: .network { _, offset in
            RawIPv4(fragment: offset | (offset % 2 == 0 ? 0x2000 : 0), number: 253).packet
        }
    ),
    NumericSpec(
        keyword: "packet-length",
        families: [.inet, .inet6, .any],
        values: "[ 100 0x80-200 1400-65535 ]",
        members: [100...100, 128...200, 1400...65535],
        // No longer packet fits the device.
        highest: 1400,
        place: .network { ofLength($0, min($1, 1500)) }
    ),
    NumericSpec(
        keyword: "ttl",
        families: [.inet],
        values: "[ 0 2-5 255 ]",
        members: [0...0, 2...5, 255...255],
        highest: 255,
        place: .network { _, value in RawIPv4(ttl: UInt8(value)).packet }
    ),
    NumericSpec(
        keyword: "hop-limit",
        families: [.inet6],
        values: "[ 0x40 1-5 255 ]",
        members: [64...64, 1...5, 255...255],
        highest: 255,
        place: .network { _, value in RawIPv6(hopLimit: UInt8(value)).packet }
    ),
    NumericSpec(
        keyword: "dscp",
        families: [.inet],
        values: "[ ef b001010 0x3f 20-21 ]",
        members: [46...46, 10...10, 63...63, 20...21],
        highest: 63,
        // The top six bits; ECN does not matter (T71).
        place: .network { _, value in RawIPv4(tos: UInt8(value << 2) | 3).packet }
    ),
    NumericSpec(
        keyword: "traffic-class",
        families: [.inet6],
        values: "[ af43 cs1 0 30-32 ]",
        members: [38...38, 8...8, 0...0, 30...32],
        highest: 63,
        place: .network { _, value in RawIPv6(trafficClass: UInt8(value << 2) | 1).packet }
    ),
    NumericSpec(
        keyword: "precedence",
        families: [.inet],
        values: "[ priority 3-4 0xe0 ]",
        members: [1...1, 3...4, 7...7],
        highest: 7,
        place: .network { _, value in RawIPv4(tos: UInt8(value << 5) | 0x1f).packet }
    ),
    NumericSpec(
        keyword: "esp-spi",
        families: [.inet],
        values: "[ 256 0x80000000 1000-2000 4294967295 ]",
        members: [256...256, 0x8000_0000...0x8000_0000, 1000...2000, 0xffff_ffff...0xffff_ffff],
        highest: 0xffff_ffff,
        place: .transport(offset: 0, width: 4, number: 50)
    ),
    NumericSpec(
        keyword: "ah-spi",
        families: [.inet],
        values: "[ b100000000 5000-5010 ]",
        members: [256...256, 5000...5010],
        highest: 0xffff_ffff,
        place: .transport(offset: 4, width: 4, number: 51)
    ),
    NumericSpec(
        keyword: "gre-key",
        families: [.inet, .inet6],
        values: "[ 100 0x200-0x2ff 4294967295 ]",
        members: [100...100, 512...767, 0xffff_ffff...0xffff_ffff],
        highest: 0xffff_ffff,
        place: .own(with: keyed, without: unkeyed)
    ),
]

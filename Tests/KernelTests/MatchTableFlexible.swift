// SPDX-License-Identifier: Apache-2.0
// `flexible-match-mask` and `flexible-match-range`: bits at every kind of place (filters reference §3.2).
import JunosModel
import NetworkTypes

/// Where a field is, and how long.
private struct Field {
    var start: String
    var byte: Int
    var bit: Int
    var length: Int

    var text: String { "match-start \(start); byte-offset \(byte); bit-offset \(bit); bit-length \(length);" }

    /// The octets up to the field's end, counted from its start.
    var end: Int { byte + (bit + length + 7) / 8 }

    /// Octets from the start on that hold the number, all other bits set.
    func octets(_ value: UInt128) -> [UInt8] {
        var result = [UInt8](repeating: 0xff, count: end)
        for index in 0..<length where value >> UInt128(length - 1 - index) & 1 == 0 {
            let bit = byte * 8 + self.bit + index
            result[bit / 8] &= ~(0x80 >> UInt8(bit % 8))
        }
        return result
    }

    /// Packets that have the number there, and whether the field can be seen in them.
    func packets(_ version: AddressFamily, _ value: UInt128) -> [(String, Packet, isRead: Bool)] {
        let octets = octets(value)
        let headers: [(number: UInt8, octets: [UInt8])] = [paddedHeader(60), paddedHeader(43)]
        let even = octets + [UInt8](repeating: 0, count: (8 - octets.count % 8) % 8)
        func packet(_ number: UInt8, _ payload: [UInt8], isDeep: Bool = false, fragment: UInt32? = nil) -> Packet {
            guard version == .inet else {
                let more = fragment.map { [fragmentHeader(offset: $0 & 0x1fff, more: $0 & 0x2000 != 0)] } ?? []
                return RawIPv6(headers: (isDeep ? headers : []) + more, number: number, payload: payload).packet
            }
            let options = [UInt8](repeating: 1, count: isDeep ? 40 : 0)
            return RawIPv4(fragment: fragment ?? 0, number: number, options: options, payload: payload).packet
        }
        switch start {
        case "layer-3":
            // Counted from the IP header's first octet, options and extension headers in between or not.
            let header = version == .inet ? 20 : 40
            return [
                ("plain", packet(253, Array(octets.dropFirst(header))), true),
                ("later fragment", packet(253, Array(octets.dropFirst(header)), fragment: 0x17), version == .inet),
                ("cut", packet(253, Array(octets.dropFirst(header).dropLast())), false),
            ].filter { version == .inet || $0.0 != "later fragment" }
        case "layer-4":
            // The upper-layer header whatever the protocol; later fragments have none.
            return [
                ("plain", packet(17, octets), true), ("another protocol", packet(253, octets), true),
                ("deep", packet(6, octets, isDeep: true), true),
                ("first fragment", packet(253, even, fragment: 0x2000), true),
                ("later fragment", packet(253, octets, fragment: 0x17), false),
                ("cut", packet(17, octets.dropLast()), false),
            ]
        default:
            let udp: [UInt8] = [0, 9, 0, 9, 0, 0, 0, 0]
            func tcp(words: UInt8) -> [UInt8] {
                [UInt8](repeating: 0, count: 12) + [words << 4] + [UInt8](repeating: 0, count: Int(words) * 4 - 13)
            }
            return [
                ("UDP", packet(17, udp + octets), true), ("TCP", packet(6, tcp(words: 5) + octets), true),
                ("TCP with options", packet(6, tcp(words: 15) + octets, isDeep: true), true),
                ("first fragment", packet(17, udp + even, fragment: 0x2000), true),
                ("later fragment", packet(17, udp + octets, fragment: 0x17), false),
                ("another protocol", packet(132, udp + octets), false),
                ("GRE", packet(47, [0, 0, 8, 0] + octets), false), ("IP in IP", packet(4, octets), false),
                ("cut", packet(17, udp + octets.dropLast()), false),
                ("cut TCP header", packet(6, Array(tcp(words: 5).prefix(19))), false),
            ]
        }
    }
}

private func cases(
    _ field: Field,
    _ version: AddressFamily,
    _ probes: [(UInt128, Bool)]
) -> [MatchCase] {
    probes.flatMap { value, holds in
        field.packets(version, value).map { name, packet, isRead in
            MatchCase(name: "\(String(value, radix: 16)) \(name)", packet: packet, matches: isRead && holds)
        }
    }
}

private func maskRows(
    _ field: Field,
    _ text: String,
    mask: UInt128,
    value: UInt128,
    template: String? = nil
) -> [MatchRow] {
    let all = UInt128.max >> UInt128(128 - field.length)
    var probes: [(UInt128, Bool)] = [(value, true), (value | all & ~mask, true)]
    for bit in 0..<field.length where bit == 0 || bit == field.length - 1 || bit % 29 == 5 {
        let isMasked = mask >> UInt128(bit) & 1 == 1
        probes.append((value ^ UInt128(1) << UInt128(bit), !isMasked))
    }
    return [FilterFamily.inet, .inet6].map { family in
        MatchRow(
            keyword: "flexible-match-mask",
            family: family,
            from: "flexible-match-mask { \(template.map { "flexible-mask-name \($0);" } ?? field.text) \(text) }",
            cases: cases(field, family == .inet ? .inet : .inet6, probes)
        )
    }
}

private func rangeRows(_ field: Field, _ values: String, _ members: [ClosedRange<UInt128>]) -> [MatchRow] {
    let all = UInt128.max >> UInt128(128 - field.length)
    var probes: Set<UInt128> = []
    for range in members {
        probes.formUnion([range.lowerBound, range.upperBound])
        if range.lowerBound > 0 { probes.insert(range.lowerBound - 1) }
        if range.upperBound < all { probes.insert(range.upperBound + 1) }
    }
    return [FilterFamily.inet, .inet6].flatMap { family in
        ["range", "range-except"].map { word in
            MatchRow(
                keyword: "flexible-match-range",
                family: family,
                from: "flexible-match-range { \(field.text) \(word) \(values); }",
                cases: cases(
                    field,
                    family == .inet ? .inet : .inet6,
                    probes.sorted().map { value in
                        (value, members.contains { $0.contains(value) } == (word == "range"))
                    }
                )
            )
        }
    }
}

/// Templates of the table's configuration.
let flexibleTemplates = "flexible-match TEID { match-start layer-4; byte-offset 12; bit-length 32; }"

let flexibleRows: [MatchRow] =
    maskRows(
        Field(start: "layer-4", byte: 12, bit: 0, length: 32),
        "prefix 2908; mask-in-hex 0xffffffff;",
        mask: 0xffff_ffff,
        value: 2908,
        template: "TEID"
    )
    + maskRows(
        Field(start: "layer-4", byte: 8, bit: 0, length: 5),
        "prefix 8;",
        mask: 0x1f,
        value: 8
    )
    + maskRows(
        Field(start: "layer-4", byte: 255, bit: 7, length: 9),
        "prefix 0x155; mask-in-hex 0x1ff;",
        mask: 0x1ff,
        value: 0x155
    )
    + maskRows(
        Field(start: "layer-3", byte: 42, bit: 3, length: 30),
        "prefix 0x20000401; mask-in-hex 0x2f000f01;",
        mask: 0x2f00_0f01,
        value: 0x2000_0401
    )
    // A string says how long it is; sixteen octets are one comparison.
    + maskRows(
        Field(start: "payload", byte: 3, bit: 0, length: 128),
        "prefix \"GET /index.html?\";",
        mask: .max,
        value: Array("GET /index.html?".utf8).reduce(0) { $0 << 8 | UInt128($1) }
    )
    // Seventeen octets are two.
    + maskRows(
        Field(start: "payload", byte: 0, bit: 5, length: 128),
        "prefix 0x8123456789abcdef0123456789abcdef;",
        mask: .max,
        value: 0x8123_4567_89ab_cdef_0123_4567_89ab_cdef
    )
    + rangeRows(Field(start: "layer-4", byte: 2, bit: 0, length: 16), "1024-2047", [1024...2047])
    + rangeRows(
        Field(start: "layer-4", byte: 9, bit: 7, length: 32),
        "[ 5 0x80000000-4294967295 ]",
        [5...5, 0x8000_0000...0xffff_ffff]
    )
    + rangeRows(
        Field(start: "layer-3", byte: 43, bit: 6, length: 11),
        "[ 0 3-5 9 1000-2000 2047 ]",
        [0...0, 3...5, 9...9, 1000...2000, 2047...2047]
    )
    + rangeRows(Field(start: "payload", byte: 16, bit: 7, length: 8), "0x08", [8...8])
    + rangeRows(
        Field(start: "payload", byte: 0, bit: 0, length: 24),
        "[ 1-2 4-5 7-8 10-11 65536-131071 ]",
        [1...2, 4...5, 7...8, 10...11, 65536...131071]
    )

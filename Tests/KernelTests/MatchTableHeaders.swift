// SPDX-License-Identifier: Apache-2.0
// Conditions that are no plain numbers: flags, fragments, options, extension headers, free bits, SCTP.
import JunosModel
import NetworkTypes

// MARK: Flags

/// All octets of TCP flags; the two upper bits are no part of what filters see (filters reference §3.8).
private func flagCases(_ version: AddressFamily, _ holds: (UInt8) -> Bool) -> [MatchCase] {
    var cases: [MatchCase] = []
    for flags in UInt8(0)..<64 {
        let payload = [UInt8](repeating: 0, count: 13) + [flags | (flags % 3 == 0 ? 0xc0 : 0)] + [0, 0, 0, 0, 0, 0]
        let all = flags % 9 == 2 ? envelopes(version, 6, payload) : [("plain", plain(version, 6, payload), true)]
        for (name, packet, isRead) in all {
            // In inet6 the protocol must stand in the term, so another one does not match (filters reference §3.1).
            let isOther = version == .inet6 && name == "of another protocol"
            cases.append(
                MatchCase(name: "\(flags) \(name)", packet: packet, matches: isRead && !isOther && holds(flags))
            )
        }
    }
    let cut = plain(version, 6, [UInt8](repeating: 0xff, count: 13))
    return cases + [MatchCase(name: "cut before the flags", packet: cut, matches: false)]
}

private let flagConditions: [(keyword: String, text: String, holds: @Sendable (UInt8) -> Bool)] = [
    ("tcp-flags", "tcp-flags syn", { $0 & 0x02 != 0 }),
    ("tcp-flags", "tcp-flags \"syn & !ack\"", { $0 & 0x12 == 0x02 }),
    ("tcp-flags", "tcp-flags \"!syn | ack & fin\"", { $0 & 0x02 == 0 || $0 & 0x11 == 0x11 }),
    ("tcp-flags", "tcp-flags \"!(push + urgent), rst\"", { $0 & 0x28 != 0x28 || $0 & 0x04 != 0 }),
    ("tcp-flags", "tcp-flags 0x03", { $0 & 0x03 == 0x03 }),
    ("tcp-established", "tcp-established", { $0 & 0x14 != 0 }),
    ("tcp-initial", "tcp-initial", { $0 & 0x12 == 0x02 }),
]

private let flagRows: [MatchRow] = flagConditions.flatMap { keyword, text, holds in
    [
        MatchRow(keyword: keyword, family: .inet, from: "\(text);", cases: flagCases(.inet, holds)),
        MatchRow(
            keyword: keyword,
            family: .inet6,
            from: "payload-protocol tcp; \(text);",
            cases: flagCases(.inet6, holds)
        ),
    ]
}

// MARK: Fragments

/// The kinds of fragments: flags and offset (filters reference §3.9).
private struct Kind {
    var name: String
    /// Reserved 8, DF 4, MF 2.
    var flags: UInt32
    var offset: UInt32
    var isMore: Bool { flags & 2 != 0 }

    static let all = [
        Kind(name: "whole", flags: 0, offset: 0), Kind(name: "whole, DF", flags: 4, offset: 0),
        Kind(name: "whole, reserved bit", flags: 8, offset: 0), Kind(name: "first", flags: 2, offset: 0),
        Kind(name: "first, DF", flags: 6, offset: 0), Kind(name: "second", flags: 2, offset: 1),
        Kind(name: "middle", flags: 2, offset: 4096), Kind(name: "last", flags: 0, offset: 1),
        Kind(name: "last of all", flags: 0, offset: 8191),
    ]

    var inet: Packet { RawIPv4(fragment: flags << 12 | offset, number: 253).packet }
    /// IPv6 has neither DF nor a reserved flag; a whole packet may carry a fragment header all the same.
    var inet6: Packet { RawIPv6(headers: [fragmentHeader(offset: offset, more: isMore)], number: 253).packet }
}

private func fragmentRow(
    _ keyword: String,
    _ text: String,
    _ families: [FilterFamily] = [.inet],
    _ holds: (Kind) -> Bool
) -> [MatchRow] {
    families.map { family in
        var cases = Kind.all.map { kind in
            MatchCase(name: kind.name, packet: family == .inet ? kind.inet : kind.inet6, matches: holds(kind))
        }
        if family == .inet6 {
            let whole = Kind(name: "without fragment header", flags: 0, offset: 0)
            cases.append(MatchCase(name: whole.name, packet: plain(.inet6, 253, [1, 2]), matches: holds(whole)))
            // Offset and M flag stand in the first four octets; a header that has them is read (DESIGN §3.10).
            for kind in Kind.all {
                for count in 1..<8 {
                    let header = fragmentHeader(offset: kind.offset, more: kind.isMore)
                    let octets = [253] + header.octets.dropFirst().prefix(count - 1)
                    cases.append(
                        MatchCase(
                            name: "\(kind.name), cut after \(count) octets",
                            packet: plain(.inet6, 44, octets),
                            matches: count >= 4 && holds(kind)
                        )
                    )
                }
            }
        }
        return MatchRow(keyword: keyword, family: family, from: "\(text);", cases: cases)
    }
}

private let fragmentRows: [MatchRow] =
    fragmentRow("is-fragment", "is-fragment", [.inet, .inet6]) { $0.isMore || $0.offset > 0 }
    + fragmentRow("first-fragment", "first-fragment", [.inet, .inet6]) { $0.isMore && $0.offset == 0 }
    + fragmentRow("last-fragment", "last-fragment", [.inet6]) { !$0.isMore && $0.offset > 0 }
    // The top nibble: its lowest bit belongs to the offset (filters reference §3.2, T37).
    + fragmentRow("fragment-flags", "fragment-flags dont-fragment") { $0.flags & 4 != 0 }
    + fragmentRow("fragment-flags", "fragment-flags 0x2") { $0.flags & 2 != 0 }
    + fragmentRow("fragment-flags", "fragment-flags \"reserved | !(more-fragments & dont-fragment)\"") {
        $0.flags & 8 != 0 || $0.flags & 6 != 6
    }

// MARK: IPv4 options

/// Headers with options, and the types in them as RFC 791 reads a header.
private let optionHeaders: [(name: String, options: [UInt8], types: Set<UInt32>)] = {
    let route: [UInt8] = [7, 4, 192, 0, 2, 1]
    var result: [(name: String, options: [UInt8], types: Set<UInt32>)] = [
        ("no options", [], []),
        ("padding", [1, 1, 1, 0], [0, 1]),
        ("record route", [7] + route + [0], [7, 0]),
        ("loose source route", [131] + route + [0], [131, 0]),
        ("strict source route behind padding", [1, 137] + route, [1, 137]),
        ("router alert", [148, 4, 0, 0], [148]),
        ("router alert with another value", [148, 4, 1, 2], [148]),
        ("timestamp", [68, 8, 5, 0, 0, 0, 0, 0], [68]),
        ("security", [130, 11, 0xab, 0xcd, 0, 0, 0, 0, 0, 0, 0, 0], [130, 0]),
        ("stream id", [136, 4, 0x12, 0x34], [136]),
        ("unknown option with others' numbers inside", [30, 8, 148, 68, 131, 7, 130, 136], [30]),
        ("router alert behind the end of the list", [0, 148, 4, 0, 0, 0, 0, 0], [0]),
        ("two options and the end", [136, 4, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 148, 4, 0, 0], [136, 68, 148]),
        ("a length of zero hides the rest", [30, 0, 148, 4, 0, 0, 0, 0], [30]),
        ("a length of one hides the rest", [30, 1, 148, 4, 0, 0, 0, 0], [30]),
        ("a length beyond the header", [30, 200, 148, 4, 0, 0, 0, 0], [30]),
        ("a type in the last octet", [1, 1, 1, 148], [1, 148]),
        ("a type in the last octet but one", [1, 1, 148, 4], [1, 148]),
        ("the longest option", [30, 40] + [UInt8](repeating: 148, count: 38), [30]),
        ("an option of two octets", [148, 2, 136, 2], [148, 136]),
    ]
    // Every header length, the option at its end behind no-operations.
    for words in 1...10 {
        let padding = [UInt8](repeating: 1, count: 4 * words - 4)
        result.append(("behind \(4 * words - 4) octets", padding + [148, 4, 0, 0], words == 1 ? [148] : [1, 148]))
    }
    return result
}()

private let optionRows: [MatchRow] = {
    let forms: [(String, (Set<UInt32>) -> Bool)] = [
        // Options that are only padding count (T73).
        ("any", { !$0.isEmpty }),
        ("router-alert", { $0.contains(148) }),
        ("[ loose-source-route strict-source-route ]", { $0.contains(131) || $0.contains(137) }),
        ("[ record-route 68 0x82 ]", { !$0.isDisjoint(with: [7, 68, 130]) }),
        ("route-record", { $0.contains(7) }),
        ("[ stream-id security timestamp ]", { !$0.isDisjoint(with: [136, 130, 68]) }),
        ("0-30", { $0.contains { $0 <= 30 } }),
        ("131-147", { $0.contains { (131...147).contains($0) } }),
    ]
    return forms.flatMap { values, holds in
        [false, true].map { isExcept in
            let keyword = isExcept ? "ip-options-except" : "ip-options"
            return MatchRow(
                keyword: keyword,
                family: .inet,
                from: "\(keyword) \(values);",
                cases: optionHeaders.flatMap { name, options, types in
                    [0, 0x17].map { (fragment: UInt32) in
                        MatchCase(
                            name: fragment == 0 ? name : "\(name), later fragment",
                            packet: RawIPv4(fragment: fragment, number: 253, options: options).packet,
                            matches: holds(types) != isExcept
                        )
                    }
                }
            )
        }
    }
}()

// MARK: IPv6 extension headers

/// Chains, and the headers that can be seen in them (filters reference §3.3).
private let chains: [(name: String, packet: RawIPv6, headers: Set<UInt32>)] = [
    ("none", RawIPv6(), []),
    ("hop-by-hop", RawIPv6(headers: [paddedHeader(0)]), [0]),
    ("destination", RawIPv6(headers: [paddedHeader(60)]), [60]),
    ("routing", RawIPv6(headers: [paddedHeader(43)]), [43]),
    ("three", RawIPv6(headers: [0, 60, 43].map(paddedHeader), number: 6), [0, 60, 43]),
    ("mobility", RawIPv6(number: 135, payload: [59, 0, 0, 0, 0, 0, 0, 0]), [135]),
    ("ESP", RawIPv6(number: 50), [50]),
    ("AH", RawIPv6(headers: [authenticationHeader()], number: 6), [51]),
    ("destination behind AH", RawIPv6(headers: [authenticationHeader(), paddedHeader(60)]), [51, 60]),
    ("ESP behind AH", RawIPv6(headers: [authenticationHeader()], number: 50), [51, 50]),
    ("whole with fragment header", RawIPv6(headers: [fragmentHeader(offset: 0, more: false)]), [44]),
    (
        "first fragment",
        RawIPv6(headers: [paddedHeader(0), fragmentHeader(offset: 0, more: true), paddedHeader(60)]), [0, 44, 60]
    ),
    ("later fragment of UDP", RawIPv6(headers: [fragmentHeader(offset: 9, more: false)]), [44]),
    // Only the header that the fragment header names can be seen.
    ("later fragment, destination", RawIPv6(headers: [fragmentHeader(offset: 9, more: true)], number: 60), [44, 60]),
    ("later fragment, AH", RawIPv6(headers: [fragmentHeader(offset: 9, more: true)], number: 51), [44, 51]),
    ("later fragment, ESP", RawIPv6(headers: [fragmentHeader(offset: 9, more: false)], number: 50), [44, 50]),
    ("later fragment, mobility", RawIPv6(headers: [fragmentHeader(offset: 9, more: false)], number: 135), [44, 135]),
    (
        "hop-by-hop before a later fragment",
        RawIPv6(headers: [paddedHeader(0), fragmentHeader(offset: 9, more: false)], number: 43), [0, 44, 43]
    ),
    ("fragment header cut before its offset", RawIPv6(number: 44, payload: [60, 0, 0]), []),
    ("fragment header cut behind its offset", RawIPv6(number: 44, payload: [17, 0, 0, 1, 0]), [44]),
    ("later fragment, header cut", RawIPv6(number: 44, payload: [60, 0, 0, 9, 0, 0]), [44, 60]),
    ("cut destination", RawIPv6(headers: [paddedHeader(0)], number: 60, payload: [6]), [0]),
    ("upper-layer header of an unknown number", RawIPv6(number: 139), []),
]

private let extensionRows: [MatchRow] = {
    let forms: [(String, Set<UInt32>)] = [
        ("any", [0, 43, 44, 50, 51, 60, 135]), ("hop-by-hop", [0]), ("destination", [60]), ("routing", [43]),
        ("fragment", [44]), ("esp", [50]), ("ah", [51]), ("mobility", [135]), ("[ 60 0x2b ]", [60, 43]),
        ("50-60", [50, 51, 60]),
    ]
    return forms.flatMap { values, listed in
        [false, true].map { isExcept in
            let keyword = isExcept ? "extension-header-except" : "extension-header"
            return MatchRow(
                keyword: keyword,
                family: .inet6,
                from: "\(keyword) \(values);",
                cases: chains.map { name, packet, headers in
                    MatchCase(name: name, packet: packet.packet, matches: headers.isDisjoint(with: listed) == isExcept)
                }
            )
        }
    }
}()

// MARK: SCTP

private let initialRow: MatchRow = {
    func chunk(_ type: UInt8) -> [UInt8] { octets16(40000) + octets16(80) + [0, 0, 0, 0, 0, 0, 0, 0, type, 0, 0, 20] }
    let rest = [UInt8](repeating: 0, count: 16)
    let cases: [(String, Packet, Bool)] = [
        ("INIT", plain(.inet, 132, chunk(1) + rest), true),
        ("INIT behind options", RawIPv4(number: 132, options: [1, 1, 1, 1], payload: chunk(1) + rest).packet, true),
        ("DATA", plain(.inet, 132, chunk(0) + rest), false),
        ("INIT ACK", plain(.inet, 132, chunk(2) + rest), false),
        ("another protocol", plain(.inet, 17, chunk(1) + rest), false),
        ("cut before the chunk", plain(.inet, 132, Array(chunk(1).prefix(12))), false),
        ("cut behind the chunk's type", plain(.inet, 132, Array(chunk(1).prefix(13))), true),
        ("first fragment", RawIPv4(fragment: 0x2000, number: 132, payload: chunk(1) + rest).packet, true),
        ("later fragment", RawIPv4(fragment: 0x17, number: 132, payload: chunk(1) + rest).packet, false),
    ]
    return MatchRow(
        keyword: "sctp-initial",
        family: .inet,
        from: "sctp-initial;",
        cases: cases.map { MatchCase(name: $0, packet: $1, matches: $2) }
    )
}()

let headerRows = flagRows + fragmentRows + optionRows + extensionRows + [initialRow]

// SPDX-License-Identifier: Apache-2.0
// Conditions on addresses and on what is no part of the packet: interfaces, forwarding class, loss priority.
import JunosModel
import NetworkTypes

// MARK: Addresses

private func octets(_ text: String) -> [UInt8] { IPAddress(text)?.octets ?? [] }

/// From and to whom a packet goes.
private func between(_ source: String, _ destination: String) -> Packet {
    source.contains(":")
        ? RawIPv6(source: octets(source), destination: octets(destination)).packet
        : RawIPv4(source: octets(source), destination: octets(destination)).packet
}

/// A list of one field: addresses that match and that do not; the field at the other end has one that does not.
private func addressRow(
    _ keyword: String,
    _ family: FilterFamily,
    _ text: String,
    in matching: [String],
    out others: [String]
) -> [MatchRow] {
    // Where either end may match, the other one must not.
    let foreign = others[0]
    func row(_ end: String, _ isAt: (String) -> [(String, Packet)]) -> MatchRow {
        MatchRow(
            keyword: end + keyword,
            family: family,
            from: text.replacingOccurrences("FIELD", with: end),
            cases: (matching.map { ($0, true) } + others.map { ($0, false) }).flatMap { address, holds in
                isAt(address).map { MatchCase(name: $0, packet: $1, matches: holds) }
            }
        )
    }
    return [
        row("source-") { [("from \($0)", between($0, foreign))] },
        row("destination-") { [("to \($0)", between(foreign, $0))] },
        // Either end (filters reference §2.2).
        row("") { [("from \($0)", between($0, foreign)), ("to \($0)", between(foreign, $0))] },
    ]
}

extension String {
    /// The text with every occurrence of a part replaced.
    func replacingOccurrences(_ part: String, with other: String) -> String { split(part).joined(separator: other) }

    private func split(_ part: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

/// Prefix lists of the table's configuration; the last one is what the interface `out` is connected to.
let prefixLists = """
    prefix-list NETS { 10.0.0.0/8; 192.0.2.5/32; 2001:db8:a::/48; }
    prefix-list HOLE { 10.1.0.0/16; 2001:db8:a:1::/64; }
    prefix-list OWN { apply-path "interfaces <*> unit <*> family inet address <*>"; }
    prefix-list OWN6 { apply-path "interfaces <*> unit <*> family inet6 address <*>"; 2001:db8:c::/48; }
    prefix-list EMPTY;
    """

private let addressRows: [MatchRow] = [
    addressRow(
        "address",
        .inet,
        "FIELDaddress { 10.0.0.0/8; 10.1.0.0/16 except; 10.1.2.0/24; 192.0.2.1; }",
        in: ["10.0.0.0", "10.0.255.255", "10.1.2.0", "10.1.2.255", "10.2.0.0", "10.255.255.255", "192.0.2.1"],
        out: [
            "9.255.255.255", "10.1.0.0", "10.1.1.255", "10.1.3.0", "10.1.255.255", "11.0.0.0", "192.0.2.0", "192.0.2.2",
        ]
    ),
    // Only `except`: matches nothing (T13).
    addressRow("address", .inet, "FIELDaddress { 10.0.0.0/8 except; }", in: [], out: ["10.1.1.1", "9.1.1.1"]),
    addressRow(
        "address",
        .inet,
        "FIELDaddress { 0.0.0.0/0; 10.0.0.0/8 except; }",
        in: ["9.255.255.255", "11.0.0.0", "198.51.100.1"],
        out: ["10.0.0.0", "10.255.255.255"]
    ),
    // Masks that are no prefixes: more mask bits go first, `except` on a tie (filters reference §2.3).
    addressRow(
        "address",
        .inet,
        "FIELDaddress { 10.0.0.10/255.0.0.255; }",
        in: ["10.0.0.10", "10.255.255.10"],
        out: ["10.0.0.9", "10.0.0.11", "11.0.0.10", "9.0.0.10"]
    ),
    addressRow(
        "address",
        .inet,
        "FIELDaddress { 10.0.0.0/8; 10.0.0.10/255.0.0.255 except; 10.7.0.0/17; 10.7.0.10/255.255.0.255; }",
        in: ["10.0.0.9", "10.0.0.11", "10.8.8.8", "10.7.0.10", "10.7.3.10", "10.7.127.10", "10.7.1.9", "10.7.200.10"],
        out: ["10.0.0.10", "10.8.1.10", "10.6.0.10", "9.0.0.9", "11.0.0.9"]
    ),
    addressRow(
        "address",
        .inet,
        "FIELDaddress { 10.0.0.1/255.0.0.255; 10.3.0.0/255.255.0.0 except; 10.0.5.0/255.0.255.0 except; }",
        in: ["10.0.0.1", "10.9.9.1"],
        out: ["10.3.0.1", "10.9.5.1", "10.0.0.2", "11.0.0.1"]
    ),
    addressRow(
        "address",
        .inet6,
        "FIELDaddress { 2001:db8:a::/48; 2001:db8:a:1::/64 except; 2001:db8:b::1; 2001:db8:c::1/48; }",
        in: ["2001:db8:a::", "2001:db8:a:0:ffff:ffff:ffff:ffff", "2001:db8:a:2::", "2001:db8:b::1", "2001:db8:c:9::"],
        out: [
            "2001:db8:9:ffff::1", "2001:db8:a:1::", "2001:db8:a:1:ffff:ffff:ffff:ffff", "2001:db8:b::", "2001:db8:b::2",
        ]
    ),
    addressRow(
        "prefix-list",
        .inet,
        "FIELDprefix-list { NETS; HOLE except; }",
        in: ["10.0.0.0", "10.0.255.255", "10.2.0.0", "10.255.255.255", "192.0.2.5"],
        out: ["9.255.255.255", "10.1.0.0", "10.1.255.255", "11.0.0.0", "192.0.2.4", "192.0.2.6"]
    ),
    // Addresses and lists of one field are one list (filters reference §2.4, T16).
    addressRow(
        "prefix-list",
        .inet,
        "FIELDaddress 0.0.0.0/0; FIELDprefix-list NETS except;",
        in: ["9.255.255.255", "11.0.0.0"],
        out: ["10.0.0.0", "10.1.2.3", "192.0.2.5"]
    ),
    // The connected subnet of the only interface with an address (T68); empty lists match nothing (T69).
    addressRow(
        "prefix-list",
        .inet,
        "FIELDprefix-list { OWN; EMPTY; }",
        in: ["10.201.0.0", "10.201.0.200", "10.201.0.255"],
        out: ["10.200.255.255", "10.201.1.0"]
    ),
    addressRow("prefix-list", .inet, "FIELDprefix-list EMPTY;", in: [], out: ["10.0.0.1"]),
    addressRow(
        "prefix-list",
        .inet6,
        "FIELDprefix-list { NETS; HOLE except; }",
        in: ["2001:db8:a::", "2001:db8:a:2::"],
        out: ["2001:db8:a:1::", "2001:db8:9::", "2001:db8:b::"]
    ),
    addressRow(
        "prefix-list",
        .inet6,
        "FIELDprefix-list OWN6;",
        in: ["2001:db8:201::9", "2001:db8:c::1"],
        out: ["2001:db8:201:1::", "2001:db8:d::"]
    ),
].flatMap(\.self)

// MARK: Interfaces

/// A packet by each of a row's devices, of each version that the family sees.
private func byDevice(_ family: FilterFamily, _ matches: [Bool]) -> [MatchCase] {
    versions(family).flatMap { version in
        matches.enumerated().map { device, holds in
            MatchCase(
                name: "\(version.rawValue) by \(device)",
                packet: plain(version, 17, [UInt8](repeating: 0, count: 8)),
                matches: holds,
                device: device
            )
        }
    }
}

private let interfaceRows: [MatchRow] = FilterFamily.allCases.flatMap { family in
    func row(_ keyword: String, _ text: String, _ matches: Bool..., groups: [Int?] = [nil, nil, nil]) -> MatchRow {
        MatchRow(
            keyword: keyword,
            family: family,
            from: "\(text);",
            groups: groups,
            cases: byDevice(family, matches)
        )
    }
    return [
        row("interface", "interface @0.0", true, false, false),
        row("interface", "interface [ @0 @2.0 ]", true, false, true),
        row("interface", "interface @1.1", false, false, false),
        row("interface", "interface @*", true, true, true),
        row("interface", "interface @?", true, true, true),
        row("interface", "interface \"@[1-2].0\"", false, true, true),
        row("interface", "interface \"@[!1]\"", true, false, true),
        row("interface-set", "interface-set PAIR@", true, false, true),
        row("interface-set", "interface-set [ NONE WILD@ ]", false, true, true),
        row("interface-set", "interface-set [ NONE ]", false, false, false),
        // Unset is 0 (filters reference §3.2).
        row("interface-group", "interface-group 0", true, false, false, groups: [nil, 1, 9]),
        row("interface-group", "interface-group [ 2-8 0x9 ]", false, false, true, groups: [nil, 1, 9]),
        row("interface-group-except", "interface-group-except 1-8", true, false, true, groups: [nil, 1, 9]),
        row("interface-group-except", "interface-group-except [ 0 9 ]", false, true, false, groups: [nil, 1, 9]),
    ]
}

// MARK: Classification

/// The class and priority that terms in front give to packets of some lengths.
private let classified = """
    term ef { from { packet-length 101; } then { forwarding-class expedited-forwarding; loss-priority low; next term; } }
    term af { from { packet-length 102; } then { forwarding-class assured-forwarding; loss-priority medium-low; next term; } }
    term nc { from { packet-length 103; } then { forwarding-class network-control; loss-priority medium-high; next term; } }
    term own { from { packet-length 104; } then { forwarding-class gold; loss-priority high; next term; } }
    """

private let classRows: [MatchRow] = FilterFamily.allCases.flatMap { family in
    let forms: [(String, String, Set<Int>)] = [
        ("forwarding-class", "best-effort", [100]), ("forwarding-class", "[ expedited-forwarding gold ]", [101, 104]),
        ("forwarding-class", "assured-forwarding", [102]), ("forwarding-class", "network-control", [103]),
        ("loss-priority", "low", [100, 101]), ("loss-priority", "medium-low", [102]),
        ("loss-priority", "[ medium-high high ]", [103, 104]),
    ]
    return forms.flatMap { base, values, lengths in
        [false, true].map { isExcept in
            let keyword = base + (isExcept ? "-except" : "")
            return MatchRow(
                keyword: keyword,
                family: family,
                from: "\(keyword) \(values);",
                before: classified,
                cases: versions(family).flatMap { version in
                    (100...104).map { length in
                        let count = length - (version == .inet ? 20 : 40)
                        return MatchCase(
                            name: "\(version.rawValue) of class \(length)",
                            packet: plain(version, 253, [UInt8](repeating: 0, count: count)),
                            matches: lengths.contains(length) != isExcept
                        )
                    }
                }
            )
        }
    }
}

let contextRows = addressRows + interfaceRows + classRows

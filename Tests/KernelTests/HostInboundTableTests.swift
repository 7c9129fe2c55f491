// SPDX-License-Identifier: Apache-2.0
// The tables of flow reference §3.3, row by row: each name lets in what it says and nothing beside it, through model,
// program and kernel. Each name has an interface of its own; about twenty seconds.
import Engine
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// One row: what it lets in, as `PROTOCOL[:PORT]` with `4` or `6` in front where it is for one IP version.
private struct HostInboundRow {
    let name: String
    let isProtocol: Bool
    let admitted: [String]
    /// The nearest that is not of the row.
    let beside: [String]

    init(_ name: String, _ admitted: [String], beside: [String], isProtocol: Bool = false) {
        self.name = name
        self.admitted = admitted
        self.beside = beside
        self.isProtocol = isProtocol
    }
}

private let services: [HostInboundRow] = [
    HostInboundRow("ssh", ["tcp:22"], beside: ["tcp:21", "tcp:23", "udp:22"]),
    HostInboundRow("telnet", ["tcp:23"], beside: ["tcp:22", "tcp:24", "udp:23"]),
    HostInboundRow("ftp", ["tcp:21"], beside: ["tcp:20", "tcp:22", "udp:21"]),
    HostInboundRow("finger", ["tcp:79"], beside: ["tcp:78", "tcp:80", "udp:79"]),
    HostInboundRow("netconf", ["tcp:830"], beside: ["tcp:829", "tcp:831", "udp:830"]),
    HostInboundRow("rlogin", ["tcp:513"], beside: ["tcp:512", "tcp:514", "udp:513"]),
    HostInboundRow("rsh", ["tcp:514"], beside: ["tcp:513", "tcp:515", "udp:514"]),
    HostInboundRow("reverse-ssh", ["tcp:2901"], beside: ["tcp:2900", "tcp:2902"]),
    HostInboundRow("reverse-telnet", ["tcp:2900"], beside: ["tcp:2899", "tcp:2901"]),
    HostInboundRow("xnm-ssl", ["tcp:3220"], beside: ["tcp:3219", "tcp:3221"]),
    HostInboundRow("xnm-clear-text", ["tcp:3221"], beside: ["tcp:3220", "tcp:3222"]),
    HostInboundRow("http", ["tcp:80"], beside: ["tcp:79", "tcp:81", "udp:80"]),
    HostInboundRow("webapi-clear-text", ["tcp:80"], beside: ["tcp:79", "tcp:81"]),
    HostInboundRow("https", ["tcp:443"], beside: ["tcp:442", "tcp:444", "udp:443"]),
    HostInboundRow("webapi-ssl", ["tcp:443"], beside: ["tcp:442", "tcp:444"]),
    HostInboundRow("dns", ["tcp:53", "udp:53"], beside: ["tcp:52", "udp:54"]),
    HostInboundRow("ntp", ["udp:123"], beside: ["udp:122", "udp:124", "tcp:123"]),
    HostInboundRow("snmp", ["udp:161"], beside: ["udp:160", "udp:162", "tcp:161"]),
    HostInboundRow("snmp-trap", ["udp:162"], beside: ["udp:161", "udp:163", "tcp:162"]),
    HostInboundRow("tftp", ["udp:69"], beside: ["udp:68", "udp:70", "tcp:69"]),
    HostInboundRow("dhcp", ["4 udp:67", "4 udp:68"], beside: ["4 udp:66", "4 udp:69", "6 udp:67", "tcp:67"]),
    HostInboundRow("bootp", ["4 udp:67", "4 udp:68"], beside: ["4 udp:66", "4 udp:69", "6 udp:68"]),
    HostInboundRow("dhcpv6", ["6 udp:546", "6 udp:547"], beside: ["6 udp:545", "6 udp:548", "4 udp:546"]),
    HostInboundRow("ike", ["udp:500", "udp:4500"], beside: ["udp:499", "udp:501", "udp:4501", "tcp:500"]),
    HostInboundRow("ping", ["4 icmp:8", "6 icmp6:128"], beside: ["4 icmp:13", "4 icmp:17", "6 icmp6:139"]),
    HostInboundRow("traceroute", ["udp:33434", "udp:33523"], beside: ["udp:33433", "udp:33524", "tcp:33434"]),
    HostInboundRow("sip", ["udp:5060", "tcp:5060"], beside: ["udp:5059", "tcp:5061"]),
    HostInboundRow("lsping", ["udp:3503"], beside: ["udp:3502", "udp:3504", "tcp:3503"]),
    HostInboundRow("lsselfping", ["udp:8503"], beside: ["udp:8502", "udp:8504"]),
    HostInboundRow("r2cp", ["udp:28672"], beside: ["udp:28671", "udp:28673"]),
]

private let protocols: [HostInboundRow] = [
    HostInboundRow("bgp", ["tcp:179"], beside: ["tcp:178", "tcp:180", "udp:179"], isProtocol: true),
    HostInboundRow("msdp", ["tcp:639"], beside: ["tcp:638", "tcp:640", "udp:639"], isProtocol: true),
    HostInboundRow("ldp", ["udp:646", "tcp:646"], beside: ["udp:645", "tcp:647"], isProtocol: true),
    HostInboundRow("rip", ["4 udp:520"], beside: ["4 udp:519", "6 udp:520"], isProtocol: true),
    HostInboundRow("ripng", ["6 udp:521"], beside: ["6 udp:520", "4 udp:521"], isProtocol: true),
    HostInboundRow(
        "bfd",
        ["udp:3784", "udp:3785", "udp:4784"],
        beside: ["udp:3783", "udp:3786", "udp:4783"],
        isProtocol: true
    ),
    HostInboundRow("sap", ["udp:9875"], beside: ["udp:9874", "udp:9876"], isProtocol: true),
    HostInboundRow("ospf", ["4 89"], beside: ["6 89", "4 88"], isProtocol: true),
    HostInboundRow("ospf3", ["6 89"], beside: ["4 89", "6 90"], isProtocol: true),
    HostInboundRow("igmp", ["2"], beside: ["3"], isProtocol: true),
    HostInboundRow("dvmrp", ["2"], beside: ["3"], isProtocol: true),
    HostInboundRow("pim", ["103"], beside: ["102", "104"], isProtocol: true),
    HostInboundRow("vrrp", ["112"], beside: ["111", "114"], isProtocol: true),
    HostInboundRow("nhrp", ["54"], beside: ["53", "55"], isProtocol: true),
    HostInboundRow("rsvp", ["46", "134"], beside: ["45", "48", "133"], isProtocol: true),
    HostInboundRow("pgm", ["113"], beside: ["112", "114"], isProtocol: true),
    HostInboundRow(
        "router-discovery",
        ["4 icmp:9", "4 icmp:10"],
        beside: ["4 icmp:8", "4 icmp:13"],
        isProtocol: true
    ),
    // Neighbour discovery is let in everywhere (DESIGN §3.16).
    HostInboundRow("ndp", ["6 icmp6:133", "6 icmp6:137"], beside: ["6 icmp6:128", "6 icmp6:138"], isProtocol: true),
]

/// An interface with what it lets in, its number telling its addresses.
private struct Door {
    let number: Int
    let traffic: String

    var interface: String {
        "h\(number) { unit 0 { family inet { address 10.\(number).0.1/24; } "
            + "family inet6 { address 2001:db8:\(String(number, radix: 16))::1/64; } } }"
    }

    /// A first packet to the interface's own address, as a vector's line.
    func packets(_ text: String) throws -> [(line: String, packet: Packet)] {
        let words = text.split(separator: " ").map(String.init)
        let versions = words.count == 2 ? [words[0]] : ["4", "6"]
        let parts = (words.last ?? "").split(separator: ":").map(String.init)
        return try versions.map { version in
            let network = version == "4" ? "10.\(number).0." : "2001:db8:\(String(number, radix: 16))::"
            let isICMP = parts[0].hasPrefix("icmp")
            let port = parts.count > 1 && !isICMP ? parts[1] : nil
            func end(_ host: String, _ port: String?) -> String {
                port.map { version == "4" ? "\(network)\(host):\($0)" : "[\(network)\(host)]:\($0)" }
                    ?? "\(network)\(host)"
            }
            let line =
                "\(parts[0]) \(end("9", port == nil ? nil : "4000")) > \(end("1", port))"
                + (isICMP ? " type=\(parts[1])" : port == nil ? " body=0000000000000000" : "")
            return (line, try TestSupport.packet(line))
        }
    }
}

/// A router of so many doors, each a zone of its own.
private func router(_ doors: [Door]) -> String {
    """
    interfaces { \(doors.map(\.interface).joined(separator: " ")) }
    security {
        forwarding-options { family { inet6 { mode flow-based; } } }
        zones {
            \(doors.map { "security-zone z\($0.number) { interfaces { h\($0.number).0; } host-inbound-traffic { \($0.traffic) } }" }
                .joined(separator: "\n"))
        }
    }
    """
}

/// What is sent to a door, and what shall come of it.
private struct Knock {
    let door: Door
    let text: String
    let expected: String
}

/// Sends everything past model, program and kernel.
private func expect(_ doors: [Door], _ knocks: [Knock]) throws {
    let steps = try knocks.flatMap { knock in
        try knock.door.packets(knock.text).map { line, packet in
            TrapStep("\(knock.door.traffic): \(line)", "h\(knock.door.number)", knock.expected) { packet }
        }
    }
    var run = try TrapRun(FlowTrap([], "host-inbound", router(doors), steps))
    try run.send()
}

@Suite struct `Host-inbound-traffic, row by row` {
    private func stanza(_ row: HostInboundRow) -> String {
        "\(row.isProtocol ? "protocols" : "system-services") { \(row.name); }"
    }

    /// What comes of a packet that is let in: discovery makes no session.
    private func admitted(_ text: String) -> String {
        text.hasPrefix("4 icmp:9") || text.hasPrefix("4 icmp:10") || text.hasPrefix("6 icmp6:13")
            ? "accept" : "accept create"
    }

    @Test(.timeLimit(.minutes(2))) func `each name lets in what it says, and nothing beside it`() throws {
        let rows = services + protocols
        let doors = rows.enumerated().map { Door(number: $0 + 1, traffic: stanza($1)) }
        let knocks = zip(doors, rows).flatMap { door, row in
            row.admitted.map { Knock(door: door, text: $0, expected: admitted($0)) }
                + row.beside.map { Knock(door: door, text: $0, expected: "discard") }
        }
        try expect(doors, knocks)
    }

    @Test(.timeLimit(.minutes(2))) func `all lets in every row of its table, an excepted one aside`() throws {
        let rows = services + protocols
        let doors = rows.enumerated().map { index, row in
            let keyword = row.isProtocol ? "protocols" : "system-services"
            return Door(number: index + 1, traffic: "\(keyword) { all; \(row.name) { except; } }")
        }
        let knocks = zip(doors, rows).flatMap { door, row in
            let table = row.isProtocol ? protocols : services
            // The next two of the table, which do not share a packet with the excepted one.
            let place = table.firstIndex { $0.name == row.name } ?? 0
            let others = (table[place...] + table[..<place]).filter {
                Set($0.admitted).isDisjoint(with: row.admitted)
            }.prefix(2)
            // Names share packets (IGMP and DVMRP): the second one would meet the first one's session.
            var seen: Set<String> = []
            let admittedByOthers = others.flatMap(\.admitted).filter { seen.insert($0).inserted }
            // Discovery needs no row: it is let in all the same.
            let isExcepted = row.name != "ndp"
            return row.admitted.map { Knock(door: door, text: $0, expected: isExcepted ? "discard" : "accept") }
                + admittedByOthers.map { Knock(door: door, text: $0, expected: admitted($0)) }
        }
        try expect(doors, knocks)
    }

    @Test func `ident-reset answers, any-service opens all ports, and neither opens the other table`() throws {
        let doors = [
            Door(number: 1, traffic: "system-services { ident-reset; }"),
            Door(number: 2, traffic: "system-services { any-service; }"),
            Door(number: 3, traffic: "protocols { all; }"), Door(number: 4, traffic: "system-services { all; }"),
            Door(number: 5, traffic: "system-services { ssh { except; } }"), Door(number: 6, traffic: ""),
        ]
        try expect(
            doors,
            [
                Knock(door: doors[0], text: "tcp:113", expected: "reject tcp-reset"),
                Knock(door: doors[0], text: "udp:113", expected: "discard"),
                Knock(door: doors[1], text: "tcp:1", expected: "accept create"),
                Knock(door: doors[1], text: "udp:65535", expected: "accept create"),
                Knock(door: doors[1], text: "4 89", expected: "discard"),
                Knock(door: doors[1], text: "4 icmp:8", expected: "discard"),
                Knock(door: doors[2], text: "tcp:22", expected: "discard"),
                Knock(door: doors[2], text: "tcp:179", expected: "accept create"),
                Knock(door: doors[3], text: "tcp:179", expected: "discard"),
                Knock(door: doors[3], text: "tcp:12345", expected: "discard"),
                Knock(door: doors[3], text: "tcp:113", expected: "reject tcp-reset"),
                Knock(door: doors[4], text: "tcp:22", expected: "discard"),
                Knock(door: doors[5], text: "tcp:22", expected: "discard"),
                Knock(door: doors[5], text: "6 icmp6:135", expected: "accept"),
            ]
        )
    }

    @Test func `every name that the commit check knows is a row`() {
        let known = compileConfiguration([
            ConfigurationSource(
                name: "test.conf",
                text: router(
                    (services + protocols).enumerated().map { Door(number: $0 + 1, traffic: stanza($1)) }
                )
            )
        ])
        #expect(known.isValid, "\(errors(known))")
        // Flow reference §3.3: the tables' names without `all`, `any-service`, `ident-reset` and those without a port.
        #expect(services.count == 30 && protocols.count == 18)
    }
}

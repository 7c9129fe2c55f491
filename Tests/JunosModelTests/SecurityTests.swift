// SPDX-License-Identifier: Apache-2.0
// Zones, address books, policies and modes: flow reference §1.3, §3, §4, §6, and the traps of §11 about commits.
import Diagnostics
import JunosModel
import NetworkTypes
import Testing

private let interfaces = """
    interfaces {
        eth0 { unit 0 { family inet { address 10.1.0.1/16; } } }
        eth1 { unit 0 { family inet { address 203.0.113.1/24; } } }
    }

    """

private let zones = """
    zones {
        security-zone trust { interfaces { eth0.0; } }
        security-zone untrust { interfaces { eth1.0; } }
    }

    """

/// A policy from trust to untrust.
private func policy(_ match: String, then: String = "permit", more: String = "") -> String {
    "\(interfaces) security { \(zones) \(more) policies { from-zone trust to-zone untrust { policy P { match { \(match) } then { \(then); } } } } }"
}

private let everything = "source-address any; destination-address any; application any;"

private let cases: [CheckCase] = [
    .init("whole", policy(everything)),
    .init("no source", policy("destination-address any; application any;"), errors: ["incomplete-policy"]),
    .init(
        "no match",
        "\(interfaces) security { \(zones) policies { from-zone trust to-zone untrust { policy P { then { permit; } } } } }",
        errors: ["incomplete-policy"]
    ),
    .init("no action", policy(everything, then: "count"), errors: ["incomplete-policy"]),
    .init(
        "undefined zone",
        "\(interfaces) security { \(zones) policies { from-zone trust to-zone dmz { policy P { match { \(everything) } then { deny; } } } } }",
        errors: ["undefined-zone"]
    ),
    .init(
        "undefined address",
        policy("source-address A; destination-address any; application any;"),
        errors: ["undefined-address"]
    ),
    .init(
        "prefix instead of a name",
        policy("source-address 192.0.2.0/24; destination-address any; application any;"),
        errors: ["undefined-address"]
    ),
    .init(
        "undefined application",
        policy("source-address any; destination-address any; application A;"),
        errors: ["undefined-application"]
    ),
    .init("any excluded", policy(everything + "source-address-excluded;"), errors: ["any-excluded"]),
    .init(
        "application any among others",
        policy("source-address any; destination-address any; application [ any junos-ssh ];"),
        warnings: ["any-among-others"]
    ),
    .init(
        "RPC",
        policy("source-address any; destination-address any; application junos-ms-rpc-any;"),
        warnings: ["no-gateway"]
    ),
    .init(
        "source identity any",
        policy(everything + "source-identity any; dynamic-application none; url-category any;")
    ),
    .init("source identity", policy(everything + "source-identity alice;"), errors: ["unsupported-statement"]),
    .init(
        "dynamic application",
        policy(everything + "dynamic-application junos:HTTP;"),
        errors: ["unsupported-statement"]
    ),
    .init("unknown match", policy(everything + "frobnicate;"), errors: ["unknown-statement"]),
    .init("tunnel", policy(everything, then: "permit { tunnel { ipsec-vpn v; } }"), errors: ["unsupported-statement"]),
    .init(
        "application services",
        policy(everything, then: "permit { application-services { idp; } }"),
        errors: ["unsupported-statement"]
    ),
    .init(
        "SYN check required where it is on",
        policy(everything, then: "permit { tcp-options { syn-check-required; } }")
    ),
    .init(
        "T62: SYN check required where it is off",
        policy(
            everything,
            then: "permit { tcp-options { syn-check-required; } }",
            more: "flow { tcp-session { no-syn-check; } }"
        )
    ),
    .init(
        "sequence check required where it is off",
        policy(
            everything,
            then: "permit { tcp-options { sequence-check-required; } }",
            more: "flow { tcp-session { no-sequence-check; } }"
        ),
        errors: ["unsupported-statement"]
    ),
    .init(
        "segment sizes of a policy",
        policy(everything, then: "permit { tcp-options { initial-tcp-mss 1300; reverse-tcp-mss 63; window-scale; } }"),
        errors: ["invalid-value"]
    ),
    .init(
        "a protocol without an idle time of its own",
        policy("source-address any; destination-address any; application junos-ospf;"),
        warnings: ["common-idle-time"]
    ),
    .init("offload hint", policy(everything, then: "permit { services-offload; }")),
    .init(
        "T54: close log on deny",
        policy(everything, then: "deny; log { session-close; }"),
        warnings: ["log-without-session"]
    ),
    .init(
        "scheduler",
        "schedulers { scheduler S { daily { all-day; } } }"
            + policy(everything).replacing("then {", with: "scheduler-name S; then {")
    ),
    .init(
        "scheduler that says nothing",
        "schedulers { scheduler S; scheduler T { daily; } }",
        errors: ["incomplete-scheduler", "missing-value"]
    ),
    .init(
        "scheduler over midnight",
        "schedulers { scheduler S { daily { start-time 22:00 { stop-time 06:00; } } } }",
        errors: ["invalid-value"]
    ),
    .init(
        "times that are none",
        "schedulers { scheduler S { monday { start-time 8:00 { stop-time 25:00; } } sunday { start-time 08:00; } } }",
        errors: ["invalid-value", "invalid-value"]
    ),
    .init(
        "dates that are none",
        "schedulers { scheduler S { start-date 2026-02-30.08:00 { stop-date 2026-03-01.08:00; } start-date 03-01.08:00 { stop-date 2026-04-01.08:00; } } }",
        errors: ["invalid-value", "invalid-value"]
    ),
    .init(
        "three date slots",
        "schedulers { scheduler S { start-date 01-01.00:00 { stop-date 01-02.00:00; } start-date 02-01.00:00 { stop-date 02-02.00:00; } start-date 03-01.00:00 { stop-date 03-02.00:00; } } }",
        errors: ["too-many-slots"]
    ),
    .init(
        "slots and all-day",
        "schedulers { scheduler S { daily { start-time 08:00 { stop-time 18:00; } all-day; } } }",
        errors: ["conflicting-statements"]
    ),
    .init(
        "undefined scheduler",
        policy(everything).replacing("then {", with: "scheduler-name S; then {"),
        errors: ["undefined-scheduler"]
    ),
    .init(
        "rematch",
        "\(interfaces) security { \(zones) policies { policy-rematch { extensively; } } }",
        errors: ["unknown-statement"]
    ),
    .init(
        "junos-host to junos-host",
        "\(interfaces) security { \(zones) policies { from-zone junos-host to-zone junos-host { policy P { match { \(everything) } then { deny; } } } } }",
        errors: ["meaningless-context"]
    ),
    .init(
        "global any among others",
        "\(interfaces) security { \(zones) policies { global { policy P { match { \(everything) from-zone [ any trust ]; } then { permit; } } } } }",
        errors: ["any-among-others"]
    ),
    .init(
        "global deny of everything",
        "\(interfaces) security { \(zones) policies { global { policy P { match { \(everything) } then { deny; } } } } }",
        warnings: ["global-deny-of-device"]
    ),
    .init("zone lists in a zone pair", policy(everything + "from-zone trust;"), errors: ["unknown-statement"]),
    .init(
        "interface in two zones",
        "\(interfaces) security { zones { security-zone a { interfaces { eth0.0; } } security-zone b { interfaces { eth0; } } } }",
        errors: ["interface-in-two-zones"]
    ),
    .init(
        "zone interface not configured",
        "security { zones { security-zone a { interfaces { eth9.0; } } } }",
        warnings: ["undefined-interface"]
    ),
    .init(
        "all interfaces",
        "security { zones { security-zone a { interfaces { all; } } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "reserved zone names",
        "security { zones { security-zone any; security-zone junos-x; } }",
        errors: ["invalid-name", "invalid-name"]
    ),
    .init(
        "screen of a zone",
        "security { zones { security-zone a { screen s; } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "any-service among others",
        "security { zones { security-zone a { host-inbound-traffic { system-services { any-service; ssh; } } } } }",
        errors: ["conflicting-statements"]
    ),
    .init(
        "service without ports",
        "security { zones { security-zone a { host-inbound-traffic { system-services { rpm; } } } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "unknown service",
        "security { zones { security-zone a { host-inbound-traffic { system-services { frobnicate; } } } } }",
        errors: ["unknown-statement"]
    ),
    .init(
        "except without all",
        "security { zones { security-zone a { host-inbound-traffic { system-services { ssh except; } } } } }",
        warnings: ["except-without-all"]
    ),
    .init(
        "T36: host bits in a book",
        "security { address-book { global { address A 192.0.2.4/24; } } }",
        errors: ["host-bits"]
    ),
    .init(
        "two books for a zone",
        "\(interfaces) security { \(zones) address-book { a { attach { zone trust; } } b { attach { zone trust; } } } }",
        errors: ["zone-with-two-books"]
    ),
    .init(
        "old and new books",
        "security { address-book { global { address A 192.0.2.4; } } zones { security-zone a { address-book { address B 192.0.2.5; } } } }",
        errors: ["conflicting-statements"]
    ),
    .init(
        "attached to no zone",
        "security { address-book { a { attach { zone nowhere; } } } }",
        errors: ["undefined-zone"]
    ),
    .init(
        "predefined name",
        "security { address-book { global { address any 192.0.2.4; } } }",
        errors: ["invalid-name"]
    ),
    .init(
        "address and set of one name",
        "security { address-book { global { address A 192.0.2.4; address-set A { address A; } } } }",
        errors: ["duplicate-name", "cyclic-set"]
    ),
    .init(
        "undefined member",
        "security { address-book { global { address-set S { address A; } } } }",
        errors: ["undefined-address"]
    ),
    .init(
        "set in itself",
        "security { address-book { global { address-set S { address-set S; } } } }",
        errors: ["cyclic-set"]
    ),
    .init(
        "empty set in a policy",
        policy(
            "source-address S; destination-address any; application any;",
            more: "address-book { global { address-set S; } }"
        ),
        errors: ["empty-address-set"]
    ),
    .init("DNS name", "security { address-book { global { address A { dns-name example.net; } } } }"),
    .init(
        "DNS name of one family",
        "security { address-book { global { address A { dns-name example.net { ipv4-only; } } } } }"
    ),
    .init(
        "DNS name of no family",
        "security { address-book { global { address A { dns-name example.net { ipv5-only; } } } } }",
        errors: ["unknown-statement"]
    ),
    .init(
        "DNS name that is none",
        "security { address-book { global { address A { dns-name example..net; } address B { dns-name 192.0.2.1; } } } }",
        errors: ["invalid-value", "invalid-value"]
    ),
    .init(
        "range upside down",
        "security { address-book { global { address A { range-address 192.0.2.9 { to 192.0.2.1; } } } } }",
        errors: ["invalid-value"]
    ),
    .init("NAT", "security { nat { source { rule-set r; } } }", errors: ["unsupported-statement"]),
    .init("screens", "security { screen { ids-option s { tcp { land; } } } }", errors: ["unsupported-statement"]),
    .init("gateways", "security { alg { dns disable; } log { mode stream; } }", warnings: ["not-applicable"]),
    .init("unknown", "security { frobnicate; }", errors: ["unknown-statement"]),
    .init(
        "strict SYN check against none",
        "security { flow { tcp-session { strict-syn-check; no-syn-check; } } }",
        errors: ["conflicting-statements"]
    ),
    .init(
        "strict SYN check against none in tunnels",
        "security { flow { tcp-session { strict-syn-check; no-syn-check-in-tunnel; } } }",
        errors: ["conflicting-statements"],
        warnings: ["not-applicable"]
    ),
    .init(
        "session options",
        "security { flow { tcp-session { rst-invalidate-session; fin-invalidate-session; maximum-window 64K; "
            + "tcp-initial-timeout 4; } } }"
    ),
    .init(
        "times out of range",
        "security { flow { tcp-session { tcp-initial-timeout 301; time-wait-state { session-timeout 1; } } } }",
        errors: ["invalid-value", "invalid-value"]
    ),
    .init(
        "what FIN ends cannot be held",
        "security { flow { tcp-session { fin-invalidate-session; time-wait-state; } } }",
        errors: ["conflicting-statements"]
    ),
    .init(
        "time-wait-state",
        "security { flow { tcp-session { time-wait-state { session-ageout; apply-to-half-close-state; } } } }"
    ),
    .init(
        "checks that conntrack does not make",
        "security { flow { tcp-session { rst-sequence-check; } aging { early-ageout 5; } route-change-timeout 6; } }",
        errors: ["unsupported-statement", "unsupported-statement", "unsupported-statement"]
    ),
    .init(
        "segment sizes",
        "security { flow { tcp-mss { all-tcp { mss 1350; } ipsec-vpn { mss 1350; } } } }",
        warnings: ["not-applicable"]
    ),
    .init(
        "segment sizes out of range, and in tunnels",
        "security { flow { tcp-mss { all-tcp { mss 63; } gre-in { mss 1350; } } } }",
        errors: ["unsupported-statement", "invalid-value"]
    ),
    .init(
        "DNS replies and ICMP errors",
        "security { flow { allow-dns-reply; allow-embedded-icmp; force-ip-reassembly; traceoptions { flag all; } } }"
    ),
    .init(
        "T52: packet mode with policies",
        policy(everything, more: "forwarding-options { family { inet { mode packet-based; } } }"),
        errors: ["packet-mode-with-policies"]
    ),
    .init(
        "packet mode of a family that no zone has",
        policy(everything, more: "forwarding-options { family { inet6 { mode packet-based; } } }")
    ),
    .init(
        "packet mode without policies",
        "\(interfaces) security { \(zones) forwarding-options { family { inet { mode packet-based; } } } }"
    ),
    .init(
        "MPLS packet mode",
        "security { forwarding-options { family { mpls { mode packet-based; } } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "wrong mode",
        "security { forwarding-options { family { inet { mode fast; } } } }",
        errors: ["invalid-value"]
    ),
    .init(
        "IPv6 without a mode",
        "interfaces { eth0 { unit 0 { family inet6; } } } security { zones { security-zone a { interfaces { eth0.0; } } } }",
        warnings: ["inet6-dropped"]
    ),
]

@Suite
struct SecurityTests {
    @Test(arguments: cases)
    func `the commit check says exactly this`(_ example: CheckCase) {
        let result = extract(example.text)
        #expect(result.errors == example.errors, "\(result.diagnostics.map(\.text))")
        #expect(result.warnings == example.warnings, "\(result.diagnostics.map(\.text))")
    }

    @Test
    func `a whole hierarchy is found`() throws {
        let result = extract(
            """
            \(interfaces)
            security {
                forwarding-options { family { inet6 { mode flow-based; } } }
                flow { tcp-session { no-syn-check; no-sequence-check; } }
                address-book {
                    global { address G 198.51.100.0/24; address W { wildcard-address 192.0.11.0/255.0.255.0; } }
                    inside {
                        address A 10.1.0.0/24;
                        address R { range-address 10.1.1.1 { to 10.1.1.9; } }
                        address-set S { address A; address R; }
                        attach { zone trust; }
                    }
                }
                zones {
                    security-zone trust {
                        tcp-rst;
                        host-inbound-traffic { system-services { all; telnet except; } protocols { ospf; } }
                        interfaces { eth0.0 { host-inbound-traffic { system-services { ping; } } } }
                    }
                    security-zone untrust { interfaces { eth1; } }
                    functional-zone management { interfaces { eth2.0; } }
                }
                policies {
                    from-zone trust to-zone untrust {
                        policy W1 {
                            match { source-address [ S G ]; source-address-excluded; destination-address G; application [ junos-http junos-https ]; }
                            then { permit; log { session-init; session-close; } count; }
                        }
                        policy W2 { match { \(everything) } then { reject; } }
                    }
                    global { policy G { match { from-zone untrust; to-zone [ trust junos-host ]; \(everything) } then { deny; } } }
                    default-policy { permit-all; }
                }
            }
            """
        )
        #expect(result.errors == [])
        let security = try #require(result.configuration.security)
        #expect(security.inetMode == .flowBased)
        #expect(security.inet6Mode == .flowBased)
        #expect(security.flow.noSYNCheck && security.flow.noSequenceCheck && security.defaultPermits)
        #expect(security.zones.map(\.name) == ["trust", "untrust", "management"])
        #expect(security.zones.map(\.isManagement) == [false, false, true])
        #expect(security.zones[0].sendsTCPReset)
        #expect(
            security.zones[0].hostInbound
                == HostInboundTraffic(systemServices: ["all"], exceptedServices: ["telnet"], protocols: ["ospf"])
        )
        #expect(security.zones[0].interfaces.first?.hostInbound == HostInboundTraffic(systemServices: ["ping"]))
        #expect(security.zone(of: "eth1.0")?.name == "untrust")
        let inside = try #require(security.addressBooks.first { $0.name == "inside" })
        #expect(inside.zones == ["trust"])
        #expect(inside.sets == ["S": ["A", "R"]])
        let low = try #require(IPAddress("10.1.1.1"))
        let high = try #require(IPAddress("10.1.1.9"))
        #expect(inside.addresses["R"] == .range(low, high))
        let global = try #require(security.addressBooks.first { $0.name == "global" })
        #expect(global.addresses["W"] == .wildcard(address: 0xC000_0B00, mask: 0xFF00_FF00))
        #expect(security.policyContexts.map(\.policies.count) == [2])
        let first = try #require(security.policyContexts.first?.policies.first)
        #expect(first.sourceAddresses == ["S", "G"])
        #expect(first.excludesSource && !first.excludesDestination)
        #expect(first.applications == ["junos-http", "junos-https"])
        #expect(first.action == .permit)
        #expect(first.logsInit && first.logsClose && first.counts)
        #expect(first.source.path == "security policies from-zone trust to-zone untrust policy W1")
        #expect(security.policyContexts.first?.policies.last?.action == .reject)
        #expect(security.globalPolicies.map(\.fromZones) == [["untrust"]])
        #expect(security.globalPolicies.map(\.toZones) == [["trust", "junos-host"]])
        #expect(security.globalPolicies.first?.source.path == "security policies global policy G")
    }

    @Test(arguments: [
        everything + "source-identity alice;", everything + "frobnicate;",
        "source-address nowhere; source-address-excluded; destination-address any; application any;",
        "source-address nowhere; destination-address any; application any;",
    ])
    func `a policy that cannot be understood matches nothing`(_ match: String) throws {
        let policy = try #require(extract(policy(match)).configuration.security?.policyContexts.first?.policies.first)
        #expect(policy.sourceAddresses.isEmpty || policy.sourceAddresses == ["nowhere"] && !policy.excludesSource)
    }

    @Test
    func `a plain router's keys do not make it a flow device`() {
        #expect(extract("interfaces { eth0 { unit 0; } }").configuration.security == nil)
        #expect(extract("security { authentication-key-chains { key-chain k; } }").configuration.security == nil)
        #expect(extract("security { zones { security-zone a; } }").configuration.security != nil)
    }

    @Test
    func `the books of zones are attached to them`() {
        let result = extract("security { zones { security-zone a { address-book { address B 192.0.2.5; } } } }")
        #expect(result.errors == [])
        #expect(result.configuration.security?.addressBooks.map(\.zones) == [["a"]])
    }
}

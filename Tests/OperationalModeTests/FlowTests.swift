// SPDX-License-Identifier: Apache-2.0
// Sessions, zones and policies in the layout and with the tags of devices (flow reference §9.1 to §9.4).
import JunosModel
import NetworkTypes
import OperationalMode
import Testing

private let text = """
    interfaces {
        ge-0/0/0 { unit 0 { family inet { address 203.0.113.7/24; } apply-macro linux { device u0; } } }
        ge-0/0/1 { unit 0 { family inet { address 10.1.0.1/16; } apply-macro linux { device t0; } } }
    }
    schedulers { scheduler OFFICE { daily { start-time 08:00 { stop-time 18:00; } } } }
    applications { application ODD { term a protocol udp source-port 1000-2000 destination-port 7777; term b protocol icmp icmp-type 8; } }
    security {
        address-book { global { address lan 10.1.0.0/16; address R { range-address 192.0.2.1 { to 192.0.2.9; } } address-set S { address lan; address R; } } }
        zones {
            security-zone trust { tcp-rst; interfaces { ge-0/0/1.0; } }
            security-zone untrust { interfaces { ge-0/0/0.0; } }
            functional-zone management { host-inbound-traffic { system-services { ssh; } } }
        }
        policies {
            from-zone trust to-zone untrust {
                policy web-out {
                    match { source-address lan; destination-address any; application [ junos-http junos-https ]; }
                    then { permit; log { session-init; session-close; } count; }
                }
                policy odd { match { source-address S; destination-address any; source-address-excluded; application ODD; } scheduler-name OFFICE; then { deny; } }
            }
            global { policy G { match { source-address any; destination-address any; application any; from-zone trust; } then { reject; log { session-init; } } } }
        }
    }
    """

private func session(
    _ id: UInt32,
    _ number: UInt8 = 6,
    from source: String = "10.1.1.23",
    _ sourcePort: UInt16 = 51544,
    to destination: String = "198.51.100.10",
    _ destinationPort: UInt16 = 443,
    state: FlowSession.State = .valid,
    application: String? = "junos-https",
    policy: (String, UInt16) = ("web-out", 5)
) throws -> FlowSession {
    let (client, server) = (try #require(IPAddress(source)), try #require(IPAddress(destination)))
    return FlowSession(
        id: id,
        protocolNumber: number,
        policyName: policy.0,
        policyNumber: policy.1,
        fromZone: "trust",
        toZone: "untrust",
        state: state,
        timeout: 1788,
        configuredTimeout: 1800,
        application: application,
        start: 1_764_556_000,
        duration: 12,
        initiator: .init(
            source: client,
            sourcePort: sourcePort,
            destination: server,
            destinationPort: destinationPort,
            interface: "ge-0/0/1.0",
            traffic: TrafficCount(packets: 14, bytes: 2103)
        ),
        responder: .init(
            source: server,
            sourcePort: destinationPort,
            destination: client,
            destinationPort: sourcePort,
            interface: "ge-0/0/0.0",
            traffic: TrafficCount(packets: 11, bytes: 8244)
        )
    )
}

/// A router on paper with sessions.
private struct Paper {
    var sessions: [FlowSession] = []
    var matches: [PolicyKey] = []
    var traffic: [PolicyKey: PolicyTraffic]?
    final class Effects {
        var closed: Set<UInt32> = []
        var cleared: Set<PolicyKey> = []
        var question: PolicyQuestion?
    }
    let effects = Effects()
    static let web = PolicyKey(from: "trust", to: "untrust", name: "web-out")
    static let odd = PolicyKey(from: "trust", to: "untrust", name: "odd")
    static let global = PolicyKey(from: "junos-global", to: "junos-global", name: "G")

    func ask(_ command: String) throws -> OperationalAnswer {
        var flow = FlowSources()
        flow.sessions = { sessions }
        flow.closeSessions = {
            effects.closed = $0
            return $0.count
        }
        flow.capacity = { SessionCapacity(maximum: 4_194_304, failed: 2) }
        flow.clearHits = { effects.cleared = $0 }
        flow.policyNumbers = [Self.web: 5, Self.odd: 6, Self.global: 7]
        flow.policyTraffic = { traffic }
        flow.matchPolicies = {
            effects.question = $0
            return matches
        }
        flow.dormantPolicies = { [Self.odd] }
        return try OperationalModeTests.ask(
            command,
            try configuration(text),
            policies: [["trust", "untrust", "web-out"]: TrafficCount(packets: 1043, bytes: 9)],
            flow: flow
        )
    }
}

@Suite struct `Sessions and policies` {
    @Test func `sessions in the layout of devices`() throws {
        let paper = Paper(sessions: [
            try session(40022, 1, 0, to: "198.51.100.10", 77, application: nil),
            try session(40021),
        ])
        #expect(
            try paper.ask("show security flow session").rendered(.text) == """
                Session ID: 40021, Policy name: web-out/5, Timeout: 1788, Session State: Valid
                  In: 10.1.1.23/51544 --> 198.51.100.10/443;tcp, Conn Tag: 0x0, If: ge-0/0/1.0, Pkts: 14, Bytes: 2103,
                  Out: 198.51.100.10/443 --> 10.1.1.23/51544;tcp, Conn Tag: 0x0, If: ge-0/0/0.0, Pkts: 11, Bytes: 8244,

                Session ID: 40022, Policy name: web-out/5, Timeout: 1788, Session State: Valid
                  In: 10.1.1.23/0 --> 198.51.100.10/77;icmp, Conn Tag: 0x0, If: ge-0/0/1.0, Pkts: 14, Bytes: 2103,
                  Out: 198.51.100.10/77 --> 10.1.1.23/0;icmp, Conn Tag: 0x0, If: ge-0/0/0.0, Pkts: 11, Bytes: 8244,

                Total sessions: 2

                """
        )
        #expect(try Paper().ask("show security flow session").rendered(.text) == "Total sessions: 0\n")
        #expect(
            try paper.ask("show security flow session brief") == paper.ask("show security flow session")
        )
        let extensive = try paper.ask("show security flow session extensive protocol tcp").rendered(.text)
        #expect(extensive.contains("Maximum timeout: 1800, Current timeout: 1788\nSession State: Valid\n"))
        #expect(extensive.contains("Start time: 1764556000, Duration: 12\n"))
        let xml = try paper.ask("show security flow session protocol tcp").rendered(.xml)
        for line in [
            "<session-identifier>40021</session-identifier>", "<policy>web-out/5</policy>",
            "<direction>Out</direction>",
            "<interface-name>ge-0/0/0.0</interface-name>", "<byte-cnt>8244</byte-cnt>",
            "<displayed-session-count>1</displayed-session-count>",
            "<displayed-session-valid>1</displayed-session-valid>",
        ] { #expect(xml.contains(line), "\(xml)") }
    }

    @Test func `summary counts states`() throws {
        let paper = Paper(sessions: [
            try session(1), try session(2), try session(3), try session(4, state: .invalidated),
        ])
        #expect(
            try paper.ask("show security flow session summary").rendered(.text) == """
                Unicast-sessions: 3
                Multicast-sessions: 0
                Services-offload-sessions: 0
                Failed-sessions: 2
                Sessions-in-drop-flow: 0
                Sessions-in-use: 4
                  Valid sessions: 3
                  Pending sessions: 0
                  Invalidated sessions: 1
                  Sessions in other states: 0
                Maximum-sessions: 4194304

                """
        )
    }

    @Test(
        arguments: [
            ("", [1, 2, 3, 4]), ("source-prefix 10.1.0.0/16", [1, 3]), ("source-prefix 10.9.9.9", [2]),
            ("destination-prefix 203.0.113.0/24", [3]), ("source-port 51544", [1, 2, 4]), ("destination-port 53", [3]),
            ("protocol udp", [3]), ("protocol 6", [1, 2, 4]), ("application junos-dns-udp", [3]),
            ("interface ge-0/0/0.0", [1, 2, 3, 4]), ("interface ge-0/0/9.0", []), ("zone untrust", [1, 2, 3, 4]),
            ("zone dmz", []), ("policy-id 9", [2]), ("family inet", [1, 2, 3]), ("family inet6", [4]),
            ("session-identifier 2", [2]), ("start-identifier 3", [3, 4]), ("count 2", [1, 2]),
            ("start-identifier 2 count 2", [2, 3]), ("conn-tag 0", [1, 2, 3, 4]), ("conn-tag 1", []),
            ("duration-more-than 11", [1, 2, 3, 4]), ("duration-less-than 12", []), ("packets-more-than 25", []),
            ("bytes-less-than 10348", [1, 2, 3, 4]), ("timeout-more-than 1787", [1, 2, 3, 4]),
            ("protocol tcp source-prefix 10.1.0.0/16", [1]), ("protocol tcp policy-id 9 family inet6", []),
        ] as [(String, [UInt32])]
    )
    func `filters hold together`(filter: String, expected: [UInt32]) throws {
        let paper = Paper(sessions: [
            try session(1), try session(2, from: "10.9.9.9", policy: ("other", 9)),
            try session(3, 17, 4000, to: "203.0.113.9", 53, application: "junos-dns-udp"),
            try session(4, from: "2001:db8::1", to: "2001:db8::2"),
        ])
        let answer = try paper.ask("show security flow session \(filter)")
        let ids = answer.element?.elements("flow-session").compactMap { $0.elements("session-identifier").first?.text }
        #expect(ids == expected.map { String($0) })
        guard !filter.isEmpty else { return }
        #expect(
            try paper.ask("clear security flow session \(filter)").rendered(.text)
                == "\(expected.count) active sessions cleared\n"
        )
        #expect(paper.effects.closed == Set(expected))
    }

    @Test(arguments: [
        "show security flow session source-port 70000", "show security flow session family inet7",
        "show security flow session source-prefix 10.0.0/8", "show security flow session protocol nonsense",
        "clear security flow session", "clear security flow session all protocol tcp",
        "show security match-policies from-zone trust to-zone untrust source-ip 10.1.1.1 destination-ip 10.1.1.2 protocol tcp",
        "show security match-policies from-zone trust to-zone nowhere source-ip 10.1.1.1 destination-ip 10.1.1.2 protocol 47",
        "show security match-policies from-zone trust to-zone untrust source-ip 10.1.1.1 destination-ip ::1 protocol 47",
        "show security zones nowhere",
    ])
    func `nonsense is refused, and nothing is done`(command: String) throws {
        let paper = Paper(sessions: [try session(1)])
        #expect(throws: OperationalProblem.self) { try paper.ask(command) }
        #expect(paper.effects.closed.isEmpty && paper.effects.question == nil)
    }

    @Test func `policies in short`() throws {
        #expect(
            try Paper().ask("show security policies").rendered(.text) == """
                Default policy: deny-all
                Default policy log Profile ID: 0
                Pre ID default policy: permit-all
                From zone: trust, To zone: untrust
                  Policy: web-out, State: enabled, Index: 5, Scope Policy: 0, Sequence number: 1, Log Profile ID: 0
                    Source vrf group: any
                    Destination vrf group: any
                    Source addresses: lan
                    Destination addresses: any
                    Applications: junos-http, junos-https
                    Source identity feeds: any
                    Destination identity feeds: any
                    Action: permit, log, count
                  Policy: odd, State: disabled, Index: 6, Scope Policy: 0, Sequence number: 2, Log Profile ID: 0
                    Source vrf group: any
                    Destination vrf group: any
                    Source addresses(excluded): S
                    Destination addresses: any
                    Applications: ODD
                    Source identity feeds: any
                    Destination identity feeds: any
                    Action: deny, scheduled
                Global policies:
                  Policy: G, State: enabled, Index: 7, Scope Policy: 0, Sequence number: 1, Log Profile ID: 0
                    From zones: trust
                    To zones: any
                    Source vrf group: any
                    Destination vrf group: any
                    Source addresses: any
                    Destination addresses: any
                    Applications: any
                    Source identity feeds: any
                    Destination identity feeds: any
                    Action: reject, log

                """
        )
        let xml = try Paper().ask("show security policies policy-name web-out").rendered(.xml)
        for line in [
            "<source-zone-name>trust</source-zone-name>", "<policy-identifier>5</policy-identifier>",
            "<policy-sequence-number>1</policy-sequence-number>", "<action-type>permit</action-type>",
            "<policy-state>enabled</policy-state>", "<policy-log>at-create, at-close</policy-log>",
        ] { #expect(xml.contains(line), "\(xml)") }
        #expect(!xml.contains("odd"))
    }

    @Test func `policies in detail, with statistics where they are kept`() throws {
        var paper = Paper()
        paper.traffic = [
            Paper.web: PolicyTraffic(
                initiator: TrafficCount(packets: 10, bytes: 1000),
                responder: TrafficCount(packets: 20, bytes: 5000),
                deletions: 3,
                active: 2
            )
        ]
        let detail = try paper.ask("show security policies detail policy-name web-out").rendered(.text)
        #expect(
            detail.hasSuffix(
                """
                Policy: web-out, action-type: permit, services-offload:not-configured , State: enabled, Index: 5, Scope Policy: 0
                  Policy Type: Configured
                  Sequence number: 1
                  From zone: trust, To zone: untrust
                  Source addresses:
                    lan(global): 10.1.0.0/16
                  Destination addresses:
                    any-ipv4(global): 0.0.0.0/0
                    any-ipv6(global): ::/0
                  Application: junos-http
                    IP protocol: tcp, ALG: 0, Inactivity timeout: 300
                      Source port range: [0-0]
                      Destination ports: 80
                  Application: junos-https
                    IP protocol: tcp, ALG: 0, Inactivity timeout: 1800
                      Source port range: [0-0]
                      Destination ports: 443
                  Per policy TCP Options: SYN check: No, SEQ check: No, Window scale: No
                  Session log: at-create, at-close
                  Policy statistics:
                    Input  bytes       :                 6000
                      Initial direction:                 1000
                      Reply direction  :                 5000
                    Input  packets     :                   30
                      Initial direction:                   10
                      Reply direction  :                   20
                    Active sessions    :                    2
                    Session deletions  :                    3
                    Policy lookups     :                 1043

                """
            ),
            "\(detail)"
        )
        let other = try Paper().ask("show security policies detail policy-name odd").rendered(.text)
        for line in [
            "  Source addresses(excluded):\n    lan(global): 10.1.0.0/16\n    R(global): 192.0.2.1~192.0.2.9\n",
            "      Source port range: [1000-2000]\n      Destination ports: 7777\n",
            "    IP protocol: icmp, ALG: 0, Inactivity timeout: 60\n      ICMP Information: type=8, code=0\n",
            "  Scheduler: OFFICE\n",
        ] { #expect(other.contains(line), "\(other)") }
    }

    @Test func `hit counts are chosen and sorted`() throws {
        func names(_ options: String) throws -> [String] {
            try Paper().ask("show security policies hit-count \(options)").element?.elements("policy-hit-count-entry")
                .compactMap { $0.elements("policy-hit-count-policy-name").first?.text } ?? []
        }
        #expect(try names("") == ["web-out", "odd", "G", "default-policy"])
        #expect(try names("from-zone trust") == ["web-out", "odd"])
        #expect(try names("policy-name odd") == ["odd"])
        #expect(try names("greater-than 1042") == ["web-out"])
        #expect(try names("less-than 1") == ["odd", "G", "default-policy"])
        #expect(try names("ascending").last == "web-out")
        #expect(try names("descending").first == "web-out")
        let paper = Paper()
        _ = try paper.ask("clear security policies hit-count from-zone trust to-zone untrust")
        #expect(paper.effects.cleared == [Paper.web, Paper.odd])
        #expect(
            try Paper().ask("show security policies hit-count").rendered(.text).contains(
                "1       trust            untrust           web-out        1043          Permit\n"
            )
        )
    }

    @Test func `who would decide`() throws {
        let command =
            "show security match-policies from-zone trust to-zone untrust source-ip 10.1.1.23 "
            + "destination-ip 198.51.100.10 source-port 1025 destination-port 443 protocol tcp"
        let text = try Paper(matches: [Paper.web]).ask(command).rendered(.text)
        #expect(
            text.hasPrefix(
                """
                Policy: web-out, action-type: permit, State: enabled, Index: 5
                  Policy Type: Configured
                  Sequence number: 1
                  From zone: trust, To zone: untrust
                  Source addresses:
                    lan(global): 10.1.0.0/16

                """
            ),
            "\(text)"
        )
        #expect(
            text.hasSuffix(
                """
                    IP protocol: tcp, ALG: 0, Inactivity timeout: 1800
                      Source port range: [0-0]
                      Destination port range: [443-443]
                  Per policy TCP Options: SYN check: No, SEQ check: No, Window scale: No

                """
            ),
            "\(text)"
        )
        let implicit = try Paper(matches: [.defaultPolicy]).ask(command)
        #expect(
            implicit.rendered(.text)
                == "Policy: Default-Policy, action-type: deny-all, State: enabled, Index: 2\n  Sequence number: 2\n"
        )
        #expect(implicit.rendered(.xml).contains("<action-type>deny-all</action-type>"))
        #expect(try Paper().ask(command).rendered(.text) == "No policy is asked: the packet is dropped before.\n")
        let paper = Paper(matches: [Paper.web, Paper.global])
        let answer = try paper.ask(command + " result-count 2 kernel")
        #expect(answer.element?.elements("policy-information").count == 2)
        #expect(paper.effects.question?.limit == 2 && paper.effects.question?.asksKernel == true)
        #expect(paper.effects.question?.packet.header.destinationPort == 443)
    }

    @Test func `zones and modes`() throws {
        let text = try Paper().ask("show security zones trust").rendered(.text)
        #expect(
            text == """

                Security zone: trust
                  Zone ID: 1
                  Send reset for non-SYN session TCP packets: On
                  Policy configurable: Yes
                  Interfaces bound: 1
                  Interfaces:
                    ge-0/0/1.0
                  Advanced-connection-tracking timeout: 1800
                  Unidirectional-session-refreshing: No

                """
        )
        let terse = try Paper().ask("show security zones terse").rendered(.text)
        #expect(terse.contains("management                  Functional\n"))
        #expect(terse.contains("junos-host                  Security\n"))
        let status = try Paper().ask("show security flow status").rendered(.text)
        #expect(status.contains("    Inet forwarding mode: flow based\n    Inet6 forwarding mode: drop\n"))
        #expect(
            try Paper().ask("show security flow status").rendered(.xml)
                .contains("<flow-forwarding-mode-inet>flow based</flow-forwarding-mode-inet>")
        )
    }
}

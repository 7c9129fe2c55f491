// SPDX-License-Identifier: Apache-2.0
// The traps of flow reference §11 about policies, zones and the router itself.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

@Suite struct `Policy traps of the reference` {
    @Test func `17: the first policy that matches decides`() throws {
        let deny = "policy X { match { source-address any; destination-address any; application any; } then { deny; } }"
        try check(
            firewall("from-zone trust to-zone untrust { \(webPolicy) \(deny) }"),
            "17",
            [Step(syn, "t0", "accept create")],
            hits: [web: 1]
        )
        try check(
            firewall("from-zone trust to-zone untrust { \(deny) \(webPolicy) }"),
            "17 reversed",
            [Step(syn, "t0", "discard")],
            hits: ["trust/untrust/X": 1]
        )
    }

    @Test func `18 to 20: global policies come after those of the pair`() throws {
        let all = "match { source-address any; destination-address any; application any; }"
        let pair = "from-zone trust to-zone untrust { \(webPolicy) }"
        let toServer = "tcp 10.1.0.5:40000 > 10.2.0.10:80 flags=S"
        try check(
            firewall("\(pair) global { policy G { \(all) then { permit; } } }"),
            "18",
            [Step(toServer, "t0", "accept create")],
            hits: ["junos-global/junos-global/G": 1]
        )
        let inward = "tcp 203.0.113.5:40000 > 10.1.0.5:80 flags=S"
        let scoped =
            "global { policy G { match { source-address any; destination-address any; application any; "
            + "from-zone untrust; to-zone trust; } then { permit; } } }"
        try check(
            firewall("\(pair) \(scoped)"),
            "19",
            [Step(inward, "u0", "accept create"), Step(toServer, "t0", "discard")],
            hits: ["junos-global/junos-global/G": 1]
        )
        try check(
            firewall(
                "from-zone trust to-zone untrust { policy D { \(all) then { deny; } } } global { policy G { \(all) then { permit; } } }"
            ),
            "20",
            [Step("tcp 10.1.0.5:40000 > 203.0.113.5:22 flags=S", "t0", "discard")],
            hits: ["trust/untrust/D": 1]
        )
    }

    @Test func `21 and 22: a zone does not trust itself`() throws {
        let line = "tcp 10.1.0.5:40000 > 10.3.0.5:80 flags=S"
        try check(firewall(), "21", [Step(line, "t0", "discard")])
        let policy =
            "from-zone trust to-zone trust { policy I { match { source-address any; destination-address any; "
            + "application any; } then { permit; } } }"
        try check(firewall(policy), "22", [Step(line, "t0", "accept create")], hits: ["trust/trust/I": 1])
    }

    @Test func `23 to 25: reject resets TCP, tells UDP, and is silent to the rest`() throws {
        let policy =
            "from-zone trust to-zone untrust { policy R { match { source-address any; destination-address any; "
            + "application any; } then { reject; } } }"
        try check(
            firewall(policy),
            "23",
            [
                Step(syn, "t0", "reject tcp-reset"),
                Step("udp 10.1.0.5 > 203.0.113.5:53", "t0", "reject port-unreachable"),
                Step("icmp 10.1.0.5 > 203.0.113.5", "t0", "reject"),
            ],
            hits: ["trust/untrust/R": 3]
        )
    }

    @Test func `26: default-policy permit-all makes sessions`() throws {
        var model = firewall("default-policy { permit-all; }")
        let answer = try model.receive("tcp 10.1.0.5:40000 > 203.0.113.5:22 flags=S", on: "t0")
        #expect(answer.verdict == .accept && answer.session == .create)
        #expect(answer.decidedBy == "security policies default-policy")
    }

    @Test func `27: an interface's host-inbound-traffic replaces its zone's`() throws {
        let model = firewall(
            trust: "host-inbound-traffic { system-services { ssh; } }",
            trustInterface: "host-inbound-traffic { system-services { ping; } }"
        )
        try check(
            model,
            "27",
            [
                Step("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "discard"),
                Step("icmp 10.1.0.5 > 10.1.0.1", "t0", "accept create"),
                Step("tcp 10.3.0.5 > 10.3.0.1:22", "t1", "accept create"),
                Step("icmp 10.3.0.5 > 10.3.0.1", "t1", "discard"),
            ]
        )
    }

    @Test func `28: except takes away from all`() throws {
        let model = firewall(trust: "host-inbound-traffic { system-services { all; telnet { except; } } }")
        try check(
            model,
            "28",
            [
                Step("tcp 10.1.0.5 > 10.1.0.1:23", "t0", "discard"),
                Step("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "accept create"),
                Step("tcp 10.1.0.5 > 10.1.0.1:12345", "t0", "discard"),
            ]
        )
    }

    @Test func `29: host-inbound and the policies of junos-host must both agree`() throws {
        let policy =
            "from-zone trust to-zone junos-host { policy P { match { source-address any; destination-address any; "
            + "application junos-icmp-ping; } then { permit; } } policy D { match { source-address any; "
            + "destination-address any; application any; } then { deny; } } }"
        try check(
            firewall(policy, trust: "host-inbound-traffic { system-services { ssh; } }"),
            "29",
            [Step("tcp 10.1.0.5 > 10.1.0.1:22", "t0", "discard"), Step("icmp 10.1.0.5 > 10.1.0.1", "t0", "discard")],
            hits: ["trust/junos-host/D": 1]
        )
    }

    @Test func `30: the router may send, and gets its answers`() throws {
        try check(
            firewall(trust: "host-inbound-traffic { system-services { ping; } }"),
            "30",
            [
                Step("icmp 10.1.0.5 > 10.1.0.1", "t0", "accept create"),
                Step("icmp 10.1.0.1 > 10.1.0.5 type=0", "local", "accept match"),
                Step("icmp 203.0.113.1 > 203.0.113.5 id=7", "local", "accept create"),
                Step("icmp 203.0.113.5 > 203.0.113.1 type=0 id=7", "u0", "accept match"),
                Step("icmp 203.0.113.5 > 203.0.113.1 type=0 id=8", "u0", "discard"),
            ]
        )
    }

    @Test func `31 and 32: the management zone and interfaces without one forward nothing`() throws {
        let all = "match { source-address any; destination-address any; application any; }"
        let model = firewall("global { policy G { \(all) then { permit; } } } default-policy { permit-all; }")
        try check(
            model,
            "31",
            [
                Step("udp 10.9.0.5 > 203.0.113.5", "m0", "discard"),
                Step("udp 203.0.113.5 > 10.9.0.5", "u0", "discard"),
                Step("udp 10.8.0.5 > 203.0.113.5", "x0", "discard"),
                Step("udp 203.0.113.5 > 10.8.0.5", "u0", "discard"),
                Step("tcp 10.8.0.5 > 10.8.0.1:22", "x0", "discard"),
                Step("tcp 10.9.0.5 > 10.9.0.1:22", "m0", "accept create"),
                Step("tcp 10.9.0.5 > 10.9.0.1:23", "m0", "discard"),
            ],
            // The functional zone has no policies, global ones included (flow reference §3.1).
            hits: [:]
        )
    }

    @Test func `34 and 35: an excluded list is negated inside the families it has`() throws {
        let policy =
            "from-zone trust to-zone untrust { policy E { match { source-address inside; source-address-excluded; "
            + "destination-address any; application any; } then { permit; } } }"
        try check(
            firewall(policy, more: "address-book { global { address inside 10.1.0.0/17; } }"),
            "34",
            [
                Step("udp 10.1.5.5 > 203.0.113.5", "t0", "discard"),
                Step("udp 10.1.128.0 > 203.0.113.5", "t0", "accept create"),
                Step("udp 2001:db8:1::5 > 2001:db8:2::5", "t0", "discard"),
            ],
            hits: ["trust/untrust/E": 1]
        )
    }

    @Test func `50: a filter's implicit discard comes before any session`() throws {
        var model = firewall(
            top: """
                firewall { family inet { filter P { term a { from { protocol udp; port snmp; } then { packet-mode; accept; } } } } }
                interfaces { t0 { unit 0 { family inet { filter { input P; } } } } }
                """
        )
        let answer = try model.receive(syn, on: "t0")
        #expect(answer.verdict == .discard && answer.stage == .inputFilter)
        #expect(answer.decidedBy == "firewall family inet filter P implicit-discard")
        let query = try model.receive("udp 10.1.0.5:5000 > 203.0.113.5:161", on: "t0")
        #expect(query.verdict == .accept && query.session == .none)
        let reply = try model.receive("udp 203.0.113.5:161 > 10.1.0.5:5000", on: "u0")
        #expect(reply.verdict == .discard && reply.stage == .policy, "51: the reply is a first packet")
    }

    @Test func `57: later fragments alone make no session, a whole datagram does`() throws {
        let policy =
            "from-zone trust to-zone untrust { policy U { match { source-address any; destination-address any; "
            + "application junos-dns-udp; } then { permit; } } }"
        var model = firewall(policy)
        let pieces = try packet("udp 10.1.0.5:5000 > 203.0.113.5:53 payload=900").fragmented(payload: 400)
        for index in [2, 1] {
            let held = try model.evaluate(PacketVector(id: "f", inputInterface: "t0", packet: pieces[index]))
            #expect(held.stage == .reassembly && held.session == .none)
        }
        #expect(model.sessionCount == 0)
        let whole = try model.evaluate(PacketVector(id: "f", inputInterface: "t0", packet: pieces[0]))
        #expect(whole.verdict == .accept && whole.session == .create && whole.policyHits == ["trust/untrust/U": 1])
        #expect(whole.packet.bytes.count == 928)
    }

    @Test func `58: an ICMP error about a session rides it, any other is dropped`() throws {
        let policy =
            "from-zone trust to-zone dmz { policy U { match { source-address any; destination-address any; "
            + "application any; } then { permit; } } }"
        var model = firewall(policy)
        let about = try packet("udp 10.1.0.5:5000 > 10.2.0.10:53 payload=20")
        _ = try model.receive("udp 10.1.0.5:5000 > 10.2.0.10:53 payload=20", on: "t0")
        let server = IPAddress(.inet, 0x0a02_000a)
        let error = try PacketFields.icmpError(type: 3, code: 3, about: about, from: server).build()
        let answer = try model.evaluate(PacketVector(id: "e", inputInterface: "d0", packet: error))
        #expect(answer.verdict == .accept && answer.session == .match)
        let other = try packet("udp 10.1.0.5:5001 > 10.2.0.10:53 payload=20")
        let stray = try PacketFields.icmpError(type: 3, code: 3, about: other, from: server).build()
        #expect(try model.evaluate(PacketVector(id: "e", inputInterface: "d0", packet: stray)).verdict == .discard)
    }

    @Test func `59: the answer to the router's own connection needs no host-inbound`() throws {
        try check(
            firewall(),
            "59",
            [
                Step("tcp 203.0.113.1:30000 > 203.0.113.5:179 flags=S", "local", "accept create"),
                Step("tcp 203.0.113.5:179 > 203.0.113.1:30000 flags=SA", "u0", "accept match"),
            ]
        )
    }

    @Test func `60: an address of another zone needs the policy there, too`() throws {
        let services = "host-inbound-traffic { system-services { ssh; } }"
        let line = "tcp 203.0.113.5:30000 > 10.1.0.1:22 flags=S"
        try check(firewall(trust: services), "60", [Step(line, "u0", "discard")])
        let policy =
            "from-zone untrust to-zone trust { policy S { match { source-address any; destination-address any; "
            + "application junos-ssh; } then { permit; } } }"
        try check(
            firewall(policy, trust: services),
            "60 with policy",
            [Step(line, "u0", "accept create")],
            hits: ["untrust/trust/S": 1]
        )
    }

    @Test func `neighbour discovery and MLD reach the router, and are never forwarded`() throws {
        var model = firewall()
        for type in [130, 131, 132, 133, 134, 135, 136, 137, 143] {
            let answer = try model.receive("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=\(type)", on: "t0")
            #expect(answer.verdict == .accept && answer.session == .none, "type \(type)")
            let forwarded = try model.receive("icmp6 2001:db8:1::5 > 2001:db8:2::5 type=\(type)", on: "t0")
            #expect(forwarded.verdict == .discard && forwarded.stage == .flow, "type \(type)")
        }
        #expect(try model.receive("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=129", on: "t0").verdict == .discard)
        #expect(try model.receive("icmp6 2001:db8:1::5 > 2001:db8:1::1 type=138", on: "t0").verdict == .discard)
    }

    @Test func `a first packet that an output filter drops leaves no session`() throws {
        var model = firewall(
            top: """
                firewall { family inet { filter O { term a { from { destination-port 80; } then discard; } term b { then accept; } } } }
                interfaces { u0 { unit 0 { family inet { filter { output O; } } } } }
                """
        )
        let answer = try model.receive(syn, on: "t0")
        #expect(answer.verdict == .discard && answer.stage == .outputFilter)
        #expect(answer.policyHits == [web: 1] && model.sessionCount == 0)
        #expect(try model.receive("tcp 10.1.0.5:40000 > 203.0.113.5:443 flags=S", on: "t0").session == .create)
    }

    @Test func `family inet6 is dropped where its mode is not set, before any filter`() throws {
        var model = evaluator(
            """
            interfaces { t0 { unit 0 { family inet6 { filter { input F; } address 2001:db8:1::1/64; } } } }
            firewall { family inet6 { filter F { term a { then { count c; accept; } } } } }
            security { zones { security-zone trust { interfaces { t0.0; } } } }
            """
        )
        for line in ["udp 2001:db8:1::5 > 2001:db8:1::1", "icmp6 2001:db8:1::5 > 2001:db8:1::1 type=135"] {
            let answer = try model.receive(line, on: "t0")
            #expect(answer.verdict == .discard && answer.stage == .mode && answer.counters.isEmpty)
            #expect(answer.decidedBy == "security forwarding-options family inet6")
        }
    }

    @Test func `a look-up alone between two zones names the policy`() throws {
        var model = firewall()
        let vector = PacketVector(id: "z", fromZone: "trust", toZone: "untrust", packet: try packet(syn))
        let answer = try model.evaluate(vector)
        #expect(answer.verdict == .accept && answer.stage == .policy)
        #expect(answer.decidedBy == "security policies from-zone trust to-zone untrust policy W1")
        #expect(answer.policyHits == [web: 1])
        #expect(
            model.lookUpPolicy(from: "untrust", to: "trust", try packet(syn))?.path
                == "security policies default-policy"
        )
    }
}

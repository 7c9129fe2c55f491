// SPDX-License-Identifier: Apache-2.0
// Filters where they are attached: lists, families, instances, the router's own packets (filters reference §5, §8).
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// Two interfaces and lo0 of a plain router, filters at will.
private func router(_ firewall: String, eth1: String = "", eth2: String = "", lo0: String = "", more: String = "")
    -> ReferenceEvaluator
{
    evaluator(
        """
        interfaces {
            eth1 { unit 0 { \(more) family inet { filter { \(eth1) } address 10.1.0.1/24; } family inet6 { address 2001:db8:1::1/64; } } }
            eth2 { unit 0 { family inet { filter { \(eth2) } address 10.2.0.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
            lo0 { unit 0 { family inet { filter { \(lo0) } address 192.168.255.1/32; } } }
        }
        firewall { \(firewall) }
        """
    )
}

private let transit = "udp 10.1.0.9:1000 > 10.2.0.9:2000 len=100"
private let local = "udp 10.1.0.9:1000 > 10.1.0.1:2000 len=100"

@Suite struct `Attached filters` {
    @Test func `a second pass that cannot differ is left out, with its counters`() throws {
        var model = router(
            "family inet { filter F { term a { from { protocol udp; } then { count c; accept; } } } }",
            eth1: "input F;"
        )
        #expect(try model.receive(local, on: "eth1").counters == ["inet:F/c-eth1.0-i": 1])
    }

    @Test func `policers are charged in the first pass alone, and log once`() throws {
        var model = router(
            """
            policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
            family inet { filter F { term a { from { packet-length 0-1500; } then { policer p; log; count c; accept; } } } }
            """,
            eth1: "input F;"
        )
        for (index, verdict) in [PacketVerdict.accept, .accept, .discard].enumerated() {
            let answer = try model.receive("udp 10.1.0.9 > 10.1.0.1 len=600", on: "eth1")
            #expect(answer.verdict == verdict, "packet \(index)")
            #expect(answer.logs.count == 1)
            #expect(answer.counters.count == (verdict == .accept ? 2 : 1))
        }
    }

    @Test(arguments: [(false, PacketVerdict.discard), (true, .accept)])
    func `a policer is shared by interfaces, unless the filter is interface-specific`(
        specific: Bool,
        second: PacketVerdict
    ) throws {
        var model = router(
            """
            policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
            family inet { filter F { \(specific ? "interface-specific;" : "") term a { then { policer p; accept; } } } }
            """,
            eth1: "input F;",
            eth2: "input F;"
        )
        #expect(try model.receive("udp 10.1.0.9 > 10.2.0.9 len=1000", on: "eth1").verdict == .accept)
        #expect(try model.receive("udp 10.2.0.9 > 10.1.0.9 len=1000", on: "eth2").verdict == second)
    }

    @Test func `what the router sends passes lo0's output filter, then the interface's`() throws {
        var model = router(
            "family inet { filter A { term a { then { count c; accept; } } } filter B { term a { then { count d; accept; } } } }",
            eth2: "output B;",
            lo0: "output A;"
        )
        let answer = try model.receive("udp 10.2.0.1 > 10.2.0.9", on: "local")
        #expect(answer.counters == ["inet:A/c-lo0.0-o": 1, "inet:B/d-eth2.0-o": 1])
        #expect(answer.stage == .outputFilter && answer.decidedBy == "firewall family inet filter B term a")
    }

    @Test func `interface-group is that of the receiving interface, 0 where unset`() throws {
        var model = router(
            "family inet { filter F { term a { from { interface-group 7; } then { count seven; accept; } } "
                + "term b { from { interface-group 0; } then { count none; accept; } } } }",
            eth1: "group 7; input F;",
            eth2: "input F;"
        )
        #expect(try model.receive(transit, on: "eth1").counters == ["inet:F/seven-eth1.0-i": 1])
        #expect(try model.receive("udp 10.2.0.9 > 10.1.0.9", on: "eth2").counters == ["inet:F/none-eth2.0-i": 1])
    }

    @Test func `changes of class, priority and DSCP are seen by later terms and by output filters`() throws {
        var model = router(
            """
            family inet {
                filter F {
                    term a { then { forwarding-class network-control; loss-priority high; dscp af11; next term; } }
                    term b { from { forwarding-class network-control; loss-priority high; dscp 10; } then { count seen; accept; } }
                }
                filter G { term a { from { dscp 10; forwarding-class network-control; } then { count out; accept; } } }
            }
            """,
            eth1: "input F;",
            eth2: "output G;"
        )
        let answer = try model.receive(transit, on: "eth1")
        #expect(answer.counters == ["inet:F/seen-eth1.0-i": 1, "inet:G/out-eth2.0-o": 1])
        #expect(answer.dscp == 10 && answer.lossPriority == .high && answer.forwardingClass == "network-control")
        #expect(answer.packet.header.hasValidHeaderChecksum)
    }

    @Test func `fragments for the router are judged one by one, then as a datagram`() throws {
        var model = router(
            """
            family inet { filter F {
                term a { from { is-fragment; } then { count fragments; accept; } }
                term b { then { count whole; accept; } }
            } filter L { term a { from { destination-port 2000; packet-length 2028; } then { count delivered; accept; } } } }
            """,
            eth1: "input F;",
            lo0: "input L;"
        )
        let pieces = try packet("udp 10.1.0.9:1000 > 10.1.0.1:2000 payload=2000").fragmented(payload: 1000)
        #expect(pieces.count == 3)
        for piece in pieces.dropLast() {
            let answer = try model.evaluate(PacketVector(id: "f", inputInterface: "eth1", packet: piece))
            #expect(answer.stage == .reassembly && answer.verdict == .accept)
            #expect(answer.counters == ["inet:F/fragments-eth1.0-i": 1])
        }
        let answer = try model.evaluate(PacketVector(id: "f", inputInterface: "eth1", packet: pieces[2]))
        #expect(answer.verdict == .accept)
        #expect(
            answer.counters == [
                "inet:F/fragments-eth1.0-i": 1, "inet:F/whole-eth1.0-i@routing-engine": 1,
                "inet:L/delivered-lo0.0-i": 1,
            ]
        )
        #expect(answer.counterOctets["inet:L/delivered-lo0.0-i"] == 2028)
    }

    @Test func `packets that the stack drops say so, and how far they get`() throws {
        var model = router("family inet { filter F { term a { then { count c; accept; } } } }", eth1: "input F;")
        let cases: [(String, String?, StackDrop?)] = [
            ("udp 10.1.0.9 > 10.2.0.9 ttl=1", nil, .timeToLiveExceeded), ("udp 10.1.0.9 > 10.2.0.9 ttl=2", nil, nil),
            ("udp 10.1.0.9 > 10.1.0.1 ttl=1", nil, nil), ("udp 127.0.0.1 > 10.2.0.9", nil, .martianSource),
            ("udp 10.1.0.1 > 10.2.0.9", nil, .martianSource), ("udp 224.0.0.1 > 10.2.0.9", nil, .martianSource),
            ("udp 0.0.0.0 > 10.2.0.9", nil, .martianSource), ("udp 10.1.0.9 > 239.1.1.1", "eth2", .multicast),
            ("udp 0.0.0.0:68 > 255.255.255.255:67", nil, nil), ("udp 10.1.0.9 > 255.255.255.255", "eth2", .broadcast),
            ("udp 240.0.0.1 > 10.2.0.9", nil, nil),
        ]
        for (line, output, expected) in cases {
            let answer = try model.receive(line, on: "eth1", to: output)
            #expect(answer.stack == expected, "\(line)")
            #expect(answer.counters == ["inet:F/c-eth1.0-i": 1], "\(line)")
            #expect((answer.stage == .stack) == (expected != nil), "\(line)")
        }
        var bytes = try packet(transit).bytes
        bytes[10] ^= 1
        let broken = try model.evaluate(
            PacketVector(id: "b", inputInterface: "eth1", packet: Packet(family: .inet, bytes: bytes))
        )
        #expect(broken.stack == .badChecksum && broken.stackReach == .nothing && broken.counters.isEmpty)
    }

    @Test func `a way out that nobody knows is an error`() throws {
        var model = router("")
        #expect(throws: EvaluationError.noEgress(IPAddress(.inet, 0x0808_0808))) {
            try model.receive("udp 10.1.0.9 > 8.8.8.8", on: "eth1")
        }
        #expect(throws: EvaluationError.unknownInterface("eth9")) { try model.receive(transit, on: "eth9") }
        #expect(throws: EvaluationError.unknownFilter(FilterName(.inet, "F"))) { try model.filter(transit) }
    }

    @Test func `an answer is one line with its keys in order`() throws {
        var model = router(
            "family inet { filter web-in { term a { then { count hits; accept; } } } }",
            eth1: "input web-in;"
        )
        #expect(
            try model.receive(transit, on: "eth1").json()
                == "{\"id\":\"p\",\"verdict\":\"accept\",\"decided-by\":\"firewall family inet filter web-in term a\","
                + "\"stage\":\"input-filter\",\"reject-with\":null,\"counters\":{\"inet:web-in/hits-eth1.0-i\":1},"
                + "\"policers\":{},\"policy-hits\":{},\"forwarding-class\":\"best-effort\",\"loss-priority\":\"low\","
                + "\"dscp\":0,\"session\":\"none\",\"stack\":null}"
        )
    }

    @Test func `a trace says term by term which condition failed first`() throws {
        var model = router(
            "family inet { filter F { term a { from { protocol tcp; destination-port 22; } then discard; } term b { then accept; } } }",
            eth1: "input F;"
        )
        let trace = try model.receive(transit, on: "eth1", trace: true).trace.map(\.description)
        #expect(
            trace == [
                "input-filter: firewall family inet filter F term a: no match: protocol, packet has 17",
                "input-filter: firewall family inet filter F term b: match: accept",
            ]
        )
    }
}

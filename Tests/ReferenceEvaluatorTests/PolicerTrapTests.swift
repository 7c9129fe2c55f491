// SPDX-License-Identifier: Apache-2.0
// The traps of filters reference §8 that need several packets.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import Testing

@Suite struct `Policer traps of the reference` {
    @Test func `T51: one burst passes, the rest is over`() throws {
        var model = filterEvaluator(
            "term t { then { policer p; count c; accept; } }",
            firewall: "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }"
        )
        let first = try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000")
        #expect(first.verdict == .accept && first.counters == ["inet:F/c": 1] && first.policers.isEmpty)
        let second = try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000")
        #expect(second.verdict == .discard && second.counters == ["inet:F/c": 1])
        #expect(second.policers == ["inet:F/p-t": 1])
        #expect(second.decidedBy == "firewall family inet filter F term t")
    }

    @Test(arguments: [(false, PacketVerdict.accept, "inet:F/p-t2"), (true, .discard, "inet:F/p")])
    func `T52 and T53: a bucket a term, or one a filter`(shared: Bool, second: PacketVerdict, row: String) throws {
        var model = filterEvaluator(
            "term t1 { from { protocol tcp; } then { policer p; accept; } } term t2 { then { policer p; accept; } }",
            firewall: "policer p { \(shared ? "filter-specific;" : "") "
                + "if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }"
        )
        #expect(try model.filter("tcp 192.0.2.1 > 198.51.100.1 len=1000").verdict == .accept)
        let answer = try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000")
        #expect(answer.verdict == second)
        let over = try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000")
        #expect(over.policers == [row: 1])
    }

    @Test func `T55: a policer that drops ends evaluation in a term with next term`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; } then { policer p; next term; } } term b { then discard; }",
            firewall: "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }"
        )
        #expect(
            try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000").decidedBy
                == "firewall family inet filter F term b"
        )
        #expect(
            try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000").decidedBy
                == "firewall family inet filter F term a"
        )
    }

    @Test func `T68: an apply-path over interface addresses means the whole subnets`() throws {
        var model = evaluator(
            """
            interfaces { eth1 { unit 0 { family inet { address 10.0.0.5/24; } } } }
            policy-options { prefix-list L { apply-path "interfaces <*> unit <*> family inet address <*>"; } }
            firewall { family inet { filter F { term a { from { source-prefix-list { L; } } then accept; } } } }
            """
        )
        #expect(try model.filter("udp 10.0.0.200 > 198.51.100.1").verdict == .accept)
        #expect(try model.filter("udp 10.0.1.0 > 198.51.100.1").verdict == .discard)
    }
}

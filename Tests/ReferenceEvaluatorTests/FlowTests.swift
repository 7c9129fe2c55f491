// SPDX-License-Identifier: Apache-2.0
// What the model says of flow beside verdicts; the traps of flow reference §11 and the flow seed meet model and kernel together
// in the kernel's tests.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

@Suite struct `What the model says of flow` {
    @Test func `packet mode judges each packet by itself`() throws {
        var model = evaluator(
            """
            interfaces {
                t0 { unit 0 { family inet { address 10.1.0.1/16; } } }
                u0 { unit 0 { family inet { address 203.0.113.1/24; } } }
            }
            security { forwarding-options { family { inet { mode packet-based; } } } }
            """
        )
        for flags in ["A", "SF", "S"] {
            let answer = try model.receive("tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=\(flags)", on: "t0")
            #expect(answer.verdict == .accept && answer.session == .none && answer.stage == .mode)
        }
    }

    @Test func `later fragments alone make no session, a whole datagram does`() throws {
        var model = evaluator(
            trapFirewall("from-zone trust to-zone untrust { \(policy("U", "permit;", for: "junos-dns-udp")) }")
        )
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
        var model = evaluator(trapFirewall())
        let syn = try packet("tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=S")
        let vector = PacketVector(id: "z", fromZone: "trust", toZone: "untrust", packet: syn)
        let answer = try model.evaluate(vector)
        #expect(answer.verdict == .accept && answer.stage == .policy)
        #expect(answer.decidedBy == "security policies from-zone trust to-zone untrust policy W1")
        #expect(answer.policyHits == ["trust/untrust/W1": 1])
        #expect(
            model.lookUpPolicy(from: "untrust", to: "trust", syn)?.path
                == "security policies default-policy"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// What actions, policers and prefix lists become: filters reference §2.4, §4.
import JunosModel
import NetworkTypes
import Testing

@Suite
struct TermActionTests {
    @Test(arguments: [
        ("inet", "accept", TermActions(outcome: .accept)),
        ("inet", "discard; count c; log; syslog", TermActions(outcome: .discard, count: "c", log: true, syslog: true)),
        (
            "inet", "reject",
            TermActions(outcome: .reject(RejectMessage(keyword: "administratively-prohibited", code: 13)))
        ),
        (
            "inet6", "reject",
            TermActions(outcome: .reject(RejectMessage(keyword: "administratively-prohibited", code: 1)))
        ),
        (
            "inet", "reject tcp-reset",
            TermActions(outcome: .reject(RejectMessage(keyword: "tcp-reset", code: 13, isTCPReset: true)))
        ),
        (
            "inet", "reject port-unreachable",
            TermActions(outcome: .reject(RejectMessage(keyword: "port-unreachable", code: 3)))
        ),
        (
            "inet6", "reject port-unreachable",
            TermActions(outcome: .reject(RejectMessage(keyword: "port-unreachable", code: 4)))
        ),
        (
            "inet", "forwarding-class expedited-forwarding; loss-priority high; dscp ef",
            TermActions(forwardingClass: "expedited-forwarding", lossPriority: .high, dscp: 46)
        ),
        ("inet6", "traffic-class 0x0a; packet-mode", TermActions(dscp: 10, packetMode: true)),
        ("any", "policer p; accept", TermActions(outcome: .accept, policer: "p")),
        ("inet", "next term", TermActions(outcome: .nextTerm)),
        ("inet", "dont-fragment set", TermActions(dontFragment: true)),
        ("inet", "dont-fragment clear; discard", TermActions(outcome: .discard, dontFragment: false)),
        (
            "inet", "routing-instance default",
            TermActions(outcome: .accept, forwarding: .routingInstance("default"))
        ),
        (
            "inet6", "next-ip6 2001:db8::1/128",
            TermActions(
                outcome: .accept,
                forwarding: .nextAddress(IPAddress(.inet6, 0x2001_0db8 << 96 | 1), instance: nil)
            )
        ),
        // One choice of the schema: the way goes with the action that was replaced.
        ("inet", "routing-instance default; discard", TermActions(outcome: .discard)),
    ])
    func `actions become what the reference says`(_ family: String, _ text: String, _ expected: TermActions) {
        let result = extract(
            """
            firewall {
                policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
                family \(family) { filter F { term a { then { \(text); } } term z { then discard; } } }
            }
            """
        )
        #expect(result.errors == [])
        #expect(result.actions == expected)
    }

    @Test(arguments: [
        "frobnicate", "encapsulate x", "reject nonsense", "next filter", "ipsec-sa s", "next-ip x", "routing-instance",
    ])
    func `an action that cannot be understood never lets a packet pass`(_ text: String) {
        let actions = extract("firewall { family inet { filter F { term a { then { \(text); } } } } }").actions
        switch actions.outcome {
        case .discard, .reject: break
        case .accept, .nextTerm, nil: Issue.record("\(actions)")
        }
    }

    @Test(arguments: [
        (
            "if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; }",
            Policer.Rate.bandwidth(bitsPerSecond: 1_000_000, burstBytes: 15_000)
        ),
        (
            "if-exceeding { bandwidth-limit 10g; burst-size-limit 1m; }",
            .bandwidth(bitsPerSecond: 10_000_000_000, burstBytes: 1_000_000)
        ),
        ("if-exceeding-pps { pps-limit 1k; packet-burst 20; }", .packets(perSecond: 1000, burst: 20)),
    ])
    func `a policer's rate has decimal suffixes (T54)`(_ text: String, _ rate: Policer.Rate) {
        let result = extract(
            "firewall { policer p { filter-specific; \(text) then { loss-priority high; forwarding-class best-effort; } } }"
        )
        #expect(result.errors == [])
        let policer = result.configuration.policers["p"]
        #expect(policer?.rate == rate)
        #expect(policer?.isFilterSpecific == true)
        #expect(policer?.discards == false)
        #expect(policer?.lossPriority == .high)
        #expect(policer?.forwardingClass == "best-effort")
    }

    @Test
    func `a prefix list holds both families, host bits cleared, paths applied`() {
        let result = extract(
            """
            policy-options { prefix-list L { 192.168.1.111/24; 2001:db8::1/32; 10.0.0.1; apply-path "interfaces <*> unit <*> family inet address <*>"; } }
            interfaces { eth0 { unit 0 { family inet { address 10.0.0.5/24; } } } }
            """
        )
        #expect(result.errors == [])
        #expect(
            result.configuration.prefixLists["L"]?.prefixes.map(\.description).sorted()
                == ["10.0.0.0/24", "10.0.0.1/32", "192.168.1.0/24", "2001:db8::/32"]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// The filter seed on several filters at one interface and one filter at several: model and real kernel.
import ReferenceEvaluator
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Filter seed, attachment` {
    private func router(_ firewall: String, eth1: String, eth2: String = "", any: String = "") -> String {
        """
        interfaces {
            eth1 { unit 0 { \(any) family inet { filter { \(eth1) } address 10.1.0.1/24; } } }
            eth2 { unit 0 { family inet { filter { \(eth2) } address 10.2.0.1/24; } } }
        }
        firewall { \(firewall) }
        """
    }

    @Test func `you can attach multiple firewall filters to a single interface as a list`() throws {
        try expectRouter(
            router(
                """
                family inet {
                    filter F1 { term a { from { destination-port 1000; } then { count a; discard; } }
                        term n { from { protocol udp; } then { count n; next term; } } }
                    filter F2 { term b { from { protocol udp; } then { count b; accept; } } }
                }
                """,
                eth1: "input-list [ F1 F2 ];"
            ),
            [
                Expected(vector("udp", port: 1000), .discard, ["inet/eth1.0-i/a/eth1.0/i": 1]),
                Expected(
                    vector("udp", port: 1001),
                    .accept,
                    ["inet/eth1.0-i/n/eth1.0/i": 1, "inet/eth1.0-i/b/eth1.0/i": 1]
                ),
                Expected(
                    vector("tcp", port: 1001),
                    .discard,
                    uncalled: ["inet/eth1.0-i/_5f_5fimplicit-discard/eth1.0/i": 1],
                    decidedBy: "firewall family inet filter F2 implicit-discard"
                ),
            ]
        )
    }

    @Test func `the protocol-independent (family any) firewall filter executes first`() throws {
        try expectRouter(
            router(
                """
                family any { filter A { term long { from { packet-length 1000; } then { count long; discard; } }
                    term rest { then { count rest; forwarding-class network-control; accept; } } } }
                family inet { filter F {
                    term from-any { from { forwarding-class network-control; } then { count from-any; accept; } }
                    term rest { then { count rest; discard; } } } }
                """,
                eth1: "input F;",
                any: "family any { filter { input A; } }"
            ),
            [
                Expected(vector("udp", "\"length\":1000"), .discard, ["any/A/long/eth1.0/i": 1]),
                Expected(
                    vector("udp", "\"length\":999"),
                    .accept,
                    ["any/A/rest/eth1.0/i": 1, "inet/F/from-any/eth1.0/i": 1]
                ),
            ]
        )
    }

    @Test func `an interface-specific instance is created for each associated interface, with separate counters`()
        throws
    {
        try expectRouter(
            router(
                """
                family inet { filter F { interface-specific;
                    term a { from { destination-port 1000; } then { count a; discard; } }
                    term b { then { count b; accept; } } } }
                """,
                eth1: "input F;",
                eth2: "input F; output F;"
            ),
            [
                Expected(vector("udp", port: 1000), .discard, ["inet/F/a/eth1.0/i": 1]),
                Expected(
                    vector("udp", port: 1000, in: "eth2", out: "eth1"),
                    .discard,
                    ["inet/F/a/eth2.0/i": 1]
                ),
                Expected(
                    vector("udp", port: 1001),
                    .accept,
                    ["inet/F/b/eth1.0/i": 1, "inet/F/b/eth2.0/o": 1]
                ),
            ]
        )
    }

    /// 1,000 octets a second with a bucket of 1,500: the second large packet is too much for one instance.
    @Test(arguments: [true, false])
    func `for any policer, separate instances are created where the filter is interface-specific`(isSpecific: Bool)
        throws
    {
        let large = "\"length\":1400"
        try expectRouter(
            router(
                """
                policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
                family inet { filter F { \(isSpecific ? "interface-specific;" : "")
                    term a { then { policer p; count a; accept; } } } }
                """,
                eth1: "input F;",
                eth2: "input F;"
            ),
            [
                Expected(vector("udp", large), .accept, ["inet/F/a/eth1.0/i": 1]),
                isSpecific
                    ? Expected(vector("udp", in: "eth2", out: "eth1", large), .accept, ["inet/F/a/eth2.0/i": 1])
                    : Expected(
                        vector("udp", in: "eth2", out: "eth1", large),
                        .discard,
                        ["inet/F/a/eth2.0/i": 1, "policer/inet/F/p-a/eth2.0/i": 1]
                    ),
                Expected(
                    vector("udp", large),
                    .discard,
                    ["inet/F/a/eth1.0/i": 1, "policer/inet/F/p-a/eth1.0/i": 1]
                ),
            ]
        )
    }
}

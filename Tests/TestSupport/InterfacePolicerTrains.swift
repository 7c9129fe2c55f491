// SPDX-License-Identifier: Apache-2.0
// Trains through policers that stand at interfaces, and through those that interfaces share (filters reference §4.4, §5.5).
import NetworkTypes

/// Two devices of both families; `one` and `two` are statements of `eth1` and `eth2` by family.
private func router(
    one: String = "",
    one6: String = "",
    two: String = "",
    more: String = ""
) -> String {
    """
    eth1 {
        unit 0 {
            family inet { \(one) address 10.1.0.1/24; }
            family inet6 { \(one6) address 2001:db8:1::1/64; }
        }
        \(more)
    }
    eth2 { unit 0 { family inet { \(two) address 10.2.0.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
    """
}

/// 1500 bytes, 1000 bytes a second.
private func policer(_ flags: String = "", then: String = "discard") -> String {
    "policer p { \(flags) if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then { \(then); } }"
}

private let physicalFilters =
    "family inet6 { filter G { physical-interface-filter; term u { then { policer p; accept; } } } }"

/// Policers at interfaces, and policers that interfaces share.
let interfaceTrains: [PolicerTrain] = [
    PolicerTrain(
        "at the interface, a policer comes before the filter",
        policer(then: "loss-priority high"),
        interfaces: router(one: "policer { input p; } filter { input F; }"),
        filter: """
            term high { from { loss-priority high; source-port 2; } then { count high; discard; } }
            term rest { then accept; }
            """,
        [PolicedBurst(0, 1000, "GR"), PolicedBurst(0, 1000, "D", port: 2), PolicedBurst(0, 300, "G", port: 2)],
        exceeded: ["inet:__interface/p-eth1.0-i": 2]
    ),
    PolicerTrain(
        "on the way out it comes behind the filter",
        policer(),
        interfaces: router(two: "policer { output p; } filter { output F; }"),
        filter: "term two { from { source-port 2; } then discard; } term rest { then { loss-priority high; accept; } }",
        [PolicedBurst(0, 1000, "DDD", port: 2), PolicedBurst(0, 1000, "RD"), PolicedBurst(620, 1000, "RD")],
        exceeded: ["inet:__interface/p-eth2.0-o": 2]
    ),
    PolicerTrain(
        "families, interfaces and directions have buckets of their own",
        policer(),
        interfaces: router(
            one: "policer { input p; }",
            one6: "policer { input p; }",
            two: "policer { output p; }",
            more:
                "unit 7 { apply-macro linux { device eth3; } family inet { policer { input p; } address 10.3.0.1/24; } }"
        ),
        filter: "",
        [
            PolicedBurst(0, 1000, "GD"), PolicedBurst(0, 1000, "GD", version: .inet6),
            // It has left by eth2 once, and the second does not.
            PolicedBurst(0, 1000, "D", input: "eth1.7"), PolicedBurst(0, 1000, "D", input: "eth1.7"),
        ],
        exceeded: [
            "inet:__interface/p-eth1.0-i": 1, "inet6:__interface/p-eth1.0-i": 1, "inet:__interface/p-eth2.0-o": 1,
            "inet:__interface/p-eth1.7-i": 1,
        ]
    ),
    PolicerTrain(
        "logical-interface-policer: families share a bucket, units and directions do not",
        policer("logical-interface-policer;"),
        interfaces: router(
            one: "policer { input p; }",
            one6: "policer { input p; }",
            two: "policer { output p; }",
            more:
                "unit 7 { apply-macro linux { device eth3; } family inet6 { policer { input p; } address 2001:db8:3::1/64; } }"
        ),
        filter: "",
        [
            PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "D", version: .inet6), PolicedBurst(0, 400, "G"),
            PolicedBurst(0, 1000, "G", input: "eth1.7", version: .inet6),
            PolicedBurst(0, 1000, "D", input: "eth1.7", version: .inet6),
        ],
        exceeded: ["any:__interface/p-eth1.0-i": 1, "any:__interface/p-eth1.7-i": 1]
    ),
    PolicerTrain(
        "in quanta, families of a logical interface share a bucket too",
        "policer p { logical-interface-policer; if-exceeding { bandwidth-limit 80k; burst-size-limit 3k; } then discard; }",
        interfaces: router(one: "policer { input p; }", one6: "policer { input p; }"),
        filter: "",
        [
            PolicedBurst(0, 1000, "GG"), PolicedBurst(0, 1000, "GD", version: .inet6), PolicedBurst(120, 1000, "G"),
            PolicedBurst(120, 1000, "D", version: .inet6),
        ],
        exceeded: ["any:__interface/p-eth1.0-i": 2]
    ),
    PolicerTrain(
        "physical-interface-policer: units, families and filters of an interface share a bucket",
        policer("physical-interface-policer;") + physicalFilters,
        interfaces: router(
            one: "filter { input F; }",
            one6: "filter { input G; }",
            more:
                "unit 7 { apply-macro linux { device eth3; } family inet { filter { input F; } address 10.3.0.1/24; } }"
        ),
        filter: "physical-interface-filter; term t { then { policer p; accept; } }",
        [
            PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "D", input: "eth1.7"),
            PolicedBurst(0, 1000, "D", version: .inet6), PolicedBurst(0, 400, "G", version: .inet6),
        ],
        exceeded: ["inet:F/p-eth1.7-i": 1, "inet6:G/p-eth1.0-i": 1]
    ),
    PolicerTrain(
        "a physical interface in three colours; another one has its own",
        """
        three-color-policer T { physical-interface-policer; two-packet-rate { color-blind; committed-pps 1;
            committed-packet-burst 1; peak-pps 1; peak-packet-burst 2; } }
        """,
        interfaces: router(
            one: "filter { input F; }",
            more:
                "unit 7 { apply-macro linux { device eth3; } family inet { filter { input F; } address 10.3.0.1/24; } }"
        ) + "eth4 { unit 0 { family inet { filter { input F; } address 10.4.0.1/24; } } }",
        filter: """
            physical-interface-filter;
            term two { from { source-port 2; } then { three-color-policer { two-packet-rate T; } accept; } }
            term rest { then { three-color-policer { two-packet-rate T; } accept; } }
            """,
        [
            PolicedBurst(0, 100, "G"), PolicedBurst(0, 100, "Y", port: 2), PolicedBurst(0, 100, "R", input: "eth1.7"),
            PolicedBurst(0, 100, "GYR", input: "eth4.0"),
        ],
        exceeded: ["inet:F/T-eth1.7-i": 1, "inet:F/T-eth4.0-i": 1]
    ),
]

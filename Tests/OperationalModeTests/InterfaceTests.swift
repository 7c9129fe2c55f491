// SPDX-License-Identifier: Apache-2.0
// Filters at interfaces, and hit counts of policies, in the layout of devices (filters reference §6.1, flow reference
// §9.2).
import OperationalMode
import Testing

@Suite struct `Interfaces` {
    private static let text = """
        interfaces {
            ge-0/0/0 { apply-macro linux { device eth0; } unit 0 {
                family inet { filter { input edge-in; } }
                family inet6 { filter { output v6-out; } }
            } }
            ge-0/0/1 { apply-macro linux { device eth1; } unit 0 {
                family any { filter { input all; } }
                family inet { filter { input-list [ edge-in other ]; } address 10.0.0.1/24; }
            } }
            ge-0/0/2 { apply-macro linux { device eth2; } unit 0 { description idle; } }
            lo0 { unit 0 { family inet { filter { input protect-re; } } } }
        }
        firewall {
            family inet {
                filter edge-in { term a { from { protocol tcp; } then accept; } }
                filter other { term a { then accept; } }
                filter protect-re { term a { then accept; } }
            }
            family inet6 { filter v6-out { interface-specific; term a { then accept; } } }
            family any { filter all { term a { then accept; } } }
        }
        """
    private static let links = [
        "eth0": LinkState(isAdministrativelyUp: true, isUp: true),
        "eth1": LinkState(isAdministrativelyUp: false, isUp: false),
    ]

    @Test func `show their policers`() throws {
        let configuration = try configuration(
            """
            interfaces {
                ge-0/0/0 { apply-macro linux { device eth0; } unit 0 {
                    family inet { policer { input lim; output shared; } }
                    family inet6 { policer { output shared; } }
                } }
                ge-0/0/1 { apply-macro linux { device eth1; } unit 0 { family inet { filter { input F; } } } }
            }
            firewall {
                policer lim { if-exceeding { bandwidth-limit 64k; burst-size-limit 15k; } then discard; }
                policer shared { logical-interface-policer; if-exceeding { bandwidth-limit 64k; burst-size-limit 15k; }
                    then discard; }
                family inet { filter F { term a { then { policer lim; accept; } } } }
            }
            """
        )
        let all = """
            Interface       Admin Link Proto Input Policer        Output Policer
            ge-0/0/0        up    up\("  ")
            ge-0/0/0.0      up    up   inet  lim-ge-0/0/0.0-inet-i shared-ge-0/0/0.0-log_int-o
                                       inet6                      shared-ge-0/0/0.0-log_int-o
            ge-0/0/1        down  down
            ge-0/0/1.0      down  down inet

            """
        #expect(try ask("show interfaces policers", configuration, links: Self.links).text == all)
        #expect(
            try ask("show interfaces policers ge-0/0/0.0", configuration, links: Self.links).rendered(.xml) == """
                <interface-policer-information>
                    <logical-interface>
                        <name>ge-0/0/0.0</name>
                        <admin-status>up</admin-status>
                        <oper-status>up</oper-status>
                        <policer-information>
                            <policer-family>inet</policer-family>
                            <policer-input>lim-ge-0/0/0.0-inet-i</policer-input>
                            <policer-output>shared-ge-0/0/0.0-log_int-o</policer-output>
                        </policer-information>
                        <policer-information>
                            <policer-family>inet6</policer-family>
                            <policer-output>shared-ge-0/0/0.0-log_int-o</policer-output>
                        </policer-information>
                    </logical-interface>
                </interface-policer-information>

                """
        )
        // What exceeded them stands among the policers, not among filters.
        let readings = [
            statistic("inet|__interface|!lim|ge-0/0/0.0|i", 3, 300),
            statistic("any|__interface|!shared|ge-0/0/0.0|o", 4, 400),
            statistic("inet|F|!lim-a|ge-0/0/1.0|i", 5, 500),
        ]
        #expect(
            try ask("show policer", configuration, readings).text == """
                Policers:
                Name                                                Bytes              Packets
                lim-a                                                 500                    5
                lim-ge-0/0/0.0-inet-i                                 300                    3
                shared-ge-0/0/0.0-log_int-o                           400                    4

                """
        )
        #expect(!(try ask("show firewall", configuration, readings).text.contains("__interface")))
        let effects = Effects()
        _ = try ask("clear firewall all", configuration, readings, effects: effects)
        #expect(effects.cleared == Set(readings.map(\.key)))
        _ = try ask("show policer shared", configuration, readings)
        #expect(
            try ask("show policer lim", configuration, readings).element?.elements("filter-information").first?
                .elements("policer").compactMap { $0.elements("policer-name").first?.text }
                == ["lim-a", "lim-ge-0/0/0.0-inet-i"]
        )
    }

    @Test func `show their filters`() throws {
        let configuration = try configuration(Self.text)
        let all = """
            Interface       Admin Link Proto Input Filter         Output Filter
            ge-0/0/0        up    up\("  ")
            ge-0/0/0.0      up    up   inet  edge-in
                                       inet6                      v6-out-ge-0/0/0.0-o
            ge-0/0/1        down  down
            ge-0/0/1.0      down  down any   all
                                       inet  ge-0/0/1.0-i
            ge-0/0/2        up    down
            ge-0/0/2.0      up    down
            lo0             up    up\("  ")
            lo0.0           up    up   inet  protect-re

            """
        #expect(try ask("show interfaces filters", configuration, links: Self.links).text == all)
        let lines = all.split(separator: "\n").map(String.init)
        #expect(
            try ask("show interfaces filters ge-0/0/0", configuration, links: Self.links).text
                == lines[..<4].joined(separator: "\n") + "\n"
        )
        let one = try ask("show interfaces filters ge-0/0/1.0", configuration, links: Self.links)
        #expect(one.text == ([lines[0]] + lines[5...6]).joined(separator: "\n") + "\n")
        #expect(
            one.rendered(.xml) == """
                <interface-filter-information>
                    <logical-interface>
                        <name>ge-0/0/1.0</name>
                        <admin-status>down</admin-status>
                        <oper-status>down</oper-status>
                        <filter-information>
                            <filter-family>any</filter-family>
                            <filter-input>all</filter-input>
                        </filter-information>
                        <filter-information>
                            <filter-family>inet</filter-family>
                            <filter-input>ge-0/0/1.0-i</filter-input>
                        </filter-information>
                    </logical-interface>
                </interface-filter-information>

                """
        )
    }

    @Test func `have policies with hits`() throws {
        let configuration = try configuration(
            """
            interfaces {
                eth0 { unit 0 { family inet { address 10.0.0.1/24; } } }
                eth1 { unit 0 { family inet { address 10.1.0.1/24; } } }
            }
            security {
                policies { from-zone trust to-zone untrust { policy web {
                    match { source-address any; destination-address any; application any; } then { permit; }
                } } }
                zones {
                    security-zone trust { interfaces { eth0.0; } }
                    security-zone untrust { interfaces { eth1.0; } }
                }
            }
            """
        )
        let answer = try ask(
            "show security policies hit-count",
            configuration,
            policies: [
                ["trust", "untrust", "web"]: TrafficCount(packets: 5),
                ["all-zone", "all-zone", "default-policy"]: TrafficCount(packets: 2),
            ]
        )
        #expect(
            answer.text == """
                Logical system: root-logical-system
                Index   From zone        To zone           Name           Policy count  Action
                1       trust            untrust           web            5             Permit
                2       all-zone         all-zone          default-policy 2             Deny

                Number of policy: 2

                """
        )
        let entries = try #require(answer.element).elements("policy-hit-count-entry")
        #expect(entries.map { $0.elements("policy-hit-count-count").first?.text } == ["5", "2"])
    }
}

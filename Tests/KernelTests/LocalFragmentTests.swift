// SPDX-License-Identifier: Apache-2.0
// Fragments of IPv6 for a router without sessions: nothing puts them together in front of its filters (DESIGN §3.11).
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Fragments for the router` {
    private static let router = """
        set interfaces eth1 unit 0 family inet6 address 2001:db8:1::1/64
        set interfaces eth2 unit 0 family inet6 address 2001:db8:2::1/64
        set interfaces lo0 unit 0 family inet6 filter input protect
        set firewall family inet6 filter protect term dns from payload-protocol udp
        set firewall family inet6 filter protect term dns from destination-port-except 53
        set firewall family inet6 filter protect term dns then count other
        set firewall family inet6 filter protect term dns then accept
        set firewall family inet6 filter protect term rest then count rest
        set firewall family inet6 filter protect term rest then discard
        """

    @Test func `later fragments have no ports, not even false ones`() throws {
        let ends = #""source":"2001:db8:1::9","destination":"2001:db8:1::1","source-port":4000,"destination-port":7000"#
        try expectRouter(
            Self.router,
            [
                Expected(vector("udp", out: "local", ends), .accept, ["inet6/protect/other/lo0.0/i": 1]),
                // The kernel would read the fixed header in place of ports: `-except` would hold.
                Expected(
                    vector("udp", out: "local", ends + #","fragment-offset":4,"payload-length":16"#),
                    .discard,
                    ["inet6/protect/rest/lo0.0/i": 1]
                ),
            ]
        )
    }
}

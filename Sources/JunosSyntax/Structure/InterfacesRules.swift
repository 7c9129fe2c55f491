// SPDX-License-Identifier: Apache-2.0
// The structure of `interfaces` (filters reference §5.1).

/// The hierarchy `interfaces`.
let interfacesRules = list(
    "interfaces",
    style: .block,
    beside: [
        list(
            "interface-range",
            interfaceRules + [list("member"), list("member-range")]
        ),
        container("traceoptions"),
    ],
    interfaceRules
)

private let interfaceRules: [[SchemaRule]] = [
    leaf("description mtu speed encapsulation native-vlan-id link-mode hold-time mac bandwidth"),
    flag("disable vlan-tagging flexible-vlan-tagging stacked-vlan-tagging per-unit-scheduler traps no-traps enable"),
    flag("passive-monitor-mode"),
    list("unit", unitRules),
    container(
        "gigether-options ether-options fastether-options",
        [
            leaf("802.3ad", [container("lacp")]),
            leaf("speed redundant-parent ieee-802-3az-eee ethernet-switch-profile"),
            flag("auto-negotiation no-auto-negotiation flow-control no-flow-control loopback no-loopback"),
        ]
    ),
    container(
        "redundant-ether-options aggregated-ether-options",
        [
            leaf("redundancy-group minimum-links link-speed"),
            container("lacp", presence: true, [flag("active passive"), leaf("periodic system-id admin-key")]),
        ]
    ),
    container("fabric-options", [list("member-interfaces", style: .block)]),
]

private let unitRules: [[SchemaRule]] = [
    leaf("description vlan-id encapsulation bandwidth native-inner-vlan-id point-to-point"),
    leafList("vlan-id-list"),
    flag("disable enable family-any"),
    container("filter", filterBindingRules),
    list("family", familyRules),
    container("tunnel", [leaf("source destination routing-instance ttl key")]),
]

/// One `input` or one `input-list`, and the same for output (filters reference §5.1).
private let filterBindingRules: [[SchemaRule]] = [
    oneOf([leaf("input"), leafList("input-list", ordered: true), leafList("input-chain", ordered: true)]),
    oneOf([leaf("output"), leafList("output-list", ordered: true), leafList("output-chain", ordered: true)]),
    leaf("group"),
]

private let familyRules: [[SchemaRule]] = [
    container("filter", filterBindingRules),
    container("simple-filter", [leaf("input")]),
    leaf("mtu"),
    container("policer", [leaf("input output arp")]),
    flag("primary no-redirects no-neighbor-learn unnumbered"),
    list(
        "address",
        [
            flag("primary preferred master-only eui-64 no-redirects"),
            leaf("broadcast"),
            list("arp", [leaf("l2-interface mac multicast-mac"), flag("publish")]),
            list("ndp", [leaf("l2-interface mac multicast-mac"), flag("publish")]),
            list(
                "vrrp-group vrrp-inet6-group",
                [
                    leaf("priority advertise-interval fast-interval authentication-type authentication-key"),
                    leaf("inet6-advertise-interval"),
                    leafList("virtual-address virtual-inet6-address virtual-link-local-address"),
                    flag("accept-data no-accept-data no-preempt"),
                    container("preempt", presence: true),
                    container("track"),
                ]
            ),
            list("web-authentication", style: .block),
        ]
    ),
    container("dhcp dhcp-client dhcpv6-client", presence: true),
    container("sampling", [flag("input output")]),
    container("rpf-check", presence: true, [leaf("mode fail-filter")]),
    leaf("unnumbered-address interface-mode port-mode native-vlan-id"),
    container("vlan", [leafList("members")]),
]

// SPDX-License-Identifier: Apache-2.0
// The structure of routing hierarchies, as far as it is shared by all devices; Sluice reads of them what a filter may name.

/// The hierarchy `policy-options`.
let policyOptionsRules = container(
    "policy-options",
    [
        list("prefix-list", [leaf("apply-path")]),
        list("policy-statement", policyTermRules + [list("term", ordered: true, policyTermRules)]),
        list("community", style: .shortEntry, [leafList("members"), flag("invert-match")]),
        list("as-path", style: .shortEntry),
        list("route-filter-list"),
        list("condition"),
    ]
)

private let policyTermRules: [[SchemaRule]] = [
    container(
        "from to",
        style: .oneLine,
        [
            leafList("protocol neighbor next-hop community as-path interface area rib instance tag family"),
            leafList("policy as-path-group prefix-list color"),
            list("prefix-list-filter", style: .ordinary),
        ]
    ),
    container(
        "then",
        style: .oneLine,
        [
            oneOf([flag("accept reject")]),
            leaf("next metric2 preference local-preference origin next-hop load-balance color"),
        ]
    ),
]

/// The hierarchy `routing-options`.
let routingOptionsRules = container("routing-options", routingOptionRules)

private let routeRules = list(
    "route",
    style: .shortEntry,
    [
        leaf("next-table preference metric tag color"),
        leafList("next-hop community"),
        list("qualified-next-hop"),
        flag(
            "discard reject receive readvertise no-readvertise retain no-retain install no-install resolve no-resolve"
        ),
        flag("active passive"),
    ]
)

private let routingOptionRules: [[SchemaRule]] = [
    container("static aggregate generate", [routeRules]),
    list("rib", [container("static aggregate generate", [routeRules])]),
    list(
        "rib-groups",
        style: .block,
        [leafList("import-rib", ordered: true), leafList("import-policy", ordered: true)]
    ),
    leaf("router-id"),
    leaf("autonomous-system"),
    container(
        "forwarding-table",
        [leafList("export", ordered: true), flag("indirect-next-hop ecmp-fast-reroute")]
    ),
]

/// The hierarchy `routing-instances`.
let routingInstancesRules = list(
    "routing-instances",
    style: .block,
    [
        leaf("description instance-type route-distinguisher"),
        list("interface"),
        container("routing-options", routingOptionRules),
        protocolsRules,
        forwardingOptionsRules,
        flag("vrf-table-label no-vrf-advertise"),
        leafList("vrf-import vrf-export", ordered: true),
    ]
)

/// The hierarchy `protocols`.
let protocolsRules = container(
    "protocols",
    [
        container("ospf ospf3", [list("area", [list("interface")]), leafList("export import", ordered: true)]),
        container(
            "bgp",
            [
                list(
                    "group",
                    bgpRules + [list("neighbor", bgpRules)]
                ),
                leafList("export import", ordered: true),
            ]
        ),
        container(
            "isis",
            [
                list("interface"),
                container("source-packet-routing", [container("srgb", [leaf("start-label index-range")])]),
            ]
        ),
        container("ldp rsvp pim igmp mld rip ripng router-advertisement", [list("interface")]),
        container("lldp lldp-med bfd mpls", [list("interface")]),
        container("rstp mstp vstp"),
        container("l2-learning", [leaf("global-mode")]),
    ]
)

private let bgpRules: [[SchemaRule]] = [
    leaf("type description local-address peer-as local-preference hold-time authentication-key cluster mtu-discovery"),
    leafList("export import", ordered: true),
]

// SPDX-License-Identifier: Apache-2.0
// The structure of `firewall` (filters reference §2 to §4).

/// The hierarchy `firewall`.
let firewallRules = container(
    "firewall",
    [
        list("family", firewallObjectRules),
        firewallObjectRules[0],
        list("interface-set", [list("apply-macro")]),
        policerRules,
        threeColorPolicerRules,
        list("hierarchical-policer"),
        list("load-balance-group"),
        list("tunnel-end-point"),
        list("flexible-match", [leaf("match-start byte-offset bit-offset bit-length")]),
        flag("no-next-header-to-payload-protocol-mapping"),
    ]
)

/// What stands below a family; the first of them also directly below `firewall`.
private let firewallObjectRules: [[SchemaRule]] = [
    list("filter service-filter simple-filter dialer-filter fast-update-filter", filterRules),
    list(
        "prefix-action",
        [
            leaf("policer subnet-prefix-length source-prefix-length destination-prefix-length"),
            flag("count filter-specific"),
        ]
    ),
]

private let filterRules: [[SchemaRule]] = [
    list(
        "term",
        ordered: true,
        [leaf("filter"), container("from", matchRules), container("then", style: .oneLine, actionRules)]
    ),
    flag("interface-specific physical-interface-filter instance-shared instance-specific enhanced-mode"),
    flag("enhanced-mode-override fast-lookup-filter scale-mode promote transient-filter scale-optimized"),
    flag("no-incremental-update layer2-policer"),
    leaf("interface-shared"),
    leafList("accounting-profile"),
]

private let addressRules: [[SchemaRule]] = [
    list("address source-address destination-address", style: .block, [flag("except")]),
    list("prefix-list source-prefix-list destination-prefix-list", style: .block, [flag("except")]),
    list("source-mac-address destination-mac-address", style: .block, [flag("except")]),
]

private let matchRules: [[SchemaRule]] =
    addressRules + [
        twins("protocol port source-port destination-port icmp-type icmp-code fragment-offset packet-length ttl dscp"),
        twins("precedence ip-options interface-group forwarding-class loss-priority esp-spi ah-spi gre-key"),
        twins("destination-class source-class next-header payload-protocol extension-header traffic-class hop-limit"),
        twins("ether-type vlan-ether-type learn-vlan-id user-vlan-id learn-vlan-1p-priority user-vlan-1p-priority"),
        twins("policy-map rat-type redirect-reason traffic-type fast-lookup-tuple exp"),
        leafList("interface interface-set", style: .separate),
        leaf("tcp-flags fragment-flags"),
        flag("tcp-established tcp-initial sctp-initial first-fragment is-fragment last-fragment service-filter-hit"),
        container(
            "flexible-match-mask",
            [leaf("match-start byte-offset bit-offset bit-length mask-in-hex prefix flexible-mask-name")]
        ),
        container(
            "flexible-match-range",
            [
                leaf("match-start byte-offset bit-offset bit-length flexible-range-name"),
                oneOf([leafList("range"), leafList("range-except")]),
            ]
        ),
    ]

/// Two of these cannot stand in one term (filters reference §1.3).
private let policingRules = oneOf(
    [
        leaf("policer hierarchical-policer enhanced-hierarchical-policer policer-charge"),
        container(
            "three-color-policer",
            [oneOf([leaf("single-rate two-rate single-packet-rate two-packet-rate")])]
        ),
    ]
)

/// The `designation` choice (filters reference §4.1): at most one of them in a term.
private let designationRules = oneOf(
    [
        flag("accept"),
        container("discard", presence: true, [leaf("accounting")]),
        leaf("reject next topology next-hop-group"),
        leaf("routing-instance", [leaf("topology")]),
        leaf("logical-system", [leaf("routing-instance topology")]),
        leaf("next-ip next-ip6 next-interface", [leaf("routing-instance topology next"), flag("accept")]),
        leaf("load-balance ipsec-sa redirect encapsulate"),
        container("decapsulate", presence: true),
    ]
)

private let actionRules: [[SchemaRule]] = [
    policingRules,
    leaf("count prefix-action loss-priority forwarding-class dscp traffic-class dont-fragment virtual-channel"),
    leaf("port-mirror-instance policy-map inline-monitoring-instance traffic-class-count slice outer-dscp"),
    flag("log syslog sample port-mirror l2-mirror packet-mode service-filter-hit skip-services service-accounting"),
    flag("service-accounting-deferred exclude-accounting force-premium packet-capture clear-policy-map"),
    designationRules,
]

private let limitRules: [[SchemaRule]] = [oneOf([leaf("bandwidth-limit bandwidth-percent")]), leaf("burst-size-limit")]

private let policerRules = list(
    "policer",
    [
        flag("filter-specific logical-interface-policer physical-interface-policer logical-bandwidth-policer"),
        flag("shared-bandwidth-policer aggregate-policing"),
        oneOf(
            [
                container("if-exceeding", limitRules),
                container("if-exceeding-pps", [leaf("pps-limit packet-burst")]),
            ]
        ),
        container(
            "then",
            style: .oneLine,
            [flag("discard out-of-profile"), leaf("loss-priority forwarding-class")]
        ),
    ]
)

private let colorRules = oneOf([flag("color-blind color-aware")])

private let threeColorPolicerRules = list(
    "three-color-policer",
    [
        container("action", [list("loss-priority", [container("then", style: .oneLine, [flag("discard")])])]),
        flag("filter-specific logical-interface-policer physical-interface-policer shared-bandwidth-policer"),
        oneOf(
            [
                container(
                    "single-rate",
                    [colorRules, leaf("committed-information-rate committed-burst-size excess-burst-size")]
                ),
                container(
                    "two-rate",
                    [
                        colorRules,
                        leaf("committed-information-rate committed-burst-size"),
                        leaf("peak-information-rate peak-burst-size"),
                    ]
                ),
                container(
                    "single-packet-rate",
                    [colorRules, leaf("committed-pps committed-packet-burst excess-packet-burst")]
                ),
                container(
                    "two-packet-rate",
                    [colorRules, leaf("committed-pps committed-packet-burst peak-pps peak-packet-burst")]
                ),
            ]
        ),
    ]
)

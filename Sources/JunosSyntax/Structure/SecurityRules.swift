// SPDX-License-Identifier: Apache-2.0
// The structure of `security`, but for NAT (flow reference §2, §3, §4, §6, §8).

/// The hierarchy `security`.
let securityRules = container(
    "security",
    [
        list(
            "address-book",
            style: .block,
            addressBookRules + [leaf("description"), container("attach", [list("zone")])]
        ),
        policiesRules,
        zonesRules,
        natRules,
        screenRules,
        flowRules,
        container(
            "forwarding-options",
            [
                list("family", [leaf("mode")]),
                list("resource-manager"),
            ]
        ),
        container("log", logRules),
        container("alg"),
    ]
)

private let logRules: [[SchemaRule]] = [
    leaf("mode format source-address source-interface rate-cap event-rate"),
    list(
        "stream",
        [
            leaf("severity format"),
            leafList("category"),
            leaf("host", [leaf("port routing-instance")]),
            container("transport", [leaf("protocol tls-profile")]),
        ]
    ),
]

private let addressBookRules: [[SchemaRule]] = [
    list(
        "address",
        style: .shortEntry,
        [
            leaf("description"),
            list("range-address"),
            list("dns-name", [flag("ipv4-only ipv6-only")]),
            leaf("wildcard-address"),
        ]
    ),
    list("address-set", [leaf("description"), list("address address-set")]),
]

private let policyRules: [[SchemaRule]] = [
    leaf("description scheduler-name"),
    container(
        "match",
        [
            leafList("source-address destination-address application source-identity dynamic-application"),
            leafList("from-zone to-zone source-end-user-profile destination-end-user-profile url-category"),
            flag("source-address-excluded destination-address-excluded"),
        ]
    ),
    container(
        "then",
        [
            oneOf(
                [
                    container(
                        "permit",
                        presence: true,
                        [
                            container(
                                "tcp-options",
                                [
                                    leaf("initial-tcp-mss reverse-tcp-mss"),
                                    flag("syn-check-required sequence-check-required window-scale"),
                                ]
                            ),
                            container("tunnel", [leaf("ipsec-vpn pair-policy")]),
                            container("destination-address", [oneOf([flag("drop-translated drop-untranslated")])]),
                            container("application-services"),
                            container("firewall-authentication"),
                            flag("services-offload"),
                        ]
                    ),
                    flag("deny"),
                    container("reject", presence: true, [leaf("profile"), list("ssl-proxy")]),
                ]
            ),
            container("log", [flag("session-init session-close")]),
            container("count", presence: true),
        ]
    ),
]

private let toZoneRules = list("to-zone", [list("policy", ordered: true, policyRules)])

private let policiesRules = container(
    "policies",
    [
        list("from-zone", [toZoneRules]).map { rule in
            var rule = rule
            rule.entryContinues = true
            return rule
        },
        container("global", [list("policy", ordered: true, policyRules)]),
        container("default-policy", [oneOf([flag("permit-all deny-all")])]),
        container("policy-rematch", presence: true, [flag("extensive")]),
        container("pre-id-default-policy"),
        container("policy-stats"),
    ]
)

private let hostInboundRules = container(
    "host-inbound-traffic",
    [list("system-services protocols", style: .block, [flag("except")])]
)

private let zonesRules = container(
    "zones",
    [
        list(
            "security-zone functional-zone",
            [
                leaf("description screen"),
                flag("tcp-rst application-tracking source-identity-log enable-reverse-reroute"),
                flag("unidirectional-session-refreshing"),
                hostInboundRules,
                list("interfaces", style: .block, [hostInboundRules]),
                container("address-book", addressBookRules),
            ]
        )
    ]
)

private let thresholdRules: [[SchemaRule]] = [leaf("threshold")]

private let screenRules = container(
    "screen",
    [
        list(
            "ids-option",
            [
                leaf("description"),
                flag("alarm-without-drop"),
                container(
                    "icmp",
                    [
                        container("flood ip-sweep", presence: true, thresholdRules),
                        flag("large fragment ping-death icmpv6-malformed"),
                    ]
                ),
                container(
                    "udp",
                    [container("flood udp-sweep port-scan", presence: true, thresholdRules)]
                ),
                container(
                    "tcp",
                    [
                        container(
                            "syn-flood",
                            presence: true,
                            [
                                leaf("attack-threshold alarm-threshold source-threshold destination-threshold"),
                                leaf("queue-size timeout"),
                                list("white-list", [leafList("source-address destination-address")]),
                            ]
                        ),
                        container("port-scan tcp-sweep syn-ack-ack-proxy", presence: true, thresholdRules),
                        flag("land winnuke syn-fin fin-no-ack tcp-no-flag syn-frag"),
                    ]
                ),
                container(
                    "ip",
                    [
                        flag("spoofing source-route-option loose-source-route-option strict-source-route-option"),
                        flag("record-route-option timestamp-option security-option stream-option bad-option"),
                        flag("unknown-protocol tear-drop ipv6-malformed-header"),
                        container("block-frag", presence: true),
                        leaf("ipv6-extension-header-limit"),
                        container("ipv6-extension-header"),
                    ]
                ),
                container("limit-session", [leaf("source-ip-based destination-ip-based")]),
            ]
        ),
        list("white-list", [leafList("address")]),
        flag("cpu-throttle"),
    ]
)

private let flowRules = container(
    "flow",
    [
        leaf("syn-flood-protection-mode pending-sess-queue-length route-change-timeout fragmented-packet-timeout"),
        flag("allow-dns-reply allow-embedded-icmp force-ip-reassembly allow-reverse-ecmp"),
        leaf("power-mode-disable sync-icmp-session"),
        container(
            "tcp-session",
            [
                flag("no-syn-check no-syn-check-in-tunnel no-sequence-check rst-invalidate-session"),
                flag("rst-sequence-check strict-syn-check fin-invalidate-session"),
                leaf("tcp-initial-timeout maximum-window"),
                container(
                    "time-wait-state",
                    presence: true,
                    [leaf("session-timeout"), flag("session-ageout apply-to-half-close-state")]
                ),
            ]
        ),
        container(
            "tcp-mss",
            [container("all-tcp ipsec-vpn gre-in gre-out", presence: true, [leaf("mss")])]
        ),
        container("aging", [leaf("early-ageout low-watermark high-watermark")]),
    ]
)

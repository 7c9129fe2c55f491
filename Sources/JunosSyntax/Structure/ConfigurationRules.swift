// SPDX-License-Identifier: Apache-2.0
// The top of the structure table: which hierarchies there are, and what may stand anywhere.

/// The statements at the top of a configuration.
let configurationRules: [SchemaRule] = Array(
    [
        leaf("version"),
        groupRules,
        systemRules,
        chassisRules,
        securityRules,
        interfacesRules,
        forwardingOptionsRules,
        routingOptionsRules,
        protocolsRules,
        policyOptionsRules,
        classOfServiceRules,
        firewallRules,
        routingInstancesRules,
        applicationsRules,
        schedulersRules,
        logicalSystemsRules,
    ].joined()
)

/// What may stand at any level (filters reference §7.5).
let everywhereRules: [SchemaRule] = Array(
    [
        leafList("apply-groups apply-groups-except", ordered: true),
        leaf("apply-flags"),
        list("apply-macro"),
    ].joined()
)

private let groupRules: [SchemaRule] = list("groups", style: .block).map { rule in
    var rule = rule
    rule.entriesHoldRoot = true
    return rule
}

private let logicalSystemsRules: [SchemaRule] = list("logical-systems tenants", style: .block).map { rule in
    var rule = rule
    rule.entriesHoldRoot = true
    return rule
}

private let schedulersRules = container(
    "schedulers",
    [
        list(
            "scheduler",
            [
                list("start-date"),
                leaf("description"),
                container("daily", dailyRules),
                container("sunday monday tuesday wednesday thursday friday saturday", dailyRules),
            ]
        )
    ]
)

private let dailyRules: [[SchemaRule]] = [list("start-time"), flag("all-day exclude")]

private let applicationFieldRules: [[SchemaRule]] = [
    leaf("protocol source-port destination-port icmp-type icmp-code icmp6-type icmp6-code inactivity-timeout"),
    leaf("application-protocol alg rpc-program-number uuid ether-type snmp-command ttl-threshold"),
]

private let applicationsRules = container(
    "applications",
    [
        list(
            "application",
            applicationFieldRules + [
                leaf("description"), list("term", ordered: true, style: .oneLine, applicationFieldRules),
            ]
        ),
        list("application-set", [leaf("description"), list("application application-set")]),
    ]
)

// SPDX-License-Identifier: Apache-2.0
// What Sluice makes of each top-level hierarchy: most speak of other things than filtering (DESIGN §3.19).

private let routing = "routing is the business of this host's routing daemon"
private let links = "links are configured on this host"
private let services = "services run on this host"

/// The top-level hierarchies, a word each; those without effect get one warning each, whatever they hold.
let topLevelStatements = SupportTable(
    "",
    supported: [
        "system", "interfaces", "policy-options", "firewall", "applications", "security", "schedulers",
        "class-of-service", "forwarding-options", "routing-options", "routing-instances", "protocols",
    ],
    unsupported: [
        "logical-systems": "each would need a router of its own",
        "tenants": "each would need a router of its own",
        "dynamic-profiles": "interfaces that come and go would lack their filters",
    ],
    notApplicable: [
        "routing-profile": routing,
        "multicast-snooping-options": routing,
        "bridge-domains": links,
        "vlans": links,
        "switch-options": links,
        "ethernet-switching-options": links,
        "fabric": links,
        "virtual-chassis": links,
        "multi-chassis": links,
        "poe": links,
        "wlan": links,
        "l2circuit-control-passthrough": links,
        "services": services,
        "access": services,
        "access-profile": services,
        "unified-edge": services,
        "diameter": services,
        "jsrc": services,
        "accounting-options": "counters are read as metrics",
    ],
    cosmetic: [
        "chassis", "snmp", "event-options", "vmhost", "version", "groups", "smtp", "session-limit-group",
        "rcsid", "openconfig", "jnx-example", "logging", "extensions", "security-profile",
    ]
)

// SPDX-License-Identifier: Apache-2.0
// What may stand in security policies, with what Sluice makes of it: flow reference §6.6.

/// What may stand under `security policies`.
let policiesStatements = SupportTable(
    "security policies",
    supported: ["from-zone", "global", "default-policy", "policy-rematch"],
    unsupported: [
        "unified-policy": "applications are not recognised",
        "policy-set": "write the policies out",
        "explicit-proxy": "there is no proxy",
        "stateful-firewall-rule": "write policies instead",
        "default-http-mux-policy": "there is no proxy",
    ],
    notApplicable: ["pre-id-default-policy": "applications are not recognised, so no packet waits for it"],
    cosmetic: ["policy-stats", "lookup-intact-on-commit", "file-serialization", "traceoptions"]
)

/// What may stand under `policy NAME`.
let policyStatements = SupportTable(
    "security policies from-zone NAME to-zone NAME policy NAME",
    supported: ["match", "then", "scheduler-name"],
    unsupported: ["report-skip": "shadowing reports are not built"],
    cosmetic: ["description"]
)

/// What may stand under `match`.
let policyMatchStatements = SupportTable(
    "security policies from-zone NAME to-zone NAME policy NAME match",
    supported: [
        "source-address", "destination-address", "application", "source-address-excluded",
        "destination-address-excluded", "from-zone", "to-zone", "source-identity", "dynamic-application",
        "url-category",
    ],
    unsupported: [
        "source-identity-feed": "users are not known to the firewall",
        "destination-identity-feed": "users are not known to the firewall",
        "destination-identity": "users are not known to the firewall",
        "destination-identity-context": "users are not known to the firewall",
        "source-end-user-profile": "users are not known to the firewall",
        "source-l3vpn-vrf-group": "VPNs are not built",
        "destination-l3vpn-vrf-group": "VPNs are not built",
    ]
)

/// What may stand under `then`.
let policyThenStatements = SupportTable(
    "security policies from-zone NAME to-zone NAME policy NAME then",
    supported: ["permit", "deny", "reject", "log", "count"],
    unsupported: ["log-profile": "write 'log session-init' or 'log session-close'"]
)

/// What may stand under `then permit`.
let permitStatements = SupportTable(
    "security policies from-zone NAME to-zone NAME policy NAME then permit",
    supported: ["tcp-options"],
    unsupported: [
        "tunnel": "only route-based VPNs exist on devices like this, and VPNs are not built",
        "firewall-authentication": "users are not known to the firewall",
        "application-services": "content would not be inspected",
        "destination-address": "translated addresses are not told apart yet",
        "tunnel-inspection": "inner headers would not be inspected",
        "advanced-connection-tracking": "connections are tracked by the kernel alone",
    ],
    cosmetic: ["services-offload", "no-services-offload"]
)

// SPDX-License-Identifier: Apache-2.0
// `security`: flow reference §1.3, §2.3, §2.6.
import Diagnostics
import JunosSyntax

private let noGateway = "there is no application gateway that it could control"

/// What may stand under `security`.
let securityStatements = SupportTable(
    "security",
    supported: ["zones", "policies", "address-book", "forwarding-options", "flow", "log"],
    unsupported: [
        "nat": "addresses would not be translated",
        "screen": "attacks would not be dropped",
        "ike": "VPNs are not built",
        "ipsec": "VPNs are not built",
        "ipsec-vpn": "VPNs are not built",
        "group-vpn": "VPNs are not built",
        "dynamic-vpn": "VPNs are not built",
        "tcp-encap": "VPNs are not built",
        "idp": "intrusions would not be detected",
        "utm": "content would not be inspected",
        "dynamic-address": "address feeds are not built",
        "dynamic-application": "applications are not recognised",
        "user-identification": "users are not known to the firewall",
        "firewall-authentication": "users are not known to the firewall",
        "advance-policy-based-routing": "routing by application is not built",
        "softwires": "tunnels are not built",
        "gprs": "mobile networks' headers are not inspected",
        "gtp": "mobile networks' headers are not inspected",
        "secure-wire": "secure wires are not built",
        "l3vpn": "VPNs are not built",
        "anti-virus": "content would not be inspected",
        "ssl": "content would not be inspected",
        "tunnel-inspection": "inner headers would not be inspected",
        "stateful-firewall-rule": "write policies instead",
        "stateful-firewall-rule-set": "write policies instead",
    ],
    notApplicable: [
        "alg": noGateway,
        "application-tracking": "applications are not recognised",
        "application-identification": "applications are not recognised",
        "authentication-key-chains": "keys belong to the routing daemon",
        "certificates": "keys belong to this host's services",
        "pki": "keys belong to this host's services",
        "ssh-known-hosts": "keys belong to this host's services",
        "macsec": "links are configured on this host",
        "cloud": "cloud services are not built",
        "nat-traversal": "VPNs are not built",
        "resource-manager": noGateway,
    ],
    cosmetic: ["traceoptions", "datapath-debug", "analysis", "description", "performance-tuning"]
)

/// Words under `security` that plain routers have too: alone they do not make a flow device.
private let wordsOfPlainRouters: Set<String> = wordsAllowedEverywhere.union([
    "authentication-key-chains", "certificates", "pki", "ssh-known-hosts", "macsec",
])

/// What may stand under `security flow` (flow reference §2.6).
let flowStatements = SupportTable(
    "security flow",
    supported: ["tcp-session"],
    unsupported: [
        "aging": "sessions would not be aged early",
        "allow-dns-reply": "replies without a query would still be dropped",
        "allow-embedded-icmp": "errors without a session would still be dropped",
        "route-change-timeout": "sessions would keep their time when routes change",
        "tcp-mss": "segment sizes are not changed yet",
        "force-ip-reassembly": "fragments of a packet-based family would not be reassembled",
        "fragment-limit": "the kernel's own limits hold",
        "fragment-reassembly-timeout": "the kernel's own limits hold",
        "drop-flow": "denied flows are looked up packet by packet",
        "advanced-options": "its drops are not built yet",
        "ethernet-switching": "bridged traffic is not filtered",
        "bridge": "bridged traffic is not filtered",
        "mcast-buffer-enhance": "multicast is forwarded by this host",
        "sync-icmp-session": "there is no cluster",
    ],
    notApplicable: [
        "syn-flood-protection-mode": "it matters to screens only",
        "power-mode-disable": "there is no such mode",
        "power-mode-ipsec": "there is no such mode",
        "power-mode-ipsec-qat": "there is no such mode",
        "ipsec-performance-acceleration": "VPNs are not built",
        "load-distribution": "the kernel distributes load",
        "preserve-incoming-fragment-size": "the kernel decides how it fragments",
        "pending-sess-queue-length": "the kernel decides",
        "hardware-acceleration": "the kernel decides",
        "enhanced-routing-mode": "the kernel decides",
    ],
    cosmetic: ["traceoptions", "packet-log", "log"]
)

/// What may stand under `security flow tcp-session` (flow reference §2.3).
let tcpSessionStatements = SupportTable(
    "security flow tcp-session",
    supported: ["no-syn-check", "no-sequence-check"],
    unsupported: [
        "strict-syn-check": "data before the end of the handshake would be let through",
        "rst-invalidate-session": "sessions would end as the kernel decides",
        "rst-sequence-check": "sequence numbers of resets would not be checked",
        "fin-invalidate-session": "sessions would end as the kernel decides",
        "tcp-initial-timeout": "the kernel's own time holds",
        "time-wait-state": "the kernel's own time holds",
        "aggressive-tcp-ack": "there is no TCP proxy",
        "tcp-fast-open": "there is no TCP proxy",
        "tcp-selective-ack": "there is no TCP proxy",
    ],
    notApplicable: ["no-syn-check-in-tunnel": "VPNs are not built"],
    cosmetic: ["maximum-window"]
)

/// Extracts `security`; nil where it holds nothing that makes a flow device (DESIGN §3.14).
func extractSecurity(
    _ security: Statement,
    applications: ExtractedApplications,
    schedulers: Set<String>,
    _ diagnostics: inout [Diagnostic]
) -> SecurityConfiguration? {
    let statements = securityStatements.admitted(security, &diagnostics)
    guard security.children.contains(where: { !wordsOfPlainRouters.contains($0.word) }) else { return nil }
    var result = SecurityConfiguration()
    // Zones come first: books and policies name them.
    for statement in statements where statement.word == "zones" {
        extractZones(statement, into: &result, &diagnostics)
    }
    let hasNewBooks = statements.contains { $0.word == "address-book" && !$0.isEmpty }
    for statement in statements {
        switch statement.word {
        case "zones": extractZoneBooks(statement, hasNewBooks: hasNewBooks, into: &result, &diagnostics)
        case "address-book": extractAddressBooks(statement, into: &result, &diagnostics)
        case "forwarding-options": extractForwardingModes(statement, into: &result, &diagnostics)
        case "flow": extractFlow(statement, into: &result, &diagnostics)
        default: break
        }
    }
    checkAddressBooks(result, security, &diagnostics)
    for statement in statements where statement.word == "policies" {
        let names = PolicyNames(security: result, applications: applications, schedulers: schedulers)
        extractPolicies(statement, names: names, into: &result, &diagnostics)
    }
    return result
}

/// `security flow`.
private func extractFlow(
    _ flow: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in flowStatements.admitted(flow, &diagnostics) {
        for option in tcpSessionStatements.admitted(statement, &diagnostics) {
            switch option.word {
            case "no-syn-check": result.noSYNCheck = true
            default: result.noSequenceCheck = true
            }
        }
        if let strict = statement.child("strict-syn-check"),
            statement.child("no-syn-check") != nil || statement.child("no-syn-check-in-tunnel") != nil
        {
            diagnostics.error(
                "conflicting-statements",
                strict,
                "'strict-syn-check' cannot be combined with 'no-syn-check' or 'no-syn-check-in-tunnel'"
            )
        }
    }
}

/// `security forwarding-options` (flow reference §1.3).
private func extractForwardingModes(
    _ options: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in options.statements {
        guard statement.word == "family" else {
            if wordsAllowedEverywhere.contains(statement.word) { continue }
            let isMirror = statement.word == "mirror-filter"
            diagnostics.error(
                isMirror ? "unsupported-statement" : "unknown-statement",
                statement,
                isMirror
                    ? "'mirror-filter' is not supported" : "'\(statement.word)' is not known under 'forwarding-options'"
            )
            continue
        }
        for family in statement.statements {
            extractMode(family, into: &result, &diagnostics)
        }
    }
}

/// `family FAMILY mode MODE`.
private func extractMode(
    _ family: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    let statement = family.child("mode") ?? family
    let word = statement.value?.word ?? ""
    switch family.word {
    case "inet", "inet6":
        guard let mode = ForwardingMode(rawValue: word) else {
            diagnostics.error("invalid-value", statement, "'\(word)' is not flow-based, packet-based or drop")
            // What is not understood lets nothing through.
            if family.word == "inet" { result.inetMode = .drop } else { result.inet6Mode = .drop }
            return
        }
        if family.word == "inet" {
            result.inetMode = mode
        } else {
            result.inet6Mode = mode
            result.isInet6ModeConfigured = true
        }
    case "mpls", "iso":
        if family.word == "mpls", word == "packet-based" {
            diagnostics.error(
                "unsupported-statement",
                statement,
                "old devices put IPv4 into packet mode by this statement too; write 'family inet mode packet-based'"
            )
        } else if word != "drop" {
            diagnostics.warning("not-applicable", statement, "family \(family.word) is not handled here")
        }
    default: diagnostics.error("unknown-statement", family, "'\(family.word)' is no family that is known")
    }
}

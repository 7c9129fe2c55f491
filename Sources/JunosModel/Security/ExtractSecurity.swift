// SPDX-License-Identifier: Apache-2.0
// `security`: flow reference §1.3.
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
        case "flow": result.flow = extractFlow(statement, &diagnostics)
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

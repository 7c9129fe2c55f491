// SPDX-License-Identifier: Apache-2.0
// `security zones`: flow reference §3.
import Diagnostics
import JunosSyntax

/// What may stand under a zone.
let zoneStatements = SupportTable(
    "security zones security-zone NAME",
    supported: ["interfaces", "host-inbound-traffic", "tcp-rst", "address-book"],
    unsupported: [
        "screen": "attacks would not be dropped",
        "advance-policy-based-routing-profile": "routing by application is not built",
        "advanced-connection-tracking": "connections are tracked by the kernel alone",
        "enable-reverse-reroute": "replies are routed by this host",
        "unidirectional-session-refreshing": "the kernel refreshes sessions in both directions",
        "white-list": "there are no screens to pass by",
    ],
    notApplicable: [
        "application-tracking": "applications are not recognised",
        "source-identity-log": "users are not known to the firewall",
    ],
    cosmetic: ["description"]
)

/// What may stand under `interfaces NAME` of a zone.
let zoneInterfaceStatements = SupportTable(
    "security zones security-zone NAME interfaces NAME",
    supported: ["host-inbound-traffic"],
    cosmetic: ["description"]
)

/// `system-services` that are known (flow reference §3.3).
private let systemServices: Set<String> = [
    "all", "any-service", "ssh", "telnet", "ftp", "finger", "netconf", "rlogin", "rsh", "reverse-ssh",
    "reverse-telnet", "xnm-ssl", "xnm-clear-text", "http", "webapi-clear-text", "https", "webapi-ssl", "dns", "ntp",
    "snmp", "snmp-trap", "tftp", "dhcp", "bootp", "dhcpv6", "ike", "ping", "traceroute", "ident-reset", "sip",
    "lsping", "lsselfping", "r2cp",
]

/// `system-services` without a port that the sources name.
private let unsupportedServices: Set<String> = ["rpm", "appqoe", "high-availability", "tcp-encap"]

/// `protocols` that are known.
private let hostProtocols: Set<String> = [
    "all", "bgp", "msdp", "ldp", "rip", "ripng", "bfd", "sap", "ospf", "ospf3", "igmp", "dvmrp", "pim", "vrrp", "nhrp",
    "rsvp", "pgm", "router-discovery", "ndp",
]

/// Extracts zones, their address books excepted.
func extractZones(
    _ zones: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in zones.statements {
        switch statement.word {
        case "security-zone":
            for zone in statement.statements {
                checkZoneName(zone, &diagnostics)
                result.zones.append(extractZone(zone, isManagement: false, &diagnostics))
            }
        case "functional-zone":
            for zone in statement.statements {
                if zone.word != "management" {
                    diagnostics.error("unknown-statement", zone, "the only functional zone is 'management'")
                }
                result.zones.append(extractZone(zone, isManagement: true, &diagnostics))
            }
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", statement, "'\(statement.word)' is not known under 'zones'")
        }
    }
    checkMembership(&result.zones, &diagnostics)
}

private func checkZoneName(_ zone: Statement, _ diagnostics: inout [Diagnostic]) {
    checkSecurityName(zone, "a zone", &diagnostics)
    if zone.word == "any" || zone.word.hasPrefix("junos-") {
        diagnostics.error("invalid-name", zone, "'\(zone.word)' is reserved: choose another name for the zone")
    }
}

/// One zone.
private func extractZone(
    _ statement: Statement,
    isManagement: Bool,
    _ diagnostics: inout [Diagnostic]
) -> SecurityZone {
    var zone = SecurityZone(name: statement.word, isManagement: isManagement, source: statement.reference)
    for child in zoneStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "tcp-rst": zone.sendsTCPReset = true
        case "host-inbound-traffic": zone.hostInbound = extractHostInbound(child, &diagnostics)
        case "interfaces":
            for interface in child.statements {
                if let member = extractMember(interface, &diagnostics) { zone.interfaces.append(member) }
            }
        default: break
        }
    }
    return zone
}

/// `interfaces NAME`; a name without a unit means unit 0.
private func extractMember(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> ZoneInterface? {
    if wordsAllowedEverywhere.contains(statement.word) { return nil }
    if statement.word == "all" || statement.word.contains(where: { $0 == "*" || $0 == "?" || $0 == "<" }) {
        diagnostics.error(
            "unsupported-statement",
            statement,
            "'\(statement.word)' is not supported: name each interface of the zone"
        )
        return nil
    }
    let name = statement.word.contains(".") ? statement.word : statement.word + ".0"
    var member = ZoneInterface(name: name, source: statement.reference)
    for child in zoneInterfaceStatements.admitted(statement, &diagnostics) {
        member.hostInbound = extractHostInbound(child, &diagnostics)
    }
    return member
}

/// An interface belongs to one zone; the first keeps it.
private func checkMembership(_ zones: inout [SecurityZone], _ diagnostics: inout [Diagnostic]) {
    var owners: [String: String] = [:]
    for index in zones.indices {
        let zone = zones[index].name
        zones[index].interfaces.removeAll { member in
            guard let owner = owners[member.name] else {
                owners[member.name] = zone
                return false
            }
            diagnostics.error(
                "interface-in-two-zones",
                member.source,
                "the interface '\(member.name)' belongs to the zone '\(owner)' already"
            )
            return true
        }
    }
}

/// `host-inbound-traffic` (flow reference §3.3).
private func extractHostInbound(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> HostInboundTraffic {
    var traffic = HostInboundTraffic()
    for child in statement.statements {
        switch child.word {
        case "system-services":
            let names = extractNames(child, known: systemServices, &diagnostics)
            traffic.systemServices = names.plain
            traffic.exceptedServices = names.excepted
        case "protocols":
            let names = extractNames(child, known: hostProtocols, &diagnostics)
            traffic.protocols = names.plain
            traffic.exceptedProtocols = names.excepted
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'host-inbound-traffic'")
        }
    }
    if traffic.systemServices.contains("any-service"),
        traffic.systemServices.count + traffic.exceptedServices.count > 1
    {
        diagnostics.error(
            "conflicting-statements",
            statement,
            "'any-service' cannot be combined with other system services"
        )
    }
    return traffic
}

/// Names of services or protocols, those with `except` apart.
private func extractNames(
    _ statement: Statement,
    known: Set<String>,
    _ diagnostics: inout [Diagnostic]
) -> (plain: [String], excepted: [String]) {
    var plain: [String] = []
    var excepted: [String] = []
    for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
        for word in child.children where word.word != "except" {
            diagnostics.error("unknown-statement", child.statement(word), "only 'except' may follow a name")
        }
        if unsupportedServices.contains(child.word) {
            diagnostics.error(
                "unsupported-statement",
                child,
                "the ports of '\(child.word)' are not known: use a filter on lo0 and 'any-service'"
            )
        } else if !known.contains(child.word) {
            diagnostics.error("unknown-statement", child, "'\(child.word)' is no name that is known here")
        } else if child.children.contains(where: { $0.word == "except" }) {
            excepted.append(child.word)
        } else {
            plain.append(child.word)
        }
    }
    if !excepted.isEmpty, !plain.contains("all"), !plain.contains("any-service") {
        diagnostics.warning("except-without-all", statement, "'except' subtracts from 'all', which is not configured")
    }
    return (plain, excepted)
}

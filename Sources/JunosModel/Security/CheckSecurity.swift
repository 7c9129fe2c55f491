// SPDX-License-Identifier: Apache-2.0
// Where `security` and `interfaces` must fit together: flow reference §1.3, §3.1; DESIGN §3.14.
import Diagnostics
import JunosSyntax

/// Checks zones and modes against the interfaces.
func checkSecurity(_ configuration: JunosConfiguration, _ security: Statement, _ diagnostics: inout [Diagnostic]) {
    guard let settings = configuration.security else { return }
    var families: [String: Set<FilterFamily>] = [:]
    for interface in configuration.interfaces { families[interface.name] = Set(interface.families.keys) }
    for zone in settings.zones {
        for member in zone.interfaces where families[member.name] == nil {
            diagnostics.warning(
                "undefined-interface",
                member.source,
                "the interface '\(member.name)' is not configured: no packet belongs to the zone by it"
            )
        }
    }
    checkPacketModes(settings, families, security, &diagnostics)
    if !settings.isInet6ModeConfigured,
        let first = configuration.interfaces.first(where: { $0.families[.inet6] != nil })
    {
        diagnostics.warning(
            "inet6-dropped",
            first.source,
            "all IPv6 packets are dropped: add 'security forwarding-options family inet6 mode flow-based'"
        )
    }
}

/// Packet mode of a family and policies for zones that carry it exclude each other.
private func checkPacketModes(
    _ settings: SecurityConfiguration,
    _ families: [String: Set<FilterFamily>],
    _ security: Statement,
    _ diagnostics: inout [Diagnostic]
) {
    guard settings.inetMode == .packetBased || settings.inet6Mode == .packetBased else { return }
    var judged: [String: String] = [:]
    for context in settings.policyContexts where !context.policies.isEmpty {
        let path = "security policies from-zone \(context.fromZone) to-zone \(context.toZone)"
        for zone in [context.fromZone, context.toZone] where judged[zone] == nil { judged[zone] = path }
    }
    if !settings.globalPolicies.isEmpty {
        for zone in settings.zones where judged[zone.name] == nil { judged[zone.name] = "security policies global" }
    }
    for (family, mode) in [(FilterFamily.inet, settings.inetMode), (.inet6, settings.inet6Mode)]
    where mode == .packetBased {
        let carrier = settings.zones.first { zone in
            judged[zone.name] != nil && zone.interfaces.contains { families[$0.name]?.contains(family) ?? false }
        }
        guard let carrier, let path = judged[carrier.name] else { continue }
        diagnostics.error(
            "packet-mode-with-policies",
            security,
            "'security forwarding-options family \(family.rawValue) mode packet-based' and '\(path)' exclude each "
                + "other: the zone '\(carrier.name)' carries that family, and its policies would never be asked"
        )
    }
}

/// All interfaces of a zone are in one routing instance (flow reference §3.1).
func checkRoutingInstances(
    _ configuration: JunosConfiguration,
    _ instances: Statement,
    _ diagnostics: inout [Diagnostic]
) {
    var owners: [String: String] = [:]
    for instance in instances.statements {
        for interface in instance.child("interface")?.children ?? [] {
            let name = interface.word.contains(".") ? interface.word : interface.word + ".0"
            owners[name] = instance.word
        }
    }
    for zone in configuration.security?.zones ?? [] {
        let first = zone.interfaces.first.map { owners[$0.name] ?? "master" }
        for member in zone.interfaces where owners[member.name] ?? "master" != first {
            diagnostics.error(
                "zone-in-two-instances",
                member.source,
                "the zone '\(zone.name)' has interfaces in the routing instances '\(first ?? "master")' and "
                    + "'\(owners[member.name] ?? "master")': make it two zones"
            )
        }
    }
}

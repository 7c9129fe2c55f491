// SPDX-License-Identifier: Apache-2.0
// `routing-instances` as far as filters can lead packets into them (filters reference §4.1).
import Diagnostics
import JunosSyntax
import NetworkTypes

/// What may stand under `routing-instances NAME`.
let routingInstanceStatements = SupportTable(
    "routing-instances NAME",
    supported: ["instance-type", "interface", "routing-options"],
    notApplicable: [
        "protocols": "routing is the business of this host's routing daemon, and its routes stay in the main table",
        "forwarding-options": "it is not built yet",
        "bridge-domains": "links are configured on this host",
        "vlans": "links are configured on this host",
    ],
    cosmetic: [
        "description", "route-distinguisher", "vrf-table-label", "no-vrf-advertise", "vrf-import", "vrf-export",
        "vrf-target", "egress-protection",
    ]
)

/// What may stand under `static route PREFIX` of an instance.
let instanceRouteStatements = SupportTable(
    "routing-instances NAME routing-options static route PREFIX",
    supported: ["next-hop", "qualified-next-hop", "discard", "reject", "preference"],
    unsupported: [
        "next-table": "write the routes that are meant into the instance",
        "receive": "packets would have to be delivered to the router itself",
        "lsp-next-hop": "there are no label-switched paths",
        "static-lsp-next-hop": "there are no label-switched paths",
        "p2mp-lsp-next-hop": "there are no label-switched paths",
        "backup-pe-group": "there are no label-switched paths",
        "bfd-liveness-detection": "nobody would notice that the next hop is gone; only the link is watched",
    ],
    cosmetic: [
        "community", "tag", "metric", "color", "as-path", "readvertise", "no-readvertise", "retain", "no-retain",
        "install", "no-install", "resolve", "no-resolve", "active", "passive",
    ]
)

/// The preference of static routes where none is configured.
private let staticPreference: UInt32 = 5

/// The types of all instances; nil for one that packets cannot be led into.
func routingInstanceKinds(_ instances: Statement) -> [String: RoutingInstance.Kind?] {
    Dictionary(
        instances.statements.map { instance in
            let type = instance.child("instance-type")?.value?.word
            return (instance.word, type.flatMap { RoutingInstance.Kind(rawValue: $0) })
        },
        uniquingKeysWith: { _, last in last }
    )
}

extension JunosConfiguration {
    /// The instances that terms lead packets into.
    var namedRoutingInstances: Set<String> {
        var names: Set<String> = []
        for term in filters.values.lazy.flatMap(\.terms) {
            switch term.then.forwarding {
            case .routingInstance(let name)?: names.insert(name)
            case .nextAddress(_, let name)?, .nextInterface(_, let name)?: if let name { names.insert(name) }
            case nil: break
            }
        }
        return names
    }
}

/// Extracts all instances; what one holds that has no effect is said only of those that filters name.
///
/// - Parameters:
///   - options: `routing-options` of the router, whose `rib-groups` may share the subnets of interfaces.
///   - named: The instances that terms lead packets into.
func extractRoutingInstances(
    _ instances: Statement,
    options: Statement?,
    named: Set<String>,
    _ diagnostics: inout [Diagnostic]
) -> [String: RoutingInstance] {
    var result: [String: RoutingInstance] = [:]
    let imports = options.map(interfaceRouteImports) ?? [:]
    for statement in instances.statements where !wordsAllowedEverywhere.contains(statement.word) {
        var found: [Diagnostic] = []
        var instance = extractRoutingInstance(statement, &found)
        instance.importedFamilies = imports[instance.name] ?? []
        result[instance.name] = instance
        if named.contains(instance.name) {
            diagnostics += found
        } else {
            diagnostics += found.filter { $0.severity == .error && $0.code == "host-bits" }
            diagnostics.warning(
                "not-applicable",
                statement,
                "'\(instance.name)' has no effect here: no term leads packets into it, and routing is the business of "
                    + "this host's routing daemon"
            )
        }
    }
    return result
}

private func extractRoutingInstance(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> RoutingInstance {
    var instance = RoutingInstance(name: statement.word, kind: nil, source: statement.reference)
    for child in routingInstanceStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "instance-type": instance.kind = child.value.flatMap { RoutingInstance.Kind(rawValue: $0.word) }
        case "interface": instance.interfaces += child.children.map { logicalName($0.word) }
        default:
            if let routes = child.child("static") { instance.routes += extractRoutes(routes, &diagnostics) }
            for rib in child.entries("rib") {
                if let routes = rib.child("static") { instance.routes += extractRoutes(routes, &diagnostics) }
            }
            for other in child.statements where !["static", "rib", "interface-routes"].contains(other.word) {
                diagnostics.warning(
                    "not-applicable",
                    other,
                    "'\(other.word)' has no effect here: of an instance only static routes and subnets are built"
                )
            }
        }
    }
    return instance
}

private func extractRoutes(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [StaticRoute] {
    statement.entries("route").flatMap { extractRoute($0, &diagnostics) }
}

/// One `route PREFIX`: a way for `next-hop`, and one for each `qualified-next-hop`.
private func extractRoute(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [StaticRoute] {
    guard let prefix = Prefix(statement.word) else {
        diagnostics.error("invalid-value", statement, "'\(statement.word)' is no prefix")
        return []
    }
    guard !prefix.hasHostBits else {
        diagnostics.error("host-bits", statement, "'\(statement.word)' has host bits set outside its mask; clear them")
        return []
    }
    var preference = staticPreference
    var ways: [(way: StaticRoute.Way, preference: UInt32?, source: StatementReference)] = []
    for child in instanceRouteStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "preference":
            preference = number(child, &diagnostics) ?? preference
        case "discard": ways.append((.discard, nil, child.reference))
        case "reject": ways.append((.reject, nil, child.reference))
        case "next-hop":
            let hops = child.statements.compactMap { nextHop($0, prefix.family, &diagnostics) }
            if !hops.isEmpty { ways.append((.nextHops(hops), nil, child.reference)) }
        default:
            for entry in child.statements {
                guard let hop = nextHop(entry, prefix.family, &diagnostics) else { continue }
                let own = entry.child("preference").flatMap { number($0, &diagnostics) }
                if let other = entry.statements.first(where: { !["preference", "metric", "tag"].contains($0.word) }) {
                    diagnostics.error(
                        "unsupported-statement",
                        other,
                        "'\(other.word)' of a qualified next hop is not supported"
                    )
                }
                ways.append((.nextHops([hop]), own, entry.reference))
            }
        }
    }
    if ways.isEmpty {
        diagnostics.error("missing-value", statement, "the route has no next hop that can be used")
    }
    return ways.map {
        StaticRoute(prefix: prefix, way: $0.way, preference: $0.preference ?? preference, source: $0.source)
    }
}

private func nextHop(
    _ statement: Statement,
    _ family: AddressFamily,
    _ diagnostics: inout [Diagnostic]
) -> StaticRoute.NextHop? {
    guard let address = IPAddress(statement.word) else { return .interface(logicalName(statement.word)) }
    guard address.family == family else {
        diagnostics.error(
            "invalid-value",
            statement,
            "'\(statement.word)' is of another family than the route's prefix"
        )
        return nil
    }
    return .address(address)
}

private func number(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> UInt32? {
    let text = statement.value?.word ?? ""
    // The highest number is the end of each table in the kernel.
    if let number = UInt32(text), number < UInt32.max { return number }
    diagnostics.error("invalid-value", statement, "'\(text)' is no preference")
    return nil
}

/// A name without a unit means unit 0.
func logicalName(_ name: String) -> String { name.contains(".") ? name : name + ".0" }

/// The instances that the subnets of interfaces are shared with: `interface-routes rib-group` names a group, whose
/// `import-rib` names tables `INSTANCE.inet.0`.
private func interfaceRouteImports(_ options: Statement) -> [String: Set<AddressFamily>] {
    var result: [String: Set<AddressFamily>] = [:]
    let groups = options.child("interface-routes")?.entries("rib-group") ?? []
    for group in groups {
        // `rib-group inet GROUP`, or `rib-group GROUP` for inet.
        let name = group.children.last?.word ?? group.word
        let tables = options.entries("rib-groups").first { $0.word == name }?.entries("import-rib").map(\.word) ?? []
        for (suffix, family) in [(".inet.0", AddressFamily.inet), (".inet6.0", .inet6)] {
            for table in tables where table.hasSuffix(suffix) {
                result[String(table.dropLast(suffix.count)), default: []].insert(family)
            }
        }
    }
    return result
}

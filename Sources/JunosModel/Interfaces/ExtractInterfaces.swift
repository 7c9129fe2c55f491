// SPDX-License-Identifier: Apache-2.0
// `interfaces`: filters reference §5.1, DESIGN §3.21. Links, addresses and routes are this host's, not ours.
import Diagnostics
import JunosSyntax
import NetworkTypes

/// What may stand under `interfaces NAME unit NUMBER`; other words speak of the link and are named in one notice.
let logicalInterfaceStatements = SupportTable(
    "interfaces NAME unit NUMBER",
    supported: ["family", "vlan-id", "filter"],
    unsupported: [
        "vlan-tags": "the device cannot be told from two tags; use 'apply-macro linux { device NAME; }' instead",
        "layer2-policer": "packets over its rates would not be dropped",
        "policer": "packets over its rates would not be dropped",
    ],
    cosmetic: ["description", "disable", "enable", "traps", "no-traps", "encapsulation", "bandwidth"]
)

/// What may stand under `family inet` or `inet6` of a unit.
let familyStatements = SupportTable(
    "interfaces NAME unit NUMBER family FAMILY",
    supported: ["address", "filter", "mtu", "policer"],
    unsupported: [
        "rpf-check": "reverse path checks are not built yet; set rp_filter of the device",
        "service": "service sets are not built",
        "simple-filter": "simple filters are not built; write a filter",
    ],
    notApplicable: [
        "sampling": "sampling is not built yet",
        "accounting": "accounting is not built",
        "load-balance": "routing belongs to this host",
        "unnumbered-address": "addresses are configured on this host",
        "negotiate-address": "addresses are configured on this host",
        "destination-udp-port": "tunnels are configured on this host",
        "targeted-broadcast": "broadcasts are configured on this host",
        "dhcp": "addresses are configured on this host",
        "dhcp-client": "addresses are configured on this host",
        "dhcpv6-client": "addresses are configured on this host",
        "ndp-proxy": "neighbour discovery is configured on this host",
        "dad-disable": "neighbour discovery is configured on this host",
        "nd6-stale-time": "neighbour discovery is configured on this host",
        "no-neighbor-learn": "neighbour discovery is configured on this host",
        "arp-max-cache": "neighbours are configured on this host",
        "nd6-max-cache": "neighbours are configured on this host",
        "mac-validate": "neighbours are configured on this host",
        "demux-source": "subscribers are not built",
        "demux-destination": "subscribers are not built",
        "tcp-mss": "segment sizes are not changed",
        "primary": "addresses are configured on this host",
        "no-redirects": "redirects are configured on this host",
        "no-neighbor-discovery": "neighbour discovery is configured on this host",
    ],
    cosmetic: ["description"]
)

/// What may stand under `filter` of a family.
let familyFilterStatements = SupportTable(
    "interfaces NAME unit NUMBER family FAMILY filter",
    supported: ["input", "output", "input-list", "output-list", "group"],
    unsupported: [
        "input-chain": "chains of filters are not built; use 'input-list', which means something else",
        "output-chain": "chains of filters are not built; use 'output-list', which means something else",
        "dialer": "dialer filters are not built",
        "adf": "subscribers are not built",
        "simple-filter": "simple filters are not built; write a filter",
    ]
)

/// Families of a unit that hold no IP addresses of their own.
private let linkFamilies: Set<String> = [
    "iso", "mpls", "ccc", "tcc", "bridge", "ethernet-switching", "vpls", "evpn", "mlfr-end-to-end", "mlfr-uni-nni",
    "mlppp", "inet-vpn", "tnp", "fibre-channel", "pppoe",
]

/// Extracts all logical interfaces in configuration order.
func extractInterfaces(_ interfaces: Statement, _ diagnostics: inout [Diagnostic]) -> [LogicalInterface] {
    var result: [LogicalInterface] = []
    var linkWords: Set<String> = []
    for physical in interfaces.statements {
        switch physical.word {
        case "interface-range":
            diagnostics.error(
                "unsupported-statement",
                physical,
                "'interface-range' is not supported: its members would lack their filters; write them out or use groups"
            )
        case "traceoptions", "interface-set", "stacked-interface-set", "apply-macro", "apply-groups",
            "apply-groups-except", "apply-flags":
            break
        default:
            for child in physical.children where !knownPhysicalWords.contains(child.word) {
                linkWords.insert(child.word)
            }
            var isRefused = false
            for unit in physical.entries("unit") {
                if let interface = extractUnit(unit, of: physical, &linkWords, &isRefused, &diagnostics) {
                    result.append(interface)
                }
            }
        }
    }
    if !linkWords.isEmpty {
        diagnostics.notice(
            "not-applicable",
            interfaces,
            "statements about links have no effect here, this host's own configuration decides: "
                + linkWords.sorted().joined(separator: ", ")
        )
    }
    checkDevices(result, &diagnostics)
    return result
}

/// Words of a physical interface that need no remark.
private let knownPhysicalWords: Set<String> = wordsAllowedEverywhere.union(["unit", "description", "mtu"])

/// Two units must not be one device: their filters would contend for the same packets.
private func checkDevices(_ interfaces: [LogicalInterface], _ diagnostics: inout [Diagnostic]) {
    var owners: [String: String] = [:]
    for interface in interfaces {
        guard let device = interface.device else { continue }
        if let owner = owners.updateValue(interface.name, forKey: device) {
            diagnostics.error(
                "duplicate-device",
                interface.source,
                "the Linux device '\(device)' is the logical interface '\(owner)' already"
            )
        }
    }
}

/// One unit.
private func extractUnit(
    _ unit: Statement,
    of physical: Statement,
    _ linkWords: inout Set<String>,
    _ isRefused: inout Bool,
    _ diagnostics: inout [Diagnostic]
) -> LogicalInterface? {
    guard let number = parseNumber(Substring(unit.word)), number <= 1_073_741_823 else {
        diagnostics.error("invalid-value", unit, "'\(unit.word)' is no unit number")
        return nil
    }
    var interface = LogicalInterface(physicalName: physical.word, unit: Int(number), source: unit.reference)
    if let vlan = unit.child("vlan-id") {
        if let id = parseNumber(Substring(vlan.value?.word ?? "")), (1...4094).contains(id) {
            interface.vlanID = Int(id)
        } else {
            diagnostics.error("invalid-value", vlan, "'\(vlan.value?.word ?? "")' is no VLAN identifier, 1 to 4094")
        }
    }
    interface.isOffloadExact = macroAsksForExactOffload(unit) || macroAsksForExactOffload(physical)
    if !interface.isRoutingEngine {
        interface.device = deviceName(
            of: unit,
            physical: physical,
            number: Int(number),
            vlanID: interface.vlanID,
            &isRefused,
            &diagnostics
        )
    }
    interface.mtu = mediaMTU(physical, isTagged: interface.vlanID != nil, &diagnostics)
    interface.speed = mediaRate(physical)
    for child in unit.statements {
        guard logicalInterfaceStatements.states[child.word] != nil || wordsAllowedEverywhere.contains(child.word) else {
            linkWords.insert(child.word)
            continue
        }
        if child.word == "vlan-tags", macroDevice(unit) != nil { continue }
        guard logicalInterfaceStatements.admits(child, &diagnostics) else { continue }
        switch child.word {
        case "family":
            for family in child.statements { extractFamily(family, into: &interface, &diagnostics) }
        // Family any in the form of MX routers (filters reference §5.1).
        case "filter":
            extractFilterStatement(child, into: &interface.families[.any, default: FamilyConfiguration()], &diagnostics)
        default: break
        }
    }
    return interface
}

/// The packet size that `mtu` of a physical interface leaves: it counts the Ethernet header, 14 octets and 4 a tag.
private func mediaMTU(_ physical: Statement, isTagged: Bool, _ diagnostics: inout [Diagnostic]) -> Int? {
    guard let statement = physical.child("mtu") else { return nil }
    guard let number = parseNumber(Substring(statement.value?.word ?? "")), (256...65535).contains(number) else {
        diagnostics.error("invalid-value", statement, "'\(statement.value?.word ?? "")' is no MTU, 256 to 65535")
        return nil
    }
    return Int(number) - (isTagged ? 18 : 14)
}

/// `speed`, of the interface or of its Ethernet options; `auto` fixes none.
private func mediaRate(_ physical: Statement) -> UInt64? {
    let options = ["gigether-options", "ether-options", "fastether-options"].compactMap { physical.child($0) }
    let words = ([physical] + options).compactMap { $0.child("speed")?.value?.word }
    return words.lazy.compactMap(parseRate).first
}

/// `family FAMILY` of a unit.
private func extractFamily(
    _ statement: Statement,
    into interface: inout LogicalInterface,
    _ diagnostics: inout [Diagnostic]
) {
    guard let family = FilterFamily(rawValue: statement.word) else {
        guard linkFamilies.contains(statement.word) else {
            diagnostics.error("unknown-statement", statement, "'\(statement.word)' is no family that is known")
            return
        }
        for word in ["filter", "policer"] {
            guard let child = statement.child(word) else { continue }
            diagnostics.error(
                "unsupported-statement",
                child,
                "'\(word)' of family \(statement.word) is not supported: only inet, inet6 and any are filtered"
            )
        }
        return
    }
    var configuration = interface.families[family] ?? FamilyConfiguration()
    for child in familyStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "filter": extractFilterStatement(child, into: &configuration, &diagnostics)
        case "policer": extractPolicerStatement(child, family, into: &configuration, &diagnostics)
        case "mtu":
            if let number = parseNumber(Substring(child.value?.word ?? "")), (68...65535).contains(number) {
                interface.mtu = Int(number)
            } else {
                diagnostics.error("invalid-value", child, "'\(child.value?.word ?? "")' is no MTU, 68 to 65535")
            }
        default: configuration.addresses += addresses(child, family, &diagnostics)
        }
    }
    interface.families[family] = configuration
}

/// `address PREFIX`, host bits kept.
private func addresses(
    _ statement: Statement,
    _ family: FilterFamily,
    _ diagnostics: inout [Diagnostic]
) -> [Prefix] {
    var result: [Prefix] = []
    for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
        guard let prefix = Prefix(child.word), prefix.family.rawValue == family.rawValue else {
            diagnostics.error("invalid-value", child, "'\(child.word)' is no address of family \(family.rawValue)")
            continue
        }
        result.append(prefix)
    }
    return result
}

/// `filter { input F; output-list [ G H ]; group N; }`.
private func extractFilterStatement(
    _ statement: Statement,
    into configuration: inout FamilyConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for child in familyFilterStatements.admitted(statement, &diagnostics) {
        let isList = child.word.hasSuffix("-list")
        // A leaf keeps what was set last; `precedence` and the like may follow a name.
        let names = isList ? child.children.map(\.word) : child.value.map { [$0.word] } ?? []
        let attachment = FilterAttachment(filters: names, isList: isList, source: child.reference)
        switch child.word {
        case "group":
            do {
                let range = try parseRange(child.value?.word ?? "", names: [:], highest: 255)
                configuration.group = range.lowerBound
            } catch {
                diagnostics.error("invalid-value", child, "'\(child.value?.word ?? "")' \(error.text)")
            }
        case "input", "input-list":
            warnReplaced(configuration.input, by: child, &diagnostics)
            configuration.input = attachment
        default:
            warnReplaced(configuration.output, by: child, &diagnostics)
            configuration.output = attachment
        }
    }
}

/// `input` and `input-list` are one choice (filters reference §5.1).
private func warnReplaced(
    _ earlier: FilterAttachment?,
    by statement: Statement,
    _ diagnostics: inout [Diagnostic]
) {
    guard let earlier else { return }
    diagnostics.warning(
        "replaced-statement",
        statement,
        "the earlier \(earlier.isList ? "list" : "filter") is void: '\(statement.word)' takes its place"
    )
}

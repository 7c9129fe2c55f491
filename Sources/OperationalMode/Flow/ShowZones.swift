// SPDX-License-Identifier: Apache-2.0
// `show security zones` and `show security flow status` (flow reference §9.1, §9.3, §9.4).
import JunosModel

let showZonesCommand = OperationalCommand(
    path: ["show", "security", "zones"],
    subject: .init(name: "ZONE", isRequired: false),
    options: [.init(keyword: "terse")],
    summary: "zones with their interfaces; terse: names and kinds"
) { arguments, sources in
    guard let security = sources.configuration.security else {
        throw OperationalProblem("security is not configured")
    }
    var zones = ZoneList(security, isTerse: arguments.flags.contains("terse"))
    if let name = arguments.subject {
        zones.zones.removeAll { $0.name != name }
        guard !zones.zones.isEmpty else { throw OperationalProblem("zone \(name) not found") }
    }
    return OperationalAnswer(zones)
}

/// Zones in configuration order, the router's own last.
struct ZoneList: OperationalView {
    /// One zone.
    struct Zone: Hashable {
        var name: String
        var id: Int
        var isManagement = false
        var sendsReset = false
        var interfaces: [String] = []
    }

    var zones: [Zone]
    let isTerse: Bool

    init(_ security: SecurityConfiguration, isTerse: Bool) {
        self.isTerse = isTerse
        zones = security.zones.enumerated().map { position, zone in
            Zone(
                name: zone.name,
                id: position + 1,
                isManagement: zone.isManagement,
                sendsReset: zone.sendsTCPReset,
                interfaces: zone.interfaces.map(\.name)
            )
        }
        zones.append(Zone(name: "junos-host", id: zones.count + 1))
    }

    var text: String {
        if isTerse {
            return column("Zone", 28) + "Type\n"
                + zones.map { column($0.name, 28) + ($0.isManagement ? "Functional" : "Security") + "\n" }.joined()
        }
        return zones.map { zone in
            """

            \(zone.isManagement ? "Functional" : "Security") zone: \(zone.name)
              Zone ID: \(zone.id)
              Send reset for non-SYN session TCP packets: \(zone.sendsReset ? "On" : "Off")
              Policy configurable: \(zone.isManagement ? "No" : "Yes")
              Interfaces bound: \(zone.interfaces.count)
              Interfaces:
            \(zone.interfaces.map { "    \($0)\n" }.joined())\
              Advanced-connection-tracking timeout: 1800
              Unidirectional-session-refreshing: No

            """
        }.joined()
    }

    var element: OutputElement {
        OutputElement(
            "zones-information",
            zones.map { zone in
                let name = OutputElement("zones-security-zonename", zone.name)
                guard !isTerse else {
                    return OutputElement(
                        "zones-security",
                        [name, OutputElement("zones-security-type", zone.isManagement ? "Functional" : "Security")]
                    )
                }
                return OutputElement(
                    "zones-security",
                    [
                        name,
                        OutputElement("zone-id", UInt64(zone.id)),
                        OutputElement("zones-security-send-reset", zone.sendsReset ? "On" : "Off"),
                        OutputElement("zones-security-policy-configurable", zone.isManagement ? "No" : "Yes"),
                        OutputElement("zones-security-interfaces-bound", UInt64(zone.interfaces.count)),
                        OutputElement(
                            "zones-security-interfaces",
                            zone.interfaces.map { OutputElement("zones-security-interface-name", $0) }
                        ),
                    ]
                )
            }
        )
    }
}

let showFlowStatusCommand = OperationalCommand(
    path: ["show", "security", "flow", "status"],
    summary: "how each family's packets are handled"
) { _, sources in
    OperationalAnswer(FlowStatus(sources.configuration.security))
}

/// Modes of the families.
struct FlowStatus: OperationalView {
    private let modes: [(name: String, tag: String, mode: String)]

    /// Without `security` every packet is forwarded as it is (DESIGN §3.14).
    init(_ security: SecurityConfiguration?) {
        func word(_ mode: ForwardingMode) -> String {
            mode == .drop ? "drop" : mode == .flowBased ? "flow based" : "packet based"
        }
        modes = [
            ("Inet", "inet", security.map { word($0.inetMode) } ?? "packet based"),
            ("Inet6", "inet6", security.map { word($0.inet6Mode) } ?? "packet based"),
            // The kernel's tables of these families are not ours; they forward nothing of them by themselves.
            ("MPLS", "mpls", "drop"), ("ISO", "iso", "drop"),
        ]
    }

    var text: String {
        "  Flow forwarding mode:\n" + modes.map { "    \($0.name) forwarding mode: \($0.mode)\n" }.joined()
            + "  Flow trace status\n    Flow tracing status: off\n"
    }

    var element: OutputElement {
        OutputElement(
            "flow-status-all",
            [
                OutputElement(
                    "flow-forwarding-mode",
                    modes.map { OutputElement("flow-forwarding-mode-\($0.tag)", $0.mode) }
                )
            ]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// `show security policies` and its `detail` (flow reference §9.2, §9.4).
import JunosModel

let showPoliciesCommand = OperationalCommand(
    path: ["show", "security", "policies"],
    options: [
        .init(keyword: "detail"), .init(keyword: "global"), .init(keyword: "from-zone", value: "ZONE"),
        .init(keyword: "to-zone", value: "ZONE"), .init(keyword: "policy-name", value: "POLICY"),
    ],
    summary: "security policies; detail: with addresses, applications and statistics"
) { arguments, sources in
    guard let security = sources.configuration.security else {
        throw OperationalProblem("security is not configured")
    }
    let chosen = ListedPolicy.all(security, sources.flow).filter { policy in
        (!arguments.flags.contains("global") || policy.isGlobal)
            && (arguments.values["from-zone"].map { $0 == policy.key.from } ?? true)
            && (arguments.values["to-zone"].map { $0 == policy.key.to } ?? true)
            && (arguments.values["policy-name"].map { $0 == policy.key.name } ?? true)
    }
    guard arguments.flags.contains("detail") else {
        return OperationalAnswer(PolicyList(security: security, policies: chosen))
    }
    return OperationalAnswer(
        PolicyDetails(
            configuration: sources.configuration,
            security: security,
            policies: chosen,
            traffic: try sources.flow.policyTraffic(),
            statistics: try sources.statistics()
        )
    )
}

/// The head of both forms: what no policy decides is denied, or permitted.
private func head(_ security: SecurityConfiguration) -> String {
    // Applications are not recognised, so no packet waits for one; there are no log profiles.
    "Default policy: \(security.defaultPermits ? "permit-all" : "deny-all")\n"
        + "Default policy log Profile ID: 0\nPre ID default policy: permit-all\n"
}

/// The short form.
struct PolicyList: OperationalView {
    let security: SecurityConfiguration
    let policies: [ListedPolicy]

    var text: String {
        head(security)
            + ListedContext.group(policies).map { context in
                (context.isGlobal ? "Global policies:\n" : "From zone: \(context.from), To zone: \(context.to)\n")
                    + context.policies.map(block).joined()
            }.joined()
    }

    private func block(_ listed: ListedPolicy) -> String {
        let policy = listed.policy
        var lines = [
            "  Policy: \(policy.name), State: \(listed.state), Index: \(listed.number.map(String.init) ?? "N/A"), "
                + "Scope Policy: 0, Sequence number: \(listed.sequence), Log Profile ID: 0"
        ]
        if listed.isGlobal {
            lines += [
                "    From zones: \(names(policy.fromZones))", "    To zones: \(names(policy.toZones))",
            ]
        }
        lines += [
            "    Source vrf group: any", "    Destination vrf group: any",
            "    Source addresses\(policy.excludesSource ? "(excluded)" : ""): \(names(policy.sourceAddresses))",
            "    Destination addresses\(policy.excludesDestination ? "(excluded)" : ""): "
                + names(policy.destinationAddresses),
            "    Applications: \(names(policy.applications))", "    Source identity feeds: any",
            "    Destination identity feeds: any", "    Action: \(listed.actions)",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    private func names(_ list: [String]) -> String { list.isEmpty ? "any" : list.joined(separator: ", ") }

    var element: OutputElement { policiesElement(security, policies) { policyElement($0) } }
}

/// The long form.
struct PolicyDetails: OperationalView {
    let configuration: JunosConfiguration
    let security: SecurityConfiguration
    let policies: [ListedPolicy]
    /// Nil where nobody keeps account.
    let traffic: [PolicyKey: PolicyTraffic]?
    let statistics: Statistics

    var text: String { head(security) + policies.map(block).joined() }

    private func block(_ listed: ListedPolicy) -> String {
        let policy = listed.policy
        var lines = [
            "Policy: \(policy.name), action-type: \(policy.action.rawValue), "
                + "services-offload:not-configured , State: \(listed.state), "
                + "Index: \(listed.number.map(String.init) ?? "N/A"), Scope Policy: 0"
        ]
        lines += bodyLines(listed, configuration, security) { "Destination ports: \(ports($0, open: "[0-0]"))" }
        if let scheduler = policy.scheduler { lines.append("  Scheduler: \(scheduler)") }
        let log = [(policy.logsInit, "at-create"), (policy.logsClose, "at-close")].filter(\.0).map(\.1)
        if !log.isEmpty { lines.append("  Session log: \(log.joined(separator: ", "))") }
        if policy.counts { lines += statisticsLines(listed.key) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What sessions carried: accepted packets as they arrived.
    ///
    /// What left is not kept apart (output filters may drop
    /// some), and rates are left to who reads the metrics.
    private func statisticsLines(_ key: PolicyKey) -> [String] {
        guard let traffic else {
            return ["  Policy statistics: kept by sluiced alone; ask it with --control-socket"]
        }
        let own = traffic[key] ?? PolicyTraffic()
        let sum = own.initiator + own.responder
        func row(_ name: String, _ value: UInt64) -> String {
            line("    " + filled(name, to: 19) + ":", with: String(value), endingAt: 45)
        }
        return [
            "  Policy statistics:",
            row("Input  bytes", sum.bytes), row("  Initial direction", own.initiator.bytes),
            row("  Reply direction", own.responder.bytes),
            row("Input  packets", sum.packets), row("  Initial direction", own.initiator.packets),
            row("  Reply direction", own.responder.packets),
            row("Active sessions", own.active), row("Session deletions", own.deletions),
            row("Policy lookups", statistics.policies[[key.from, key.to, key.name]]?.packets ?? 0),
        ]
    }

    var element: OutputElement {
        policiesElement(security, policies) { listed in
            var element = policyElement(listed)
            guard case .elements(var elements) = element.content, listed.policy.counts,
                let own = traffic.map({ $0[listed.key] ?? PolicyTraffic() })
            else { return element }
            elements.append(
                OutputElement(
                    "policy-statistics-information",
                    [
                        OutputElement("input-bytes-init", own.initiator.bytes),
                        OutputElement("input-bytes-reply", own.responder.bytes),
                        OutputElement("input-packets-init", own.initiator.packets),
                        OutputElement("input-packets-reply", own.responder.packets),
                        OutputElement("session-creations", own.active &+ own.deletions),
                        OutputElement("active-sessions", own.active),
                        OutputElement("session-deletions", own.deletions),
                        OutputElement(
                            "policy-lookups",
                            statistics.policies[[listed.key.from, listed.key.to, listed.key.name]]?.packets ?? 0
                        ),
                    ]
                )
            )
            element.content = .elements(elements)
            return element
        }
    }
}

/// What a policy is besides its name and action: its place, addresses and applications with what they stand for.
///
/// - Parameter destinationPorts: how the destination ports of an application are written.
func bodyLines(
    _ listed: ListedPolicy,
    _ configuration: JunosConfiguration,
    _ security: SecurityConfiguration,
    _ destinationPorts: (ClosedRange<UInt16>?) -> String
) -> [String] {
    let policy = listed.policy
    let addresses = AddressListing(security, hostAddresses: configuration.circumstances.hostAddresses)
    var lines = [
        "  Policy Type: Configured\(listed.isGlobal ? ", global" : "")",
        "  Sequence number: \(listed.sequence)",
    ]
    if listed.isGlobal {
        lines += [("From", policy.fromZones), ("To", policy.toZones)].map {
            "  \($0) zones: \($1.isEmpty ? "any" : $1.joined(separator: ", "))"
        }
    } else {
        lines.append("  From zone: \(listed.key.from), To zone: \(listed.key.to)")
    }
    for (title, names, zone, isExcluded) in [
        ("Source", policy.sourceAddresses, listed.key.from, policy.excludesSource),
        ("Destination", policy.destinationAddresses, listed.key.to, policy.excludesDestination),
    ] {
        lines.append("  \(title) addresses\(isExcluded ? "(excluded)" : ""):")
        lines += addresses.lines(names, zone: zone).map { "    \($0.name)(\($0.book)): \($0.value)" }
    }
    for application in listedApplications(policy.applications, configuration) {
        lines.append("  Application: \(application.name)")
        guard !application.terms.isEmpty else {
            lines += [
                "    IP protocol: 0, ALG: 0, Inactivity timeout: 0", "      Source port range: [0-0]",
                "      \(destinationPorts(nil))",
            ]
            continue
        }
        for term in application.terms { lines += applicationLines(term, application, destinationPorts) }
    }
    lines.append(
        "  Per policy TCP Options: SYN check: \(policy.requiresSYN ? "Yes" : "No"), SEQ check: No, Window scale: No"
    )
    return lines
}

private func applicationLines(
    _ term: ApplicationTerm,
    _ application: Application,
    _ destinationPorts: (ClosedRange<UInt16>?) -> String
) -> [String] {
    let number = term.protocolNumber ?? 0
    let timeout = application.inactivityTimeout ?? defaultInactivityTimeout(number)
    var lines = [
        "    IP protocol: \(protocolName(number)), ALG: 0, "
            // The highest number stands for `never`, which devices print as 0.
            + "Inactivity timeout: \(timeout == .max ? 0 : timeout)"
    ]
    if number == 1 || number == 58 {
        lines.append("      ICMP Information: type=\(term.icmpType ?? 255), code=\(term.icmpCode ?? 0)")
    } else {
        lines += [
            "      Source port range: [\(ports(term.sourcePorts, open: "0-0"))]",
            "      \(destinationPorts(term.destinationPorts))",
        ]
    }
    return lines
}

/// A range of ports; what leaves them open, port 0 aside, prints as devices do.
private func ports(_ range: ClosedRange<UInt16>?, open: String) -> String {
    guard let range, range.lowerBound > 1 || range.upperBound < .max else { return open }
    return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
}

/// The tags of §9.4.
private func policiesElement(
    _ security: SecurityConfiguration,
    _ policies: [ListedPolicy],
    _ element: (ListedPolicy) -> OutputElement
) -> OutputElement {
    OutputElement(
        "security-policies",
        [OutputElement("default-policy", security.defaultPermits ? "permit-all" : "deny-all")]
            + ListedContext.group(policies).map { context in
                OutputElement(
                    "security-context",
                    [
                        OutputElement(
                            "context-information",
                            context.isGlobal
                                ? [OutputElement("global-context", "")]
                                : [
                                    OutputElement("source-zone-name", context.from),
                                    OutputElement("destination-zone-name", context.to),
                                ]
                        ),
                        OutputElement("policies", context.policies.map(element)),
                    ]
                )
            }
    )
}

/// One policy with the tags of §9.4.
func policyElement(_ listed: ListedPolicy) -> OutputElement {
    let policy = listed.policy
    func names(_ tag: String, _ item: String, _ name: String, _ list: [String]) -> OutputElement {
        OutputElement(tag, list.map { OutputElement(item, [OutputElement(name, $0)]) })
    }
    var elements = [
        OutputElement("policy-name", policy.name),
        OutputElement("policy-state", listed.state),
    ]
    if let number = listed.number { elements.append(OutputElement("policy-identifier", UInt64(number))) }
    elements += [
        OutputElement("scope-policy-identifier", 0),
        OutputElement("policy-sequence-number", UInt64(listed.sequence)),
    ]
    if listed.isGlobal {
        elements += [
            OutputElement(
                "from-zones",
                (policy.fromZones.isEmpty ? ["any"] : policy.fromZones).map { OutputElement("zone-name", $0) }
            ),
            OutputElement(
                "to-zones",
                (policy.toZones.isEmpty ? ["any"] : policy.toZones).map { OutputElement("zone-name", $0) }
            ),
        ]
    }
    elements += [
        names("source-addresses", "source-address", "address-name", policy.sourceAddresses),
        names("destination-addresses", "destination-address", "address-name", policy.destinationAddresses),
        names("applications", "application", "application-name", policy.applications),
        OutputElement(
            "policy-action",
            [OutputElement("action-type", policy.action.rawValue)]
                + (policy.logsInit || policy.logsClose
                    ? [
                        OutputElement(
                            "policy-log",
                            [(policy.logsInit, "at-create"), (policy.logsClose, "at-close")].filter(\.0).map(\.1)
                                .joined(separator: ", ")
                        )
                    ] : [])
        ),
    ]
    return OutputElement("policy-information", elements)
}

// SPDX-License-Identifier: Apache-2.0
// `show security match-policies` (flow reference §9.2): who would decide a first packet.
import JunosModel
import NetworkTypes

private let matchOptions: [OperationalCommand.Option] = [
    .init(keyword: "source-ip", value: "ADDRESS", isRequired: true),
    .init(keyword: "destination-ip", value: "ADDRESS", isRequired: true),
    .init(keyword: "protocol", value: "PROTOCOL", isRequired: true), .init(keyword: "source-port", value: "PORT"),
    .init(keyword: "destination-port", value: "PORT"), .init(keyword: "icmp-type", value: "NUMBER"),
    .init(keyword: "icmp-code", value: "NUMBER"), .init(keyword: "result-count", value: "1..16"),
    .init(keyword: "kernel"),
]

let matchPoliciesCommand = OperationalCommand(
    path: ["show", "security", "match-policies"],
    options: [
        OperationalCommand.Option(keyword: "from-zone", value: "ZONE", isRequired: true),
        OperationalCommand.Option(keyword: "to-zone", value: "ZONE", isRequired: true),
    ] + matchOptions,
    summary: "the policies that match a first packet; kernel: a clone of the live program is asked"
) { arguments, sources in
    let from = arguments.values["from-zone"] ?? ""
    let to = arguments.values["to-zone"] ?? ""
    return try answer(arguments, zones: (from, to), sources)
}

let matchGlobalPoliciesCommand = OperationalCommand(
    path: ["show", "security", "match-policies", "global"],
    options: matchOptions.filter { $0.keyword != "kernel" },
    summary: "the global policies for all zones that match a first packet"
) { arguments, sources in
    try answer(arguments, zones: nil, sources)
}

private func answer(
    _ arguments: CommandArguments,
    zones: (from: String, to: String)?,
    _ sources: OperationalSources
) throws -> OperationalAnswer {
    guard let security = sources.configuration.security else {
        throw OperationalProblem("security is not configured")
    }
    for zone in [zones?.from, zones?.to].compactMap(\.self)
    where zone != "junos-host" && !security.zones.contains(where: { $0.name == zone && !$0.isManagement }) {
        throw OperationalProblem("the zone '\(zone)' is not defined")
    }
    let question = PolicyQuestion(
        zones: zones,
        packet: try packet(arguments),
        limit: try boundedNumber(arguments, "result-count", 1...16) ?? 1,
        asksKernel: arguments.flags.contains("kernel")
    )
    let found = try sources.flow.matchPolicies(question)
    let listed = ListedPolicy.all(security, sources.flow)
    return OperationalAnswer(
        PolicyMatches(
            configuration: sources.configuration,
            security: security,
            matches: found.compactMap { key in listed.first { $0.key == key } },
            endsInDefault: found.contains(.defaultPolicy),
            zones: zones
        )
    )
}

private func boundedNumber(
    _ arguments: CommandArguments,
    _ keyword: String,
    _ range: ClosedRange<Int>
) throws(OperationalProblem) -> Int? {
    guard let text = arguments.values[keyword] else { return nil }
    guard let number = Int(text), range.contains(number) else {
        throw OperationalProblem(
            "syntax error: '\(keyword)' takes a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
        )
    }
    return number
}

private func packet(_ arguments: CommandArguments) throws(OperationalProblem) -> Packet {
    func address(_ keyword: String) throws(OperationalProblem) -> IPAddress {
        let text = arguments.values[keyword] ?? ""
        guard let address = IPAddress(text) else {
            throw OperationalProblem("syntax error: '\(keyword)' takes an address, not '\(text)'")
        }
        return address
    }
    let name = arguments.values["protocol"] ?? ""
    guard let number = protocolNumber(name) else {
        throw OperationalProblem("syntax error: 'protocol' takes a protocol's name or number, not '\(name)'")
    }
    var fields = PacketFields(number, from: try address("source-ip"), to: try address("destination-ip"))
    let hasPorts = [6, 17, 33, 132, 136].contains(number)
    let ports: [(String, WritableKeyPath<PacketFields, UInt16?>)] = [
        ("source-port", \.sourcePort), ("destination-port", \.destinationPort),
    ]
    for (keyword, path) in ports {
        let port = try boundedNumber(arguments, keyword, 0...65535).map { UInt16($0) }
        guard port != nil || !hasPorts else { throw OperationalProblem("syntax error: '\(keyword)' is missing") }
        // Devices want ports with every protocol; where there are none they say nothing.
        if hasPorts { fields[keyPath: path] = port }
    }
    if number == 1 || number == 58 {
        let type = try boundedNumber(arguments, "icmp-type", 0...255) ?? (number == 1 ? 8 : 128)
        fields.icmpType = UInt8(type)
        fields.icmpCode = UInt8(try boundedNumber(arguments, "icmp-code", 0...255) ?? 0)
    }
    do {
        return try fields.build()
    } catch {
        throw OperationalProblem(error.description)
    }
}

/// The policies found.
struct PolicyMatches: OperationalView {
    let configuration: JunosConfiguration
    let security: SecurityConfiguration
    let matches: [ListedPolicy]
    /// Whether the default policy decides.
    let endsInDefault: Bool
    let zones: (from: String, to: String)?

    /// What decides where no policy matches: a name, an action and a number; nil where the packet does not come so far.
    private var implicit: (name: String, action: String, number: UInt64)? {
        guard matches.isEmpty, endsInDefault else { return nil }
        if [zones?.from, zones?.to].contains("junos-host") { return ("self-traffic-policy", "permit", 1) }
        return ("Default-Policy", security.defaultPermits ? "permit-all" : "deny-all", 2)
    }

    var text: String {
        if let implicit {
            return "Policy: \(implicit.name), action-type: \(implicit.action), State: enabled, "
                + "Index: \(implicit.number)\n  Sequence number: \(implicit.number)\n"
        }
        guard !matches.isEmpty else { return "No policy is asked: the packet is dropped before.\n" }
        return matches.map { listed in
            let policy = listed.policy
            let head =
                "Policy: \(policy.name), action-type: \(policy.action.rawValue), State: \(listed.state), "
                + "Index: \(listed.number.map(String.init) ?? "N/A")"
            let body = bodyLines(listed, configuration, security) { ports in
                "Destination port range: [\(ports.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "0-0")]"
            }
            return ([head] + body).map { $0 + "\n" }.joined()
        }.joined()
    }

    var element: OutputElement {
        let implied = implicit.map { implicit in
            OutputElement(
                "policy-information",
                [
                    OutputElement("policy-name", implicit.name), OutputElement("policy-state", "enabled"),
                    OutputElement("policy-identifier", implicit.number),
                    OutputElement("policy-sequence-number", implicit.number),
                    OutputElement("policy-action", [OutputElement("action-type", implicit.action)]),
                ]
            )
        }
        return OutputElement("security-policy-match", matches.map(policyElement) + [implied].compactMap(\.self))
    }
}

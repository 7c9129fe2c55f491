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
    summary: "the policies that match a first packet; kernel: asks the program in the kernel"
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

    var text: String {
        if matches.isEmpty {
            guard endsInDefault else { return "No policy is asked: the packet is dropped before.\n" }
            if zones?.from == "junos-host" || zones?.to == "junos-host" {
                return "Policy: self-traffic-policy, action-type: permit, State: enabled, Index: 1\n"
            }
            return "Policy: default-policy, action-type: \(security.defaultPermits ? "permit" : "deny"), "
                + "State: enabled, Index: 2\n"
        }
        return matches.map { listed in
            let policy = listed.policy
            let zones =
                listed.isGlobal
                ? ["  Global policy"] : ["  From zone: \(listed.key.from), To zone: \(listed.key.to)"]
            return
                ([
                    "Policy: \(policy.name), action-type: \(policy.action.rawValue), State: \(listed.state), "
                        + "Index: \(listed.number.map(String.init) ?? "N/A")"
                ] + zones
                + matchLines(listed, configuration, security)).map { $0 + "\n" }.joined()
        }.joined()
    }

    var element: OutputElement {
        OutputElement("security-policy-match", matches.map(policyElement))
    }
}

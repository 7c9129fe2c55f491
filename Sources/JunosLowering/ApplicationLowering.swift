// SPDX-License-Identifier: Apache-2.0
// Application names as protocol alternatives (flow reference §5).
import JunosModel
import NetworkTypes
import PolicyModel

/// Alternatives for a policy's applications; nil where `any` is among them.
///
/// - Parameter makesSessions: Whether what matches makes a session, whose idle time is then the first alternative's.
func lowerApplications(
    _ names: [String],
    _ configuration: JunosConfiguration,
    makesSessions: Bool
) -> [ServiceMatch]? {
    var services: [ServiceMatch] = []
    var seen: Set<ServiceMatch> = []
    var visited: Set<String> = []
    var pending = Array(names.reversed())
    while let name = pending.popLast() {
        if name == "any" { return nil }
        guard visited.insert(name).inserted else { continue }
        guard let application = application(name, configuration) else {
            pending += members(name, configuration).reversed()
            continue
        }
        for term in application.terms {
            guard var service = lower(term) else { return nil }
            guard seen.insert(service).inserted else { continue }
            if makesSessions { service.idleTime = application.inactivityTimeout }
            services.append(service)
        }
    }
    return services
}

/// User definitions, sets among them, hide predefined ones of the same name (flow reference §5.1).
private func application(_ name: String, _ configuration: JunosConfiguration) -> Application? {
    if let own = configuration.applications[name] { return own }
    return configuration.applicationSets[name] == nil ? predefinedApplications[name] : nil
}

private func members(_ name: String, _ configuration: JunosConfiguration) -> [String] {
    configuration.applicationSets[name] ?? predefinedApplicationSets[name] ?? []
}

/// One alternative; nil for every protocol.
private func lower(_ term: ApplicationTerm) -> ServiceMatch? {
    guard let number = term.protocolNumber else { return nil }
    var clauses: [[Condition]] = []
    func add(_ field: PacketField, _ range: ClosedRange<UInt128>) {
        clauses.append([.field(field, mask: nil, IntervalSet([range]))])
    }
    if let ports = term.sourcePorts { add(.sourcePort, UInt128(ports.lowerBound)...UInt128(ports.upperBound)) }
    if let ports = term.destinationPorts {
        add(.destinationPort, UInt128(ports.lowerBound)...UInt128(ports.upperBound))
    }
    if let type = term.icmpType { add(.icmpType, UInt128(type)...UInt128(type)) }
    if let code = term.icmpCode { add(.icmpCode, UInt128(code)...UInt128(code)) }
    return ServiceMatch(protocolNumber: number, match: MatchExpression(clauses))
}

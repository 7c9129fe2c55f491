// SPDX-License-Identifier: Apache-2.0
// Application names as protocol alternatives (flow reference §5).
import JunosModel
import NetworkTypes
import PolicyModel

/// Alternatives for a policy's applications; nil where `any` is among them.
func lowerApplications(_ names: [String], _ configuration: JunosConfiguration) -> [ServiceMatch]? {
    var services: [ServiceMatch] = []
    var seen: Set<ServiceMatch> = []
    var visited: Set<String> = []
    var pending = Array(names.reversed())
    while let name = pending.popLast() {
        if name == "any" { return nil }
        guard visited.insert(name).inserted else { continue }
        // User definitions hide predefined ones of the same name (flow reference §5.1).
        if let application = configuration.applications[name] ?? predefinedApplications[name] {
            for term in application.terms {
                guard let service = lower(term) else { return nil }
                if seen.insert(service).inserted { services.append(service) }
            }
        } else if let members = configuration.applicationSets[name] ?? predefinedApplicationSets[name] {
            pending += members.reversed()
        }
    }
    return services
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

// SPDX-License-Identifier: Apache-2.0
// Refused first packets as the kernel reports them, in the words of RT_FLOW_SESSION_DENY (DESIGN §3.24, flow reference
// §9.5).
public import JunosModel
import NetworkTypes
import NftablesCompiler
public import OperationalMode
public import PacketLog
import ReferenceEvaluator

/// The policies of one configuration that refuse and log, by the identifier in their reports.
public struct DenialDescriptions: Sendable {
    private var policies: [String: PlacedPolicy] = [:]
    private let services: ServiceNames
    private let interfaces: [String: String]
    private let zones: [String: String]

    /// Prepares a configuration.
    public init(_ configuration: JunosConfiguration) {
        services = ServiceNames(configuration)
        interfaces = Dictionary(
            configuration.interfaces.compactMap { interface in interface.device.map { ($0, interface.name) } },
            uniquingKeysWith: { first, _ in first }
        )
        var zones: [String: String] = [:]
        for zone in configuration.security?.zones ?? [] {
            for member in zone.interfaces where zones[member.name] == nil { zones[member.name] = zone.name }
        }
        self.zones = zones
        for placed in configuration.security?.placedPolicies ?? []
        where placed.policy.logsInit && placed.policy.action != .permit {
            policies[statementIdentifier(placed.policy.source.path)] = placed
        }
    }

    /// The packet of a report; nil if the policy is none that refuses.
    ///
    /// - Parameter devices: the names of devices by number.
    public func describe(_ report: LoggedPacket, devices: [UInt32: String]) -> DeniedPacket? {
        guard let (kind, identifier) = reportedStatement(inPrefix: report.prefix), kind == .policy,
            let placed = policies[identifier]
        else { return nil }
        let packet = Packet(
            family: (report.bytes.first ?? 0) >> 4 == 6 ? .inet6 : .inet,
            bytes: report.bytes
        )
        let header = packet.header
        let number = header.upperProtocol ?? header.firstProtocol
        let isICMP = number == (header.family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6)
        let input = interface(report.input, devices)
        let output = interface(report.output, devices)
        // Of ICMP the sequence and the identifier stand for ports (flow reference §1.2).
        return DeniedPacket(
            source: header.sourceAddress,
            sourcePort: (isICMP ? header.transportHalfword(6) : header.sourcePort) ?? 0,
            destination: header.destinationAddress,
            destinationPort: (isICMP ? header.transportHalfword(4) : header.destinationPort) ?? 0,
            protocolNumber: number,
            icmpType: isICMP ? header.icmpType : nil,
            application: services.service(of: packet, policy: placed.hitKey)?.name,
            policyName: placed.policy.name,
            fromZone: placed.isGlobal ? zone(input) : placed.from,
            toZone: placed.isGlobal ? zone(output) : placed.to,
            interface: input
        )
    }

    /// A packet of the router itself has no device of arrival, one to it none of departure.
    private func interface(_ number: UInt32, _ devices: [UInt32: String]) -> String {
        guard number != 0 else { return SessionPlaces.routerInterface }
        guard let device = devices[number] else { return "N/A" }
        return interfaces[device] ?? device
    }

    private func zone(_ interface: String) -> String? {
        interface == SessionPlaces.routerInterface ? SessionPlaces.routerZone : zones[interface]
    }
}

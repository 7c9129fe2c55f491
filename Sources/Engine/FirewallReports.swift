// SPDX-License-Identifier: Apache-2.0
// From a packet that the kernel reported to what the log of filters says about it (DESIGN §3.24).
public import JunosModel
import NetworkTypes
import NftablesCompiler
public import OperationalMode
public import PacketLog

/// A packet that a term of a filter reported.
public struct FirewallReport: Hashable, Sendable {
    /// What the log says about it.
    public var entry: FirewallLogEntry
    /// The term has `log`.
    public var isForLog: Bool
    /// The term has `syslog`.
    public var isForSyslog: Bool
}

/// What a report is.
public enum ResolvedReport: Hashable, Sendable {
    /// A term of a filter.
    case filter(FirewallReport)
    /// A security policy.
    case policy
    /// A statement of no configuration that we know, or a rule of somebody else.
    case unknown
}

/// Resolves reports against the configurations that were in force when they were made.
public struct FirewallReports: Sendable {
    /// Newest first: the one that comes into force, the one in force, and the one that reports under way may be of.
    private var configurations: [ReportedTerms] = []
    private static let remembered = 3

    /// Knows no configuration.
    public init() {}

    /// From now on a configuration may be in force; to be called before its program is loaded.
    public mutating func adopt(_ configuration: JunosConfiguration) {
        configurations.insert(ReportedTerms(configuration), at: 0)
        if configurations.count > Self.remembered { configurations.removeLast() }
    }

    /// Says what a packet is a report of.
    ///
    /// - Parameters:
    ///   - devices: the names of devices by number.
    ///   - time: when it was reported.
    public func resolve(_ packet: LoggedPacket, devices: [UInt32: String], at time: CivilTime) -> ResolvedReport {
        guard let (kind, identifier) = reportedStatement(inPrefix: packet.prefix) else { return .unknown }
        if kind == .policy { return .policy }
        for configuration in configurations {
            guard let term = configuration.terms[identifier] else { continue }
            let place = place(of: packet, kind, term, configuration, devices)
            return .filter(
                FirewallReport(
                    entry: entry(packet, term.action, place.filter, place.interface, time),
                    isForLog: term.isForLog,
                    isForSyslog: term.isForSyslog
                )
            )
        }
        return .unknown
    }

    /// Which filter and interface the log names (filters reference §6.1).
    private func place(
        of packet: LoggedPacket,
        _ kind: ReportKind,
        _ term: ReportedTerms.Term,
        _ configuration: ReportedTerms,
        _ devices: [UInt32: String]
    ) -> (filter: String, interface: String) {
        func interface(_ device: UInt32) -> String {
            // A device that is gone, or that another configuration named, keeps what can be said of it.
            guard let name = devices[device] else { return "unknown" }
            return configuration.interfaces[name] ?? name
        }
        switch (kind, packet.hook) {
        case (.routingEngineFilter, Self.inputHook): return (term.nameAtInput, interface(packet.input))
        case (.routingEngineFilter, _): return (term.nameAtOutput, "local")
        case (_, Self.preroutingHook), (_, Self.inputHook): return ("pfe", interface(packet.input))
        default: return ("pfe", interface(packet.output))
        }
    }

    private static let preroutingHook: UInt8 = 0
    private static let inputHook: UInt8 = 1
}

/// The terms of one configuration that report, by the identifier in their reports.
private struct ReportedTerms: Sendable {
    struct Term {
        var action: FirewallLogEntry.Action
        var isForLog: Bool
        var isForSyslog: Bool
        /// What the routing engine's filter is called at its input, if the term is part of it.
        var nameAtInput: String
        /// What it is called at its output.
        var nameAtOutput: String
    }

    private(set) var terms: [String: Term] = [:]
    /// Logical interfaces by device.
    let interfaces: [String: String]

    init(_ configuration: JunosConfiguration) {
        interfaces = Dictionary(
            configuration.interfaces.compactMap { interface in interface.device.map { ($0, interface.name) } },
            uniquingKeysWith: { first, _ in first }
        )
        for (name, filter) in configuration.filters {
            var places: (input: String, output: String)?
            for term in filter.terms {
                guard let statement = term.reportedStatement else { continue }
                let action: FirewallLogEntry.Action =
                    switch term.then.outcome {
                    case nil, .accept, .nextTerm: .accept
                    case .discard: .discard
                    case .reject: .reject
                    }
                let names =
                    places ?? (
                        routingEngineName(of: name, at: \.input, "i", configuration),
                        routingEngineName(of: name, at: \.output, "o", configuration)
                    )
                places = names
                terms[statementIdentifier(statement)] = Term(
                    action: action,
                    isForLog: term.then.log,
                    isForSyslog: term.then.syslog,
                    nameAtInput: names.input,
                    nameAtOutput: names.output
                )
            }
        }
    }
}

/// What the filter at `lo0` is called that a filter is, or is part of by nesting or in a list.
private func routingEngineName(
    of filter: FilterName,
    at end: KeyPath<FamilyConfiguration, FilterAttachment?>,
    _ direction: String,
    _ configuration: JunosConfiguration
) -> String {
    for interface in configuration.interfaces where interface.isRoutingEngine {
        guard let attachment = interface.families[filter.family]?[keyPath: end] else { continue }
        let isThere = attachment.filters.contains { name in
            name == filter.name
                || configuration.filters[FilterName(filter.family, name)]?.terms
                    .contains { $0.nestedFilter == filter.name } == true
        }
        if isThere { return shownName(of: attachment, filter.family, interface.name, direction, configuration) }
    }
    return filter.name
}

/// Reads a packet's headers.
private func entry(
    _ packet: LoggedPacket,
    _ action: FirewallLogEntry.Action,
    _ filter: String,
    _ interface: String,
    _ time: CivilTime
) -> FirewallLogEntry {
    let isIPv6 = packet.etherType == 0x86dd || (packet.etherType == 0 && (packet.bytes.first ?? 0) >> 4 == 6)
    let header = Packet(family: isIPv6 ? .inet6 : .inet, bytes: packet.bytes).header
    let number = header.upperProtocol ?? (isIPv6 ? nil : header.firstProtocol)
    var transport = FirewallLogEntry.Transport.none
    // A later fragment has no transport header, whatever stands in its place.
    if !header.isLaterFragment {
        switch number {
        case ProtocolNumber.tcp, ProtocolNumber.udp, ProtocolNumber.sctp, ProtocolNumber.udpLite:
            if let source = header.sourcePort, let destination = header.destinationPort {
                transport = .ports(source: source, destination: destination)
            }
        case isIPv6 ? ProtocolNumber.icmp6 : ProtocolNumber.icmp:
            if let type = header.icmpType, let code = header.icmpCode { transport = .icmp(type: type, code: code) }
        default: break
        }
    }
    return FirewallLogEntry(
        time: time,
        filter: filter,
        action: action,
        interface: interface,
        protocolNumber: number,
        source: header.sourceAddress,
        destination: header.destinationAddress,
        transport: transport,
        packetLength: header.totalLength
    )
}

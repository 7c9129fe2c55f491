// SPDX-License-Identifier: Apache-2.0
// `show security flow session` (flow reference §9.1, §9.4).
import NetworkTypes

let showFlowSessionCommand = OperationalCommand(
    path: ["show", "security", "flow", "session"],
    options: ["brief", "extensive", "summary"].map { OperationalCommand.Option(keyword: $0) }
        + SessionSelection.options,
    summary: "sessions, all or chosen by filters that must all hold"
) { arguments, sources in
    let sessions = try SessionSelection(arguments).choose(try sources.flow.sessions())
    if arguments.flags.contains("summary") {
        return OperationalAnswer(FlowSessionSummary(sessions, try sources.flow.capacity()))
    }
    return OperationalAnswer(
        FlowSessionList(sessions: sessions, isExtensive: arguments.flags.contains("extensive"))
    )
}

/// Sessions one by one.
struct FlowSessionList: OperationalView {
    let sessions: [FlowSession]
    let isExtensive: Bool

    var text: String {
        sessions.map { (isExtensive ? extensive($0) : brief($0)) + "\n" }.joined()
            + "Total sessions: \(sessions.count)\n"
    }

    private func brief(_ session: FlowSession) -> String {
        "Session ID: \(session.id), Policy name: \(session.policyName)/\(session.policyNumber), "
            + "Timeout: \(session.timeout), Session State: \(session.state.rawValue)\n"
            + [("In", session.initiator), ("Out", session.responder)].map { name, wing in
                "  \(name): \(route(wing, session)), Conn Tag: 0x0, If: \(wing.interface ?? "N/A"), "
                    + "Pkts: \(wing.traffic.packets), Bytes: \(wing.traffic.bytes),\n"
            }.joined()
    }

    /// Fields of devices that nothing here stands for (flags, tokens, gateways) are left out.
    private func extensive(_ session: FlowSession) -> String {
        "Session ID: \(session.id), Status: \(session.state == .valid ? "Normal" : session.state.rawValue)\n"
            + "Policy name: \(session.policyName)/\(session.policyNumber), "
            + "From zone: \(session.fromZone ?? "N/A"), To zone: \(session.toZone ?? "N/A")\n"
            + "Source NAT pool: Null, Application: \(session.application ?? "None")\n"
            + "Maximum timeout: \(session.configuredTimeout), Current timeout: \(session.timeout)\n"
            + "Session State: \(session.state.rawValue)\n"
            + "Start time: \(session.start.map(String.init) ?? "N/A"), "
            + "Duration: \(session.duration.map(String.init) ?? "N/A")\n"
            + [("In", session.initiator), ("Out", session.responder)].map { name, wing in
                "   \(name): \(route(wing, session)),\n"
                    + "    Conn Tag: 0x0, Interface: \(wing.interface ?? "N/A"),\n"
                    + "    Pkts: \(wing.traffic.packets), Bytes: \(wing.traffic.bytes)\n"
            }.joined()
    }

    private func route(_ wing: FlowSession.Wing, _ session: FlowSession) -> String {
        "\(wing.source)/\(wing.sourcePort) --> \(wing.destination)/\(wing.destinationPort);"
            + protocolName(session.protocolNumber)
    }

    var element: OutputElement {
        OutputElement(
            "flow-session-information",
            sessions.map(element)
                + FlowSession.State.allCases.map { state in
                    OutputElement(
                        "displayed-session-\(state.rawValue.lowercased())",
                        UInt64(sessions.count(where: { $0.state == state }))
                    )
                } + [
                    OutputElement("displayed-session-other", 0),
                    OutputElement("displayed-session-count", UInt64(sessions.count)),
                ]
        )
    }

    private func element(_ session: FlowSession) -> OutputElement {
        func optional(_ tag: String, _ value: UInt64?) -> [OutputElement] {
            value.map { [OutputElement(tag, $0)] } ?? []
        }
        func optional(_ tag: String, _ value: String?) -> [OutputElement] {
            value.map { [OutputElement(tag, $0)] } ?? []
        }
        var elements = [
            OutputElement("session-identifier", UInt64(session.id)),
            OutputElement("status", session.state == .valid ? "Normal" : session.state.rawValue),
            OutputElement("session-state", session.state.rawValue),
            OutputElement("policy", "\(session.policyName)/\(session.policyNumber)"),
            OutputElement("nat-source-pool-name", "Null"),
        ]
        elements += optional("application-name", session.application)
        elements += optional("from-zone", session.fromZone) + optional("to-zone", session.toZone)
        elements += [
            OutputElement("configured-timeout", UInt64(session.configuredTimeout)),
            OutputElement("timeout", UInt64(session.timeout)),
        ]
        elements += optional("start-time", session.start) + optional("duration", session.duration)
        for (direction, wing) in [("In", session.initiator), ("Out", session.responder)] {
            elements.append(
                OutputElement(
                    "flow-information",
                    [
                        OutputElement("direction", direction),
                        OutputElement("source-address", wing.source.description),
                        OutputElement("source-port", UInt64(wing.sourcePort)),
                        OutputElement("destination-address", wing.destination.description),
                        OutputElement("destination-port", UInt64(wing.destinationPort)),
                        OutputElement("protocol", protocolName(session.protocolNumber)),
                        OutputElement("conn-tag", "0x0"),
                    ] + optional("interface-name", wing.interface) + [
                        OutputElement("pkt-cnt", wing.traffic.packets),
                        OutputElement("byte-cnt", wing.traffic.bytes),
                    ]
                )
            )
        }
        return OutputElement("flow-session", elements)
    }
}

/// `summary`.
struct FlowSessionSummary: OperationalView {
    private let counts: [FlowSession.State: UInt64]
    private let total: UInt64
    private let unicast: UInt64
    private let capacity: SessionCapacity

    init(_ sessions: [FlowSession], _ capacity: SessionCapacity) {
        counts = sessions.reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
        total = UInt64(sessions.count)
        unicast = total - (counts[.invalidated] ?? 0)
        self.capacity = capacity
    }

    private func count(_ state: FlowSession.State) -> UInt64 { counts[state] ?? 0 }

    // Multicast, offload and drop-flow sessions are not made (flow reference §1.2, §2.6).
    var text: String {
        """
        Unicast-sessions: \(unicast)
        Multicast-sessions: 0
        Services-offload-sessions: 0
        Failed-sessions: \(capacity.failed)
        Sessions-in-drop-flow: 0
        Sessions-in-use: \(total)
          Valid sessions: \(count(.valid))
          Pending sessions: \(count(.pending))
          Invalidated sessions: \(count(.invalidated))
          Sessions in other states: 0
        Maximum-sessions: \(capacity.maximum)

        """
    }

    var element: OutputElement {
        OutputElement(
            "flow-session-summary-information",
            [
                OutputElement("active-unicast-sessions", unicast),
                OutputElement("active-multicast-sessions", 0),
                OutputElement("active-services-offload-sessions", 0),
                OutputElement("failed-sessions", capacity.failed),
                OutputElement("active-sessions", total),
                OutputElement("active-session-valid", count(.valid)),
                OutputElement("active-session-pending", count(.pending)),
                OutputElement("active-session-invalidated", count(.invalidated)),
                OutputElement("active-session-other", 0),
                OutputElement("max-sessions", capacity.maximum),
            ]
        )
    }
}

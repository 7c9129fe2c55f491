// SPDX-License-Identifier: Apache-2.0
// RT_FLOW_SESSION_CREATE, CLOSE and DENY, plain and structured (flow reference §9.5).
public import NetworkTypes

/// A first packet that a policy refused.
public struct DeniedPacket: Hashable, Sendable {
    /// Who sent it.
    public var source: IPAddress
    /// Its port; for ICMP the sequence.
    public var sourcePort: UInt16
    /// To whom.
    public var destination: IPAddress
    /// Its port; for ICMP the identifier.
    public var destinationPort: UInt16
    /// The IP protocol.
    public var protocolNumber: UInt8
    /// The ICMP type; nil for other protocols.
    public var icmpType: UInt8?
    /// The application that it would be of; nil where there is none of that kind.
    public var application: String?
    /// The policy.
    public var policyName: String
    /// The zones; nil where they are not known.
    public var fromZone: String?
    /// The zone that it did not reach.
    public var toZone: String?
    /// Where it arrived.
    public var interface: String?

    /// Makes a description.
    public init(
        source: IPAddress,
        sourcePort: UInt16,
        destination: IPAddress,
        destinationPort: UInt16,
        protocolNumber: UInt8,
        icmpType: UInt8?,
        application: String?,
        policyName: String,
        fromZone: String?,
        toZone: String?,
        interface: String?
    ) {
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
        self.destinationPort = destinationPort
        self.protocolNumber = protocolNumber
        self.icmpType = icmpType
        self.application = application
        self.policyName = policyName
        self.fromZone = fromZone
        self.toZone = toZone
        self.interface = interface
    }
}

/// What happened to a session, or to a packet that would have begun one.
public enum SessionLogEvent: Hashable, Sendable {
    case created(FlowSession)
    /// With the reason in the words of §9.5.
    case closed(FlowSession, reason: String)
    case denied(DeniedPacket)

    /// `RT_FLOW_SESSION_CREATE` and its like.
    public var tag: String {
        switch self {
        case .created: "RT_FLOW_SESSION_CREATE"
        case .closed: "RT_FLOW_SESSION_CLOSE"
        case .denied: "RT_FLOW_SESSION_DENY"
        }
    }

    /// The message behind `RT_FLOW: ` in plain syslog.
    public var plain: String {
        switch self {
        case .created(let session):
            return "\(tag): session created " + head(session)
                + " N/A(N/A) \(interface(session)) UNKNOWN UNKNOWN UNKNOWN"
        case .closed(let session, let reason):
            let (client, server) = (session.initiator.traffic, session.responder.traffic)
            return "\(tag): session closed \(reason): " + head(session)
                + " \(client.packets)(\(client.bytes)) \(server.packets)(\(server.bytes)) \(session.duration ?? 0)"
                + " UNKNOWN UNKNOWN N/A(N/A) \(interface(session)) UNKNOWN"
        case .denied(let packet):
            return "\(tag): session denied \(packet.source)/\(packet.sourcePort)->"
                + "\(packet.destination)/\(packet.destinationPort) 0x0 \(packet.application ?? "None") "
                + "\(packet.protocolNumber)(\(packet.icmpType ?? 0)) \(packet.policyName) "
                + "\(packet.fromZone ?? "N/A") \(packet.toZone ?? "N/A") UNKNOWN UNKNOWN N/A(N/A) "
                + "\(packet.interface ?? "N/A") UNKNOWN policy deny"
        }
    }

    private func interface(_ session: FlowSession) -> String { session.initiator.interface ?? "N/A" }

    /// What CREATE and CLOSE have in common, up to the session's number.
    private func head(_ session: FlowSession) -> String {
        let (client, server) = (session.initiator, session.responder)
        // Behind translation the session's other wing tells who it is for whom (flow reference §2.1).
        return "\(client.source)/\(client.sourcePort)->\(client.destination)/\(client.destinationPort) 0x0 "
            + "\(session.application ?? "None") "
            + "\(server.destination)/\(server.destinationPort)->\(server.source)/\(server.sourcePort) 0x0 "
            + "N/A N/A N/A N/A \(session.protocolNumber) \(session.policyName) "
            + "\(session.fromZone ?? "N/A") \(session.toZone ?? "N/A") \(session.id)"
    }

    /// Keys and values in the order of devices.
    public var fields: [Field] {
        switch self {
        case .created(let session):
            let rest: [Field] = [
                ("username", "N/A"), ("roles", "N/A"), ("packet-incoming-interface", interface(session)),
                ("application", "UNKNOWN"), ("nested-application", "UNKNOWN"), ("encrypted", "UNKNOWN"),
            ]
            return sessionFields(session) + rest
        case .closed(let session, let reason):
            let (client, server) = (session.initiator.traffic, session.responder.traffic)
            let rest: [Field] = [
                ("packets-from-client", String(client.packets)), ("bytes-from-client", String(client.bytes)),
                ("packets-from-server", String(server.packets)), ("bytes-from-server", String(server.bytes)),
                ("elapsed-time", String(session.duration ?? 0)), ("application", "UNKNOWN"),
                ("nested-application", "UNKNOWN"), ("username", "N/A"), ("roles", "N/A"),
                ("packet-incoming-interface", interface(session)), ("encrypted", "UNKNOWN"),
            ]
            return [("reason", reason)] + sessionFields(session) + rest
        case .denied(let packet):
            return [
                ("source-address", packet.source.description), ("source-port", String(packet.sourcePort)),
                ("destination-address", packet.destination.description),
                ("destination-port", String(packet.destinationPort)), ("connection-tag", "0"),
                ("service-name", packet.application ?? "None"), ("protocol-id", String(packet.protocolNumber)),
                ("icmp-type", String(packet.icmpType ?? 0)), ("policy-name", packet.policyName),
                ("source-zone-name", packet.fromZone ?? "N/A"),
                ("destination-zone-name", packet.toZone ?? "N/A"), ("application", "UNKNOWN"),
                ("nested-application", "UNKNOWN"), ("username", "N/A"), ("roles", "N/A"),
                ("packet-incoming-interface", packet.interface ?? "N/A"), ("encrypted", "UNKNOWN"),
                ("reason", "policy deny"),
            ]
        }
    }

    /// A key with its value.
    public typealias Field = (key: String, value: String)

    private func sessionFields(_ session: FlowSession) -> [Field] {
        let (client, server) = (session.initiator, session.responder)
        return [
            ("source-address", client.source.description), ("source-port", String(client.sourcePort)),
            ("destination-address", client.destination.description),
            ("destination-port", String(client.destinationPort)), ("connection-tag", "0"),
            ("service-name", session.application ?? "None"), ("nat-source-address", server.destination.description),
            ("nat-source-port", String(server.destinationPort)),
            ("nat-destination-address", server.source.description),
            ("nat-destination-port", String(server.sourcePort)), ("nat-connection-tag", "0"),
            ("src-nat-rule-type", "N/A"), ("src-nat-rule-name", "N/A"), ("dst-nat-rule-type", "N/A"),
            ("dst-nat-rule-name", "N/A"), ("protocol-id", String(session.protocolNumber)),
            ("policy-name", session.policyName), ("source-zone-name", session.fromZone ?? "N/A"),
            ("destination-zone-name", session.toZone ?? "N/A"), ("session-id", String(session.id)),
        ]
    }

    /// Structured data of RFC 5424 §6.3: `[junos@2636.1.1.1.2.129 key="value" …]`; the last number is a platform's.
    public var structuredData: String {
        "[junos@2636.1.1.1.2.129"
            + fields.map { " \($0.key)=\"\(escapedParameter($0.value))\"" }.joined() + "]"
    }
}

/// A parameter value of RFC 5424 §6.3.3.
private func escapedParameter(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" || scalar == "]" { result += "\\" }
        result.unicodeScalars.append(scalar)
    }
    return result
}

// SPDX-License-Identifier: Apache-2.0
// The kernel's entries as sessions of an operator: with policy, zones, interfaces and application.
public import Conntrack
public import JunosLowering
public import JunosModel
public import Netlink
import NetworkTypes
public import OperationalMode
import PolicyModel
import ReferenceEvaluator

/// Describes sessions by one configuration, in the network namespace that the calling thread is in.
public final class SessionDescriptions {
    private let owners: PolicyOwners
    private let services: ServiceNames
    private let places: SessionPlaces

    /// Prepares a configuration.
    public init(
        _ configuration: JunosConfiguration,
        policyIndices: [PolicyIdentity: UInt16]
    ) throws(NetlinkError) {
        owners = PolicyOwners(policyIndices)
        services = ServiceNames(configuration)
        places = try SessionPlaces(configuration, owners)
    }

    /// Asks the routing tables anew from here on; what they said is remembered.
    public func forgetRoutes() { places.forgetRoutes() }

    /// One session.
    ///
    /// - Parameter now: nanoseconds since 1970.
    public func describe(_ session: TrackedSession, now: UInt64) throws(NetlinkError) -> FlowSession {
        let ends = try places.ends(of: session)
        let number = session.original.protocolNumber
        let service = session.firstPacket.flatMap {
            services.service(of: $0, policy: owners.identity(session.mark)?.hitKey)
        }
        let index = PolicyOwners.index(session.mark)
        let duration = session.start.map { start in
            let end = session.stop ?? now
            return end > start ? (end - start) / 1_000_000_000 : 0
        }
        return FlowSession(
            id: session.id,
            protocolNumber: number,
            policyName: policyName(index, session.mark),
            policyNumber: index,
            fromZone: ends.from.zone,
            toZone: ends.to.zone,
            state: state(session),
            timeout: session.timeout ?? 0,
            configuredTimeout: service?.inactivityTimeout ?? defaultInactivityTimeout(number),
            application: service?.name,
            start: session.start.map { $0 / 1_000_000_000 },
            duration: duration,
            initiator: wing(session.original, session.originalTraffic, ends.from.interface, isReply: false),
            responder: wing(session.reply, session.replyTraffic, ends.to.interface, isReply: true)
        )
    }

    private func policyName(_ index: UInt16, _ mark: UInt32) -> String {
        switch index {
        case FlowPolicy.selfTrafficIndex: "self-traffic-policy"
        case FlowPolicy.defaultPolicyIndex: "default-policy"
        default: owners.identity(mark)?.name ?? "N/A"
        }
    }

    private func state(_ session: TrackedSession) -> FlowSession.State {
        if session.status.contains(.dying) { return .invalidated }
        switch session.tcpState {
        case .close, .timeWait: return .invalidated
        default: return .valid
        }
    }

    private func wing(
        _ tuple: SessionTuple,
        _ traffic: SessionTraffic?,
        _ interface: String?,
        isReply: Bool
    ) -> FlowSession.Wing {
        var ports: (source: UInt16, destination: UInt16) = (0, 0)
        switch tuple.selector {
        case .ports(let source, let destination): ports = (source, destination)
        // Sequence, then identifier as the initiator sends them (flow reference §1.2); the sequence is not kept.
        case .query(let identifier, _, _): ports = isReply ? (identifier, 0) : (0, identifier)
        case .none: break
        }
        return FlowSession.Wing(
            source: tuple.source,
            sourcePort: ports.source,
            destination: tuple.destination,
            destinationPort: ports.destination,
            interface: interface,
            traffic: TrafficCount(packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Stateful policy between groups of interfaces.
public import NetworkTypes

/// What a session rule does with a first packet.
public enum SessionAction: Hashable, Sendable {
    /// Makes a session that this rule owns.
    case permit
    /// Drops in silence.
    case deny
    /// TCP is reset, UDP answered with port unreachable, the rest dropped (flow reference §6.2).
    case reject
}

/// One protocol alternative of a session rule.
public struct ServiceMatch: Hashable, Sendable {
    /// IP protocol number.
    public var protocolNumber: UInt8
    /// Further clauses on transport fields.
    public var match: MatchExpression
    /// Seconds that its sessions live without a packet; nil for the protocol's own.
    public var idleTime: UInt32?

    /// Makes an alternative.
    public init(protocolNumber: UInt8, match: MatchExpression = MatchExpression(), idleTime: UInt32? = nil) {
        self.protocolNumber = protocolNumber
        self.match = match
        self.idleTime = idleTime
    }
}

/// One security policy in one context.
public struct SessionRule: Hashable, Sendable {
    /// Address clauses by IP version; a version that is absent never matches.
    public var addresses: [AddressFamily: MatchExpression]
    /// Protocol alternatives; nil for every protocol.
    public var services: [ServiceMatch]?
    /// What it does.
    public var action: SessionAction
    /// The number that sessions remember their owner by: 1 to 65535.
    public var index: UInt16
    /// The name its hits are counted under: `FROM/TO/NAME`.
    public var hitName: [String]
    /// Whether a first packet is reported.
    public var logs: Bool
    /// Whether it decides nothing at this time; its hit count lives on.
    public var isDormant: Bool
    /// Whether TCP sessions begin with a SYN alone although others need not.
    public var requiresSYN = false
    /// What TCP segments of its sessions may hold.
    public var segmentSizes = SegmentSizes()
    /// The configuration path it came from.
    public var origin: String

    /// Makes a rule.
    public init(
        addresses: [AddressFamily: MatchExpression],
        services: [ServiceMatch]?,
        action: SessionAction,
        index: UInt16,
        hitName: [String],
        logs: Bool,
        isDormant: Bool = false,
        origin: String
    ) {
        self.addresses = addresses
        self.services = services
        self.action = action
        self.index = index
        self.hitName = hitName
        self.logs = logs
        self.isDormant = isDormant
        self.origin = origin
    }
}

/// What may be sent to the router itself through an interface.
public struct HostInboundPolicy: Hashable, Sendable {
    /// Alternatives, each for one or both IP versions.
    public struct Service: Hashable, Sendable {
        /// The IP version, nil for both.
        public var version: AddressFamily?
        /// Protocol and ports.
        public var service: ServiceMatch
        /// Answered with a TCP reset instead of being let in (`ident-reset`).
        public var isReset: Bool

        /// Makes an alternative.
        public init(version: AddressFamily?, service: ServiceMatch, isReset: Bool = false) {
            self.version = version
            self.service = service
            self.isReset = isReset
        }
    }

    /// What is let in; empty lets nothing in.
    public var services: [Service]
    /// The configuration path it came from.
    public var origin: String

    /// Makes a policy.
    public init(services: [Service], origin: String) {
        self.services = services
        self.origin = origin
    }
}

/// A group of interfaces that policies name.
public struct Zone: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Member devices with what they let in.
    public var devices: [String: HostInboundPolicy]
    /// Whether what enters it can only reach the router.
    public var isManagement: Bool
    /// Whether TCP segments that belong to no session are answered with a reset.
    public var resetsStrayTCP: Bool

    /// Makes a zone.
    public init(name: String, devices: [String: HostInboundPolicy], isManagement: Bool, resetsStrayTCP: Bool) {
        self.name = name
        self.devices = devices
        self.isManagement = isManagement
        self.resetsStrayTCP = resetsStrayTCP
    }
}

/// An ordered pair of zones; `junos-host` is the router.
public struct ZonePair: Hashable, Sendable {
    /// Where traffic comes from.
    public var from: String
    /// Where it goes.
    public var to: String

    /// Makes a pair.
    public init(from: String, to: String) {
        self.from = from
        self.to = to
    }
}

/// Addresses of the router that one of its interfaces owns.
public struct RouterAddresses: Hashable, Sendable {
    /// The addresses.
    public var addresses: [IPAddress]
    /// The owner's device; nil for the router's own interface, which nothing arrives on.
    public var device: String?
    /// The owner's zone; nil for the null zone.
    public var zone: String?
    /// What the owner lets in.
    public var hostInbound: HostInboundPolicy

    /// Makes a group of addresses.
    public init(addresses: [IPAddress], device: String?, zone: String?, hostInbound: HostInboundPolicy) {
        self.addresses = addresses
        self.device = device
        self.zone = zone
        self.hostInbound = hostInbound
    }
}

/// The largest segments that both ends of a TCP connection are let announce; nil leaves them alone.
public struct SegmentSizes: Hashable, Sendable {
    /// What the end that opens the connection announces.
    public var initial: UInt16?
    /// What the other end announces.
    public var reverse: UInt16?

    /// Makes a pair.
    public init(initial: UInt16? = nil, reverse: UInt16? = nil) {
        self.initial = initial
        self.reverse = reverse
    }

    /// Whether both are left alone.
    public var isEmpty: Bool { initial == nil && reverse == nil }
}

/// Seconds that TCP sessions live outside of their open state; nil stands for the service's own idle time.
public struct SessionTimes: Hashable, Sendable {
    /// Until the handshake is complete.
    public var opening: UInt32
    /// When one end has closed.
    public var halfClosed: UInt32?
    /// When both ends have closed, and the last one was not yet acknowledged.
    public var closing: UInt32
    /// When both have closed.
    public var closed: UInt32?
    /// After a reset.
    public var reset: UInt32

    /// Makes times.
    public init(opening: UInt32, halfClosed: UInt32?, closing: UInt32, closed: UInt32?, reset: UInt32) {
        self.opening = opening
        self.halfClosed = halfClosed
        self.closing = closing
        self.closed = closed
        self.reset = reset
    }
}

/// How sessions are checked and changed beside what policies say.
public struct SessionChecks: Hashable, Sendable {
    /// How long TCP sessions live.
    public var times: SessionTimes
    /// Whether the server waits until the client has completed the handshake.
    public var waitsForHandshake = false
    /// Whether DNS responses may begin a session.
    public var admitsDNSResponses = false
    /// Whether policies may permit ICMP errors that belong to no session.
    public var judgesStrayErrors = false
    /// What all TCP connections may announce.
    public var segmentSize: UInt16?

    /// Makes checks.
    public init(times: SessionTimes) { self.times = times }
}

/// How one IP version's packets are handled.
public enum VersionMode: Hashable, Sendable {
    case flow
    case packet
    case drop
}

/// Zones and policies.
public struct FlowPolicy: Hashable, Sendable {
    /// The zone name that stands for the router.
    public static let routerZone = "junos-host"
    /// Owner of sessions that nothing but the implicit permit to and from the router decided (flow reference §6.1).
    public static let selfTrafficIndex: UInt16 = 1
    /// Owner of sessions that the default policy permitted.
    public static let defaultPolicyIndex: UInt16 = 2

    /// Modes by IP version.
    public var modes: [AddressFamily: VersionMode]
    /// Zones.
    public var zones: [Zone]
    /// Rules by pair, in order; global ones already appended where they apply.
    public var contexts: [ZonePair: [SessionRule]]
    /// Rules for pairs without a context of their own: the global ones that apply there.
    public var defaultPermits: Bool
    /// How sessions are checked.
    public var checks: SessionChecks
    /// The router's addresses by owner: who arrives elsewhere passes the owner's zone first (flow reference §3.4).
    public var routerAddresses: [RouterAddresses]
    /// Names of hit counts that live on though no rule counts them now.
    public var retainedHits: Set<[String]>

    /// Makes a flow policy.
    public init(
        modes: [AddressFamily: VersionMode],
        zones: [Zone],
        contexts: [ZonePair: [SessionRule]],
        defaultPermits: Bool,
        checks: SessionChecks,
        routerAddresses: [RouterAddresses] = [],
        retainedHits: some Sequence<[String]> = []
    ) {
        self.checks = checks
        self.routerAddresses = routerAddresses
        self.retainedHits = Set(retainedHits)
        self.modes = modes
        self.zones = zones
        self.contexts = contexts
        self.defaultPermits = defaultPermits
    }
}

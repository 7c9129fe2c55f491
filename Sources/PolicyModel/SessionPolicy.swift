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

    /// Makes an alternative.
    public init(protocolNumber: UInt8, match: MatchExpression = MatchExpression()) {
        self.protocolNumber = protocolNumber
        self.match = match
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
    /// Whether it decides nothing for now; its hit count lives on.
    public var isDormant: Bool
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
        routerAddresses: [RouterAddresses] = [],
        retainedHits: some Sequence<[String]> = []
    ) {
        self.routerAddresses = routerAddresses
        self.retainedHits = Set(retainedHits)
        self.modes = modes
        self.zones = zones
        self.contexts = contexts
        self.defaultPermits = defaultPermits
    }
}

// SPDX-License-Identifier: Apache-2.0
// The `security` hierarchy: flow reference §1.3, §3, §4, §6.
public import NetworkTypes

/// How a family's packets are handled (flow reference §1.3).
public enum ForwardingMode: String, Hashable, Sendable {
    case flowBased = "flow-based"
    case packetBased = "packet-based"
    case drop
}

/// What a commit does to sessions whose policy it changes (flow reference §6.5).
public enum PolicyRematch: String, Hashable, Sendable {
    /// Not configured: only sessions of policies that are gone are closed.
    case unchecked
    /// `policy-rematch`: sessions of an edited policy must still match it.
    case changed = "policy-rematch"
    /// `policy-rematch extensive`: sessions of an edited policy are looked up anew.
    case extensive
}

/// `security`.
public struct SecurityConfiguration: Hashable, Sendable {
    /// `forwarding-options family inet mode`, flow-based where not configured.
    public var inetMode: ForwardingMode = .flowBased
    /// `forwarding-options family inet6 mode`, drop where not configured.
    public var inet6Mode: ForwardingMode = .drop
    /// Whether `forwarding-options family inet6 mode` is configured.
    public var isInet6ModeConfigured = false
    /// Security zones in configuration order.
    public var zones: [SecurityZone] = []
    /// `security address-book`; the zones' own books stand here too, attached to them.
    public var addressBooks: [AddressBook] = []
    /// `policies from-zone … to-zone …` in configuration order.
    public var policyContexts: [PolicyContext] = []
    /// `policies global`.
    public var globalPolicies: [SecurityPolicy] = []
    /// `policies default-policy permit-all`.
    public var defaultPermits = false
    /// In which form sessions are logged.
    public var logFormat = SessionLogFormat.plain
    /// `flow`.
    public var flow = FlowOptions()
    /// Policies that `inactive:` takes out, by context and name: their hit counts live on (flow reference §6.3).
    public var deactivatedPolicies: Set<DeactivatedPolicy> = []
    /// `policies policy-rematch`.
    public var rematch = PolicyRematch.unchecked

    /// Makes an empty hierarchy.
    public init() {}

    /// Every policy with its context, in configuration order, global ones last.
    public var placedPolicies: [PlacedPolicy] {
        policyContexts.flatMap { context in
            context.policies.map { PlacedPolicy(from: context.fromZone, to: context.toZone, policy: $0) }
        }
            + globalPolicies.map {
                PlacedPolicy(from: PlacedPolicy.globalZone, to: PlacedPolicy.globalZone, policy: $0)
            }
    }

    /// The zone a logical interface belongs to; nil is the null zone.
    public func zone(of interface: String) -> SecurityZone? {
        zones.first { zone in zone.interfaces.contains { $0.name == interface } }
    }
}

/// `security zones security-zone NAME` or `functional-zone management`.
public struct SecurityZone: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Whether it is the functional zone: what enters it can only reach the device (flow reference §3.1).
    public var isManagement: Bool
    /// Member interfaces.
    public var interfaces: [ZoneInterface]
    /// `host-inbound-traffic` of the zone.
    public var hostInbound: HostInboundTraffic
    /// `tcp-rst`.
    public var sendsTCPReset: Bool
    /// Where it stands.
    public var source: StatementReference

    /// Makes a zone.
    public init(
        name: String,
        isManagement: Bool = false,
        interfaces: [ZoneInterface] = [],
        hostInbound: HostInboundTraffic = HostInboundTraffic(),
        sendsTCPReset: Bool = false,
        source: StatementReference
    ) {
        self.name = name
        self.isManagement = isManagement
        self.interfaces = interfaces
        self.hostInbound = hostInbound
        self.sendsTCPReset = sendsTCPReset
        self.source = source
    }
}

/// `interfaces IFL` of a zone.
public struct ZoneInterface: Hashable, Sendable {
    /// The logical interface, with its unit.
    public var name: String
    /// Its own `host-inbound-traffic`, which replaces the zone's as a whole (flow reference §3.3 rule 2).
    public var hostInbound: HostInboundTraffic?
    /// Where it stands.
    public var source: StatementReference

    /// Makes a membership.
    public init(name: String, hostInbound: HostInboundTraffic? = nil, source: StatementReference) {
        self.name = name
        self.hostInbound = hostInbound
        self.source = source
    }
}

/// `host-inbound-traffic` (flow reference §3.3).
public struct HostInboundTraffic: Hashable, Sendable {
    /// `system-services`, as written; `all` and `any-service` among them.
    public var systemServices: [String]
    /// `system-services NAME except`.
    public var exceptedServices: [String]
    /// `protocols`, as written; `all` among them.
    public var protocols: [String]
    /// `protocols NAME except`.
    public var exceptedProtocols: [String]

    /// Makes it; without arguments nothing is allowed in.
    public init(
        systemServices: [String] = [],
        exceptedServices: [String] = [],
        protocols: [String] = [],
        exceptedProtocols: [String] = []
    ) {
        self.systemServices = systemServices
        self.exceptedServices = exceptedServices
        self.protocols = protocols
        self.exceptedProtocols = exceptedProtocols
    }
}

/// An address book (flow reference §4).
public struct AddressBook: Hashable, Sendable {
    /// Its name; `global` is seen by every zone.
    public var name: String
    /// Zones it is attached to.
    public var zones: [String]
    /// Addresses by name.
    public var addresses: [String: AddressBookEntry]
    /// Address sets by name: names of members, addresses or sets.
    public var sets: [String: [String]]

    /// Makes a book.
    public init(
        name: String,
        zones: [String] = [],
        addresses: [String: AddressBookEntry] = [:],
        sets: [String: [String]] = [:]
    ) {
        self.name = name
        self.zones = zones
        self.addresses = addresses
        self.sets = sets
    }
}

/// One address of a book.
public enum AddressBookEntry: Hashable, Sendable {
    case prefix(Prefix)
    /// Inclusive, one family.
    case range(IPAddress, IPAddress)
    /// IPv4; set mask bits must match.
    case wildcard(address: UInt32, mask: UInt32)
    /// `dns-name`: what the name stands for in these families, as `Circumstances` says; nothing while nobody knows.
    case dnsName(String, families: Set<AddressFamily>)
}

/// `policies from-zone F to-zone T`.
public struct PolicyContext: Hashable, Sendable {
    /// The zone traffic comes from, `junos-host` for the router itself.
    public var fromZone: String
    /// The zone traffic goes to, `junos-host` for the router itself.
    public var toZone: String
    /// Policies in order.
    public var policies: [SecurityPolicy]

    /// Makes a context.
    public init(fromZone: String, toZone: String, policies: [SecurityPolicy]) {
        self.fromZone = fromZone
        self.toZone = toZone
        self.policies = policies
    }
}

/// A policy where it stands.
public struct PlacedPolicy: Hashable, Sendable {
    /// What hit counts call the zones of global policies (flow reference §3.1).
    public static let globalZone = "junos-global"

    /// The from-zone, or `junos-global`.
    public var from: String
    /// The to-zone, or `junos-global`.
    public var to: String
    /// The policy.
    public var policy: SecurityPolicy

    /// The key of its hit count.
    public var hitKey: String { "\(from)/\(to)/\(policy.name)" }
    /// Whether it is a global one.
    public var isGlobal: Bool { from == Self.globalZone }

    /// Places a policy.
    public init(from: String, to: String, policy: SecurityPolicy) {
        self.from = from
        self.to = to
        self.policy = policy
    }
}

/// One security policy (flow reference §6).
public struct SecurityPolicy: Hashable, Sendable {
    /// What it does.
    public enum Action: String, Hashable, Sendable {
        case permit
        case deny
        case reject
    }

    /// Its name, unique in its context.
    public var name: String
    /// Global policies only: zones it applies to; empty for any.
    public var fromZones: [String]
    /// Global policies only: zones it applies to; empty for any.
    public var toZones: [String]
    /// Names of addresses or sets, or `any`, `any-ipv4`, `any-ipv6`.
    ///
    /// An empty list matches nothing, even with
    /// `excludesSource`: so stand policies that could not be understood.
    public var sourceAddresses: [String]
    /// `source-address-excluded`: the union is negated inside each family it has members of.
    public var excludesSource: Bool
    /// Names of addresses or sets, or `any`, `any-ipv4`, `any-ipv6`.
    public var destinationAddresses: [String]
    /// `destination-address-excluded`.
    public var excludesDestination: Bool
    /// Names of applications or sets, or `any`.
    public var applications: [String]
    /// What it does.
    public var action: Action
    /// `log session-init`.
    public var logsInit: Bool
    /// `log session-close`.
    public var logsClose: Bool
    /// `count`.
    public var counts: Bool
    /// `permit tcp-options syn-check-required`.
    public var requiresSYN = false
    /// `permit tcp-options initial-tcp-mss`.
    public var initialSegmentSize: UInt16?
    /// `permit tcp-options reverse-tcp-mss`.
    public var reverseSegmentSize: UInt16?
    /// `scheduler-name`; while that scheduler is off, the policy is as if absent (flow reference §6.4).
    public var scheduler: String?
    /// Where it stands.
    public var source: StatementReference

    /// Makes a policy.
    public init(
        name: String,
        fromZones: [String] = [],
        toZones: [String] = [],
        sourceAddresses: [String],
        excludesSource: Bool = false,
        destinationAddresses: [String],
        excludesDestination: Bool = false,
        applications: [String],
        action: Action,
        logsInit: Bool = false,
        logsClose: Bool = false,
        counts: Bool = false,
        scheduler: String? = nil,
        source: StatementReference
    ) {
        self.name = name
        self.fromZones = fromZones
        self.toZones = toZones
        self.sourceAddresses = sourceAddresses
        self.excludesSource = excludesSource
        self.destinationAddresses = destinationAddresses
        self.excludesDestination = excludesDestination
        self.applications = applications
        self.action = action
        self.logsInit = logsInit
        self.logsClose = logsClose
        self.counts = counts
        self.scheduler = scheduler
        self.source = source
    }
}

/// An application: alternatives of which any may match (flow reference §5.1).
public struct Application: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its terms.
    public var terms: [ApplicationTerm]
    /// Seconds of inactivity, nil for the protocol's default, the highest number for `never`.
    public var inactivityTimeout: UInt32?

    /// Makes an application.
    public init(name: String, terms: [ApplicationTerm], inactivityTimeout: UInt32? = nil) {
        self.name = name
        self.terms = terms
        self.inactivityTimeout = inactivityTimeout
    }
}

/// One alternative of an application; all its fields must match.
public struct ApplicationTerm: Hashable, Sendable {
    /// The protocol number; nil is every protocol (only `any`).
    public var protocolNumber: UInt8?
    /// Source ports; nil for all.
    public var sourcePorts: ClosedRange<UInt16>?
    /// Destination ports; nil for all.
    public var destinationPorts: ClosedRange<UInt16>?
    /// ICMP or ICMPv6 type.
    public var icmpType: UInt8?
    /// ICMP or ICMPv6 code.
    public var icmpCode: UInt8?

    /// Makes a term.
    public init(
        protocolNumber: UInt8?,
        sourcePorts: ClosedRange<UInt16>? = nil,
        destinationPorts: ClosedRange<UInt16>? = nil,
        icmpType: UInt8? = nil,
        icmpCode: UInt8? = nil
    ) {
        self.protocolNumber = protocolNumber
        self.sourcePorts = sourcePorts
        self.destinationPorts = destinationPorts
        self.icmpType = icmpType
        self.icmpCode = icmpCode
    }
}

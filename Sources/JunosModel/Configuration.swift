// SPDX-License-Identifier: Apache-2.0
// The Junos configuration that Sluice understands, in Junos words: what meaning and effect have in common.
public import Diagnostics
public import NetworkTypes

/// Where a value came from: its configuration path and its place in the text.
public struct StatementReference: Hashable, Sendable {
    /// The path without `set`, as diagnostics and answers print it.
    public let path: String
    /// Where the statement stands.
    public let location: SourceLocation?

    /// Makes a reference.
    public init(path: String, location: SourceLocation? = nil) {
        self.path = path
        self.location = location
    }

    /// References are for people: any two are equal, so that equality of a value is equality of meaning.
    public static func == (left: StatementReference, right: StatementReference) -> Bool { true }

    /// Adds nothing.
    public func hash(into hasher: inout Hasher) {}
}

/// A whole configuration after expansion and extraction.
public struct JunosConfiguration: Hashable, Sendable {
    /// `system host-name`.
    public var hostName: String?
    /// Logical interfaces in configuration order; `lo0` units among them.
    public var interfaces: [LogicalInterface] = []
    /// `policy-options prefix-list`, `apply-path` expanded.
    public var prefixLists: [String: PrefixList] = [:]
    /// Filters by family and name.
    public var filters: [FilterName: FirewallFilter] = [:]
    /// `firewall policer`.
    public var policers: [String: Policer] = [:]
    /// `firewall three-color-policer`.
    public var threeColorPolicers: [String: ThreeColorPolicer] = [:]
    /// `firewall family inet prefix-action`.
    public var prefixActions: [String: PrefixAction] = [:]
    /// Forwarding classes in the order of their numbers: the predefined ones, then those of `class-of-service`.
    public var forwardingClasses: [String] = predefinedForwardingClasses
    /// `firewall interface-set`: patterns of logical interfaces.
    public var interfaceSets: [String: [String]] = [:]
    /// `routing-instances`: the tables that filters can lead packets into.
    public var routingInstances: [String: RoutingInstance] = [:]
    /// Where `sample` leaves packets; its file has no name where none is configured.
    public var packetCapture: PacketCapture?
    /// `forwarding-options port-mirroring`, by the name of the instance; empty for the one without.
    public var portMirrors: [String: PortMirror] = [:]
    /// `applications`: user-defined ones; they hide predefined ones of the same name (flow reference §5.1).
    public var applications: [String: Application] = [:]
    /// `applications application-set`: names of members.
    public var applicationSets: [String: [String]] = [:]
    /// `schedulers`: user-defined times.
    public var schedulers: [String: Scheduler] = [:]
    /// What the configuration refers to and does not say; not part of any text.
    public var circumstances = Circumstances()
    /// The `security` hierarchy; nil makes the router a plain one (DESIGN §3.14).
    public var security: SecurityConfiguration?

    /// Makes an empty configuration.
    public init() {}
}

/// `policy-options prefix-list NAME`.
public struct PrefixList: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its prefixes of both families, host bits cleared (filters reference §2.3).
    public var prefixes: [Prefix]
    /// Where it stands.
    public var source: StatementReference

    /// Makes a prefix list.
    public init(name: String, prefixes: [Prefix], source: StatementReference) {
        self.name = name
        self.prefixes = prefixes
        self.source = source
    }
}

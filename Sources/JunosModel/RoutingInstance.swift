// SPDX-License-Identifier: Apache-2.0
// Filter-based forwarding: the ways that a term may choose for a packet, and the tables they lead to (filters
// reference §4.1).
public import NetworkTypes

/// Which way a term sends its packets; the destination's own route is not asked (filters reference §4.1).
public enum ForwardingChoice: Hashable, Sendable {
    /// `routing-instance NAME`: the route look-up happens in that instance.
    case routingInstance(String)
    /// `next-ip` or `next-ip6`: the packet goes where packets to that address go, in an instance if one is named.
    case nextAddress(IPAddress, instance: String?)
    /// `next-interface`: the packet leaves by that logical interface.
    case nextInterface(String, instance: String?)

    /// The name of the table that packets are routed by where no term chose another one.
    public static let master = "default"

    /// The action as it is written; two terms with the same one share a way.
    public var statement: String {
        switch self {
        case .routingInstance(let name): "routing-instance \(name)"
        case .nextAddress(let address, let instance):
            "next-ip\(address.family == .inet ? "" : "6") \(address)" + Self.qualifier(instance)
        case .nextInterface(let name, let instance): "next-interface \(name)" + Self.qualifier(instance)
        }
    }

    private static func qualifier(_ instance: String?) -> String { instance.map { " routing-instance \($0)" } ?? "" }

    /// Whether it is the way that packets go anyway.
    public var isMaster: Bool { self == .routingInstance(Self.master) }
}

/// `routing-instances NAME`, as far as filters can lead packets into it.
public struct RoutingInstance: Hashable, Sendable {
    /// `instance-type`.
    public enum Kind: String, Hashable, Sendable {
        case forwarding
        case virtualRouter = "virtual-router"
    }

    /// Its name.
    public var name: String
    /// Its type; nil for one that filters cannot name here.
    public var kind: Kind?
    /// `interface NAME`: logical interfaces whose subnets are routes of the instance.
    public var interfaces: [String]
    /// Families for which a `rib-group` brings the subnets of all other interfaces into the instance.
    public var importedFamilies: Set<AddressFamily>
    /// Static routes of both families.
    public var routes: [StaticRoute]
    /// Where it stands.
    public var source: StatementReference

    /// Makes an instance.
    public init(
        name: String,
        kind: Kind?,
        interfaces: [String] = [],
        importedFamilies: Set<AddressFamily> = [],
        routes: [StaticRoute] = [],
        source: StatementReference
    ) {
        self.name = name
        self.kind = kind
        self.interfaces = interfaces
        self.importedFamilies = importedFamilies
        self.routes = routes
        self.source = source
    }
}

/// `static route PREFIX`: one way of one preference.
public struct StaticRoute: Hashable, Sendable {
    /// Where the packets go.
    public enum Way: Hashable, Sendable {
        /// Shared among several next hops.
        case nextHops([NextHop])
        /// `discard`: dropped in silence.
        case discard
        /// `reject`: dropped, the sender told.
        case reject
    }

    /// `next-hop`: an address, or the interface of a point-to-point link.
    public enum NextHop: Hashable, Sendable {
        case address(IPAddress)
        case interface(String)
    }

    /// The destinations.
    public var prefix: Prefix
    /// Where their packets go.
    public var way: Way
    /// The lowest preference among those that can be used is used; 5 where nothing is configured.
    public var preference: UInt32
    /// Where it stands.
    public var source: StatementReference

    /// Makes a route.
    public init(prefix: Prefix, way: Way, preference: UInt32, source: StatementReference) {
        self.prefix = prefix
        self.way = way
        self.preference = preference
        self.source = source
    }
}

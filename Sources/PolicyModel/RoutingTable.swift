// SPDX-License-Identifier: Apache-2.0
// Tables that packets are routed by because a filter step chose them, and what stands in them.
public import NetworkTypes

/// A table that steps lead packets into.
public struct RoutingTable: Hashable, Sendable {
    /// What becomes of a packet for which no route can be used; never is it routed by another table instead.
    public enum Fallback: Hashable, Sendable {
        /// Dropped, the sender told.
        case refuse
        /// Dropped in silence.
        case drop
    }

    /// Its number, 1 to 255; stable across configurations.
    public var index: UInt8
    /// The statement that it serves, for messages.
    public var name: String
    /// Its routes.
    public var routes: [TableRoute]
    /// What becomes of packets without a route.
    public var fallback: Fallback

    /// Makes a table.
    public init(index: UInt8, name: String, routes: [TableRoute], fallback: Fallback) {
        self.index = index
        self.name = name
        self.routes = routes
        self.fallback = fallback
    }
}

/// One route of a table.
public struct TableRoute: Hashable, Sendable {
    /// Where its packets go.
    public enum Way: Hashable, Sendable {
        /// To one of several next hops.
        case hops([Hop])
        /// Dropped in silence.
        case drop
        /// Dropped, the sender told.
        case refuse
        /// Where the router itself sends packets to an address; its default route does not count as one to it.
        case sameAs(IPAddress)
    }

    /// A next hop.
    public struct Hop: Hashable, Sendable {
        /// The neighbour; nil where destinations themselves are neighbours.
        public var gateway: IPAddress?
        /// The device; nil where the neighbour's own route tells it.
        public var device: String?

        /// Makes a hop.
        public init(gateway: IPAddress? = nil, device: String? = nil) {
            self.gateway = gateway
            self.device = device
        }
    }

    /// The destinations.
    public var prefix: Prefix
    /// Where their packets go.
    public var way: Way
    /// Among usable routes to the same destinations the lowest wins.
    public var preference: UInt32
    /// The configuration path it came from.
    public var origin: String

    /// Makes a route.
    public init(prefix: Prefix, way: Way, preference: UInt32, origin: String) {
        self.prefix = prefix
        self.way = way
        self.preference = preference
        self.origin = origin
    }
}

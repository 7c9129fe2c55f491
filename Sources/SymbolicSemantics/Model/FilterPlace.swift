// SPDX-License-Identifier: Apache-2.0
// Where a filter stands, and what lifting it gives.
public import JunosModel
public import NetworkTypes

/// Which way a packet passes an interface; the raw value ends the names of counters (filters reference §5.5).
public enum FilterDirection: String, Hashable, Sendable, CaseIterable {
    case input = "i"
    case output = "o"
}

/// Which of the two evaluations of a packet to the router (DESIGN §3.1).
public enum FilterPass: String, Hashable, Sendable, CaseIterable {
    /// Where the packet arrives, or leaves.
    case packetForwardingEngine = "packet-forwarding-engine"
    /// When it is found to be the router's: whole datagrams, nothing logged, every policer conforms.
    case routingEngine = "routing-engine"
}

/// One attached filter or list as the packets of one IP version meet it.
public struct FilterPlace: Hashable, Sendable {
    /// The logical interface, `lo0.0` for the routing engine's own.
    public var interface: String
    /// Which way packets pass it.
    public var direction: FilterDirection
    /// The family under which the filter is attached.
    public var family: FilterFamily
    /// The version of the packets.
    public var version: AddressFamily
    /// Which evaluation.
    public var pass: FilterPass

    /// Makes a place.
    public init(
        interface: String,
        direction: FilterDirection,
        family: FilterFamily,
        version: AddressFamily,
        pass: FilterPass = .packetForwardingEngine
    ) {
        self.interface = interface
        self.direction = direction
        self.family = family
        self.version = version
        self.pass = pass
    }
}

/// A filter as the proof sees it.
public struct LiftedFilter: Hashable, Sendable {
    /// One entry a term, in order; outcomes that end in `.accept` accept for this filter alone.
    public var list: FirstMatchList
    /// What the kernel's limits must be, by label: the object's name without its parameters.
    public var limits: [String: ExpectedLimit]

    /// Makes a lifted filter.
    public init(list: FirstMatchList, limits: [String: ExpectedLimit]) {
        self.list = list
        self.limits = limits
    }
}

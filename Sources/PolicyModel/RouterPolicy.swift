// SPDX-License-Identifier: Apache-2.0
// The whole policy of a router, without any vendor's or kernel's words.

/// One device with what hangs on it.
public struct InterfacePolicy: Hashable, Sendable {
    /// The device's name in the kernel.
    public var device: String
    /// The name people know it by, which its state is named after.
    public var name: String
    /// The link that it is part of, perhaps with others.
    public var link: String
    /// What arriving packets pass, in order: family-any first (DESIGN §3.7).
    public var input: [FilterBinding]
    /// What leaving packets pass, in order.
    public var output: [FilterBinding]
    /// What arriving packets for the router pass again (DESIGN §3.1); empty where it cannot differ.
    public var inputSecondPass: [FilterBinding]
    /// Whether IPv6 is configured on it, so that neighbour discovery is let in (DESIGN §3.16).
    public var hasIPv6: Bool

    /// Makes a device's policy.
    public init(
        device: String,
        name: String,
        link: String? = nil,
        input: [FilterBinding] = [],
        output: [FilterBinding] = [],
        inputSecondPass: [FilterBinding] = [],
        hasIPv6: Bool = false
    ) {
        self.device = device
        self.name = name
        self.link = link ?? name
        self.input = input
        self.output = output
        self.inputSecondPass = inputSecondPass
        self.hasIPv6 = hasIPv6
    }
}

/// Everything the compiler needs to know.
public struct RouterPolicy: Hashable, Sendable {
    /// Devices in configuration order.
    public var interfaces: [InterfacePolicy]
    /// What packets to the router pass: filters of `lo0`.
    public var routingEngineInput: [FilterBinding]
    /// What packets from the router pass.
    public var routingEngineOutput: [FilterBinding]
    /// The name `lo0` filters' state is charged under (`lo0.0`).
    public var routingEngineName: String
    /// Zones and policies; nil for a router that keeps no sessions (DESIGN §3.14).
    public var flow: FlowPolicy?
    /// Tables that steps lead packets into.
    public var routingTables: [RoutingTable]

    /// Makes a policy.
    public init(
        interfaces: [InterfacePolicy],
        routingEngineInput: [FilterBinding],
        routingEngineOutput: [FilterBinding],
        routingEngineName: String,
        flow: FlowPolicy?,
        routingTables: [RoutingTable] = []
    ) {
        self.interfaces = interfaces
        self.routingEngineInput = routingEngineInput
        self.routingEngineOutput = routingEngineOutput
        self.routingEngineName = routingEngineName
        self.flow = flow
        self.routingTables = routingTables
    }
}

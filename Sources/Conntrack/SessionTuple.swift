// SPDX-License-Identifier: Apache-2.0
// One direction of a session as the kernel keys it: addresses, protocol, and ports or what stands for them.
public import NetworkTypes

/// One direction of a session.
public struct SessionTuple: Hashable, Sendable {
    /// What tells conversations between the same two hosts apart.
    public enum Selector: Hashable, Sendable {
        /// TCP, UDP, SCTP, DCCP, UDP-Lite; for GRE the keys.
        case ports(source: UInt16, destination: UInt16)
        /// ICMP and ICMPv6 queries.
        case query(identifier: UInt16, type: UInt8, code: UInt8)
        /// Any other protocol: addresses alone (flow reference §10.1 fact 10).
        case none
    }

    /// Who sends in this direction.
    public var source: IPAddress
    /// Who receives.
    public var destination: IPAddress
    /// IP protocol number.
    public var protocolNumber: UInt8
    /// Ports or what stands for them.
    public var selector: Selector

    /// Makes a tuple.
    public init(source: IPAddress, destination: IPAddress, protocolNumber: UInt8, selector: Selector = .none) {
        self.source = source
        self.destination = destination
        self.protocolNumber = protocolNumber
        self.selector = selector
    }
}

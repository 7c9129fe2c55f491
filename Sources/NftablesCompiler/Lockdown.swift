// SPDX-License-Identifier: Apache-2.0
// What a router holds that has no valid program: management and nothing else (DESIGN §3.20).
import NetworkTypes
public import NftablesIR

/// `--management IFNAME[,PREFIX]:tcp/PORT`: who may still reach the router.
public struct ManagementAccess: Hashable, Sendable {
    /// The device.
    public var device: String
    /// The sources let in, nil for all.
    public var source: SourcePrefix?
    /// The TCP port.
    public var port: UInt16

    /// A prefix as numbers, so that the compiler needs no more.
    public struct SourcePrefix: Hashable, Sendable {
        /// Whether it is IPv6.
        public var isIPv6: Bool
        /// The network's number.
        public var network: UInt128
        /// The mask's number.
        public var mask: UInt128

        /// Makes a prefix.
        public init(isIPv6: Bool, network: UInt128, mask: UInt128) {
            self.isIPv6 = isIPv6
            self.network = network
            self.mask = mask
        }
    }

    /// Makes an access.
    public init(device: String, source: SourcePrefix?, port: UInt16) {
        self.device = device
        self.source = source
        self.port = port
    }
}

/// The lockdown program: `lo`, established sessions and management get through, nothing is forwarded.
public func compileLockdown(_ accesses: [ManagementAccess]) -> Table {
    var builder = ProgramBuilder()
    builder.marker(markerPrefix + "lockdown")
    let established = Rule(
        ConntrackState.isAmong(ConntrackState.established) + [.verdict(.accept)],
        comment: "established sessions"
    )
    var input = [Rule(isDevice(.inputInterfaceName, "lo") + [.verdict(.accept)]), established]
    // Without neighbour discovery nobody reaches the router over IPv6.
    input.append(
        Rule(
            isVersion(.inet6) + isProtocol(58) + [
                .payloadLoad(.transport, offset: 0, length: 1, into: .one),
                .compare(.greaterOrEqual, .one, RegisterValue([133])),
                .compare(.lessOrEqual, .one, RegisterValue([137])),
                .verdict(.accept),
            ],
            comment: "neighbour discovery"
        )
    )
    for access in accesses {
        var match = isDevice(.inputInterfaceName, access.device)
        if let source = access.source {
            let length: UInt32 = source.isIPv6 ? 16 : 4
            match += isVersion(source.isIPv6 ? .inet6 : .inet)
            match += [
                .payloadLoad(.network, offset: source.isIPv6 ? 8 : 12, length: length, into: .one),
                .bitwise(
                    .one,
                    into: .one,
                    mask: RegisterValue(network: source.mask, count: Int(length)),
                    xor: RegisterValue(network: 0, count: Int(length))
                ),
                .compare(.equal, .one, RegisterValue(network: source.network, count: Int(length))),
            ]
        }
        match += isProtocol(6)
        match += [
            .payloadLoad(.transport, offset: 2, length: 2, into: .one),
            .compare(.equal, .one, RegisterValue(network: UInt128(access.port), count: 2)),
            .verdict(.accept),
        ]
        input.append(Rule(match, comment: "management"))
    }
    builder.baseChain("to-routing-engine", BaseChain(hook: .input, priority: 0), input)
    builder.baseChain("transit", BaseChain(hook: .forward, priority: 0), [Rule([.verdict(.drop)])])
    return builder.table
}

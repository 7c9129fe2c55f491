// SPDX-License-Identifier: Apache-2.0
// One packet as the kernel reports it over NFLOG (kernel facts §14).

/// What a `log` expression reported.
public struct LoggedPacket: Hashable, Sendable {
    /// The NFLOG group.
    public var group: UInt16
    /// The rule's prefix.
    public var prefix: String
    /// The Netfilter hook of the rule: 0 prerouting, 1 input, 2 forward, 3 output, 4 postrouting.
    public var hook: UInt8
    /// The EtherType: 0x0800 for IPv4, 0x86dd for IPv6; 0 if the kernel did not say.
    public var etherType: UInt16
    /// `meta mark`.
    public var mark: UInt32
    /// The number of the device of arrival; 0 without one.
    public var input: UInt32
    /// The number of the device of departure; 0 without one.
    public var output: UInt32
    /// The packet's first octets, from the network header on.
    public var bytes: [UInt8]

    /// Makes a report.
    public init(
        group: UInt16,
        prefix: String = "",
        hook: UInt8 = 0,
        etherType: UInt16 = 0,
        mark: UInt32 = 0,
        input: UInt32 = 0,
        output: UInt32 = 0,
        bytes: [UInt8] = []
    ) {
        self.group = group
        self.prefix = prefix
        self.hook = hook
        self.etherType = etherType
        self.mark = mark
        self.input = input
        self.output = output
        self.bytes = bytes
    }
}

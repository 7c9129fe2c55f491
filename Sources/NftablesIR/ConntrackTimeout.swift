// SPDX-License-Identifier: Apache-2.0
// How long connections of one protocol live, state by state: the parameters of a `ct timeout` object.

/// A timeout policy of conntrack (kernel: nfnetlink_cttimeout.h).
///
/// All states of the protocol are given: what a policy leaves out it would take from the sysctls of the moment when it is
/// loaded. It holds for connections whose first packet it is set on; packets of other protocols it leaves alone.
public struct ConntrackTimeout: Hashable, Sendable {
    /// The upper-layer protocol whose connections it is for.
    public var protocolNumber: UInt8
    /// Seconds by state, in the order of the kernel's attributes (`CTA_TIMEOUT_*`, from 1).
    public var seconds: [UInt32]

    /// Makes a policy.
    public init(protocolNumber: UInt8, seconds: [UInt32]) {
        self.protocolNumber = protocolNumber
        self.seconds = seconds
    }

    /// TCP's states, in the order of `seconds` (`CTA_TIMEOUT_TCP_*`).
    public enum TCPState: Int, Hashable, Sendable, CaseIterable {
        case synSent
        case synReceived
        case established
        case finWait
        case closeWait
        case lastAck
        case timeWait
        case close
        case simultaneousOpen
        /// At most this after retransmissions.
        case retransmitted
        /// At most this while data is not acknowledged.
        case unacknowledged
    }

    /// How many states the kernel knows for a protocol; nil for those that it keeps no policy for: they all share one
    /// sysctl (measured on 6.18: GRE, SCTP and UDP-Lite as well as what `nft` can write).
    public static func states(of protocolNumber: UInt8) -> Int? {
        switch protocolNumber {
        case 1, 58: 1
        case 6: TCPState.allCases.count
        case 17, 47, 136: 2
        case 132: 9
        default: nil
        }
    }

    /// The longest time that is one on every kernel: 2³¹ − 1 ticks of a thousandth of a second.
    public static let longest: UInt32 = 2_147_483
}

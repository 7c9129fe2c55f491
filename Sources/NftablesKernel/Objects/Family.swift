// SPDX-License-Identifier: Apache-2.0
// Families and hooks by the kernel's numbers; hook numbers depend on the family.
import CNetfilterShims
import Netlink
import NftablesIR

extension TableFamily {
    /// `NFPROTO_*`.
    var number: UInt16 {
        switch self {
        case .inet: UInt16(NFPROTO_INET)
        case .ip: UInt16(NFPROTO_IPV4)
        case .ip6: UInt16(NFPROTO_IPV6)
        case .arp: UInt16(NFPROTO_ARP)
        case .bridge: UInt16(NFPROTO_BRIDGE)
        case .netdev: UInt16(NFPROTO_NETDEV)
        }
    }

    /// The family of a number; nil for one that nftables does not have.
    init?(number: UInt8) {
        guard let family = Self.allCases.first(where: { $0.number == UInt16(number) }) else { return nil }
        self = family
    }

    /// The hooks that a chain of this family can stand at, by number.
    var hooks: [BaseChain.Hook] {
        switch self {
        case .inet: [.prerouting, .input, .forward, .output, .postrouting, .ingress]
        case .ip, .ip6, .bridge: [.prerouting, .input, .forward, .output, .postrouting]
        case .arp: [.input, .output, .forward]
        case .netdev: [.ingress, .egress]
        }
    }
}

/// A property of something in the kernel that the values of the IR have no place for.
public struct UnknownProperty: Hashable, Sendable, CustomStringConvertible {
    /// The object, such as "set addresses".
    public var object: String
    /// What is not understood about it.
    public var property: String

    /// Both in one line.
    public var description: String { "\(object): \(property)" }

    /// Says that attributes were left over.
    init(_ object: String, leftOver fields: AttributeFields) {
        self.object = object
        property = "attributes \(fields.leftOver.map(String.init).joined(separator: ", "))"
    }

    /// Says what is not understood.
    init(_ object: String, _ property: String) {
        self.object = object
        self.property = property
    }
}

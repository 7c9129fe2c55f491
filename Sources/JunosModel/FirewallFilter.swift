// SPDX-License-Identifier: Apache-2.0
// Standard firewall filters: filters reference §1 to §4.
public import NetworkTypes

/// The family of a filter (filters reference §5.1).
public enum FilterFamily: String, Hashable, Sendable, CaseIterable {
    case inet
    case inet6
    case any
}

/// What identifies a filter: names are per family.
public struct FilterName: Hashable, Sendable {
    /// Its family.
    public var family: FilterFamily
    /// Its name.
    public var name: String

    /// Makes a filter name.
    public init(_ family: FilterFamily, _ name: String) {
        self.family = family
        self.name = name
    }
}

/// `firewall family FAMILY filter NAME`.
public struct FirewallFilter: Hashable, Sendable {
    /// Family and name.
    public var name: FilterName
    /// Terms in order; empty discards everything (filters reference §1.1 rule 6).
    public var terms: [FilterTerm]
    /// `interface-specific`: decides what Junos shows and whether policers are shared (DESIGN §3.8).
    public var isInterfaceSpecific: Bool
    /// `physical-interface-filter`: its terms name policers that a whole physical interface shares (filters reference §5.5).
    public var isOfPhysicalInterface = false
    /// Where it stands.
    public var source: StatementReference

    /// Makes a filter.
    public init(name: FilterName, terms: [FilterTerm], isInterfaceSpecific: Bool, source: StatementReference) {
        self.name = name
        self.terms = terms
        self.isInterfaceSpecific = isInterfaceSpecific
        self.source = source
    }
}

/// One term of a filter.
public struct FilterTerm: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// The conditions under `from`; all must hold, none means every packet.
    public var from: [MatchCondition]
    /// What is done to a packet that matches.
    public var then: TermActions
    /// `filter OTHER`: the terms of another filter stand in this place (filters reference §5.4).
    public var nestedFilter: String?
    /// Where it stands.
    public var source: StatementReference

    /// Makes a term.
    public init(
        name: String,
        from: [MatchCondition] = [],
        then: TermActions = TermActions(),
        nestedFilter: String? = nil,
        source: StatementReference
    ) {
        self.name = name
        self.from = from
        self.then = then
        self.nestedFilter = nestedFilter
        self.source = source
    }
}

/// One keyword under `from`.
///
/// Its values are alternatives.
public enum MatchCondition: Hashable, Sendable {
    /// `source-address`, `destination-address`, `address` and their prefix lists, merged into one longest-match list
    /// a field (filters reference §2.2, §2.4).
    case address(AddressField, [AddressEntry])
    /// A number read from the packet or its context; with `isExcept` the `-except` twin (filters reference §2.1).
    case number(NumericField, [ClosedRange<UInt32>], isExcept: Bool)
    /// `tcp-flags`: over the low six bits of the flags octet (filters reference §3.8).
    case tcpFlags(BitExpression)
    /// `fragment-flags`: over the top nibble of the fragment word (filters reference §3.2).
    case fragmentFlags(BitExpression)
    /// `tcp-established`: `(ack | rst)`.
    case tcpEstablished
    /// `tcp-initial`: `(!ack & syn)`.
    case tcpInitial
    /// `is-fragment`: MF set or offset not zero (DESIGN §3.2).
    case isFragment
    /// `first-fragment`: MF set and offset zero.
    case firstFragment
    /// `last-fragment`: MF clear and offset not zero (inet6).
    case lastFragment
    /// `interface`: patterns of the receiving logical interface.
    case interface([String])
    /// `interface-set`: names of sets of such patterns.
    case interfaceSet([String])
    /// `forwarding-class`.
    case forwardingClass([String], isExcept: Bool)
    /// `loss-priority`.
    case lossPriority([LossPriority], isExcept: Bool)
    /// `ip-options`: option type octets; `any` holds for every header with options.
    case ipOptions([ClosedRange<UInt32>], any: Bool, isExcept: Bool)
    /// `extension-header` (inet6): header numbers; `any` for any of them.
    case extensionHeader([ClosedRange<UInt32>], any: Bool, isExcept: Bool)
    /// `sctp-initial`: an SCTP packet whose first chunk is INIT.
    case sctpInitial
    /// `flexible-match-mask`: free bits of the packet, under a mask, are a value.
    case flexibleMask(FlexibleField, mask: UInt128, value: UInt128)
    /// `flexible-match-range`: free bits of the packet as a number; with `isExcept` `range-except`.
    case flexibleRange(FlexibleField, [ClosedRange<UInt32>], isExcept: Bool)
}

/// Free bits of a packet, as `flexible-match-mask` and `flexible-match-range` name them (filters reference §3.2).
public struct FlexibleField: Hashable, Sendable {
    /// Where counting begins; the raw value is the Junos keyword.
    public enum Start: String, Hashable, Sendable, CaseIterable {
        /// The IP header.
        case layer3 = "layer-3"
        /// The upper-layer header behind the IP header and its extension headers.
        ///
        /// Decision: whatever the protocol, as for ports (filters reference §3.1), but a later fragment has none.
        case layer4 = "layer-4"
        /// What a TCP or UDP header carries.
        ///
        /// Decision: packets of other protocols and later fragments have none.
        case payload
    }

    /// Where counting begins.
    public var start: Start
    /// Octets from there, 0 to 255.
    public var byteOffset: Int
    /// Bits from there, 0 to 7, the most significant first.
    public var bitOffset: Int
    /// How many bits: 1 to 128, and to 32 for a range.
    public var bitLength: Int

    /// Makes a field.
    public init(start: Start, byteOffset: Int, bitOffset: Int, bitLength: Int) {
        self.start = start
        self.byteOffset = byteOffset
        self.bitOffset = bitOffset
        self.bitLength = bitLength
    }
}

/// Which address a list is compared with.
public enum AddressField: String, Hashable, Sendable {
    case source
    case destination
    /// `address`: true if either end matches positively.
    case either
}

/// One entry of an address list.
public struct AddressEntry: Hashable, Sendable {
    /// What the entry covers.
    public enum Value: Hashable, Sendable {
        /// A prefix.
        case prefix(Prefix)
        /// IPv4 with a mask that is no prefix: address bits and mask bits (filters reference §2.3).
        case masked(address: UInt32, mask: UInt32)
        /// All prefixes of the filter's family in a prefix list.
        case prefixList(String)
    }

    /// What the entry covers.
    public var value: Value
    /// `except`.
    public var isExcept: Bool

    /// Makes an entry.
    public init(_ value: Value, isExcept: Bool = false) {
        self.value = value
        self.isExcept = isExcept
    }
}

/// A numeric condition's field; the raw value is the Junos keyword (filters reference §3.2, §3.3).
public enum NumericField: String, Hashable, Sendable, CaseIterable {
    case `protocol` = "protocol"
    case nextHeader = "next-header"
    case payloadProtocol = "payload-protocol"
    case sourcePort = "source-port"
    case destinationPort = "destination-port"
    /// Source or destination port; `port-except`: neither is in the list.
    case port = "port"
    case icmpType = "icmp-type"
    case icmpCode = "icmp-code"
    case fragmentOffset = "fragment-offset"
    case packetLength = "packet-length"
    case ttl = "ttl"
    case hopLimit = "hop-limit"
    case dscp = "dscp"
    case trafficClass = "traffic-class"
    /// The three-bit value.
    case precedence = "precedence"
    case espSPI = "esp-spi"
    case ahSPI = "ah-spi"
    case interfaceGroup = "interface-group"
    /// The key of a GRE header; absent without the K bit.
    case greKey = "gre-key"
}

/// Packet loss priority; the raw value is the number in `meta mark` bits 28–29 (DESIGN §4).
public enum LossPriority: UInt8, Hashable, Sendable, CaseIterable {
    case low = 0
    case mediumLow = 1
    case mediumHigh = 2
    case high = 3

    /// The Junos keyword.
    public var keyword: String {
        switch self {
        case .low: "low"
        case .mediumLow: "medium-low"
        case .mediumHigh: "medium-high"
        case .high: "high"
        }
    }
}

/// An expression over bits (filters reference §3.8).
public indirect enum BitExpression: Hashable, Sendable {
    /// All bits of the mask are set.
    case bits(UInt8)
    case not(BitExpression)
    case and(BitExpression, BitExpression)
    case or(BitExpression, BitExpression)
}

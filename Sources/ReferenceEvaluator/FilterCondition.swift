// SPDX-License-Identifier: Apache-2.0
// One condition of a term, prepared so that a packet costs no look-up by name (filters reference §3).
import JunosModel
import NetworkTypes

/// What a packet carries besides its octets.
struct PacketContext: Sendable {
    /// The number of the forwarding class; 0 is best-effort.
    var forwardingClass = 0
    /// Its loss priority.
    var lossPriority = LossPriority.low
    /// The number of the logical interface it arrived on; nil for what the router sends.
    var inputInterface: Int?
    /// `filter group` of that interface in the packet's family; 0 where unset (filters reference §3.2).
    var interfaceGroup: UInt32 = 0
}

/// A condition and what it needs to be decided; lists stand in `MatchTables`.
enum FilterCondition: Sendable {
    case address(AddressField, AddressList)
    case number(NumericField, TableRun, isExcept: Bool)
    case tcpFlags(TruthSet)
    case fragmentFlags(TruthSet)
    case isFragment
    case firstFragment
    case lastFragment
    /// A set of logical interfaces.
    case interface(Int)
    /// A set of forwarding classes.
    case forwardingClass(Int, isExcept: Bool)
    /// One bit a level.
    case lossPriority(UInt8, isExcept: Bool)
    case ipOptions(TableRun, any: Bool, isExcept: Bool)
    case extensionHeader(TableRun, any: Bool, isExcept: Bool)
    case sctpInitial
    case flexibleMask(FlexibleField, mask: UInt128, value: UInt128)
    case flexibleRange(FlexibleField, TableRun, isExcept: Bool)

    /// Whether the condition holds.
    ///
    /// Whatever needs octets that are not there is false, `-except` too (DESIGN §3.10).
    func holds(_ header: PacketHeader, _ context: PacketContext, _ tables: MatchTables) -> Bool {
        switch self {
        case .address(.source, let list): return tables.matches(list, header.source)
        case .address(.destination, let list): return tables.matches(list, header.destination)
        // True if either end matches positively (§2.2).
        case .address(.either, let list):
            return tables.matches(list, header.source) || tables.matches(list, header.destination)
        case .number(.port, let run, let isExcept):
            return portHolds(header.sourcePort, header.destinationPort, isExcept) { tables.contains(run, $0) }
        case .number(let field, let run, let isExcept):
            guard let value = Self.value(of: field, header, context) else { return false }
            return tables.contains(run, value) != isExcept
        // The low six bits alone (§3.8).
        case .tcpFlags(let truth): return header.tcpFlags.map { truth.contains($0 & 0x3f) } ?? false
        case .fragmentFlags(let truth): return truth.contains(header.fragmentNibble)
        case .isFragment: return header.isFragment
        case .firstFragment: return header.isFirstFragment
        case .lastFragment: return header.isLaterFragment && !header.moreFragments
        // The receiving interface, in output filters too; never true for what the router sends (§3.2).
        case .interface(let set): return context.inputInterface.map { tables.set(set, contains: $0) } ?? false
        case .forwardingClass(let set, let isExcept):
            return tables.set(set, contains: context.forwardingClass) != isExcept
        case .lossPriority(let levels, let isExcept):
            return (levels >> context.lossPriority.rawValue & 1 == 1) != isExcept
        case .ipOptions(let run, let any, let isExcept):
            let found = any ? header.hasOptions : header.optionTypes.contains { tables.contains(run, UInt32($0)) }
            return found != isExcept
        case .extensionHeader(let run, let any, let isExcept):
            let present = header.extensionHeaders
            let found = any ? !present.isEmpty : present.contains { tables.contains(run, UInt32($0)) }
            return found != isExcept
        case .sctpInitial: return header.beginsAssociation
        case .flexibleMask(let field, let mask, let value):
            return header.bits(field).map { $0 & mask == value } ?? false
        case .flexibleRange(let field, let run, let isExcept):
            guard let value = header.bits(field) else { return false }
            return tables.contains(run, UInt32(truncatingIfNeeded: value)) != isExcept
        }
    }

    /// Source or destination port; `port-except`: neither is in the list (§3.2).
    private func portHolds(
        _ source: UInt16?,
        _ destination: UInt16?,
        _ isExcept: Bool,
        _ isListed: (UInt32) -> Bool
    ) -> Bool {
        let sourceIn = source.map { isListed(UInt32($0)) }
        let destinationIn = destination.map { isListed(UInt32($0)) }
        return isExcept
            ? sourceIn == false && destinationIn == false
            : sourceIn == true || destinationIn == true
    }

    /// The number that a field has; nil where the octets are missing.
    ///
    /// Transport fields check neither protocol nor fragment: they read octets at a fixed distance behind the network
    /// header (§3.1, DESIGN §3.9).
    static func value(of field: NumericField, _ header: PacketHeader, _ context: PacketContext) -> UInt32? {
        switch field {
        case .protocol, .nextHeader: UInt32(header.firstProtocol)
        case .payloadProtocol: header.upperProtocol.map(UInt32.init)
        case .sourcePort, .port: header.sourcePort.map(UInt32.init)
        case .destinationPort: header.destinationPort.map(UInt32.init)
        case .icmpType: header.icmpType.map(UInt32.init)
        case .icmpCode: header.icmpCode.map(UInt32.init)
        case .fragmentOffset: UInt32(header.fragmentOffset)
        case .packetLength: UInt32(header.totalLength)
        case .ttl, .hopLimit: UInt32(header.timeToLive)
        case .dscp, .trafficClass: UInt32(header.dscp)
        case .precedence: UInt32(header.trafficClass >> 5)
        case .espSPI: header.transportWord(0)
        case .ahSPI: header.transportWord(4)
        // What the router sends has no receiving interface (§3.2).
        case .interfaceGroup: context.inputInterface == nil ? nil : context.interfaceGroup
        case .greKey: header.greKey
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// One condition of a term as a function of the packet (filters reference §3).
import DecisionDiagrams
import JunosModel
import NetworkTypes

/// What conditions mean at one place.
struct ConditionLifting {
    let configuration: JunosConfiguration
    let space: PacketSpace
    /// Numbers of forwarding classes by name.
    let classNumbers: [String: Int]
    let receiving: ReceivingInterface

    /// What is known of the interface on which a packet arrived.
    enum ReceivingInterface {
        /// The filter stands there.
        case known(LogicalInterface)
        /// One of the devices, or none: what the router sends passes output filters too.
        case any
        /// What the router sends to itself has none.
        case none
    }

    /// Where all conditions of a term hold.
    func all(_ conditions: [MatchCondition], _ semantics: inout Semantics) -> Diagram {
        var result = Diagram.yes
        for condition in conditions where result != .no {
            result = semantics.store.and(result, region(condition, &semantics))
        }
        return result
    }

    /// Where one condition holds.
    ///
    /// Whatever needs octets that are not there is false, `-except` too (DESIGN §3.10).
    func region(_ condition: MatchCondition, _ semantics: inout Semantics) -> Diagram {
        switch condition {
        case .address(let field, let entries): return address(field, entries, &semantics.store)
        case .number(.port, let ranges, let isExcept): return port(ranges, isExcept, &semantics.store)
        case .number(.interfaceGroup, let ranges, let isExcept):
            return interfaceGroup(ranges, isExcept, &semantics)
        case .number(let field, let ranges, let isExcept):
            let number = number(field)
            let listed = inside(number, ranges, &semantics.store)
            let decided = isExcept ? semantics.store.not(listed) : listed
            return semantics.store.and(exists(number, &semantics.store), decided)
        case .tcpFlags(let expression): return tcpFlags(expression, &semantics.store)
        // (ack | rst) and (!ack & syn), whatever the protocol (§3.2).
        case .tcpEstablished: return tcpFlags(.or(.bits(0x10), .bits(0x04)), &semantics.store)
        case .tcpInitial: return tcpFlags(.and(.not(.bits(0x10)), .bits(0x02)), &semantics.store)
        case .fragmentFlags(let expression): return holds(expression, fragmentNibble, &semantics.store)
        case .isFragment: return isFragment(&semantics.store)
        case .firstFragment:
            let later = isLaterFragment(&semantics.store)
            let fragment = isFragment(&semantics.store)
            return semantics.store.and(fragment, semantics.store.not(later))
        case .lastFragment:
            let later = isLaterFragment(&semantics.store)
            let more = semantics.store.isSet(moreFragments)
            return semantics.store.and(later, semantics.store.not(more))
        case .interface(let patterns): return receives(configuration.interfaces(matching: patterns), &semantics)
        case .interfaceSet(let names):
            let patterns = names.flatMap { configuration.interfaceSets[$0] ?? [] }
            return receives(configuration.interfaces(matching: patterns), &semantics)
        case .forwardingClass(let names, let isExcept):
            // `meta mark` bits 24 to 27 (DESIGN §4).
            let numbers = names.compactMap { classNumbers[$0] }.map { UInt32($0)...UInt32($0) }
            return context(space.bits(.mark)[4..<8], numbers, isExcept, &semantics.store)
        case .lossPriority(let levels, let isExcept):
            // `meta mark` bits 28 and 29 (DESIGN §4).
            let numbers = levels.map { UInt32($0.rawValue)...UInt32($0.rawValue) }
            return context(space.bits(.mark)[2..<4], numbers, isExcept, &semantics.store)
        case .ipOptions(let ranges, let any, let isExcept):
            let found = options(ranges, any: any, &semantics.store)
            return isExcept ? semantics.store.not(found) : found
        case .extensionHeader(let ranges, let any, let isExcept):
            let found = extensionHeaders(ranges, any: any, &semantics.store)
            return isExcept ? semantics.store.not(found) : found
        }
    }

    // MARK: Addresses and numbers

    private func address(
        _ field: AddressField,
        _ entries: [AddressEntry],
        _ store: inout DiagramStore
    ) -> Diagram {
        let regions = AddressRegions(entries, space.version, configuration.prefixLists)
        switch field {
        case .source: return regions.region(space.bits(.source), &store)
        case .destination: return regions.region(space.bits(.destination), &store)
        // True if either end matches positively (§2.2).
        case .either:
            let source = regions.region(space.bits(.source), &store)
            let destination = regions.region(space.bits(.destination), &store)
            return store.or(source, destination)
        }
    }

    /// Source or destination port; `port-except`: neither is in the list (§3.2).
    private func port(_ ranges: [ClosedRange<UInt32>], _ isExcept: Bool, _ store: inout DiagramStore) -> Diagram {
        var ends: [Diagram] = []
        for field in [NumericField.sourcePort, .destinationPort] {
            let number = number(field)
            let listed = inside(number, ranges, &store)
            let there = exists(number, &store)
            ends.append(store.and(there, isExcept ? store.not(listed) : listed))
        }
        return isExcept ? store.and(ends[0], ends[1]) : store.or(ends[0], ends[1])
    }

    /// A number as bits, and the octets it takes to be there.
    private struct Number {
        var bits: [Bit]
        /// What the listed numbers count more than the bits do.
        var bias: UInt32 = 0
        /// Octets that must stand behind the network header; 0: always there.
        var reach = 0
        /// Whether the upper-layer protocol must be one that can be told.
        var needsUpperProtocol = false
    }

    /// Transport fields check neither protocol nor fragment: they are octets at a fixed distance behind the network
    /// header (§3.1, DESIGN §3.9).
    private func number(_ field: NumericField) -> Number {
        let isIPv4 = space.version == .inet
        func transport(_ octets: Range<Int>) -> Number {
            Number(bits: octets.flatMap { space.bits(.transportOctet($0)) }, reach: octets.upperBound)
        }
        switch field {
        case .protocol, .nextHeader: return Number(bits: space.bits(isIPv4 ? .upperProtocol : .nextHeader))
        case .payloadProtocol: return Number(bits: space.bits(.upperProtocol), needsUpperProtocol: !isIPv4)
        case .sourcePort, .port: return transport(0..<2)
        case .destinationPort: return transport(2..<4)
        case .icmpType: return transport(0..<1)
        case .icmpCode: return transport(1..<2)
        case .espSPI: return transport(0..<4)
        case .ahSPI: return transport(4..<8)
        // Without a fragment header the offset is zero.
        case .fragmentOffset: return Number(bits: fragmentOffset)
        // The payload length of IPv6 leaves the fixed header out (§3.3).
        case .packetLength: return Number(bits: space.bits(.lengthField), bias: isIPv4 ? 0 : 40)
        case .ttl, .hopLimit: return Number(bits: space.bits(.timeToLive))
        case .dscp, .trafficClass: return Number(bits: Array(space.bits(.trafficClass)[..<6]))
        case .precedence: return Number(bits: Array(space.bits(.trafficClass)[..<3]))
        // Constant at each interface; `interfaceGroup` decides it.
        case .interfaceGroup: return Number(bits: [])
        }
    }

    private func inside(
        _ number: Number,
        _ ranges: [ClosedRange<UInt32>],
        _ store: inout DiagramStore
    ) -> Diagram {
        let reachable = ranges.filter { $0.upperBound >= number.bias }
            .map { max($0.lowerBound, number.bias) - number.bias...$0.upperBound - number.bias }
        return store.isInside(number.bits, disjoint(reachable))
    }

    private func exists(_ number: Number, _ store: inout DiagramStore) -> Diagram {
        var result = Diagram.yes
        if number.needsUpperProtocol { result = store.variable(space.variable(.hasUpperProtocol)) }
        if number.reach > 0 { result = store.and(result, reaches(number.reach, &store)) }
        return result
    }

    /// Where so many octets stand behind the network header; of later IPv6 fragments none does (DESIGN §3.9).
    private func reaches(_ count: Int, _ store: inout DiagramStore) -> Diagram {
        let there = store.variable(space.variable(.transportReaches(count)))
        guard space.version == .inet6 else { return there }
        let later = isLaterFragment(&store)
        return store.and(store.not(later), there)
    }

    private func context(
        _ bits: ArraySlice<Bit>,
        _ numbers: [ClosedRange<UInt32>],
        _ isExcept: Bool,
        _ store: inout DiagramStore
    ) -> Diagram {
        let listed = store.isInside(Array(bits), disjoint(numbers))
        return isExcept ? store.not(listed) : listed
    }

    // MARK: Bit expressions

    private func tcpFlags(_ expression: BitExpression, _ store: inout DiagramStore) -> Diagram {
        let there = reaches(14, &store)
        // The low six bits of the octet alone (§3.8).
        let flags = Array(space.bits(.transportOctet(13))[2...])
        return store.and(there, holds(expression, flags, &store))
    }

    /// A keyword holds when all its bits are set; a bit beyond the field never is (§3.8).
    private func holds(_ expression: BitExpression, _ bits: [Bit], _ store: inout DiagramStore) -> Diagram {
        switch expression {
        case .bits(let mask):
            var result = Diagram.yes
            for bit in 0..<8 where mask >> UInt8(bit) & 1 == 1 {
                result = store.and(result, bit < bits.count ? store.isSet(bits[bits.count - 1 - bit]) : .no)
            }
            return result
        case .not(let inner): return store.not(holds(inner, bits, &store))
        case .and(let left, let right): return store.and(holds(left, bits, &store), holds(right, bits, &store))
        case .or(let left, let right): return store.or(holds(left, bits, &store), holds(right, bits, &store))
        }
    }
}

/// Ranges in ascending order, those that touch or overlap made one.
func disjoint(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt128>] {
    var result: [ClosedRange<UInt128>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        let (first, last) = (UInt128(range.lowerBound), UInt128(range.upperBound))
        if let previous = result.last, first <= previous.upperBound + 1 {
            result[result.count - 1] = previous.lowerBound...max(previous.upperBound, last)
        } else {
            result.append(first...last)
        }
    }
    return result
}

// SPDX-License-Identifier: Apache-2.0
// Fragments, options, extension headers and receiving interfaces (filters reference §3.2, §3.3).
import DecisionDiagrams
import JunosModel
import NetworkTypes

extension ConditionLifting {
    // MARK: Fragments

    /// MF of IPv4, M of IPv6.
    var moreFragments: Bit { space.bits(.fragmentWord)[space.version == .inet ? 2 : 15] }

    /// The offset in units of eight octets.
    var fragmentOffset: [Bit] {
        Array(space.version == .inet ? space.bits(.fragmentWord)[3...] : space.bits(.fragmentWord)[..<13])
    }

    /// The top nibble of the IPv4 word: reserved, DF, MF and the offset's highest bit (§3.2); of IPv6 M alone.
    var fragmentNibble: [Bit] {
        space.version == .inet
            ? Array(space.bits(.fragmentWord)[..<4])
            : [.constant(false), .constant(false), moreFragments, .constant(false)]
    }

    /// MF set or offset not zero; on IPv6 there is a fragment header that says so (DESIGN §3.2).
    func isFragment(_ store: inout DiagramStore) -> Diagram {
        let whole = store.isEqual([moreFragments] + fragmentOffset, 0)
        return store.and(hasFragmentWord(&store), store.not(whole))
    }

    /// Offset not zero.
    func isLaterFragment(_ store: inout DiagramStore) -> Diagram {
        let first = store.isEqual(fragmentOffset, 0)
        return store.and(hasFragmentWord(&store), store.not(first))
    }

    private func hasFragmentWord(_ store: inout DiagramStore) -> Diagram {
        space.version == .inet ? .yes : store.variable(space.variable(.extensionHeader(ProtocolNumber.fragment)))
    }

    // MARK: Options and extension headers

    /// `any`: the header is longer than five words; else one of the options is there (§3.2).
    func options(_ ranges: [ClosedRange<UInt32>], any: Bool, _ store: inout DiagramStore) -> Diagram {
        guard space.version == .inet else { return .no }
        if any { return store.isInside(space.bits(.headerWords), [6...15]) }
        var result = Diagram.no
        for number in octets(ranges) {
            result = store.or(result, store.variable(space.variable(.ipv4Option(number))))
        }
        return result
    }

    /// The headers that `extension-header` knows (§3.3); AH, ESP and mobility are where the walk ends.
    func extensionHeaders(_ ranges: [ClosedRange<UInt32>], any: Bool, _ store: inout DiagramStore) -> Diagram {
        guard space.version == .inet6 else { return .no }
        let wanted = any ? Array(0...UInt8.max) : octets(ranges)
        let later = isLaterFragment(&store)
        let isToldUpper = store.variable(space.variable(.hasUpperProtocol))
        var result = Diagram.no
        for number in wanted {
            let isEnd = store.isEqual(space.bits(.upperProtocol), UInt128(number))
            switch number {
            case ProtocolNumber.hopByHop, ProtocolNumber.routing, ProtocolNumber.destinationOptions,
                ProtocolNumber.fragment:
                result = store.or(result, store.variable(space.variable(.extensionHeader(number))))
                // Of a later fragment the header right behind the fragment header is known by its number (§3.3).
                let isBehind = store.and(store.and(later, store.not(isToldUpper)), isEnd)
                result = store.or(result, isBehind)
            case ProtocolNumber.ah, ProtocolNumber.esp, ProtocolNumber.mobility:
                result = store.or(result, store.and(isToldUpper, isEnd))
            default: continue
            }
        }
        return result
    }

    private func octets(_ ranges: [ClosedRange<UInt32>]) -> [UInt8] {
        (0...UInt8.max).filter { number in ranges.contains { $0.contains(UInt32(number)) } }
    }

    // MARK: The receiving interface

    /// Where the packet arrived on one of these; never true for what the router sends (§3.2).
    func receives(_ interfaces: [LogicalInterface], _ semantics: inout Semantics) -> Diagram {
        switch receiving {
        case .known(let interface): return interfaces.contains { $0.name == interface.name } ? .yes : .no
        case .none: return .no
        case .any:
            var result = Diagram.no
            // The last variables first: each then stands above what is there already.
            let variables = interfaces.compactMap(\.device).map { semantics.variable(named: inputName($0)) }
            for variable in variables.sorted(by: >) {
                let isHere = semantics.store.variable(variable)
                result = semantics.store.or(isHere, result)
            }
            return result
        }
    }

    /// Where the group of the receiving interface, in the family of the packet, is (not) listed; 0 where none is set,
    /// and for what the router sends (§3.2).
    func interfaceGroup(
        _ ranges: [ClosedRange<UInt32>],
        _ isExcept: Bool,
        _ semantics: inout Semantics
    ) -> Diagram {
        func isMeant(_ interface: LogicalInterface?) -> Bool {
            let family: FilterFamily = space.version == .inet ? .inet : .inet6
            let group = interface?.families[family]?.group ?? 0
            return ranges.contains { $0.contains(group) } != isExcept
        }
        switch receiving {
        case .known(let interface): return isMeant(interface) ? .yes : .no
        case .none: return isMeant(nil) ? .yes : .no
        case .any:
            let others = configuration.interfaces.filter { $0.device != nil && isMeant($0) != isMeant(nil) }
            let differs = receives(others, &semantics)
            return isMeant(nil) ? semantics.store.not(differs) : differs
        }
    }
}

/// The variable that says: the packet arrived on this device.
func inputName(_ device: String) -> String { "input \(device)" }

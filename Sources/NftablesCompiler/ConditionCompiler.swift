// SPDX-License-Identifier: Apache-2.0
// One elementary condition as expressions; the field catalogue below is the compiler's only knowledge of headers.
import NetworkTypes
import NftablesIR
import PolicyModel

/// Where fields behind the network header are read (DESIGN §3.9).
enum TransportAccess: Hashable {
    /// Through the transport header: first, unfragmented and reassembled packets.
    case transportHeader
    /// At the same offset of a later fragment's payload, through an IPv4 header of so many 32-bit words: the
    /// transport load fails on non-linear packets (kernel facts T1).
    case behindIPv4Header(words: UInt32)
    /// Nowhere: later fragments of IPv6.
    case absent
}

/// Compiles conditions for packets of one version.
struct ConditionCompiler {
    var version: AddressFamily
    var access: TransportAccess

    /// How a field comes into a register.
    private struct Load {
        var expressions: [Expression]
        /// Bytes loaded.
        var length: Int
        var key: SetKeyType
        /// Numbers in this host's byte order.
        var isHostOrder = false
        /// The bits of the loaded bytes that are the field, if not all are.
        var mask: UInt128?
        /// What the field's numbers are to those in the register.
        var shift: UInt128 = 0
        /// Subtracted from the field's numbers before comparison.
        var bias: UInt128 = 0
    }

    /// The alternatives of an expression: every choice of one condition a clause, as expressions; never ones left out.
    func alternatives(_ match: MatchExpression, _ builder: inout ProgramBuilder) -> [[Expression]] {
        var result: [[Expression]] = [[]]
        // Clauses with one condition first: they are shared by all alternatives.
        for clause in match.clauses.sorted(by: { $0.count < $1.count }) {
            let compiled = clause.compactMap { compile($0, &builder) }
            result = result.flatMap { head in compiled.map { head + $0 } }
        }
        return result
    }

    /// The expressions of a condition; nil if it can never hold.
    func compile(_ condition: Condition, _ builder: inout ProgramBuilder) -> [Expression]? {
        switch condition {
        case .field(let field, let mask, let values):
            guard let load = load(field), !values.isEmpty else { return nil }
            return compare(load, mask: mask, values, &builder)
        case .inputDevice(let names):
            guard let first = names.first else { return nil }
            if names.count == 1 { return isDevice(.inputInterfaceName, first) }
            let set = builder.constantSet(
                .interfaceName,
                isInterval: false,
                Set(names.map { SetElement(.single(deviceName($0))) })
            )
            return [
                .metaLoad(.inputInterfaceName, into: .one),
                .lookup(set: set, key: .one, into: nil, inverted: false),
            ]
        case .extensionHeader(let number, let isPresent):
            return [
                .extensionHeader(.ipv6, type: number, offset: 0, length: 1, testsPresence: true, into: .one),
                .compare(.equal, .one, RegisterValue([isPresent ? 1 : 0])),
            ]
        case .ipv4Options(let words, let types, let isPresent):
            return optionWalk(headerWords: words, types, isPresent: isPresent, &builder)
        case .all(let conditions):
            var expressions: [Expression] = []
            for condition in conditions {
                guard let part = compile(condition, &builder) else { return nil }
                expressions += part
            }
            return expressions
        }
    }

    private func load(_ field: PacketField) -> Load? {
        func network(_ offset: UInt32, _ length: UInt32, _ key: SetKeyType? = nil, mask: UInt128? = nil) -> Load {
            Load(
                expressions: [.payloadLoad(.network, offset: offset, length: length, into: .one)],
                length: Int(length),
                key: key ?? .integer(length),
                mask: mask
            )
        }
        func transport(_ offset: UInt32, _ length: UInt32, _ key: SetKeyType? = nil) -> Load? {
            switch access {
            case .transportHeader:
                Load(
                    expressions: [.payloadLoad(.transport, offset: offset, length: length, into: .one)],
                    length: Int(length),
                    key: key ?? .integer(length)
                )
            case .behindIPv4Header(let words): network(4 * words + offset, length, key)
            case .absent: nil
            }
        }
        let isIPv4 = version == .inet
        switch field {
        case .sourceAddress: return isIPv4 ? network(12, 4, .ipv4Address) : network(8, 16, .ipv6Address)
        case .destinationAddress: return isIPv4 ? network(16, 4, .ipv4Address) : network(24, 16, .ipv6Address)
        case .transportProtocol:
            return Load(
                expressions: [.metaLoad(.transportProtocol, into: .one)],
                length: 1,
                key: .transportProtocol
            )
        case .ipv6NextHeader: return network(6, 1, .transportProtocol)
        case .sourcePort: return transport(0, 2, .port)
        case .destinationPort: return transport(2, 2, .port)
        case .icmpType: return transport(0, 1)
        case .icmpCode: return transport(1, 1)
        case .tcpFlags: return transport(13, 1)
        case .espSPI: return transport(0, 4)
        case .ahSPI: return transport(4, 4)
        case .fragmentWord: return network(6, 2)
        case .ipv6FragmentWord: return fragmentHeader(2, 2)
        case .ipv6FragmentNextHeader: return fragmentHeader(0, 1)
        case .packetLength:
            guard !isIPv4 else { return network(2, 2) }
            var load = network(4, 2)
            load.bias = 40
            return load
        case .timeToLive: return isIPv4 ? network(8, 1) : network(7, 1)
        case .trafficClassOctet:
            guard !isIPv4 else { return network(1, 1) }
            // Four bits of version stand before it and four of the flow label behind it.
            var load = network(0, 2, mask: 0x0ff0)
            load.shift = 4
            return load
        case .ipv4FirstOctet: return network(0, 1)
        case .forwardingClass: return mark(Mark.forwardingClass, shift: 24)
        case .lossPriority: return mark(Mark.lossPriority, shift: 28)
        case .bytes(.networkHeader, let offset, let count): return network(UInt32(offset), UInt32(count))
        case .bytes(let place, let offset, let count):
            guard access == .transportHeader else { return nil }
            let base: PayloadBase = place == .transportHeader ? .transport : .inner
            return Load(
                expressions: [.payloadLoad(base, offset: UInt32(offset), length: UInt32(count), into: .one)],
                length: count,
                key: .integer(UInt32(count))
            )
        }
    }

    private func fragmentHeader(_ offset: UInt32, _ length: UInt32) -> Load {
        Load(
            expressions: [
                .extensionHeader(.ipv6, type: 44, offset: offset, length: length, testsPresence: false, into: .one)
            ],
            length: Int(length),
            key: .integer(length)
        )
    }

    private func mark(_ mask: UInt32, shift: UInt128) -> Load {
        Load(
            expressions: [.metaLoad(.mark, into: .one)],
            length: 4,
            key: .mark,
            isHostOrder: true,
            mask: UInt128(mask),
            shift: shift
        )
    }

    private func compare(
        _ load: Load,
        mask: UInt128?,
        _ values: IntervalSet,
        _ builder: inout ProgramBuilder
    ) -> [Expression]? {
        let top = allOnes(load.length)
        let fieldTop: UInt128 = load.mask.map { $0 >> load.shift } ?? top
        let wanted =
            load.bias == 0
            ? values.clamped(to: 0...fieldTop)
            : values.clamped(to: load.bias...(fieldTop + load.bias)).map { $0 - load.bias }
        guard !wanted.isEmpty else { return nil }
        let effectiveMask = mask.map { $0 << load.shift } ?? load.mask
        // Under a mask only the masked numbers count; what lies between two of them cannot be met.
        let inRegister = wanted.map { ($0 << load.shift) & (effectiveMask ?? top) }
        var expressions = load.expressions
        if let effectiveMask {
            expressions.append(
                .bitwise(
                    .one,
                    into: .one,
                    mask: value(effectiveMask, load),
                    xor: value(0, load)
                )
            )
        }
        let highest = effectiveMask ?? top
        // All but one masked number: bounds beside it would fall onto it under a mask with holes.
        if let mask, let only = values.complement(upTo: fieldTop).singleValue, only & ~mask == 0 {
            return expressions + [.compare(.notEqual, .one, value(only << load.shift, load))]
        }
        if inRegister.covers(upTo: highest) { return expressions }
        return expressions + membership(inRegister, highest: highest, load, mask: effectiveMask, &builder)
    }

    private func value(_ number: UInt128, _ load: Load) -> RegisterValue {
        load.isHostOrder
            ? RegisterValue(host: UInt32(truncatingIfNeeded: number))
            : RegisterValue(network: number, count: load.length)
    }

    /// Goes on only if the register's number is a member.
    private func membership(
        _ set: IntervalSet,
        highest: UInt128,
        _ load: Load,
        mask: UInt128?,
        _ builder: inout ProgramBuilder
    ) -> [Expression] {
        if let only = set.singleValue {
            let bytes = value(only, load)
            // nft 1.0.6 cannot list a rule that compares with a protocol whose header it does not know and then reads
            // behind it; a range it can.
            let isPlain = load.key != .transportProtocol || protocolsKnownToNft.contains(only)
            return [isPlain ? .compare(.equal, .one, bytes) : .range(.equal, .one, bytes, bytes)]
        }
        let rest = set.complement(upTo: highest)
        if let only = rest.singleValue { return [.compare(.notEqual, .one, value(only, load))] }
        if !load.isHostOrder {
            if set.intervals.count == 1 {
                return within(set.intervals[0], highest: highest, load, isMasked: mask != nil)
            }
            if rest.intervals.count == 1 {
                let range = rest.intervals[0]
                return [.range(.notEqual, .one, value(range.lowerBound, load), value(range.upperBound, load))]
            }
        } else if let few = set.discreteValues(atMost: 16) ?? expanded(set, mask: mask ?? highest) {
            return lookup(few, load, isInverted: false, &builder)
        }
        if let few = rest.discreteValues(atMost: 65536), few.count < set.intervals.count {
            return lookup(few, load, isInverted: true, &builder)
        }
        if let few = set.discreteValues(atMost: 1 << 24) { return lookup(few, load, isInverted: false, &builder) }
        let isSmaller = rest.intervals.count < set.intervals.count
        let name = builder.constantSet(
            load.key,
            isInterval: true,
            Set((isSmaller ? rest : set).intervals.map { element($0, load) })
        )
        return [.lookup(set: name, key: .one, into: nil, inverted: isSmaller)]
    }

    /// All numbers of a set that a mask of few bits can leave.
    private func expanded(_ set: IntervalSet, mask: UInt128) -> [UInt128]? {
        guard mask.nonzeroBitCount <= 8 else { return nil }
        var numbers: [UInt128] = []
        var number: UInt128 = 0
        repeat {
            if set.intervals.contains(where: { $0.contains(number) }) { numbers.append(number) }
            // The next number with bits only inside the mask.
            number = ((number | ~mask) &+ 1) & mask
        } while number != 0
        return numbers
    }

    private func within(
        _ range: ClosedRange<UInt128>,
        highest: UInt128,
        _ load: Load,
        isMasked: Bool
    ) -> [Expression] {
        let span = range.upperBound ^ range.lowerBound
        // A prefix: low bits all zero in the one bound and all one in the other.
        if !isMasked, load.length >= 4, span & (span &+ 1) == 0, range.lowerBound & span == 0 {
            let top = allOnes(load.length)
            return [
                .bitwise(.one, into: .one, mask: value(top & ~span, load), xor: value(0, load)),
                .compare(.equal, .one, value(range.lowerBound, load)),
            ]
        }
        var expressions: [Expression] = []
        if range.lowerBound > 0 { expressions.append(.compare(.greaterOrEqual, .one, value(range.lowerBound, load))) }
        if range.upperBound < highest {
            expressions.append(.compare(.lessOrEqual, .one, value(range.upperBound, load)))
        }
        return expressions
    }

    private func lookup(
        _ numbers: [UInt128],
        _ load: Load,
        isInverted: Bool,
        _ builder: inout ProgramBuilder
    ) -> [Expression] {
        let set = builder.constantSet(
            load.key,
            isInterval: false,
            Set(numbers.map { SetElement(.single(value($0, load).bytes)) })
        )
        return [.lookup(set: set, key: .one, into: nil, inverted: isInverted)]
    }

    private func element(_ range: ClosedRange<UInt128>, _ load: Load) -> SetElement {
        range.lowerBound == range.upperBound
            ? SetElement(.single(value(range.lowerBound, load).bytes))
            : SetElement(.range(value(range.lowerBound, load).bytes, value(range.upperBound, load).bytes))
    }
}

/// Protocols whose headers nft 1.0.6 has names for.
private let protocolsKnownToNft: Set<UInt128> = [1, 2, 6, 17, 33, 50, 51, 58, 108, 132, 136]

/// The highest number of so many bytes.
private func allOnes(_ bytes: Int) -> UInt128 {
    bytes >= 16 ? UInt128.max : (UInt128(1) << UInt128(8 * bytes)) - 1
}

// SPDX-License-Identifier: Apache-2.0
// Taking a table in: names become indices, expressions instructions.
import NftablesIR

/// One run over a table.
///
/// What cannot be run becomes a refusal in its place.
struct Compilation {
    private var chainIndices: [String: Int] = [:]
    private var setIndices: [String: Int] = [:]
    private var objectIndices: [ObjectKey: Int] = [:]
    private var baseChains: Set<String> = []
    private var refusals: [EvaluationError] = []
    private var position = RulePosition(chain: "", rule: 0)
    private let chains: [Chain]
    private let sets: [NamedSet]
    private let objects: [(key: ObjectKey, value: StatefulObject)]

    init(_ table: Table) {
        // In order of names, so that equal tables make equal machines.
        chains = table.chains.values.sorted { $0.name < $1.name }
        sets = table.sets.values.sorted { $0.name < $1.name }
        objects = table.objects.sorted { ($0.key.kind.rawValue, $0.key.name) < ($1.key.kind.rawValue, $1.key.name) }
        for (index, chain) in chains.enumerated() {
            chainIndices[chain.name] = index
            if chain.base != nil { baseChains.insert(chain.name) }
        }
        for (index, set) in sets.enumerated() { setIndices[set.name] = index }
        for (index, object) in objects.enumerated() { objectIndices[object.key] = index }
    }

    mutating func compile(_ table: Table, into machine: inout Machine) {
        machine.chainIndices = chainIndices
        for (key, object) in objects { machine.objects.append(CompiledObject(key: key, kind: kind(key, object))) }
        for set in sets { machine.sets.append(CompiledSet(set) { value($0, of: set) }) }
        for chain in chains {
            let start = machine.rules.count
            for (index, rule) in chain.rules.enumerated() {
                position = RulePosition(chain: chain.name, rule: index)
                let first = machine.instructions.count
                for (place, expression) in rule.expressions.enumerated() {
                    machine.instructions.append(instruction(expression, place))
                }
                machine.rules.append(first..<machine.instructions.count)
            }
            machine.chains.append(
                CompiledChain(name: chain.name, base: chain.base, rules: start..<machine.rules.count)
            )
        }
        machine.refusals = refusals
    }

    private mutating func refusal(_ reason: EvaluationError.Reason, at position: RulePosition?) -> Int {
        refusals.append(EvaluationError(reason, at: position))
        return refusals.count - 1
    }

    private mutating func refuse(_ reason: EvaluationError.Reason) -> Instruction {
        .refuse(refusal(reason, at: position))
    }

    private mutating func kind(_ key: ObjectKey, _ object: StatefulObject) -> CompiledObject.Kind {
        switch (key.kind, object) {
        case (.counter, .counter): return .counter
        case (.limit, .limit(let limit)):
            if let shape = LimitShape(limit) { return .limit(shape) }
        case (.conntrackTimeout, .conntrackTimeout(let timeout)): return .conntrackTimeout(timeout)
        default: break
        }
        return .refuse(refusal(.noObject(key), at: nil))
    }

    private mutating func value(_ value: SetElement.Value, of set: NamedSet) -> CompiledValue {
        switch (value, set.data) {
        case (.none, .none): return .none
        case (.verdict(let verdict), .verdict): return .verdict(compiled(verdict, at: nil))
        case (.value(let bytes), .value(let length, _)) where bytes.count == Int(length) && length <= 16:
            return .value(RegisterValue(bytes))
        case (.object(let name), .object(let kind)):
            let key = ObjectKey(kind, name)
            if let index = objectIndices[key] { return .object(index) }
            return .refuse(refusal(.noObject(key), at: nil))
        default:
            return .refuse(refusal(.set(set.name, "an element's data is not of the map's type"), at: nil))
        }
    }

    private mutating func compiled(_ verdict: Verdict, at position: RulePosition?) -> CompiledVerdict {
        switch verdict {
        case .accept: return .accept
        case .drop: return .drop
        case .continue: return .continue
        case .return: return .return
        case .jump(let name), .goto(let name):
            // The kernel refuses to jump to a base chain (kernel facts §5).
            guard let index = chainIndices[name], !baseChains.contains(name) else {
                return .refuse(refusal(.noChain(name), at: position))
            }
            if case .jump = verdict { return .jump(index) }
            return .goto(index)
        }
    }

    /// Whether so many bytes fit into the registers from a slot on.
    private func fits(_ register: Register, _ count: Int) -> Bool {
        count >= 1 && Int(register.slot) + (count + 3) / 4 <= 16
    }

    private mutating func instruction(_ expression: Expression, _ place: Int) -> Instruction {
        switch expression {
        case .metaLoad, .metaStore, .conntrackLoad, .conntrackStore: metaInstruction(expression)
        case .payloadLoad, .payloadStore, .extensionHeader, .extensionHeaderStore: packetInstruction(expression)
        case .compare, .range, .bitwise, .byteOrder, .immediate: registerInstruction(expression)
        case .lookup, .verdictMap, .objectMap: lookupInstruction(expression)
        case .verdict(let verdict): .verdict(compiled(verdict, at: position))
        case .object(let key):
            if let index = objectIndices[key] { .object(index) } else { refuse(.noObject(key)) }
        case .counter: .anonymousCounter
        case .limit(let limit):
            if let shape = LimitShape(limit) {
                .anonymousLimit(shape, expression: place)
            } else {
                refuse(.unsupported("a limit that the kernel would not load"))
            }
        case .log(let parameters): .log(parameters)
        case .reject(let kind): .reject(kind)
        case .notrack: .notrack
        case .unknown(let name, _): refuse(.unknownExpression(name))
        }
    }

    private mutating func metaInstruction(_ expression: Expression) -> Instruction {
        switch expression {
        case .metaLoad(let key, let register):
            let (loadable, count): (LoadableMeta, Int)
            switch key {
            case .length: (loadable, count) = (.length, 4)
            case .ethernetProtocol: (loadable, count) = (.ethernetProtocol, 2)
            case .priority: (loadable, count) = (.priority, 4)
            case .mark: (loadable, count) = (.mark, 4)
            case .inputInterfaceName: (loadable, count) = (.inputName, 16)
            case .outputInterfaceName: (loadable, count) = (.outputName, 16)
            case .networkFamily: (loadable, count) = (.networkFamily, 1)
            case .transportProtocol: (loadable, count) = (.transportProtocol, 1)
            default: return refuse(.unsupported("meta key \(key.rawValue)"))
            }
            guard fits(register, count) else { return refuse(.unsupported("a register past the end")) }
            return .metaLoad(loadable, Int(register.slot))
        case .metaStore(let key, let register):
            guard fits(register, 4) else { return refuse(.unsupported("a register past the end")) }
            return switch key {
            case .mark: .markStore(Int(register.slot))
            case .priority: .priorityStore(Int(register.slot))
            default: refuse(.unsupported("setting meta key \(key.rawValue)"))
            }
        case .conntrackLoad(let key, let direction, let register):
            let loadable: LoadableConntrack
            switch key {
            case .state: loadable = .state
            case .direction: loadable = .direction
            case .status: loadable = .status
            case .mark: loadable = .mark
            default: return refuse(.unsupported("ct key \(key.rawValue)"))
            }
            guard direction == nil, fits(register, 4) else {
                return refuse(.unsupported("ct key \(key.rawValue) with a direction or past the last register"))
            }
            return .conntrackLoad(loadable, Int(register.slot))
        case .conntrackStore(.mark, let register) where fits(register, 4):
            return .conntrackMarkStore(Int(register.slot))
        case .conntrackStore(let key, _):
            return refuse(.unsupported("setting ct key \(key.rawValue)"))
        default:
            return refuse(.unsupported("an expression in the wrong place"))
        }
    }

    private mutating func packetInstruction(_ expression: Expression) -> Instruction {
        switch expression {
        case .payloadLoad(let base, let offset, let length, let register):
            guard offset <= 255, length <= 255, fits(register, Int(length)) else {
                return refuse(.unsupported("a payload load of \(length) bytes at \(offset) of header \(base)"))
            }
            let place = PayloadPlace(base: base, offset: Int(offset), length: Int(length))
            return .payloadLoad(place, Int(register.slot))
        case .payloadStore(let base, let offset, let length, let register, let type, let checksum, let flags):
            // NFT_PAYLOAD_CSUM_INET is 1; SCTP's own sum is not known here.
            guard base != .inner, offset <= 255, length <= 255, fits(register, Int(length)), type <= 1, checksum <= 255,
                flags <= 1
            else { return refuse(.unsupported("a payload write of \(length) bytes at \(offset) of header \(base)")) }
            return .payloadStore(
                PayloadPlace(base: base, offset: Int(offset), length: Int(length)),
                Int(register.slot),
                checksumOffset: type == 1 ? Int(checksum) : nil,
                mendsTransport: flags == 1
            )
        case .extensionHeader(let kind, let type, let offset, let length, let testsPresence, let register):
            guard offset <= 255, length <= 255, fits(register, max(1, Int(length))) else {
                return refuse(.unsupported("a load of \(length) bytes of an extension header"))
            }
            let (offset, length, slot) = (Int(offset), Int(length), Int(register.slot))
            switch kind {
            case .ipv6:
                return .ipv6Header(type: type, offset: offset, length: length, testsPresence: testsPresence, slot)
            case .tcpOption:
                return .tcpOption(type: type, offset: offset, length: length, testsPresence: testsPresence, slot)
            case .ipv4Option:
                guard [7, 131, 137, 148].contains(type) else {
                    return refuse(.unsupported("IPv4 option \(type)"))
                }
                // Kernels up to 6.11 load fields from 20 bytes too far, 6.18 from where they are (measured).
                guard testsPresence else { return refuse(.unsupported("a field of IPv4 option \(type)")) }
                return .ipv4Option(type: type, slot)
            }
        case .extensionHeaderStore(.tcpOption, let type, let offset, 2, let register)
        where offset <= 253 && fits(register, 2):
            return .tcpOptionStore(type: type, offset: Int(offset), Int(register.slot))
        case .extensionHeaderStore(let kind, _, _, let length, _):
            return refuse(.unsupported("a write of \(length) bytes of a header of kind \(kind)"))
        default:
            return refuse(.unsupported("an expression in the wrong place"))
        }
    }

    private mutating func registerInstruction(_ expression: Expression) -> Instruction {
        switch expression {
        case .compare(let comparison, let register, let value) where fits(register, Int(value.count)):
            return .compare(comparison, Int(register.slot), value)
        case .range(let comparison, let register, let low, let high)
        where low.count == high.count && fits(register, Int(low.count)):
            guard comparison == .equal || comparison == .notEqual else { break }
            return .range(inside: comparison == .equal, Int(register.slot), low, high)
        case .bitwise(let source, let destination, let mask, let xor)
        where mask.count == xor.count && fits(source, Int(mask.count)) && fits(destination, Int(mask.count)):
            return .bitwise(Int(source.slot), into: Int(destination.slot), mask: mask, xor: xor)
        case .byteOrder(let source, let destination, _, let length, let size)
        where length <= 64 && fits(source, Int(length)) && fits(destination, Int(length)):
            guard size == 2 || size == 4 || size == 8, length % size == 0 else { break }
            return .byteOrder(Int(source.slot), into: Int(destination.slot), length: Int(length), size: Int(size))
        case .immediate(let register, let value) where fits(register, Int(value.count)):
            return .immediate(Int(register.slot), value)
        default:
            break
        }
        return refuse(.unsupported("a register operation that the kernel would not load"))
    }

    private mutating func lookupInstruction(_ expression: Expression) -> Instruction {
        let (name, register): (String, Register)
        switch expression {
        case .lookup(let set, let key, _, _): (name, register) = (set, key)
        case .verdictMap(let set, let key): (name, register) = (set, key)
        case .objectMap(let set, let key): (name, register) = (set, key)
        default: return refuse(.unsupported("an expression in the wrong place"))
        }
        guard let index = setIndices[name] else { return refuse(.noSet(name)) }
        let set = sets[index]
        guard fits(register, Int(clamping: set.key.length)) else {
            return refuse(.unsupported("a set key past the last register"))
        }
        let slot = Int(register.slot)
        switch (expression, set.data) {
        case (.lookup(_, _, nil, let inverted), .none):
            return .lookup(set: index, slot, into: nil, inverted: inverted)
        case (.lookup(_, _, .some(let destination), false), .value(let length, _))
        where fits(destination, Int(clamping: length)):
            return .lookup(set: index, slot, into: Int(destination.slot), inverted: false)
        case (.verdictMap, .verdict):
            return .verdictMap(set: index, slot)
        case (.objectMap, .object):
            return .objectMap(set: index, slot)
        default:
            return refuse(.set(name, "used as what it is not"))
        }
    }
}

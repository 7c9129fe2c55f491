// SPDX-License-Identifier: Apache-2.0
// One rule: expressions from left to right; each narrows what goes on, does something, or sends packets elsewhere.
import DecisionDiagrams
import NetworkTypes
import NftablesIR

/// What a rule comes to.
struct RuleLifting {
    /// Where it stands.
    let origin: String
    /// Its place in its chain: what tells several questions to one bucket apart.
    var limitPosition = 0
    /// What it does, in order.
    var entries: [ListEntry] = []
    /// Packets that it sends to long chains for good.
    var branches: [(condition: Diagram, chain: String)] = []
    /// Packets that it sends away for good, where the rest of the chain should know.
    var narrowing: Diagram?

    init(origin: String, limitPosition: Int = 0) {
        self.origin = origin
        self.limitPosition = limitPosition
    }
}

/// A rule that only asks and then sends packets on.
private struct Question {
    /// What it asks, header lengths taken out: behind a header of known length, payload is payload.
    var expressions: [Expression]
    /// Where it sends packets.
    var verdict: Verdict

    init?(_ rule: Rule, _ scope: LiftingScope) {
        guard case .verdict(let verdict)? = rule.expressions.last, rule.expressions.count > 1 else { return nil }
        self.verdict = verdict
        expressions = []
        expressions.reserveCapacity(rule.expressions.count)
        for expression in rule.expressions.dropLast() {
            switch expression {
            case .payloadLoad(.transport, _, _, _):
                guard !scope.mayBeLaterFragments else { return nil }
                expressions.append(expression)
            case .payloadLoad(.network, let offset, let length, let register) where offset + length > 20:
                guard scope.space.version == .inet, scope.headerWords.count == 1, let words = scope.headerWords.first,
                    offset >= 4 * words
                else { return nil }
                expressions.append(
                    .payloadLoad(.transport, offset: offset - 4 * UInt32(words), length: length, into: register)
                )
            case .metaLoad, .payloadLoad(.network, _, _, _), .compare, .range, .bitwise, .extensionHeader:
                expressions.append(expression)
            case .lookup(_, _, nil, _): expressions.append(expression)
            default: return nil
            }
        }
    }
}

/// The state of one rule while it is read.
private struct RuleState {
    /// Which packets got here.
    var condition = Diagram.yes
    var registers = RegisterContents()
    /// What happened to them that is not yet an entry.
    var effects = StageOutcome()
}

extension ProgramLifter {
    /// Lifts one rule.
    ///
    /// - Parameter followsLong: whether long chains become functions too; else they are branches.
    mutating func lift(
        _ rule: Rule,
        _ scope: LiftingScope,
        depth: Int,
        followsLong: Bool,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        var state = RuleState()
        forgetTarget(unlessOf: rule)
        let question = Question(rule, scope)
        if let question, let condition = conditions[question.expressions] {
            follow(
                question.verdict,
                scope,
                depth: depth,
                followsLong: followsLong,
                condition,
                StageOutcome(),
                &lifting,
                &semantics
            )
            return
        }
        for expression in rule.expressions {
            switch expression {
            case .metaLoad(let key, let register):
                load(semantics.load(meta: key, scope), register, &state, &lifting, &semantics)
            case .conntrackLoad(let key, nil, let register):
                load(semantics.load(conntrack: key, scope), register, &state, &lifting, &semantics)
            case .payloadLoad(let base, let offset, let length, let register):
                let result = semantics.load(payload: base, offset: Int(offset), length: Int(length), scope)
                load(result, register, &state, &lifting, &semantics)
            case .extensionHeader(let kind, let type, let offset, let length, let testsPresence, let register):
                let result = semantics.load(
                    header: kind,
                    type: type,
                    offset: offset,
                    length: length,
                    testsPresence: testsPresence,
                    scope
                )
                load(result, register, &state, &lifting, &semantics)
            case .immediate(let register, let value):
                state.registers.set(register, .bits(value.bytes.flatMap(constantBits)))
            case .bitwise(let source, let destination, let mask, let xor):
                guard let bits = state.registers.bits(source, Int(mask.count)) else {
                    return unknown("bitwise on a register without a known value", state, &lifting, &semantics)
                }
                let result = zip(bits, zip(mask.bytes.flatMap(constantBits), xor.bytes.flatMap(constantBits))).map {
                    semantics.combine($0, mask: $1.0 == .constant(true), flips: $1.1 == .constant(true))
                }
                state.registers.set(destination, .bits(result))
            case .compare(let comparison, let register, let value):
                guard let holds = compare(comparison, register, value, state, &semantics) else {
                    return unknown("comparison of a register without a known value", state, &lifting, &semantics)
                }
                narrow(holds, &state, &lifting, &semantics)
            case .range(let comparison, let register, let first, let last):
                guard let bits = state.registers.bits(register, Int(first.count)),
                    comparison == .equal || comparison == .notEqual
                else { return unknown("range of a register without a known value", state, &lifting, &semantics) }
                let (low, high) = (number(first.bytes), number(last.bytes))
                let inside = low <= high ? semantics.store.isInside(bits, [low...high]) : .no
                narrow(comparison == .equal ? inside : semantics.store.not(inside), &state, &lifting, &semantics)
            case .lookup(let set, let key, nil, let inverted):
                guard let named = table.sets[set], named.data == .none,
                    let member = membership(key, named, state, &semantics)
                else { return unknown("look-up in set \(set)", state, &lifting, &semantics) }
                narrow(inverted ? semantics.store.not(member) : member, &state, &lifting, &semantics)
            case .verdictMap(let set, let key):
                dispatch(set, key, scope, depth: depth, followsLong: followsLong, state, &lifting, &semantics)
                // Packets without an element go on; nothing of ours stands behind a verdict map.
                guard expression == rule.expressions.last else {
                    return unknown("expressions behind a verdict map", state, &lifting, &semantics)
                }
                return
            case .verdict(let verdict):
                if let question, lifting.entries.isEmpty, state.effects == StageOutcome() {
                    conditions[question.expressions] = state.condition
                }
                follow(
                    verdict,
                    scope,
                    depth: depth,
                    followsLong: followsLong,
                    state.condition,
                    state.effects,
                    &lifting,
                    &semantics
                )
                return
            case .reject(let kind):
                let outcome = state.effects.followed(by: StageOutcome(ending(kind, scope)))
                emit(semantics.terminal(outcome), state, &lifting)
                return
            default:
                guard apply(expression, scope, &state.effects, &state.registers, semantics) else {
                    if case .object(let key) = expression, key.kind == .limit {
                        guard ask(key, &state, &lifting, &semantics) else { return }
                        continue
                    }
                    if case .objectMap(let set, let key) = expression {
                        guard charge(set, key, &state, &lifting, &semantics) else { return }
                        continue
                    }
                    return unknown("\(expression)", state, &lifting, &semantics)
                }
            }
            if state.condition == .no { return }
        }
        if state.effects != StageOutcome() { emit(semantics.terminal(state.effects), state, &lifting) }
    }

    /// Alternatives of one question stand one behind the other.
    private mutating func forgetTarget(unlessOf rule: Rule) {
        if case .verdict(.goto(let chain))? = rule.expressions.last, chain == lastTarget?.chain { return }
        lastTarget = nil
    }

    private func load(
        _ result: LoadResult,
        _ register: Register,
        _ state: inout RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        if let unknown = result.unknown {
            let outcome = state.effects.followed(by: StageOutcome(.unknown(unknown.what)))
            let reached = semantics.store.and(state.condition, unknown.where)
            lifting.entries.append(
                ListEntry(match: reached, outcome: semantics.terminal(outcome), origin: lifting.origin)
            )
        }
        narrow(result.goesOn, &state, &lifting, &semantics)
        if let content = result.content {
            state.registers.set(register, content)
        } else {
            state.condition = .no
        }
    }

    /// Only packets for which something holds go on; what has happened so far happened to the others too.
    private func narrow(
        _ condition: Diagram,
        _ state: inout RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        guard condition != .yes else { return }
        if state.effects != StageOutcome() {
            emit(semantics.terminal(state.effects), state, &lifting)
            state.effects = StageOutcome()
        }
        state.condition = semantics.store.and(state.condition, condition)
    }

    private func emit(_ outcome: Diagram, _ state: RuleState, _ lifting: inout RuleLifting) {
        lifting.entries.append(ListEntry(match: state.condition, outcome: outcome, origin: lifting.origin))
    }

    private func unknown(
        _ what: String,
        _ state: RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        emit(semantics.terminal(state.effects.followed(by: StageOutcome(.unknown(what)))), state, &lifting)
    }

    private func compare(
        _ comparison: Comparison,
        _ register: Register,
        _ value: RegisterValue,
        _ state: RuleState,
        _ semantics: inout Semantics
    ) -> Diagram? {
        if let device = state.registers.device(register) {
            let element = SetElement(.single(value.bytes))
            guard comparison == .equal || comparison == .notEqual, let isThis = semantics.isDevice(device, [element])
            else { return nil }
            return comparison == .equal ? isThis : semantics.store.not(isThis)
        }
        guard let bits = state.registers.bits(register, Int(value.count)) else { return nil }
        let bound = number(value.bytes)
        let top = value.count == 16 ? UInt128.max : (UInt128(1) << (8 * UInt128(value.count))) - 1
        switch comparison {
        case .equal: return semantics.store.isEqual(bits, bound)
        case .notEqual: return semantics.store.not(semantics.store.isEqual(bits, bound))
        case .less: return bound == 0 ? .no : semantics.store.isInside(bits, [0...bound - 1])
        case .lessOrEqual: return semantics.store.isInside(bits, [0...bound])
        case .greater: return bound == top ? .no : semantics.store.isInside(bits, [bound + 1...top])
        case .greaterOrEqual: return semantics.store.isInside(bits, [bound...top])
        }
    }

    /// A verdict map: each of its verdicts for the packets whose key is one of its elements.
    private mutating func dispatch(
        _ set: String,
        _ key: Register,
        _ scope: LiftingScope,
        depth: Int,
        followsLong: Bool,
        _ state: RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        guard let named = table.sets[set], named.data == .verdict else {
            return unknown("verdict map \(set)", state, &lifting, &semantics)
        }
        // A device that is known has at most one element; else elements by verdict, each group once.
        var groups: [Verdict: [SetElement]] = [:]
        var order: [Verdict] = []
        var catchAll: Verdict?
        let known = state.registers.bits(key, Int(named.key.length)).flatMap(constantBytes)
        for element in named.elements {
            guard case .verdict(let verdict) = element.value else { continue }
            if element.key == .catchAll {
                catchAll = verdict
                continue
            }
            if let known, case .single(let bytes) = element.key, bytes != known { continue }
            if groups[verdict] == nil { order.append(verdict) }
            groups[verdict, default: []].append(element)
        }
        var rest = state.condition
        for verdict in order {
            guard let member = semantics.isMember(key, state.registers, of: named, groups[verdict] ?? []) else {
                return unknown("verdict map \(set)", state, &lifting, &semantics)
            }
            let condition = semantics.store.and(state.condition, member)
            let others = semantics.store.not(member)
            rest = semantics.store.and(rest, others)
            follow(
                verdict,
                scope,
                depth: depth,
                followsLong: followsLong,
                condition,
                state.effects,
                &lifting,
                &semantics
            )
        }
        if let catchAll {
            follow(
                catchAll,
                scope,
                depth: depth,
                followsLong: followsLong,
                rest,
                state.effects,
                &lifting,
                &semantics
            )
        } else if state.effects != StageOutcome() {
            lifting.entries.append(
                ListEntry(match: rest, outcome: semantics.terminal(state.effects), origin: lifting.origin)
            )
        }
    }

    private func membership(
        _ key: Register,
        _ set: NamedSet,
        _ state: RuleState,
        _ semantics: inout Semantics
    ) -> Diagram? {
        semantics.isMember(key, state.registers, of: set, Array(set.elements))
    }

    /// The bucket's answer is a variable of its own: it goes on if the variable is set.
    private mutating func ask(
        _ key: ObjectKey,
        _ state: inout RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) -> Bool {
        guard case .limit(let limit) = table.objects[key], limit.matchesOver else {
            unknown("\(key.kind) \(key.name)", state, &lifting, &semantics)
            return false
        }
        // The name ends in the bucket's parameters (DESIGN §4, content-addressed).
        let label = key.name.split(separator: "/").dropLast().joined(separator: "/")
        limits[label] = limit
        // The first rule of a chain that asks opens a new question; the others belong to it.
        if lifting.limitPosition == 0 { evaluations[label, default: 0] += 1 }
        let evaluation = max(0, evaluations[label, default: 1] - 1)
        let name = "exceeded \(label) \(evaluation) \(lifting.limitPosition)"
        let exceeded = semantics.store.variable(semantics.variable(named: name))
        narrow(exceeded, &state, &lifting, &semantics)
        return true
    }

    /// An object chosen by the packet's device.
    private mutating func charge(
        _ set: String,
        _ key: Register,
        _ state: inout RuleState,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) -> Bool {
        guard let named = table.sets[set], case .object(let kind) = named.data,
            let bits = state.registers.bits(key, Int(named.key.length)), let bytes = constantBytes(bits)
        else {
            unknown("object map \(set) with a key that is not known", state, &lifting, &semantics)
            return false
        }
        guard let element = named.elements.first(where: { $0.key == .single(bytes) }),
            case .object(let name) = element.value
        else {
            // A look-up that misses breaks the rule.
            if state.effects != StageOutcome() { emit(semantics.terminal(state.effects), state, &lifting) }
            state.condition = .no
            return false
        }
        if kind == .limit { return ask(.limit(name), &state, &lifting, &semantics) }
        guard kind == .counter else {
            unknown("object map \(set)", state, &lifting, &semantics)
            return false
        }
        state.effects.counters[name, default: 0] += 1
        return true
    }
}

extension Semantics {
    /// One bit of `(source & mask) ^ xor`.
    mutating func combine(_ bit: Bit, mask: Bool, flips: Bool) -> Bit {
        guard mask else { return .constant(flips) }
        guard flips else { return bit }
        switch bit {
        case .constant(let value): return .constant(!value)
        case .variable, .function:
            let set = store.isSet(bit)
            return .function(store.not(set))
        }
    }
}

/// Bits as bytes; nil if one is not constant.
func constantBytes(_ bits: [Bit]) -> [UInt8]? {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: bits.count, by: 8) {
        var byte: UInt8 = 0
        for bit in bits[start..<start + 8] {
            guard case .constant(let value) = bit else { return nil }
            byte = byte << 1 | (value ? 1 : 0)
        }
        bytes.append(byte)
    }
    return bytes
}

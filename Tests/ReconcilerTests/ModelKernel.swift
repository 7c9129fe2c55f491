// SPDX-License-Identifier: Apache-2.0
// A kernel made of dictionaries: takes changes, refuses what the real one refuses, forgets what it forgets.
import NftablesIR

/// Why a change was refused, in the kernel's words.
enum Refusal: String, Error, Hashable {
    case noEntry = "ENOENT"
    case exists = "EEXIST"
    case busy = "EBUSY"
    case notSupported = "EOPNOTSUPP"
    case invalid = "EINVAL"
}

/// The change that was refused.
struct RefusedChange: Error, Hashable {
    var refusal: Refusal
    var change: Change
}

/// One table in a kernel: content, and the readings of its counters.
struct ModelKernel {
    private(set) var table: Table?
    /// Readings of counters; gone when the object goes.
    var readings: [ObjectKey: Int] = [:]
    private let family: TableFamily
    private let name: String
    private var chainUses: [String: Int] = [:]
    private var setUses: [String: Int] = [:]
    private var objectUses: [ObjectKey: Int] = [:]
    /// Constant sets that a rule was bound to at some point of this transaction or before; a flush in the same
    /// transaction does not unbind (`nf_tables_deactivate_set`).
    private var bound: Set<String> = []

    init(_ table: Table?, family: TableFamily, name: String) throws {
        self.family = family
        self.name = name
        guard let table else { return }
        try apply(Batch(creating: table).changes)
        for key in table.objects.keys where key.kind == .counter { readings[key] = 0 }
    }

    /// Applies a batch, or nothing of it.
    mutating func apply(_ changes: [Change]) throws {
        var next = self
        next.bound = Set(setUses.filter { $0.value > 0 }.keys)
        for change in changes {
            do { try next.take(change) } catch let refusal as Refusal {
                throw RefusedChange(refusal: refusal, change: change)
            }
        }
        self = next
    }

    private mutating func take(_ change: Change) throws {
        switch change {
        case .addTable(let flags):
            if table == nil { table = Table(family: family, name: name, flags: flags) } else { table?.flags = flags }
        case .deleteTable: throw Refusal.notSupported
        default:
            guard table != nil else { throw Refusal.noEntry }
            try takeInside(change)
        }
    }

    private mutating func takeInside(_ change: Change) throws {
        switch change {
        case .addTable, .deleteTable: break
        case .addChain(let name, let base): try addChain(name, base)
        case .deleteChain(let name):
            guard let chain = table?.chains[name] else { throw Refusal.noEntry }
            guard chain.rules.isEmpty, chainUses[name, default: 0] == 0 else { throw Refusal.busy }
            table?.chains[name] = nil
        case .flushChain(let name):
            guard let chain = table?.chains[name] else { throw Refusal.noEntry }
            for rule in chain.rules { for expression in rule.expressions { count(expression, -1) } }
            table?.chains[name]?.rules = []
        case .addRule(let name, let rule):
            guard table?.chains[name] != nil else { throw Refusal.noEntry }
            for expression in rule.expressions {
                try check(expression)
                count(expression, 1)
            }
            table?.chains[name]?.rules.append(rule)
        case .deleteRule: throw Refusal.notSupported
        case .addSet(let set):
            guard table?.sets[set.name] == nil else { throw Refusal.exists }
            guard set.elements.isEmpty else { throw Refusal.invalid }
            table?.sets[set.name] = set
            bound.remove(set.name)
        case .deleteSet(let name):
            guard let set = table?.sets[name] else { throw Refusal.noEntry }
            guard setUses[name, default: 0] == 0 else { throw Refusal.busy }
            for element in set.elements { count(element, of: set, -1) }
            table?.sets[name] = nil
        case .addElements(let name, let layout, let elements): try addElements(name, layout, elements)
        case .deleteElements(let name, let layout, let elements):
            guard var set = table?.sets[name] else { throw Refusal.noEntry }
            guard set.layout == layout else { throw Refusal.invalid }
            if set.isConstant, bound.contains(name) { throw Refusal.busy }
            for element in elements {
                guard set.elements.remove(element) != nil else { throw Refusal.noEntry }
                count(element, of: set, -1)
            }
            table?.sets[name] = set
        case .flushSet: throw Refusal.notSupported
        case .addObject(let key, let object):
            guard table?.objects[key] == nil else { throw Refusal.exists }
            table?.objects[key] = object
            if key.kind == .counter { readings[key] = 0 }
        case .deleteObject(let key):
            guard table?.objects[key] != nil else { throw Refusal.noEntry }
            guard objectUses[key, default: 0] == 0 else { throw Refusal.busy }
            table?.objects[key] = nil
            readings[key] = nil
        }
    }

    private mutating func addChain(_ name: String, _ base: BaseChain?) throws {
        guard let chain = table?.chains[name] else {
            table?.chains[name] = Chain(name: name, base: base)
            return
        }
        guard var there = chain.base, let base else { throw chain.base == base ? Refusal.exists : .notSupported }
        there.policy = base.policy
        guard there == base else { throw Refusal.notSupported }
        table?.chains[name]?.base = base
    }

    private mutating func addElements(_ name: String, _ layout: SetLayout, _ elements: [SetElement]) throws {
        guard var set = table?.sets[name] else { throw Refusal.noEntry }
        guard set.layout == layout else { throw Refusal.invalid }
        if set.isConstant, bound.contains(name) { throw Refusal.busy }
        var keys = Set(set.elements.map(\.key))
        for element in elements {
            if set.elements.contains(element) { continue }
            guard keys.insert(element.key).inserted else { throw Refusal.exists }
            if set.layout == .intervals, set.elements.contains(where: { overlap($0.key, element.key) }) {
                throw Refusal.exists
            }
            try check(element, of: set)
            count(element, of: set, 1)
            set.elements.insert(element)
        }
        table?.sets[name] = set
    }

    private func overlap(_ one: SetElement.Key, _ other: SetElement.Key) -> Bool {
        func ends(_ key: SetElement.Key) -> ([UInt8], [UInt8])? {
            switch key {
            case .single(let key): (key, key)
            case .range(let low, let high): (low, high)
            case .catchAll: nil
            }
        }
        guard let (low, high) = ends(one), let (otherLow, otherHigh) = ends(other) else { return false }
        return !high.lexicographicallyPrecedes(otherLow) && !otherHigh.lexicographicallyPrecedes(low)
    }

    private func check(_ expression: Expression) throws {
        switch expression {
        case .verdict(let verdict): try check(verdict)
        case .lookup(let name, _, _, _), .verdictMap(let name, _), .objectMap(let name, _):
            guard let set = table?.sets[name] else { throw Refusal.noEntry }
            switch (expression, set.data) {
            case (.lookup, .none), (.lookup, .value), (.verdictMap, .verdict), (.objectMap, .object): break
            default: throw Refusal.invalid
            }
        case .object(let key): guard table?.objects[key] != nil else { throw Refusal.noEntry }
        default: break
        }
    }

    private func check(_ verdict: Verdict) throws {
        switch verdict {
        case .jump(let name), .goto(let name):
            guard let chain = table?.chains[name] else { throw Refusal.noEntry }
            guard chain.base == nil else { throw Refusal.notSupported }
        default: break
        }
    }

    private func check(_ element: SetElement, of set: NamedSet) throws {
        switch (element.value, set.data) {
        case (.none, .none), (.value, .value): break
        case (.verdict(let verdict), .verdict): try check(verdict)
        case (.object(let name), .object(let kind)):
            guard table?.objects[ObjectKey(kind, name)] != nil else { throw Refusal.noEntry }
        default: throw Refusal.invalid
        }
    }

    private mutating func count(_ expression: Expression, _ step: Int) {
        switch expression {
        case .verdict(.jump(let name)), .verdict(.goto(let name)): chainUses[name, default: 0] += step
        case .lookup(let name, _, _, _), .verdictMap(let name, _), .objectMap(let name, _):
            setUses[name, default: 0] += step
            if step > 0 { bound.insert(name) }
        case .object(let key): objectUses[key, default: 0] += step
        default: break
        }
    }

    private mutating func count(_ element: SetElement, of set: NamedSet, _ step: Int) {
        switch (element.value, set.data) {
        case (.verdict(.jump(let name)), _), (.verdict(.goto(let name)), _): chainUses[name, default: 0] += step
        case (.object(let name), .object(let kind)): objectUses[ObjectKey(kind, name), default: 0] += step
        default: break
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the three steps hold, in the order in which the kernel can take it.
import NftablesIR

/// One planning.
///
/// Most things are added, changed in place, or deleted. What can only be deleted and made anew under its name ("replaced")
/// drags along everything that uses it: rules must be flushed and elements taken out before, and put back after.
struct Planner {
    private let desired: Table
    private let observed: Table
    private let isNew: Bool
    /// In both, but the kernel cannot change one into the other.
    private var replaced = Names()
    /// Only observed, but in the way of a replacement, hence deleted by the switch.
    private var hinderingSets: Set<String> = []
    /// Replaced, or new and using what is replaced: only there from the switch on.
    private var late = Names()
    /// Observed chains whose rules the switch takes away.
    private var flushed: Set<String> = []
    /// Desired chains whose rules the switch adds.
    private var refilled: Set<String> = []
    private var elementChanges: [(set: NamedSet, changes: ElementChanges)] = []

    init(desired: Table, observed: Table?) {
        self.desired = desired
        isNew = observed == nil
        self.observed = observed ?? Table(family: desired.family, name: desired.name, flags: desired.flags)
    }

    mutating func plan() -> Plan {
        findReplaced()
        findLate()
        findRefilled()
        for name in shared(desired.sets, observed.sets).sorted() where !replaced.sets.contains(name) {
            guard let new = desired.sets[name], let old = observed.sets[name] else { continue }
            let changes = ElementChanges(from: old, to: new, replaced: replaced)
            if !changes.isEmpty { elementChanges.append((new, changes)) }
        }
        return Plan(
            prepare: prepare(),
            switchOver: switchOver(),
            sweep: sweep(),
            differences: differences(desired, observed, isNew: isNew)
        )
    }

    // MARK: What happens to what

    private mutating func findReplaced() {
        for name in shared(desired.objects, observed.objects) where desired.objects[name] != observed.objects[name] {
            replaced.objects.insert(name)
        }
        for name in shared(desired.chains, observed.chains) {
            switch (desired.chains[name]?.base, observed.chains[name]?.base) {
            case (nil, nil): break
            case (let new?, let old?) where new.standsAt(old): break
            default: replaced.chains.insert(name)
            }
        }
        for (name, old) in observed.sets {
            guard let new = desired.sets[name] else {
                if replaced.areUsed(by: old) { hinderingSets.insert(name) }
                continue
            }
            // The kernel lets nobody change the elements of a constant set that a rule uses.
            if old.header != new.header
                || new.isConstant && (old.elements != new.elements || replaced.areUsed(by: new))
            {
                replaced.sets.insert(name)
            }
        }
    }

    private mutating func findLate() {
        late = replaced
        guard !replaced.isEmpty else { return }
        for (name, set) in desired.sets where observed.sets[name] == nil && set.isConstant {
            if replaced.areUsed(by: set) { late.sets.insert(name) }
        }
    }

    private mutating func findRefilled() {
        var gone = replaced
        gone.sets.formUnion(hinderingSets)
        for (name, old) in observed.chains where !old.rules.isEmpty {
            if let new = desired.chains[name], new.rules == old.rules, !replaced.chains.contains(name),
                !gone.areUsed(by: old.rules)
            {
                continue
            }
            // A regular chain that is not wanted waits for the sweep, if it can.
            if desired.chains[name] == nil, old.base == nil, !gone.areUsed(by: old.rules) { continue }
            flushed.insert(name)
        }
        for (name, new) in desired.chains where !new.rules.isEmpty {
            if let old = observed.chains[name] {
                if flushed.contains(name) || old.rules != new.rules || replaced.chains.contains(name) {
                    refilled.insert(name)
                }
            } else if new.base != nil || late.areUsed(by: new.rules) {
                refilled.insert(name)
            }
        }
    }

    // MARK: The three steps

    private func prepare() -> [Change] {
        var changes: [Change] = isNew ? [.addTable(flags: desired.flags)] : []
        for key in added(desired.objects, observed.objects, by: objectsPrecede) {
            if let object = desired.objects[key] { changes.append(.addObject(key, object)) }
        }
        let chains = added(desired.chains, observed.chains, by: <).compactMap { desired.chains[$0] }
            .filter { $0.base == nil }
        for chain in chains { changes.append(.addChain(chain.name, base: nil)) }
        for name in added(desired.sets, observed.sets, by: <) where !late.sets.contains(name) {
            guard let set = desired.sets[name] else { continue }
            changes.append(.addSet(set.header))
            appendElements(set, set.elements.filter { !late.areUsed(by: $0.value, of: set) }, to: &changes)
        }
        for (set, elements) in elementChanges { appendElements(set, elements.early, to: &changes) }
        for chain in chains where !refilled.contains(chain.name) {
            for rule in chain.rules { changes.append(.addRule(chain: chain.name, rule)) }
        }
        return changes
    }

    private func switchOver() -> [Change] {
        var changes: [Change] = []
        if desired.flags != observed.flags { changes.append(.addTable(flags: desired.flags)) }
        for name in flushed.sorted() { changes.append(.flushChain(name)) }
        for (set, elements) in elementChanges { removeElements(set, elements.removed, from: &changes) }
        for name in replaced.sets.union(hinderingSets).sorted() { changes.append(.deleteSet(name)) }
        for name in observed.chains.keys.sorted() where replaced.chains.contains(name) || isStrayBase(name) {
            changes.append(.deleteChain(name))
        }
        let objects = replaced.objects.sorted(by: objectsPrecede)
        for key in objects { changes.append(.deleteObject(key)) }
        for key in objects {
            if let object = desired.objects[key] { changes.append(.addObject(key, object)) }
        }
        for name in desired.chains.keys.sorted() {
            guard let chain = desired.chains[name] else { continue }
            let isThere = observed.chains[name] != nil && !replaced.chains.contains(name)
            let needsPolicy = isThere && chain.base?.policy != observed.chains[name]?.base?.policy
            if needsPolicy || !isThere && (chain.base != nil || replaced.chains.contains(name)) {
                changes.append(.addChain(name, base: chain.base))
            }
        }
        for name in late.sets.sorted() {
            guard let set = desired.sets[name] else { continue }
            changes.append(.addSet(set.header))
            appendElements(set, set.elements, to: &changes)
        }
        // Elements of new maps that had to wait for what they lead to.
        if !late.isEmpty {
            for name in added(desired.sets, observed.sets, by: <) where !late.sets.contains(name) {
                guard let set = desired.sets[name] else { continue }
                appendElements(set, set.elements.filter { late.areUsed(by: $0.value, of: set) }, to: &changes)
            }
        }
        for (set, elements) in elementChanges { appendElements(set, elements.added, to: &changes) }
        for name in refilled.sorted() {
            for rule in desired.chains[name]?.rules ?? [] { changes.append(.addRule(chain: name, rule)) }
        }
        return changes
    }

    private func sweep() -> [Change] {
        var changes: [Change] = []
        let chains = added(observed.chains, desired.chains, by: <).filter { !isStrayBase($0) }
        for name in chains where !flushed.contains(name) {
            if observed.chains[name]?.rules.isEmpty == false { changes.append(.flushChain(name)) }
        }
        for (set, elements) in elementChanges { removeElements(set, elements.unused, from: &changes) }
        for name in added(observed.sets, desired.sets, by: <) where !hinderingSets.contains(name) {
            changes.append(.deleteSet(name))
        }
        for name in chains { changes.append(.deleteChain(name)) }
        for key in added(observed.objects, desired.objects, by: objectsPrecede) { changes.append(.deleteObject(key)) }
        return changes
    }

    /// A base chain that is not wanted.
    private func isStrayBase(_ name: String) -> Bool {
        desired.chains[name] == nil && observed.chains[name]?.base != nil
    }

    private func appendElements(_ set: NamedSet, _ elements: some Collection<SetElement>, to changes: inout [Change]) {
        if !elements.isEmpty {
            changes.append(.addElements(set: set.name, layout: set.layout, sorted(elements)))
        }
    }

    private func removeElements(_ set: NamedSet, _ elements: [SetElement], from changes: inout [Change]) {
        if !elements.isEmpty {
            changes.append(.deleteElements(set: set.name, layout: set.layout, sorted(elements)))
        }
    }
}

/// Keys that both have, in no order.
func shared<Key: Hashable, One, Other>(_ one: [Key: One], _ other: [Key: Other]) -> [Key] {
    one.keys.filter { other[$0] != nil }
}

/// Keys that only the first has, in order.
func added<Key: Hashable, One, Other>(
    _ one: [Key: One],
    _ other: [Key: Other],
    by precedes: (Key, Key) -> Bool
) -> [Key] {
    one.keys.filter { other[$0] == nil }.sorted(by: precedes)
}

/// An order of objects.
func objectsPrecede(_ one: ObjectKey, _ other: ObjectKey) -> Bool {
    (one.kind.rawValue, one.name) < (other.kind.rawValue, other.name)
}

// SPDX-License-Identifier: Apache-2.0
// What is different between two tables, said so that a person can act on it.
import NftablesIR

/// Lists the differences in order of kind and name.
func differences(_ desired: Table, _ observed: Table, isNew: Bool) -> [Difference] {
    var found: [Difference] = []
    if isNew {
        found.append(Difference(.table, desired.name, .missing))
    } else if desired.flags != observed.flags {
        found.append(Difference(.table, desired.name, .different, "flags \(observed.flags) for \(desired.flags)"))
    }
    for name in names(desired.chains, observed.chains, by: <) {
        if let difference = difference(name, desired.chains[name], observed.chains[name]) { found.append(difference) }
    }
    for name in names(desired.sets, observed.sets, by: <) {
        if let difference = difference(name, desired.sets[name], observed.sets[name]) { found.append(difference) }
    }
    for key in names(desired.objects, observed.objects, by: objectsPrecede) {
        if let difference = difference(key, desired.objects[key], observed.objects[key]) { found.append(difference) }
    }
    return found
}

/// All keys of both, in order.
private func names<Key: Hashable, Value>(
    _ one: [Key: Value],
    _ other: [Key: Value],
    by precedes: (Key, Key) -> Bool
) -> [Key] {
    (one.keys + other.keys.filter { one[$0] == nil }).sorted(by: precedes)
}

private func difference(_ name: String, _ desired: Chain?, _ observed: Chain?) -> Difference? {
    let kind = { (chain: Chain) in chain.base == nil ? Difference.Kind.chain : .baseChain }
    switch (desired, observed) {
    case (nil, nil): return nil
    case (let new?, nil): return Difference(kind(new), name, .missing)
    case (nil, let old?): return Difference(kind(old), name, .unexpected, "\(old.rules.count) rules")
    case (let new?, let old?):
        var details: [String] = []
        if new.base != old.base { details.append("\(place(old.base)) for \(place(new.base))") }
        if new.rules != old.rules {
            let same = zip(new.rules, old.rules).prefix { $0 == $1 }.count
            details.append("\(old.rules.count) rules for \(new.rules.count), from rule \(same + 1) on")
        }
        return details.isEmpty ? nil : Difference(kind(new), name, .different, details.joined(separator: "; "))
    }
}

private func place(_ base: BaseChain?) -> String {
    guard let base else { return "a regular chain" }
    return "\(base.kind.rawValue) hook \(base.hook.rawValue) priority \(base.priority) policy \(base.policy.rawValue)"
}

private func difference(_ name: String, _ desired: NamedSet?, _ observed: NamedSet?) -> Difference? {
    switch (desired, observed) {
    case (nil, nil): return nil
    case (.some, nil): return Difference(.set, name, .missing)
    case (nil, let old?): return Difference(.set, name, .unexpected, "\(old.elements.count) elements")
    case (let new?, let old?):
        var details: [String] = []
        if new.header != old.header { details.append("another type or other flags") }
        if new.elements != old.elements {
            let missing = new.elements.count { !old.elements.contains($0) }
            let unexpected = old.elements.count { !new.elements.contains($0) }
            details.append("\(missing) elements missing, \(unexpected) unexpected")
        }
        return details.isEmpty ? nil : Difference(.set, name, .different, details.joined(separator: "; "))
    }
}

private func difference(
    _ key: ObjectKey,
    _ desired: StatefulObject?,
    _ observed: StatefulObject?
) -> Difference? {
    let kind: Difference.Kind =
        switch key.kind {
        case .counter: .counter
        case .limit: .limit
        default: .object
        }
    switch (desired, observed) {
    case (.some, nil): return Difference(kind, key.name, .missing)
    case (nil, .some): return Difference(kind, key.name, .unexpected)
    case (let new?, let old?) where new != old: return Difference(kind, key.name, .different, "other parameters")
    default: return nil
    }
}

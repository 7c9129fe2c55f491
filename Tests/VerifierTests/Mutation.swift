// SPDX-License-Identifier: Apache-2.0
// Programs made wrong on purpose: one verdict, one bound, or one element.
import NftablesIR
import TestSupport

/// A change of one thing in a table.
struct Mutation: CustomStringConvertible {
    let table: Table
    let description: String
}

/// Seeded mutations of a table: each picks a kind, then a place.
func mutations(of table: Table, count: Int, seed: UInt64) -> [Mutation] {
    var random = SeededGenerator(seed: seed)
    var all: [[Mutation]] = [verdicts(table), bounds(table), elements(table)].filter { !$0.isEmpty }
    var result: [Mutation] = []
    while result.count < count, !all.isEmpty {
        let kind = Int.random(in: 0..<all.count, using: &random)
        let place = Int.random(in: 0..<all[kind].count, using: &random)
        result.append(all[kind].remove(at: place))
        if all[kind].isEmpty { all.remove(at: kind) }
    }
    return result
}

private func changed(
    _ table: Table,
    _ chain: Chain,
    _ rule: Int,
    _ expression: Int,
    to new: Expression
) -> Mutation {
    var table = table
    let old = chain.rules[rule].expressions[expression]
    table.chains[chain.name]?.rules[rule].expressions[expression] = new
    let comment = chain.rules[rule].comment ?? ""
    return Mutation(table: table, description: "chain \(chain.name) rule \(rule) (\(comment)): \(old) -> \(new)")
}

private func places(_ table: Table) -> [(chain: Chain, rule: Int, expression: Int, what: Expression)] {
    table.chains.values.sorted { $0.name < $1.name }.flatMap { chain in
        chain.rules.enumerated().flatMap { rule, value in
            value.expressions.enumerated().map { (chain, rule, $0, $1) }
        }
    }
}

private func verdicts(_ table: Table) -> [Mutation] {
    places(table).compactMap { place in
        guard case .verdict(let verdict) = place.what else { return nil }
        let other: Verdict? =
            switch verdict {
            case .accept, .return: .drop
            case .drop: .accept
            default: nil
            }
        return other.map { changed(table, place.chain, place.rule, place.expression, to: .verdict($0)) }
    }
}

/// A value one higher or lower; nil where it does not fit.
private func moved(_ value: RegisterValue, by step: Int) -> RegisterValue? {
    let shift = 8 * (16 - UInt128(value.count))
    let number = value.bits >> shift
    let top = value.count == 16 ? UInt128.max : (UInt128(1) << (8 * UInt128(value.count))) - 1
    if step > 0 { return number == top ? nil : RegisterValue(network: number + 1, count: Int(value.count)) }
    return number == 0 ? nil : RegisterValue(network: number - 1, count: Int(value.count))
}

/// Bounds of numbers in network order: marks and states are no ranges.
private func bounds(_ table: Table) -> [Mutation] {
    places(table).flatMap { place -> [Mutation] in
        let before = place.chain.rules[place.rule].expressions[..<place.expression]
        let readsPacket = before.contains { expression in
            switch expression {
            case .payloadLoad: true
            default: false
            }
        }
        guard readsPacket else { return [] }
        let isMasked = before.contains { expression in
            if case .bitwise = expression { return true }
            return false
        }
        return [1, -1].compactMap { step -> Mutation? in
            switch place.what {
            case .compare(let comparison, let register, let value) where !isMasked:
                return moved(value, by: step).map {
                    changed(table, place.chain, place.rule, place.expression, to: .compare(comparison, register, $0))
                }
            case .range(let comparison, let register, let low, let high):
                return moved(high, by: step).map {
                    changed(table, place.chain, place.rule, place.expression, to: .range(comparison, register, low, $0))
                }
            default: return nil
            }
        }
    }
}

private func elements(_ table: Table) -> [Mutation] {
    table.sets.values.sorted { $0.name < $1.name }.flatMap { set in
        // Buckets are never exceeded: which one is asked cannot be seen.
        if case .object(.limit) = set.data { return [Mutation]() }
        if set.name.hasPrefix("map/policer/") { return [] }
        return set.elements.sorted { "\($0)" < "\($1)" }.map { element in
            var changed = table
            changed.sets[set.name]?.elements.remove(element)
            return Mutation(table: changed, description: "set \(set.name): without \(element)")
        }
    }
}

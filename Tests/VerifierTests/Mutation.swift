// SPDX-License-Identifier: Apache-2.0
// Programs made wrong on purpose: one verdict, one bound, or one element.
import NftablesIR
import TestSupport

/// A change of one thing in a table.
struct Mutation: CustomStringConvertible {
    /// What is changed.
    enum Place {
        case expression(chain: String, rule: Int, index: Int, Expression)
        case element(set: String, SetElement)
    }

    /// The counter that tells whether packets come to the place.
    static let probe = ObjectKey.counter("probe")

    let place: Place
    let comment: String

    var description: String {
        switch place {
        case .expression(let chain, let rule, let index, let new):
            "chain \(chain) rule \(rule) expression \(index) -> \(new) (\(comment))"
        case .element(let set, let element): "set \(set) without \(element)"
        }
    }

    /// The wrong program.
    func applied(to table: Table) -> Table {
        var table = table
        switch place {
        case .expression(let chain, let rule, let index, let new):
            table.chains[chain]?.rules[rule].expressions[index] = new
        case .element(let set, let element): table.sets[set]?.elements.remove(element)
        }
        return table
    }

    /// The right program with a counter where the wrong one is wrong: in front of the rule, or of rules that look the
    /// element up, behind a test of the key where that is possible.
    func probed(_ table: Table) -> Table {
        var table = table
        table.objects[Self.probe] = .counter
        switch place {
        case .expression(let chain, let rule, let index, _):
            let before = table.chains[chain]?.rules[rule].expressions[..<index] ?? []
            table.chains[chain]?.rules.insert(Rule(harmless(before) + [.object(Self.probe)]), at: rule)
        case .element(let set, let element):
            for (name, chain) in table.chains {
                for rule in chain.rules.indices.reversed() {
                    let expressions = chain.rules[rule].expressions
                    guard let use = expressions.firstIndex(where: { $0.looksUp(set) }) else { continue }
                    let test = harmless(expressions[..<use]) + element.key.test + [.object(Self.probe)]
                    table.chains[name]?.rules.insert(Rule(test), at: rule)
                }
            }
        }
        return table
    }

    /// What leads to a place without charging or changing anything.
    private func harmless(_ expressions: ArraySlice<Expression>) -> [Expression] {
        expressions.filter { expression in
            switch expression {
            case .object, .objectMap, .metaStore, .conntrackStore, .payloadStore, .log, .notrack: false
            default: true
            }
        }
    }
}

extension Expression {
    fileprivate func looksUp(_ name: String) -> Bool {
        switch self {
        case .lookup(let set, _, _, _), .verdictMap(let set, _), .objectMap(let set, _): set == name
        default: false
        }
    }
}

extension SetElement.Key {
    /// Goes on only for keys that the element covers.
    fileprivate var test: [Expression] {
        switch self {
        case .single(let bytes): [.compare(.equal, .one, RegisterValue(bytes))]
        case .range(let low, let high): [.range(.equal, .one, RegisterValue(low), RegisterValue(high))]
        case .catchAll: []
        }
    }
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

private func expressions(
    _ table: Table,
    _ change: (Expression, _ before: ArraySlice<Expression>) -> [Expression]
) -> [Mutation] {
    table.chains.values.sorted { $0.name < $1.name }.flatMap { chain in
        chain.rules.enumerated().flatMap { number, rule in
            rule.expressions.enumerated().flatMap { index, expression in
                change(expression, rule.expressions[..<index]).map {
                    Mutation(
                        place: .expression(chain: chain.name, rule: number, index: index, $0),
                        comment: rule.comment ?? ""
                    )
                }
            }
        }
    }
}

private func verdicts(_ table: Table) -> [Mutation] {
    expressions(table) { expression, _ in
        switch expression {
        case .verdict(.accept), .verdict(.return): [.verdict(.drop)]
        case .verdict(.drop): [.verdict(.accept)]
        default: []
        }
    }
}

/// A value one higher or lower; nil where it does not fit.
private func moved(_ value: RegisterValue, by step: Int) -> RegisterValue? {
    let number = value.bits >> (8 * (16 - UInt128(value.count)))
    let top = value.count == 16 ? UInt128.max : (UInt128(1) << (8 * UInt128(value.count))) - 1
    guard step > 0 ? number < top : number > 0 else { return nil }
    return RegisterValue(network: step > 0 ? number + 1 : number - 1, count: Int(value.count))
}

/// Bounds of what is read from packets; marks and states are no ranges.
private func bounds(_ table: Table) -> [Mutation] {
    expressions(table) { expression, before in
        var readsPacket = false
        for earlier in before {
            switch earlier {
            case .payloadLoad: readsPacket = true
            case .bitwise: return []
            default: break
            }
        }
        guard readsPacket else { return [] }
        return [1, -1].compactMap { step in
            switch expression {
            case .compare(let comparison, let register, let value):
                moved(value, by: step).map { .compare(comparison, register, $0) }
            case .range(let comparison, let register, let low, let high):
                moved(high, by: step).map { .range(comparison, register, low, $0) }
            default: nil
            }
        }
    }
}

private func elements(_ table: Table) -> [Mutation] {
    table.sets.values.sorted { $0.name < $1.name }.flatMap { set -> [Mutation] in
        // Buckets are never exceeded: which one is asked cannot be seen.
        if case .object(.limit) = set.data { return [] }
        if set.name.hasPrefix("map/policer/") { return [] }
        return set.elements.map { Mutation(place: .element(set: set.name, $0), comment: "") }
            .sorted { "\($0)" < "\($1)" }
    }
}

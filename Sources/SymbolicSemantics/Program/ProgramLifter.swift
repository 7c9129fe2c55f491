// SPDX-License-Identifier: Apache-2.0
// Chains as lists and functions: the effect half of the proof, from the expressions that the kernel holds.
public import DecisionDiagrams
public import NftablesIR

/// One part of a chain that is compared by itself: the packets, and what they meet in order.
public struct LiftedList: Sendable {
    /// Which packets meet it.
    public var condition: Diagram
    /// What they meet.
    public var list: FirstMatchList
}

/// Lifts the chains of one table for packets of one scope.
///
/// Whatever has no meaning here becomes an outcome that ends in `.unknown`, which no model has: so the result is never
/// more than is known.
public struct ProgramLifter {
    /// The program.
    let table: Table
    /// Chains that are visited rather than followed, if any.
    var visited: Set<String> = []
    /// Rules that can be reached from a chain, itself included; at most `longChain` plus one.
    private var reach: [String: Int] = [:]
    private var scopeDependence: [String: Bool] = [:]
    private var functions: [String: Diagram] = [:]
    /// How often the buckets of a label were asked so far, in the order of the list.
    var evaluations: [String: Int] = [:]
    /// Where the rule before sent packets for good, and what became of them there: alternatives of one question to a
    /// bucket stand one behind the other, and ask it once.
    var lastTarget: (chain: String, function: Diagram)?
    /// Conditions of rules that were lifted before, by their expressions; the forms of a filter for later fragments ask
    /// the same questions again.
    var conditions: [[Expression]: Diagram] = [:]
    /// The limits that were asked, by label.
    public internal(set) var limits: [String: Limit] = [:]

    /// Chains with more rules than this are compared entry by entry instead of as one function.
    static let longChain = 64

    /// Makes a lifter.
    public init(_ table: Table) { self.table = table }

    /// The parts of a chain that is reached by `jump`, each with the packets that meet it.
    public mutating func lists(
        _ name: String,
        _ scope: LiftingScope,
        _ semantics: inout Semantics
    ) -> [LiftedList] {
        evaluations = [:]
        return lists(name, scope, depth: 0, &semantics)
    }

    private mutating func lists(
        _ name: String,
        _ scope: LiftingScope,
        depth: Int,
        _ semantics: inout Semantics
    ) -> [LiftedList] {
        var result: [LiftedList] = []
        var entries: [ListEntry] = []
        var rest = scope
        guard let chain = table.chains[name], depth < 16 else {
            let end = semantics.terminal(StageOutcome(.unknown("chain \(name), which is not there or loops")))
            return [
                LiftedList(condition: scope.condition, list: FirstMatchList([], otherwise: end, otherwiseOrigin: name))
            ]
        }
        for (index, rule) in chain.rules.enumerated() {
            let place = "chain \(name) rule \(index + 1)" + (rule.comment.map { " (\($0))" } ?? "")
            var lifting = RuleLifting(origin: place)
            lift(rule, rest, depth: depth, followsLong: false, &lifting, &semantics)
            entries += lifting.entries
            for branch in lifting.branches {
                let inner = semantics.narrowed(rest, to: branch.condition)
                rest = semantics.narrowed(rest, to: semantics.store.not(branch.condition))
                guard inner.condition != .no else { continue }
                for part in lists(branch.chain, inner, depth: depth + 1, &semantics) {
                    var list = part.list
                    list.entries = entries + list.entries
                    result.append(LiftedList(condition: part.condition, list: list))
                }
            }
            if rest.condition == .no { return result }
        }
        // The end of a chain returns.
        let end = semantics.terminal(StageOutcome(.accept))
        let list = FirstMatchList(entries, otherwise: end, otherwiseOrigin: "end of chain \(name)")
        return result + [LiftedList(condition: rest.condition, list: list)]
    }

    /// A chain as one function: outcomes that end in `.accept` return from it.
    public mutating func function(
        _ name: String,
        _ scope: LiftingScope,
        _ semantics: inout Semantics
    ) -> Diagram {
        function(name, scope, depth: 0, &semantics)
    }

    mutating func function(
        _ name: String,
        _ scope: LiftingScope,
        depth: Int,
        _ semantics: inout Semantics
    ) -> Diagram {
        if let known = functions[name] { return known }
        guard let chain = table.chains[name], depth < 16 else {
            return semantics.terminal(StageOutcome(.unknown("chain \(name), which is not there or loops")))
        }
        let asked = evaluations
        let outer = lastTarget
        lastTarget = nil
        defer { lastTarget = outer }
        var entries: [ListEntry] = []
        var rest = scope
        for (index, rule) in chain.rules.enumerated() {
            var lifting = RuleLifting(origin: "chain \(name) rule \(index + 1)", limitPosition: index)
            lift(rule, rest, depth: depth, followsLong: true, &lifting, &semantics)
            entries += lifting.entries
            if let ended = lifting.narrowing {
                rest = semantics.narrowed(rest, to: semantics.store.not(ended))
            }
        }
        let end = semantics.terminal(StageOutcome(.accept))
        let list = FirstMatchList(entries, otherwise: end, otherwiseOrigin: "end of chain \(name)")
        let result = semantics.function(list, scope.space)
        if asked == evaluations, !dependsOnScope(name) { functions[name] = result }
        return result
    }

    /// Whether a chain and all that it reaches are too long for one function.
    mutating func isLong(_ name: String) -> Bool { reachableRules(name, depth: 0) > Self.longChain }

    private mutating func reachableRules(_ name: String, depth: Int) -> Int {
        if let known = reach[name] { return known }
        guard let chain = table.chains[name], depth < 16 else { return 0 }
        var count = chain.rules.count
        for target in targets(of: chain) where count <= Self.longChain {
            count += reachableRules(target, depth: depth + 1)
        }
        reach[name] = min(count, Self.longChain + 1)
        return min(count, Self.longChain + 1)
    }

    /// Whether what a chain does depends on which packets reach it: loads whose meaning they decide.
    mutating func dependsOnScope(_ name: String) -> Bool {
        if let known = scopeDependence[name] { return known }
        // A loop is refused elsewhere; here it must only end.
        scopeDependence[name] = true
        guard let chain = table.chains[name] else { return true }
        let own = chain.rules.contains { rule in
            rule.expressions.contains { expression in
                guard case .payloadLoad(let base, let offset, let length, _) = expression else { return false }
                return base == .transport || offset + length > 20
            }
        }
        let result = own || targets(of: chain).contains { dependsOnScope($0) }
        scopeDependence[name] = result
        return result
    }

    /// The chains that stand for filters behind a base chain: what the chains jump to that it jumps to (DESIGN §4).
    public func bodies(of base: String) -> Set<String> {
        guard let chain = table.chains[base] else { return [] }
        return targets(of: chain).reduce(into: Set<String>()) { result, place in
            if let chain = table.chains[place] { result.formUnion(targets(of: chain)) }
        }
    }

    /// The chains that rules of a chain send packets to.
    private func targets(of chain: Chain) -> Set<String> {
        var result: Set<String> = []
        func add(_ verdict: Verdict) {
            switch verdict {
            case .jump(let target), .goto(let target): result.insert(target)
            default: break
            }
        }
        for expression in chain.rules.lazy.flatMap(\.expressions) {
            switch expression {
            case .verdict(let verdict): add(verdict)
            case .verdictMap(let set, _):
                for element in table.sets[set]?.elements ?? [] {
                    if case .verdict(let verdict) = element.value { add(verdict) }
                }
            default: break
            }
        }
        return result
    }
}

// SPDX-License-Identifier: Apache-2.0
// Who uses whom in a table: what must be there before something is added, and gone before something is deleted.
import NftablesIR

/// Names of things in a table.
struct Names {
    var chains: Set<String> = []
    var sets: Set<String> = []
    var objects: Set<ObjectKey> = []

    var isEmpty: Bool { chains.isEmpty && sets.isEmpty && objects.isEmpty }

    /// Whether a chain's rules use any of these.
    func areUsed(by rules: [Rule]) -> Bool {
        !isEmpty && rules.contains { $0.expressions.contains { areUsed(by: $0) } }
    }

    /// Whether any element leads to one of these.
    func areUsed(by set: NamedSet) -> Bool {
        switch set.data {
        case .verdict: !chains.isEmpty && set.elements.contains { areUsed(by: $0.value, of: set) }
        case .object: !objects.isEmpty && set.elements.contains { areUsed(by: $0.value, of: set) }
        case .none, .value: false
        }
    }

    /// Whether an element's value is one of these.
    func areUsed(by value: SetElement.Value, of set: NamedSet) -> Bool {
        switch (value, set.data) {
        case (.verdict(let verdict), _): areUsed(by: verdict)
        case (.object(let name), .object(let kind)): objects.contains(ObjectKey(kind, name))
        case (.none, _), (.value, _), (.object, _): false
        }
    }

    private func areUsed(by verdict: Verdict) -> Bool {
        switch verdict {
        case .jump(let chain), .goto(let chain): chains.contains(chain)
        case .accept, .drop, .continue, .return: false
        }
    }

    private func areUsed(by expression: Expression) -> Bool {
        switch expression {
        case .verdict(let verdict): areUsed(by: verdict)
        case .lookup(let set, _, _, _), .verdictMap(let set, _), .objectMap(let set, _): sets.contains(set)
        case .object(let key): objects.contains(key)
        // What an unknown expression uses nobody can tell; its chain is not ours and goes in any case.
        case .unknown: true
        case .metaLoad, .metaStore, .payloadLoad, .payloadStore, .extensionHeader, .extensionHeaderStore,
            .conntrackLoad, .conntrackStore,
            .compare, .range, .bitwise, .byteOrder, .immediate, .counter, .limit, .log, .reject, .notrack:
            false
        }
    }
}

extension NamedSet {
    /// The set as `addSet` takes it: without its elements.
    var header: NamedSet {
        var header = self
        header.elements = []
        return header
    }
}

extension BaseChain {
    /// Whether the kernel can turn one into the other in place: only the policy may differ (kernel facts §1.1).
    func standsAt(_ other: BaseChain) -> Bool {
        var other = other
        other.policy = policy
        return self == other
    }
}

/// Elements in an order that depends on nothing but themselves.
func sorted(_ elements: some Sequence<SetElement>) -> [SetElement] {
    elements.sorted { precedes($0.key, $1.key) }
}

private func precedes(_ left: SetElement.Key, _ right: SetElement.Key) -> Bool {
    switch (left, right) {
    case (.catchAll, _): false
    case (_, .catchAll): true
    case (.single(let one), .single(let other)), (.single(let one), .range(let other, _)),
        (.range(let one, _), .single(let other)):
        one.lexicographicallyPrecedes(other)
    case (.range(let one, let end), .range(let other, let otherEnd)):
        one == other ? end.lexicographicallyPrecedes(otherEnd) : one.lexicographicallyPrecedes(other)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Where the program stands in the stack: which base chain is which stage, and that there are no others.
import NftablesIR

/// The base chains of a program by hook and priority, not by name (DESIGN §4).
struct BaseChains {
    private struct Key: Hashable {
        var hook: BaseChain.Hook
        var priority: Int32
    }
    private var names: [Key: String] = [:]
    /// What stands where nothing of ours stands, or twice at one place.
    private(set) var strangers: [String] = []

    init(_ table: Table) {
        for chain in table.chains.values.sorted(by: { $0.name < $1.name }) {
            guard let base = chain.base else { continue }
            let key = Key(hook: base.hook, priority: base.priority)
            if base.kind != .filter || names[key] != nil || !Self.known.contains(key) {
                strangers.append("base chain \(chain.name) at \(base.hook.rawValue) priority \(base.priority)")
            }
            names[key] = chain.name
        }
    }

    private static let known: Set<Key> = [
        Key(hook: .prerouting, priority: -450), Key(hook: .output, priority: -450), Key(hook: .input, priority: 0),
        Key(hook: .forward, priority: 0), Key(hook: .output, priority: 0), Key(hook: .postrouting, priority: 300),
        Key(hook: .forward, priority: 200), Key(hook: .output, priority: 200),
    ]

    func name(_ hook: BaseChain.Hook, _ priority: Int32) -> String? { names[Key(hook: hook, priority: priority)] }
}

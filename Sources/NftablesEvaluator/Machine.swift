// SPDX-License-Identifier: Apache-2.0
// The machine: one table taken in once, to be asked about many packets.
public import NftablesIR

/// A virtual machine that does with a packet what the kernel does with it under one table.
///
/// Equal tables make machines that answer alike. Whatever the machine does not know is refused with an error when a packet
/// comes to it, and not before; nothing is guessed.
public struct Machine: Sendable {
    var instructions: [Instruction] = []
    /// Each rule's instructions.
    var rules: [Range<Int>] = []
    var chains: [CompiledChain] = []
    var sets: [CompiledSet] = []
    var objects: [CompiledObject] = []
    var refusals: [EvaluationError] = []
    /// The base chains of each hook by priority.
    var hooks: [BaseChain.Hook: [Int]] = [:]
    let family: TableFamily
    let isDormant: Bool
    var chainIndices: [String: Int] = [:]

    /// Takes a table in.
    ///
    /// Cost and memory are linear in its size.
    public init(_ table: Table) {
        family = table.family
        // NFT_TABLE_F_DORMANT: the chains stay, the hooks go (kernel facts T7).
        isDormant = table.flags & 1 != 0
        var compilation = Compilation(table)
        compilation.compile(table, into: &self)
        for (index, chain) in chains.enumerated() {
            if let base = chain.base { hooks[base.hook, default: []].append(index) }
        }
        for (hook, members) in hooks {
            hooks[hook] = members.sorted { priority($0) < priority($1) }
        }
    }

    /// A base chain's priority.
    func priority(_ chain: Int) -> Int32 { chains[chain].base?.priority ?? 0 }

    /// Whether the table is asked about packets of this protocol at all.
    func sees(_ family: PacketFamily) -> Bool {
        switch self.family {
        case .inet: true
        case .ip: family == .ipv4
        case .ip6: family == .ipv6
        case .arp, .bridge, .netdev: false
        }
    }
}

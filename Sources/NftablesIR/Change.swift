// SPDX-License-Identifier: Apache-2.0
// What one transaction does to one table, as a value: planners make it, the kernel module sends it.

/// How the kernel lays out the elements of a set, which decides how an element is written down.
public enum SetLayout: Hashable, Sendable {
    /// Every element is one key (hash).
    case exact
    /// Elements are ranges of one field: a start and an end marker each (interval tree).
    case intervals
    /// Elements are ranges field by field of a concatenation: a key and an end key each.
    case concatenatedIntervals
}

extension NamedSet {
    /// How the kernel lays out its elements.
    public var layout: SetLayout {
        guard isInterval else { return .exact }
        return key.fieldLengths.count > 1 ? .concatenatedIntervals : .intervals
    }
}

/// One step of a transaction; the table is the batch's.
public enum Change: Hashable, Sendable {
    /// Makes the table; nothing if it exists already.
    case addTable(flags: UInt32)
    /// Takes the table away with all that it holds.
    case deleteTable
    /// Makes a chain without its rules, or changes the policy of an existing base chain.
    case addChain(String, base: BaseChain?)
    /// Takes a chain away; its rules must be gone, and nothing may jump to it.
    case deleteChain(String)
    /// Takes all rules of a chain away.
    case flushChain(String)
    /// Appends a rule to a chain.
    case addRule(chain: String, Rule)
    /// Takes one rule away.
    case deleteRule(chain: String, handle: UInt64)
    /// Makes a set or map without its elements; refused if one of that name exists (kernel facts T4).
    case addSet(NamedSet)
    /// Takes a set away with its elements.
    case deleteSet(String)
    /// Puts elements into a set; those already there with the same value stay.
    case addElements(set: String, layout: SetLayout, [SetElement])
    /// Takes elements out of a set; refused if one is missing.
    case deleteElements(set: String, layout: SetLayout, [SetElement])
    /// Takes all elements out of a set.
    case flushSet(String)
    /// Makes a stateful object; refused if one of that name exists, since the kernel would keep its old parameters
    /// (kernel facts T4).
    case addObject(ObjectKey, StatefulObject)
    /// Takes a stateful object away; nothing may use it.
    case deleteObject(ObjectKey)
}

/// Changes of one table that happen together or not at all.
public struct Batch: Hashable, Sendable {
    /// The table's family.
    public var family: TableFamily
    /// The table's name.
    public var table: String
    /// The steps, in the order in which the kernel takes them.
    public var changes: [Change]

    /// Makes a batch.
    public init(_ family: TableFamily, _ table: String, _ changes: [Change] = []) {
        self.family = family
        self.table = table
        self.changes = changes
    }

    /// The batch that makes a whole table from nothing: objects, chains, sets, elements, then rules, each by name.
    public init(creating table: Table) {
        self.init(table.family, table.name, [.addTable(flags: table.flags)])
        for (key, object) in table.objects.sorted(by: {
            ($0.key.kind.rawValue, $0.key.name) < ($1.key.kind.rawValue, $1.key.name)
        }) {
            changes.append(.addObject(key, object))
        }
        let chains = table.chains.values.sorted { $0.name < $1.name }
        for chain in chains { changes.append(.addChain(chain.name, base: chain.base)) }
        for set in table.sets.values.sorted(by: { $0.name < $1.name }) {
            var header = set
            header.elements = []
            changes.append(.addSet(header))
            if !set.elements.isEmpty {
                changes.append(.addElements(set: set.name, layout: set.layout, Array(set.elements)))
            }
        }
        for chain in chains {
            for rule in chain.rules { changes.append(.addRule(chain: chain.name, rule)) }
        }
    }
}

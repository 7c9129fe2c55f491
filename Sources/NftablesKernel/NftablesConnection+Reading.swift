// SPDX-License-Identifier: Apache-2.0
// Reading what the kernel holds: whole tables consistently, and the parts by themselves.
import CNetfilterShims
import Glibc
public import Netlink
public import NftablesIR

/// The state of the ruleset as a whole: it moves with every effective commit of anyone.
public struct Generation: Hashable, Sendable {
    /// The generation's number.
    public var id: UInt32
    /// The thread that committed, in an event; in an answer it is the one that asked and says nothing.
    public var threadID: UInt32
    /// That thread's name.
    public var threadName: String
}

/// A table as read, and what about it could not be put into values.
public struct TableReading: Hashable, Sendable {
    /// The table.
    public var table: Table
    /// The generation it is of.
    public var generation: UInt32
    /// Properties that the table's value does not show; empty for a table of ours.
    public var unknowns: [UnknownProperty]
}

extension NftablesConnection {
    /// How often a reading that was disturbed is begun again.
    private static let attempts = 100

    /// The generation that holds now.
    public mutating func generation() throws(NetlinkError) -> Generation {
        let operation = "read the generation"
        for message in try ask(NFT_MSG_GETGEN, family: 0, operation: operation) {
            if let generation = Generation(message) { return generation }
        }
        throw NetlinkError(.malformed, operation: operation)
    }

    /// Reads a table as of one generation; nil if there is none of that name.
    ///
    /// Rules are read chain by chain, since a dump's cost grows with the square of the rules in it, and elements set by
    /// set. A change in between begins it anew; `.unstable` is thrown when that happens again and again.
    public mutating func read(_ family: TableFamily, _ name: String) throws(NetlinkError) -> TableReading? {
        let operation = "read table \(family.rawValue) \(name)"
        for _ in 0..<Self.attempts {
            let before = try generation().id
            do {
                let reading = try readOnce(family, name, before, operation)
                if try generation().id == before { return reading }
            } catch  where error.code == .interrupted || error.code == .notFound {
                // Something that was listed is gone: it can only be so if the generation moved.
                if error.code == .notFound, try generation().id == before { throw error }
            }
        }
        throw NetlinkError(.unstable, operation: operation)
    }

    /// Reads a table as `read` does, and throws `.notUnderstood` if it has properties that its value would not show.
    public mutating func readTable(_ family: TableFamily, _ name: String) throws(NetlinkError) -> Table? {
        guard let reading = try read(family, name) else { return nil }
        guard reading.unknowns.isEmpty else {
            throw NetlinkError(
                .notUnderstood,
                operation: "read table \(family.rawValue) \(name)",
                kernelMessage: reading.unknowns.map(\.description).joined(separator: "; ")
            )
        }
        return reading.table
    }

    private mutating func readOnce(
        _ family: TableFamily,
        _ name: String,
        _ generation: UInt32,
        _ operation: String
    ) throws(NetlinkError) -> TableReading? {
        guard let header = try tableHeader(family, name) else { return nil }
        var reading = TableReading(
            table: Table(family: family, name: name, flags: header.flags),
            generation: generation,
            unknowns: header.unknowns
        )
        for entry in try chains(of: family, name) {
            var chain = entry.chain
            let (rules, unknowns) = try rules(of: chain.name, in: family, name)
            chain.rules = rules
            reading.table.chains[chain.name] = chain
            reading.unknowns += entry.unknowns + unknowns
        }
        for entry in try sets(of: family, name) {
            var set = entry.set
            reading.unknowns += entry.unknowns
            set.elements = try elements(of: entry, in: family, name, unknowns: &reading.unknowns)
            reading.table.sets[set.name] = set
        }
        for entry in try objects(of: family, name) {
            reading.table.objects[entry.key] = entry.object
            reading.unknowns += entry.unknowns
        }
        return reading
    }

    /// The tables of all families.
    public mutating func tables() throws(NetlinkError) -> [(family: TableFamily, name: String)] {
        var result: [(family: TableFamily, name: String)] = []
        try dump(NFT_MSG_GETTABLE, family: 0, operation: "list tables") { fields, family in
            guard let reading = TableCodec.read(&fields) else { return false }
            if let family { result.append((family, reading.name)) }
            return true
        }
        return result
    }

    /// One chain with its rules; nil if there is none of that name.
    public mutating func chain(
        _ chain: String,
        in family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> Chain? {
        guard var result = try chains(of: family, table).first(where: { $0.chain.name == chain })?.chain else {
            return nil
        }
        result.rules = try rules(of: chain, in: family, table).rules
        return result
    }

    /// One set with its elements; nil if there is none of that name.
    public mutating func set(_ set: String, in family: TableFamily, _ table: String) throws(NetlinkError) -> NamedSet? {
        for _ in 0..<Self.attempts {
            guard let entry = try sets(of: family, table).first(where: { $0.set.name == set }) else { return nil }
            var unknowns: [UnknownProperty] = []
            var result = entry.set
            do {
                result.elements = try elements(of: entry, in: family, table, unknowns: &unknowns)
                return result
            } catch  where error.code == .interrupted { continue }
        }
        throw NetlinkError(.unstable, operation: "read set \(family.rawValue) \(table) \(set)")
    }

    /// The rules of one chain, in order.
    public mutating func rules(
        of chain: String,
        in family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> (rules: [Rule], unknowns: [UnknownProperty]) {
        var rules: [Rule] = []
        var unknowns: [UnknownProperty] = []
        try dump(
            NFT_MSG_GETRULE,
            family: family.number,
            operation: "read chain \(family.rawValue) \(table) \(chain)",
            { request in
                request.put(NFTA_RULE_TABLE.rawValue, text: table)
                request.put(NFTA_RULE_CHAIN.rawValue, text: chain)
            }
        ) { fields, _ in
            guard let reading = RuleCodec.read(&fields) else { return false }
            // Older kernels take the filter as a hint.
            guard reading.table == table, reading.chain == chain else { return true }
            rules.append(reading.rule)
            unknowns += reading.unknowns
            return true
        }
        return (rules, unknowns)
    }

    private mutating func tableHeader(
        _ family: TableFamily,
        _ name: String
    ) throws(NetlinkError) -> TableCodec.Reading? {
        let operation = "read table \(family.rawValue) \(name)"
        do {
            for message in try ask(
                NFT_MSG_GETTABLE,
                family: family.number,
                operation: operation,
                { request in
                    request.put(NFTA_TABLE_NAME.rawValue, text: name)
                }
            ) {
                if var fields = try? message.attributes(after: 4), let reading = TableCodec.read(&fields) {
                    return reading
                }
            }
        } catch  where error.code == .notFound { return nil }
        throw NetlinkError(.malformed, operation: operation)
    }

    private mutating func chains(of family: TableFamily, _ table: String) throws(NetlinkError) -> [ChainCodec.Reading] {
        var result: [ChainCodec.Reading] = []
        let operation = "list the chains of \(family.rawValue) \(table)"
        try dump(NFT_MSG_GETCHAIN, family: family.number, operation: operation) { fields, _ in
            guard let reading = ChainCodec.read(&fields, family: family) else { return false }
            if reading.table == table { result.append(reading) }
            return true
        }
        return result
    }

    private mutating func sets(of family: TableFamily, _ table: String) throws(NetlinkError) -> [SetCodec.Reading] {
        var result: [SetCodec.Reading] = []
        let operation = "list the sets of \(family.rawValue) \(table)"
        try dump(
            NFT_MSG_GETSET,
            family: family.number,
            operation: operation,
            { request in
                request.put(NFTA_SET_TABLE.rawValue, text: table)
            }
        ) { fields, _ in
            guard let reading = SetCodec.read(&fields) else { return false }
            if reading.table == table { result.append(reading) }
            return true
        }
        return result
    }

    /// The elements of one set; `.interrupted` if the dump cannot be trusted.
    ///
    /// A hash table that grew is rearranged in the background after the commit, and a dump that spans the
    /// rearrangement repeats some elements and leaves out others without any sign of it (measured on 6.18 with 100,000
    /// elements). The kernel's own count (since Linux 6.16) tells; without it, two dumps must agree.
    private mutating func elements(
        of entry: SetCodec.Reading,
        in family: TableFamily,
        _ table: String,
        unknowns: inout [UnknownProperty]
    ) throws(NetlinkError) -> Set<SetElement> {
        let set = entry.set
        let operation = "read set \(family.rawValue) \(table) \(set.name)"
        var (raw, messages, found) = try rawElements(of: set, in: family, table, operation)
        if set.layout == .exact, messages > 1 {
            let keyed = raw.count { $0.key != nil }
            if Set(raw).count != raw.count { throw Self.rearranged(operation) }
            if let count = entry.count, !entry.changesByItself {
                guard keyed == Int(count) else { throw Self.rearranged(operation) }
            } else {
                let again = try rawElements(of: set, in: family, table, operation)
                // Elements of a set with timeouts come and go; there, nothing better can be had than one dump.
                guard entry.changesByItself || Set(again.raw) == Set(raw) else { throw Self.rearranged(operation) }
                (raw, found) = (again.raw, again.unknowns)
            }
        }
        unknowns += found
        return ElementCodec.elements(of: raw, layout: set.layout, set: set.name, unknowns: &unknowns)
    }

    private static func rearranged(_ operation: String) -> NetlinkError {
        // The rearrangement takes milliseconds; asking at once would use the attempts up.
        usleep(2_000)
        return NetlinkError(.interrupted, operation: operation, kernelMessage: "the set is being rearranged")
    }

    private mutating func rawElements(
        of set: NamedSet,
        in family: TableFamily,
        _ table: String,
        _ operation: String
    ) throws(NetlinkError) -> (raw: [RawElement], messages: Int, unknowns: [UnknownProperty]) {
        var raw: [RawElement] = []
        var unknowns: [UnknownProperty] = []
        var messages = 0
        try dump(
            NFT_MSG_GETSETELEM,
            family: family.number,
            operation: operation,
            { request in
                request.put(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
                request.put(NFTA_SET_ELEM_LIST_SET.rawValue, text: set.name)
            }
        ) { fields, _ in
            messages += 1
            guard let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) else { return true }
            guard let items = try? list.list() else { return false }
            for item in items {
                guard let element = ElementCodec.read(item, set: set, unknowns: &unknowns) else { return false }
                raw.append(element)
            }
            return true
        }
        return (raw, messages, unknowns)
    }

    private mutating func objects(of family: TableFamily, _ table: String) throws(NetlinkError) -> [ObjectCodec.Reading]
    {
        try objects(NFT_MSG_GETOBJ, of: family, table, kind: nil)
    }
}

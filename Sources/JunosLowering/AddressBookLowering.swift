// SPDX-License-Identifier: Apache-2.0
// Names in policies as address clauses a version (flow reference §4).
import JunosModel
import NetworkTypes
import PolicyModel

/// Address books, ready to be asked by zone and name.
struct AddressBookIndex {
    private var books: [String: AddressBook] = [:]
    private var bookOfZone: [String: String] = [:]
    private let hostAddresses: [String: [IPAddress]]

    init(_ books: [AddressBook], hostAddresses: [String: [IPAddress]]) {
        self.hostAddresses = hostAddresses
        for book in books {
            self.books[book.name] = book
            for zone in book.zones { bookOfZone[zone] = book.name }
        }
    }

    /// Clauses for the union of names seen from a zone, nil for `global` alone; a version that is absent never matches.
    func lower(
        _ names: [String],
        zone: String?,
        isExcluded: Bool,
        field: PacketField
    ) -> [AddressFamily: MatchExpression] {
        var intervals: [AddressFamily: [ClosedRange<UInt128>]] = [:]
        var wildcards: [(address: UInt32, mask: UInt32)] = []
        for entry in names.flatMap({ resolve($0, zone: zone) }) {
            switch entry {
            case .prefix(let prefix):
                intervals[prefix.family, default: []].append(prefix.first.value...prefix.last.value)
            case .range(let first, let last):
                intervals[first.family, default: []].append(first.value...last.value)
            case .wildcard(let address, let mask):
                wildcards.append((address & mask, mask))
            case .dnsName(let name, let families):
                let found = (hostAddresses[name] ?? []).filter { families.contains($0.family) }
                // Nobody knows whom the list excludes: it excludes everybody (flow reference §4).
                if isExcluded, found.isEmpty { return [:] }
                for address in found { intervals[address.family, default: []].append(address.value...address.value) }
            }
        }
        var result: [AddressFamily: MatchExpression] = [:]
        for version in AddressFamily.allCases {
            let masks = version == .inet ? wildcards : []
            guard intervals[version] != nil || !masks.isEmpty else { continue }
            let set = IntervalSet(intervals[version] ?? [])
            result[version] = isExcluded ? excluding(set, masks, version, field) : including(set, masks, version, field)
        }
        return result
    }

    private func including(
        _ set: IntervalSet,
        _ masks: [(address: UInt32, mask: UInt32)],
        _ version: AddressFamily,
        _ field: PacketField
    ) -> MatchExpression {
        if set.covers(upTo: version.highest) { return MatchExpression() }
        return MatchExpression([
            (set.isEmpty ? [] : [.field(field, mask: nil, set)])
                + masks.map { .field(field, mask: UInt128($0.mask), IntervalSet(values: [UInt128($0.address)])) }
        ])
    }

    private func excluding(
        _ set: IntervalSet,
        _ masks: [(address: UInt32, mask: UInt32)],
        _ version: AddressFamily,
        _ field: PacketField
    ) -> MatchExpression {
        let rest = set.complement(upTo: version.highest)
        return MatchExpression(
            (set.isEmpty ? [] : [rest.isEmpty ? [] : [Condition.field(field, mask: nil, rest)]])
                + masks.map {
                    let outside = IntervalSet(values: [UInt128($0.address)]).complement(upTo: UInt128(UInt32.max))
                    return [Condition.field(field, mask: UInt128($0.mask), outside)]
                }
        )
    }

    /// The zone's book first, then `global`; predefined names before both.
    private func resolve(_ name: String, zone: String?) -> [AddressBookEntry] {
        switch name {
        case "any": return everything(.inet) + everything(.inet6)
        case "any-ipv4": return everything(.inet)
        case "any-ipv6": return everything(.inet6)
        default: break
        }
        let candidates = [zone.flatMap { bookOfZone[$0] }, "global"].compactMap { $0 }.compactMap { books[$0] }
        for book in candidates {
            var visited: Set<String> = []
            if let entries = members(of: name, in: book, &visited) { return entries }
        }
        return []
    }

    private func members(
        of name: String,
        in book: AddressBook,
        _ visited: inout Set<String>
    ) -> [AddressBookEntry]? {
        if let entry = book.addresses[name] { return [entry] }
        guard let names = book.sets[name] else { return nil }
        // A cycle is a commit error; leniently it adds nothing.
        guard visited.insert(name).inserted else { return [] }
        var entries: [AddressBookEntry] = []
        for member in names { entries += members(of: member, in: book, &visited) ?? [] }
        return entries
    }

    private func everything(_ version: AddressFamily) -> [AddressBookEntry] {
        Prefix(IPAddress(version, 0), length: 0).map { [.prefix($0)] } ?? []
    }
}

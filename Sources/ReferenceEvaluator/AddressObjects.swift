// SPDX-License-Identifier: Apache-2.0
// Address books: names as sets of addresses (flow reference §4).
import JunosModel
import NetworkTypes

/// What one name of a book stands for.
struct AddressObject: Hashable, Sendable {
    /// An IPv4 address of which only the mask's bits count.
    struct Wildcard: Hashable, Sendable {
        let address: UInt32
        let mask: UInt32
    }

    private let inet: IntervalList
    private let inet6: IntervalList
    private let wildcards: [Wildcard]
    /// Whether every name of a host in it is resolved (§4).
    let isWhole: Bool

    init(ranges: [(IPAddress, IPAddress)], wildcards: [Wildcard] = [], isWhole: Bool = true) {
        self.isWhole = isWhole
        func values(_ family: AddressFamily) -> [ClosedRange<UInt128>] {
            ranges.compactMap { first, last in
                first.family == family && first <= last ? first.value...last.value : nil
            }
        }
        inet = IntervalList(values(.inet))
        inet6 = IntervalList(values(.inet6))
        self.wildcards = wildcards
    }

    /// Every address of the families.
    init(all families: [AddressFamily]) {
        self.init(ranges: families.map { (IPAddress($0, 0), IPAddress($0, $0.highest)) })
    }

    /// Whether it has members of a family at all.
    func hasMembers(_ family: AddressFamily) -> Bool {
        family == .inet ? !inet.isEmpty || !wildcards.isEmpty : !inet6.isEmpty
    }

    func contains(_ family: AddressFamily, _ value: UInt128) -> Bool {
        guard family == .inet else { return inet6.contains(value) }
        if inet.contains(value) { return true }
        let address = UInt32(truncatingIfNeeded: value)
        return wildcards.contains { address & $0.mask == $0.address & $0.mask }
    }
}

/// Ascending disjoint intervals.
struct IntervalList: Hashable, Sendable {
    private let intervals: [ClosedRange<UInt128>]

    var isEmpty: Bool { intervals.isEmpty }

    init(_ listed: [ClosedRange<UInt128>]) {
        var merged: [ClosedRange<UInt128>] = []
        for range in listed.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        intervals = merged
    }

    func contains(_ value: UInt128) -> Bool {
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < intervals.count && intervals[low].contains(value)
    }
}

/// A policy's source or destination list: a union, negated as a whole where it is excluded (flow reference §4).
struct AddressUnion: Hashable, Sendable {
    let members: [AddressObject]
    let isExcluded: Bool

    /// The negation stays inside the families that the list has members of.
    func matches(_ family: AddressFamily, _ value: UInt128) -> Bool {
        let isMember = members.contains { $0.contains(family, value) }
        guard isExcluded else { return isMember }
        // Nobody knows whom the list excludes: it excludes everybody.
        guard members.allSatisfy(\.isWhole) else { return false }
        return !isMember && members.contains { $0.hasMembers(family) }
    }
}

/// Resolves names in books; each name is resolved once.
struct AddressBooks {
    private struct Key: Hashable {
        let book: Int
        let name: String
    }

    private let books: [AddressBook]
    private let hostAddresses: [String: [IPAddress]]
    private var bookOfZone: [String: Int] = [:]
    private var global: Int?
    private var objects: [Key: AddressObject] = [:]
    private let any = AddressObject(all: AddressFamily.allCases)
    private let anyIPv4 = AddressObject(all: [.inet])
    private let anyIPv6 = AddressObject(all: [.inet6])

    init(_ books: [AddressBook], hostAddresses: [String: [IPAddress]]) {
        self.books = books
        self.hostAddresses = hostAddresses
        for (index, book) in books.enumerated() {
            if book.name == "global" { global = index }
            for zone in book.zones { bookOfZone[zone] = index }
        }
    }

    /// What a policy's list stands for: names in the zone's book, then in `global`; a policy without a zone sees
    /// `global` alone.
    ///
    /// An undefined name matches nothing (lenient evaluation).
    mutating func union(_ names: [String], zone: String?, isExcluded: Bool) -> AddressUnion {
        var members: [AddressObject] = []
        for name in names {
            if let object = resolve(name, zone) { members.append(object) }
        }
        return AddressUnion(members: members, isExcluded: isExcluded)
    }

    private mutating func resolve(_ name: String, _ zone: String?) -> AddressObject? {
        switch name {
        case "any": return any
        case "any-ipv4": return anyIPv4
        case "any-ipv6": return anyIPv6
        default: break
        }
        for book in [zone.flatMap { bookOfZone[$0] }, global].compactMap(\.self)
        where books[book].addresses[name] != nil || books[book].sets[name] != nil {
            let key = Key(book: book, name: name)
            if let known = objects[key] { return known }
            let object = expand(name, books[book])
            objects[key] = object
            return object
        }
        return nil
    }

    /// All addresses behind a name, sets in sets included; a cycle, which is a commit error, adds nothing.
    private func expand(_ name: String, _ book: AddressBook) -> AddressObject {
        var ranges: [(IPAddress, IPAddress)] = []
        var wildcards: [AddressObject.Wildcard] = []
        var isWhole = true
        var pending = [name]
        var seen: Set<String> = []
        while let next = pending.popLast() {
            guard seen.insert(next).inserted else { continue }
            switch book.addresses[next] {
            case .prefix(let prefix): ranges.append((prefix.first, prefix.last))
            case .range(let first, let last): ranges.append((first, last))
            case .dnsName(let name, let families):
                let found = (hostAddresses[name] ?? []).filter { families.contains($0.family) }
                ranges += found.map { ($0, $0) }
                isWhole = isWhole && !found.isEmpty
            case .wildcard(let address, let mask): wildcards.append(.init(address: address, mask: mask))
            case nil: pending += book.sets[next] ?? []
            }
        }
        return AddressObject(ranges: ranges, wildcards: wildcards, isWhole: isWhole)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Arrays of counters and policers by address: which rows are their members (filters reference §4.3).
import JunosModel

/// One counter or policer of a prefix action's array.
struct PrefixActionMember: Hashable {
    /// What the array is called among its filter's: `ACTION-TERM`, or `ACTION` where terms share it.
    var array: String
    /// Its number, from 0.
    var number: Int
    /// Whether it is a policer, not a counter.
    var isPolicer: Bool
    /// Its row.
    var row: FirewallInformation.Row

    /// Takes a row that is called like a member: `ARRAY-NUMBER`; nil if it is none.
    init?(_ row: FirewallInformation.Row, isPolicer: Bool, of arrays: [String: Set<String>]) {
        let name = row.plainName
        guard let hyphen = name.lastIndex(of: "-"), let number = Int(name[name.index(after: hyphen)...]) else {
            return nil
        }
        let array = String(name[..<hyphen])
        guard arrays.values.contains(where: { $0.contains(array) }) else { return nil }
        self.array = array
        self.number = number
        self.isPolicer = isPolicer
        self.row = row
    }
}

/// What arrays are called, by their prefix actions.
func prefixActionArrays(_ configuration: JunosConfiguration) -> [String: Set<String>] {
    var arrays: [String: Set<String>] = [:]
    for filter in configuration.filters.values {
        for term in filter.terms {
            guard let action = term.then.prefixAction.flatMap({ configuration.prefixActions[$0] }) else { continue }
            arrays[action.name, default: []].insert(
                action.isFilterSpecific ? action.name : "\(action.name)-\(term.name)"
            )
        }
    }
    return arrays
}

/// One member a number: the sum of all under it, counters first.
func sum(_ members: [PrefixActionMember]) -> [PrefixActionMember] {
    var places: [String: Int] = [:]
    var result: [PrefixActionMember] = []
    for member in members {
        let name = "\(member.isPolicer) \(member.row.name)"
        guard let index = places[name] else {
            places[name] = result.count
            result.append(member)
            continue
        }
        result[index].row.count = result[index].row.count + member.row.count
        result[index].row.keys.formUnion(member.row.keys)
    }
    return result.sorted { left, right in
        if left.isPolicer != right.isPolicer { return right.isPolicer }
        return left.array == right.array ? left.number < right.number : inByteOrder(left.array, right.array)
    }
}

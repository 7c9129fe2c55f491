// SPDX-License-Identifier: Apache-2.0
// Names that conditions and actions use, as numbers; everything by name is resolved here, once.
import JunosModel
import NetworkTypes

/// Interfaces and forwarding classes by number, and what patterns of interfaces stand for.
struct FilterNames: Sendable {
    /// Names of logical interfaces, by number.
    let interfaces: [String]
    /// Numbers of logical interfaces, by name.
    let interfaceNumbers: [String: Int]
    /// Names of forwarding classes, by number; best-effort is 0.
    private(set) var forwardingClasses: [String]
    private var forwardingClassNumbers: [String: Int]
    private let interfaceSets: [String: [String]]
    private var patterns: [String: Set<Int>] = [:]

    init(_ configuration: JunosConfiguration) {
        interfaces = configuration.interfaces.map(\.name)
        interfaceNumbers = Dictionary(
            interfaces.enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        interfaceSets = configuration.interfaceSets
        forwardingClasses = configuration.forwardingClasses
        forwardingClassNumbers = Dictionary(
            configuration.forwardingClasses.enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The number of a forwarding class, a new one for a new name.
    mutating func forwardingClass(_ name: String) -> Int {
        if let known = forwardingClassNumbers[name] { return known }
        forwardingClasses.append(name)
        forwardingClassNumbers[name] = forwardingClasses.count - 1
        return forwardingClasses.count - 1
    }

    /// The logical interfaces that a pattern means; an absent one means none (filters reference §3.2).
    mutating func interfaces(matching pattern: String) -> Set<Int> {
        if let known = patterns[pattern] { return known }
        let found: Set<Int>
        if pattern.utf8.contains(where: { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) }) {
            let wanted = Array(pattern.utf8)
            found = Set(interfaces.indices.filter { isMatch(Array(interfaces[$0].utf8), wanted) })
        } else {
            // A name without a unit means unit 0, as in packet vectors (DESIGN §6).
            let name = pattern.utf8.contains(UInt8(ascii: ".")) ? pattern : pattern + ".0"
            found = interfaceNumbers[name].map { [$0] } ?? []
        }
        patterns[pattern] = found
        return found
    }

    /// The logical interfaces in an interface set.
    mutating func interfaces(inSet name: String) -> Set<Int> {
        var found: Set<Int> = []
        for pattern in interfaceSets[name] ?? [] { found.formUnion(interfaces(matching: pattern)) }
        return found
    }
}

/// Whether a name matches a pattern in which `*` stands for any characters, `?` for one and `[a-c]` for one of several.
private func isMatch(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    let parts = PatternPart.parts(of: pattern)
    var position = 0
    var wanted = 0
    var retry: (name: Int, part: Int)?
    while position < name.count {
        if wanted < parts.count, case .any = parts[wanted] {
            retry = (position, wanted)
            wanted += 1
        } else if wanted < parts.count, case .one(let set) = parts[wanted], set.contains(name[position]) {
            position += 1
            wanted += 1
        } else if let (from, star) = retry {
            // The last star takes one character more.
            retry = (from + 1, star)
            position = from + 1
            wanted = star + 1
        } else {
            return false
        }
    }
    return parts[wanted...].allSatisfy { if case .any = $0 { true } else { false } }
}

/// A part of a pattern.
private enum PatternPart {
    case any
    case one(Set<UInt8>)

    /// Takes a pattern apart; a bracket that is never closed stands for itself.
    static func parts(of pattern: [UInt8]) -> [PatternPart] {
        var parts: [PatternPart] = []
        var rest = pattern[...]
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "*") {
                parts.append(.any)
            } else if first == UInt8(ascii: "?") {
                parts.append(.one(Set(0...255)))
            } else if first == UInt8(ascii: "["), let end = rest.firstIndex(of: UInt8(ascii: "]")) {
                parts.append(.one(members(rest[..<end])))
                rest = rest[(end + 1)...]
            } else {
                parts.append(.one([first]))
            }
        }
        return parts
    }

    /// The characters of a bracket: single ones and ranges; behind `!` or `^` all others.
    private static func members(_ list: ArraySlice<UInt8>) -> Set<UInt8> {
        var list = list
        let isNegated = list.first == UInt8(ascii: "!") || list.first == UInt8(ascii: "^")
        if isNegated { list.removeFirst() }
        var members: Set<UInt8> = []
        while let low = list.popFirst() {
            if list.count >= 2, list.first == UInt8(ascii: "-"), let high = list.dropFirst().first {
                list.removeFirst(2)
                if low <= high { members.formUnion(low...high) }
            } else {
                members.insert(low)
            }
        }
        return isNegated ? Set(0...255).subtracting(members) : members
    }
}

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
        if pattern.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) {
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

/// Whether a name matches a pattern in which `*` stands for any characters and `?` for one.
private func isMatch(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    var position = 0
    var wanted = 0
    var retry: (name: Int, pattern: Int)?
    while position < name.count {
        if wanted < pattern.count, pattern[wanted] == UInt8(ascii: "*") {
            retry = (position, wanted)
            wanted += 1
        } else if wanted < pattern.count, pattern[wanted] == name[position] || pattern[wanted] == UInt8(ascii: "?") {
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
    return pattern[wanted...].allSatisfy { $0 == UInt8(ascii: "*") }
}

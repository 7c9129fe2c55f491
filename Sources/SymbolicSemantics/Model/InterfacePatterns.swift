// SPDX-License-Identifier: Apache-2.0
// Which logical interfaces a condition means (filters reference §3.2).
import JunosModel

extension JunosConfiguration {
    /// The logical interfaces that one of the patterns means; an absent one means none.
    ///
    /// `*` stands for any characters, `?` for one; a name without a unit and without those means unit 0.
    func interfaces(matching patterns: [String]) -> [LogicalInterface] {
        let wanted = patterns.map { pattern -> [UInt8] in
            let isWild = pattern.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
            return Array((isWild || pattern.utf8.contains(UInt8(ascii: ".")) ? pattern : pattern + ".0").utf8)
        }
        return interfaces.filter { interface in
            let name = Array(interface.name.utf8)
            return wanted.contains { isCovered(name, by: $0) }
        }
    }
}

/// Whether a pattern covers a name: by the ends that the pattern can have reached after each character of the name.
private func isCovered(_ name: [UInt8], by pattern: [UInt8]) -> Bool {
    func skippingStars(_ places: Set<Int>) -> Set<Int> {
        var result = places
        for var place in places {
            while place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                place += 1
                result.insert(place)
            }
        }
        return result
    }
    var places = skippingStars([0])
    for character in name {
        var next: Set<Int> = []
        for place in places where place < pattern.count {
            switch pattern[place] {
            case UInt8(ascii: "*"): next.insert(place)
            case UInt8(ascii: "?"), character: next.insert(place + 1)
            default: break
            }
        }
        places = skippingStars(next)
    }
    return places.contains(pattern.count)
}

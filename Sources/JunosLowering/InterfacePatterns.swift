// SPDX-License-Identifier: Apache-2.0
// Junos wildcards over names of logical interfaces (filters reference §3.2).

/// Whether a name fits a pattern with `*` for any characters, `?` for one and `[0-3]` for one of several.
///
/// A pattern that says nothing about the unit means unit 0.
func matchesPattern(_ name: String, _ pattern: String) -> Bool {
    let full = pattern.contains(".") || pattern.contains("*") ? pattern : pattern + ".0"
    return glob(Array(name.utf8)[...], Array(full.utf8)[...])
}

private func glob(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
        // Stars in a row are one, so that the attempts stay few.
        let rest = pattern.drop { $0 == UInt8(ascii: "*") }
        return (name.startIndex...name.endIndex).contains { glob(name[$0...], rest) }
    }
    guard let character = name.first else { return false }
    if first == UInt8(ascii: "["), let end = pattern.firstIndex(of: UInt8(ascii: "]")) {
        let list = pattern[(pattern.startIndex + 1)..<end]
        return isListed(character, list) && glob(name.dropFirst(), pattern[(end + 1)...])
    }
    guard first == UInt8(ascii: "?") || first == character else { return false }
    return glob(name.dropFirst(), pattern.dropFirst())
}

/// Whether a bracket's list has the character; `!` or `^` in front of it turns it round.
private func isListed(_ character: UInt8, _ list: ArraySlice<UInt8>) -> Bool {
    let isNegated = list.first == UInt8(ascii: "!") || list.first == UInt8(ascii: "^")
    let list = isNegated ? list.dropFirst() : list
    var index = list.startIndex
    while index < list.endIndex {
        if index + 2 < list.endIndex, list[index + 1] == UInt8(ascii: "-") {
            if list[index] <= character, character <= list[index + 2] { return !isNegated }
            index += 3
        } else {
            if list[index] == character { return !isNegated }
            index += 1
        }
    }
    return isNegated
}

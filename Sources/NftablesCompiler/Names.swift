// SPDX-License-Identifier: Apache-2.0
// Names of what outlives a program; readers of counters take them apart again (DESIGN §4, state outlives programs).
import NftablesIR

/// Joins components with `/`; bytes that `nft` could not read back, and those that would blur the components, become
/// `_hh`.
public func stateName(_ components: [String]) -> String {
    components.map(escaped).joined(separator: "/")
}

/// The same for names that nobody takes apart again: one too long for the kernel (255 bytes, kernel facts §4) ends in a
/// digest of what it leaves out.
func boundedName(_ components: [String]) -> String {
    let name = stateName(components)
    guard name.utf8.count > 200 else { return name }
    var hash = ContentHash()
    hash.add(name)
    return String(name.prefix(160)) + "-" + hash.text
}

/// Takes a name apart; nil if it is none of ours.
public func stateNameComponents(_ name: String) -> [String]? {
    var result: [String] = []
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
        guard let text = unescaped(part) else { return nil }
        result.append(text)
    }
    return result
}

private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
        true
    default: false
    }
}

private func escaped(_ component: String) -> String {
    if component.utf8.allSatisfy(isPlain) { return component }
    var result = ""
    for byte in component.utf8 {
        if isPlain(byte) {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            let digits = String(byte, radix: 16)
            result += "_" + (digits.count == 1 ? "0" : "") + digits
        }
    }
    return result
}

private func unescaped(_ part: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = part.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "_") else {
            bytes.append(byte)
            continue
        }
        guard rest.count >= 2, let value = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}

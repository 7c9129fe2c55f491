// SPDX-License-Identifier: Apache-2.0
// Damaged text: whatever the bytes, reading ends, and what it gives can be printed and read again.
import Diagnostics
import Foundation
import JunosSyntax
import Testing

/// A small generator whose runs can be repeated from the seed.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private let fragments = [
    "{", "}", "[", "]", ";", "\"", "\\", "#", "/*", "*/", "\n", " ", "\0", "<*>", "set ", "delete ", "inactive: ",
    "protect: ",
    "replace: ", "delete: ", "apply-groups ", "${node}", "insert ", "edit ", "up 99999999999\n", "top ", "\u{FEFF}",
    "[ a b ]",
]

@Test func `Damaged configurations neither trap nor hang, and print back`() throws {
    let seed =
        ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    print("mutation seed \(seed)")
    var random = SeededGenerator(state: seed)
    let texts = try CorpusFile.all().filter { !$0.path.hasSuffix(".gz") }.map { try $0.text() }
        .filter { (1...20_000).contains($0.utf8.count) }
    for round in 0..<600 {
        guard let text = texts.randomElement(using: &random) else { return }
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let position = Int.random(in: 0..<max(1, bytes.count), using: &random)
            let end = min(bytes.count, position + Int.random(in: 0...30, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.removeSubrange(position..<end)
            case 1: bytes.insert(contentsOf: Array(bytes[position..<end]), at: position)
            case 2: bytes[position] = UInt8.random(in: 0...255, using: &random)
            default: bytes.insert(contentsOf: Array((fragments.randomElement(using: &random) ?? "").utf8), at: position)
            }
            if bytes.isEmpty { bytes = [0x20] }
        }
        let damaged = String(decoding: bytes, as: UTF8.self)
        let tree = readConfiguration([(name: "damaged", text: damaged)]).tree
        let set = renderSet(tree)
        for (form, text) in [("set", set), ("hierarchical", renderHierarchical(tree))] {
            let again = renderSet(readConfiguration([(name: form, text: text)]).tree)
            expectEqualLines(again, set, "seed \(seed), round \(round), \(form) form")
        }
        _ = renderSet(expandConfiguration(tree).tree)
    }
}

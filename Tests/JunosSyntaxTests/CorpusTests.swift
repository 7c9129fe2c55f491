// SPDX-License-Identifier: Apache-2.0
// Real configurations: they are read without errors, and printing loses nothing.
import Diagnostics
import Foundation
import JunosSyntax
import Testing

@Test(arguments: try CorpusFile.all())
func `A configuration of the corpus survives printing in both forms`(_ file: CorpusFile) throws {
    let tree = readConfiguration([(name: file.path, text: try file.text())]).tree
    let set = renderSet(tree)
    for (form, text) in [("set", set), ("hierarchical", renderHierarchical(tree))] {
        let again = readConfiguration([(name: form, text: text)])
        #expect(again.diagnostics.isEmpty, "\(again.diagnostics.prefix(3).map(\.text))")
        expectEqualLines(renderSet(again.tree), set, form)
    }
    _ = expandConfiguration(tree)
}

/// Compares line by line and shows only the first difference.
func expectEqualLines(_ text: String, _ expected: String, _ note: String) {
    guard text != expected else { return }
    for (one, other) in zip(lines(text), lines(expected)) where one != other {
        Issue.record("\(note): \(one) instead of \(other)")
        return
    }
    Issue.record("\(note): \(lines(text).count) lines instead of \(lines(expected).count)")
}

@Test(arguments: try CorpusFile.all())
func `A configuration of the corpus is read without errors`(_ file: CorpusFile) throws {
    let result = readConfiguration([(name: file.path, text: try file.text())])
    #expect(result.diagnostics.isEmpty, "\(result.diagnostics.prefix(3).map(\.text))")
}

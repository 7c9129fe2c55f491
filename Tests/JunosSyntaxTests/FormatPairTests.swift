// SPDX-License-Identifier: Apache-2.0
// The device's own two renderings of one configuration, and another tool's expectations, give one tree.
import Diagnostics
import Foundation
import JunosSyntax
import Testing

let formatPairs: [CorpusFile] = (try? CorpusFile.below("real-configs/format-pairs") { $0.contains(".conf") }) ?? []

@Test func `The format pairs are there`() {
    #expect(formatPairs.count == 11)
}

@Test(arguments: formatPairs)
func `Both renderings of a device give the same statements`(_ file: CorpusFile) throws {
    let other = CorpusFile(path: file.path.replacing(".conf", with: ".set"))
    let hierarchical = readConfiguration([(name: file.path, text: try file.text())])
    let set = readConfiguration([(name: other.path, text: try other.text())])
    #expect(hierarchical.diagnostics.isEmpty, "\(hierarchical.diagnostics.prefix(3).map(\.text))")
    #expect(set.diagnostics.isEmpty, "\(set.diagnostics.prefix(3).map(\.text))")
    let one = Set(lines(renderSet(hierarchical.tree)))
    let two = Set(lines(renderSet(set.tree)))
    #expect(one.subtracting(two).sorted() == [])
    #expect(two.subtracting(one).sorted() == [])
}

// SPDX-License-Identifier: Apache-2.0
// Real configurations: they are read without errors, and printing loses nothing.
import Diagnostics
import Foundation
import JunosSyntax
import Testing

/// Files that are broken, templates of another tool, or recordings of a terminal, with what is to be said of each.
private let broken: [String: Set<String>] = [
    "batfish-junos/configs/misbraced": ["syntax-unexpected-brace", "syntax-unclosed-block"],
    "batfish-junos/transform-pairs/inherit-hierarchical.in": [],
    "real-configs/aerleon-refs/junipermsmpc/JuniperMSMPCTest.testVerbatimTerm.txt": ["syntax-missing-semicolon"],
    "real-configs/aerleon-refs/junipersrx/JuniperSRXTest.testLongIcmpTypes.txt": ["syntax-unclosed-block"],
    "real-configs/jvd/full/service_provider_broadband_edge__agn1_acx7100-32c.conf": ["syntax-missing-semicolon"],
    "real-configs/jvd/full/service_provider_broadband_edge__cr1_ptx10004.conf": ["syntax-missing-semicolon"],
    "real-configs/jvd/full/service_provider_broadband_edge__agn1_acx7100-32c.set": ["syntax-unknown-command"],
    "real-configs/jvd/full/service_provider_broadband_edge__agn2_acx7100-32c.set": ["syntax-unknown-command"],
    "real-configs/jvd/full/service_provider_low_latency_queueing__cr1_ptx10001-36mr.set": ["syntax-unknown-command"],
    "real-configs/jvd/full/service_provider_low_latency_queueing__cr2_ptx10001-36mr.set": ["syntax-unknown-command"],
    "real-configs/jvd/full/service_provider_broadband_edge__cr1_ptx10004.set": ["syntax-unknown-command"],
    "real-configs/srx-demo-class/srx_01-set.cfg": ["syntax-unknown-command"],
    "real-configs/vsrx-square/inital.cfg": ["syntax-unknown-command"],
    "real-configs/vsrx-square/vsrx1-inital.cfg": ["syntax-unknown-command"],
    "real-configs/vsrx-square/vsrx2-inital.cfg": ["syntax-unknown-command"],
    "real-configs/vsrx-aws/vsrx_aws_gwlb_asg_az_ns_ew-inlineud.txt.conf": [
        "syntax-missing-semicolon", "syntax-unexpected-brace",
    ],
    "real-configs/vsrx-aws/vsrx_aws_gwlb_asg_no_az-user-data.conf": ["syntax-missing-semicolon"],
    "real-configs/vsrx-aws/vsrx_aws_gwlb_no_asg_az_ns_ew-user-data.conf": ["syntax-missing-semicolon"],
    "aerleon/samples/sample_speedway/retargeted.srx.conf": ["syntax-unclosed-block"],
]

@Test(arguments: try CorpusFile.all())
func `A configuration of the corpus is read, and printed in both forms without loss`(_ file: CorpusFile) throws {
    let result = readConfiguration([(name: file.path, text: try file.text())])
    let errors = result.diagnostics.filter { $0.severity == .error }
    #expect(Set(errors.map(\.code)) == broken[file.path] ?? [], "\(errors.prefix(5).map(\.text))")
    let set = renderSet(result.tree)
    // Of the few very large files one form each is enough: they say nothing that the others do not.
    let isLarge = set.utf8.count > 3_000_000
    let forms = isLarge ? [("set", set)] : [("set", set), ("hierarchical", renderHierarchical(result.tree))]
    for (form, text) in forms {
        let again = readConfiguration([(name: form, text: text)])
        #expect(again.diagnostics.isEmpty, "\(again.diagnostics.prefix(3).map(\.text))")
        expectEqualLines(renderSet(again.tree), set, form)
    }
    _ = expandConfiguration(result.tree)
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

// SPDX-License-Identifier: Apache-2.0
// Numbers of the ways that terms choose: stable, never reused at once, and no more than there are (DESIGN §4).
import Diagnostics
import JunosLowering
import JunosModel
import JunosSyntax
import PolicyModel
import Testing

@Suite struct `Numbers of ways` {
    private func lower(_ addresses: [Int], keeping earlier: ForwardingIndices = [:]) -> LoweringResult {
        let terms = addresses.map { "term t\($0) { then { next-ip 10.0.\($0 / 256).\($0 % 256); } }" }
        let text = "firewall { family inet { filter F { \(terms.joined(separator: " ")) } } }"
        let tree = expandConfiguration(readConfiguration([("test", text)]).tree).tree
        return lowerConfiguration(extractConfiguration(tree).configuration, ways: earlier)
    }

    @Test func `a way keeps its number, and one that is gone rests for a commit`() {
        let first = lower([1, 2, 3]).forwardingIndices
        #expect(Set(first.values) == [1, 2, 3])
        let second = lower([2, 3, 4], keeping: first).forwardingIndices
        for address in [2, 3] { #expect(second["next-ip 10.0.0.\(address)"] == first["next-ip 10.0.0.\(address)"]) }
        #expect(second["next-ip 10.0.0.4"] == 4)
        let third = lower([2, 3, 4, 5], keeping: second).forwardingIndices
        #expect(third["next-ip 10.0.0.5"] == first["next-ip 10.0.0.1"])
    }

    @Test func `255 ways there are, and one more is refused`() {
        let most = lower(Array(1...255))
        #expect(most.diagnostics.isEmpty && Set(most.forwardingIndices.values) == Set(1...255))
        #expect(most.policy.routingTables.count == 255)
        #expect(lower(Array(1...256)).diagnostics.map(\.code) == ["too-many-routing-tables"])
        // None is free while the old ones may be on packets under way.
        #expect(lower([300], keeping: most.forwardingIndices).diagnostics.map(\.code) == ["too-many-routing-tables"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Every statement that is known has exactly one state (DESIGN §3.19).
import Testing

@testable import JunosModel

@Suite
struct SupportTableTests {
    @Test(arguments: supportTables.map(\.hierarchy))
    func `no word stands in two states`(_ hierarchy: String) throws {
        let table = try #require(supportTables.first { $0.hierarchy == hierarchy })
        #expect(table.repeated == [])
        #expect(!table.states.isEmpty)
    }

    @Test
    func `no hierarchy has two tables`() {
        #expect(Set(supportTables.map(\.hierarchy)).count == supportTables.count)
    }
}

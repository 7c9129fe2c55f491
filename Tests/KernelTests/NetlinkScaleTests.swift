// SPDX-License-Identifier: Apache-2.0
// Sizes that real configurations have: messages are split, buffers grow, nothing is lost.
import NftablesIR
import NftablesKernel
import Testing

@Suite(.timeLimit(.minutes(5))) struct NetlinkScaleTests {
    @Test(arguments: [SetLayout.exact, .intervals, .concatenatedIntervals])
    func `a hundred thousand elements go in and come out`(layout: SetLayout) throws {
        // A concatenation with ranges costs the kernel ten times as much (kernel facts §7).
        let count: UInt32 = layout == .concatenatedIntervals ? 10_000 : 100_000
        func key(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        var set = NamedSet(name: "many", key: .ipv4Address)
        for number in 0..<count {
            let first = key(0x0a00_0000 + number * 16)
            let last = key(0x0a00_0000 + number * 16 + number % 9)
            switch layout {
            case .exact: set.elements.insert(SetElement(.single(first)))
            case .intervals:
                set.elements.insert(SetElement(first == last ? .single(first) : .range(first, last)))
            case .concatenatedIntervals:
                set.elements.insert(SetElement(.range(first + [0, 80, 0, 0], last + [0, 90, 0, 0])))
            }
        }
        // The kernel's count leaves the catch-all out.
        if layout == .exact { set.elements.insert(SetElement(.catchAll)) }
        set.isInterval = layout != .exact
        if layout == .concatenatedIntervals {
            set.key = SetKeyType(typeNumber: 7 << 6 | 13, length: 8, fieldLengths: [4, 2])
        }
        let table = Table(family: .inet, name: "t", sets: ["many": set])
        let read = try inNewNetworkNamespace { () throws -> Table? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: table))
            return try connection.readTable(.inet, "t")
        }
        let isSame = read == table
        #expect(isSame, "\(read?.sets["many"]?.elements.count ?? 0) elements of \(count)")
    }

    @Test func `a hundred thousand rules go in with one batch and come out`() throws {
        var table = Table(family: .inet, name: "t")
        for chain in 0..<100 {
            let rules = (0..<1000).map { number in
                Rule(
                    [
                        .metaLoad(.mark, into: .one),
                        .compare(.equal, .one, RegisterValue(host: UInt32(chain * 1000 + number))), .verdict(.accept),
                    ],
                    comment: "rule \(number)"
                )
            }
            table.chains["c\(chain)"] = Chain(name: "c\(chain)", rules: rules)
        }
        let written = table
        let read = try inNewNetworkNamespace { () throws -> Table? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try connection.readTable(.inet, "t")
        }
        let isSame = read == table
        #expect(isSame)
        #expect(read?.chains["c99"]?.rules.last?.comment == "rule 999")
    }

    @Test func `a thousand refusals are all told`() throws {
        let changes = (0..<1000).map { _ in Change.addRule(chain: "missing", Rule([.counter])) }
        let failure = try inNewNetworkNamespace { () throws -> BatchFailure? in
            var connection = try NftablesConnection()
            do throws(BatchFailure) {
                try connection.send(Batch(.inet, "t", [.addTable(flags: 0)] + changes))
                return nil
            } catch { return error }
        }
        #expect(failure?.refusals.compactMap(\.change) == Array(1...1000))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Transactions: all or nothing, each refusal with its change, never on top of somebody else's change; events; size.
import Foundation
import Netlink
import NftablesIR
import NftablesKernel
import Testing

private let empty: [Change] = [.addTable(flags: 0), .addChain("a", base: nil)]

/// What a batch is refused with.
private func refusal(
    _ connection: inout NftablesConnection,
    _ batch: Batch,
    generation: UInt32? = nil,
    dry: Bool = false
) -> BatchFailure? {
    do throws(BatchFailure) {
        if dry { try connection.check(batch) } else { try connection.send(batch, ifGeneration: generation) }
        return nil
    } catch { return error }
}

@Suite(.timeLimit(.minutes(5))) struct NetlinkTransactionTests {
    @Test func `each refused change is named with the kernel's reason`() throws {
        let batch = Batch(
            .inet,
            "t",
            empty + [
                .addRule(chain: "a", Rule([.verdict(.drop)])),
                .addRule(chain: "missing", Rule([.verdict(.drop)])),
                .addRule(chain: "a", Rule([.verdict(.jump("nowhere"))])),
                .addElements(set: "absent", layout: .exact, [SetElement(.single([1]))]),
                .addRule(chain: "a", Rule([.compare(.equal, .one, bytes(1))])),
            ]
        )
        let (failure, tables) = try inNewNetworkNamespace { () throws -> (BatchFailure?, Int) in
            var connection = try NftablesConnection()
            return (refusal(&connection, batch), try connection.tables().count)
        }
        #expect(failure?.code == .refused)
        #expect(failure?.refusals.map(\.change) == [3, 4, 5, 6])
        #expect(failure?.refusals.first?.errno == ENOENT)
        // Reading a register that nothing wrote (kernel facts §5).
        #expect(failure?.refusals.last?.errno == ENODATA)
        #expect(tables == 0)
        #expect(
            failure?.explanation(of: batch).first
                == "add rule to chain missing in table inet t: No such file or directory"
        )
    }

    @Test func `a change that cannot be written down is named and nothing is sent`() throws {
        let long = String(repeating: "x", count: 300)
        let cases: [Change] = [
            .addChain(long, base: nil),
            .addRule(chain: "a", Rule(Array(repeating: .counter, count: 129))),
            .addRule(chain: "a", Rule([.log(LogParameters(group: 1, prefix: String(repeating: "p", count: 128)))])),
            .addElements(set: "s", layout: .exact, [SetElement(.range([1], [2]))]),
            .addElements(set: "s", layout: .intervals, [SetElement(.range([2], [1]))]),
            .addElements(set: "s", layout: .exact, [SetElement(.single([UInt8](repeating: 0, count: 65)))]),
            .addRule(chain: "a", Rule([.unknown(name: "x", attributes: [UInt8](repeating: 0, count: 40_000))])),
            .addRule(chain: "a", Rule([.immediate(Register(slot: 16), bytes(1))])),
            .addRule(chain: "a", Rule([.immediate(.one, bytes())])),
            .addObject(.counter("c"), .limit(Limit(rate: 1, burst: 1, unit: .bytes, matchesOver: true))),
            .addChain("n\0l", base: nil),
        ]
        let failures = try inNewNetworkNamespace { () throws -> [BatchFailure?] in
            var connection = try NftablesConnection()
            return cases.map { refusal(&connection, Batch(.inet, "t", empty + [$0])) }
        }
        for (failure, change) in zip(failures, cases) {
            #expect(failure?.code == .notEncodable, "\(change.summary)")
            #expect(failure?.refusals.map(\.change) == [2], "\(change.summary)")
        }
    }

    @Test func `a batch planned for another generation is refused as such`() throws {
        let (moved, applied, before, after) = try inNewNetworkNamespace {
            () throws -> (BatchFailure?, BatchFailure?, UInt32, UInt32) in
            var connection = try NftablesConnection()
            let before = try connection.generation().id
            var other = try NftablesConnection()
            try other.send(Batch(.inet, "other", [.addTable(flags: 0)]))
            let moved = refusal(&connection, Batch(.inet, "t", empty), generation: before)
            let now = try connection.generation().id
            let applied = refusal(&connection, Batch(.inet, "t", empty), generation: now)
            return (moved, applied, before, try connection.generation().id)
        }
        #expect(moved == BatchFailure(.generationMoved))
        #expect(applied == nil)
        #expect(after == before + 2)
    }

    @Test func `trying a batch finds its faults and changes nothing`() throws {
        let (good, bad, tables) = try inNewNetworkNamespace { () throws -> (BatchFailure?, BatchFailure?, Int) in
            var connection = try NftablesConnection()
            let good = refusal(&connection, Batch(.inet, "t", empty), dry: true)
            let bad = refusal(
                &connection,
                Batch(.inet, "t", empty + [.deleteChain("b")]),
                dry: true
            )
            return (good, bad, try connection.tables().count)
        }
        #expect(good == nil)
        #expect(bad?.refusals.map(\.change) == [2])
        #expect(tables == 0)
    }

    @Test func `a loop is refused at commit and nothing is applied`() throws {
        let base = BaseChain(hook: .input, priority: 0, policy: .accept)
        let batch = Batch(
            .inet,
            "t",
            [
                .addTable(flags: 0), .addChain("in", base: base), .addChain("a", base: nil), .addChain("b", base: nil),
                .addRule(chain: "a", Rule([.verdict(.jump("b"))])), .addRule(chain: "b", Rule([.verdict(.jump("a"))])),
                .addRule(chain: "in", Rule([.verdict(.jump("a"))])),
            ]
        )
        let (failure, tables) = try inNewNetworkNamespace { () throws -> (BatchFailure?, Int) in
            var connection = try NftablesConnection()
            return (refusal(&connection, batch), try connection.tables().count)
        }
        #expect(failure?.code == .refused)
        #expect(failure?.refusals.isEmpty == false)
        #expect(tables == 0)
    }

    @Test func `every kind of change does what it says`() throws {
        let exact = NamedSet(name: "s", key: .port)
        let interval = NamedSet(name: "i", key: .port, isInterval: true)
        let steps: [[Change]] = [
            empty + [
                .addSet(exact), .addSet(interval), .addObject(.counter("c"), .counter),
                .addElements(set: "s", layout: .exact, [SetElement(.single([0, 1])), SetElement(.single([0, 2]))]),
                .addElements(
                    set: "i",
                    layout: .intervals,
                    [SetElement(.range([0, 1], [0, 9])), SetElement(.range([0, 10], [0, 10]))]
                ),
                .addRule(chain: "a", Rule([.counter])), .addRule(chain: "a", Rule([.verdict(.accept)])),
            ],
            [
                .deleteElements(set: "s", layout: .exact, [SetElement(.single([0, 1]))]),
                .deleteElements(set: "i", layout: .intervals, [SetElement(.range([0, 1], [0, 9]))]),
                .addChain("b", base: BaseChain(hook: .input, priority: 7, policy: .drop)),
            ],
            [.flushSet("s"), .addElements(set: "s", layout: .exact, [SetElement(.single([0, 3]))]), .flushChain("a")],
            [.addChain("b", base: BaseChain(hook: .input, priority: 7, policy: .accept)), .deleteSet("i")],
            [.deleteObject(.counter("c")), .deleteChain("b"), .deleteSet("s")],
        ]
        let tables = try inNewNetworkNamespace { () throws -> [Table?] in
            var connection = try NftablesConnection()
            var result: [Table?] = []
            for step in steps {
                try connection.send(Batch(.inet, "t", step))
                result.append(try connection.readTable(.inet, "t"))
            }
            let handle = try connection.chain("a", in: .inet, "t")?.rules.first?.handle
            #expect(handle == nil)
            try connection.send(Batch(.inet, "t", [.addRule(chain: "a", Rule([.notrack]))]))
            let added = try #require(try connection.chain("a", in: .inet, "t")?.rules.first?.handle)
            try connection.send(Batch(.inet, "t", [.deleteRule(chain: "a", handle: added)]))
            result.append(try connection.readTable(.inet, "t"))
            try connection.send(Batch(.inet, "t", [.deleteTable]))
            result.append(try connection.readTable(.inet, "t"))
            return result
        }
        #expect(tables[0]?.chains["a"]?.rules == [Rule([.counter]), Rule([.verdict(.accept)])])
        #expect(
            tables[0]?.sets["i"]?.elements == [SetElement(.range([0, 1], [0, 9])), SetElement(.single([0, 10]))]
        )
        #expect(tables[1]?.sets["s"]?.elements == [SetElement(.single([0, 2]))])
        #expect(tables[1]?.sets["i"]?.elements == [SetElement(.single([0, 10]))])
        #expect(tables[1]?.chains["b"]?.base?.policy == .drop)
        #expect(tables[2]?.sets["s"]?.elements == [SetElement(.single([0, 3]))])
        #expect(tables[2]?.chains["a"]?.rules == [])
        #expect(tables[3]?.chains["b"]?.base?.policy == .accept)
        #expect(tables[3]?.sets.keys.sorted() == ["s"])
        #expect(tables[4] == Table(family: .inet, name: "t", chains: ["a": Chain(name: "a")]))
        #expect(tables[5] == tables[4])
        #expect(tables[6] == .some(nil))
    }

    @Test func `what exists already is refused where the kernel would keep the old`() throws {
        let failures = try inNewNetworkNamespace { () throws -> [BatchFailure?] in
            var connection = try NftablesConnection()
            let limit = Limit(rate: 1, burst: 1, unit: .bytes, matchesOver: true)
            let set = NamedSet(name: "s", key: .port)
            try connection.send(Batch(.inet, "t", empty + [.addObject(.limit("l"), .limit(limit)), .addSet(set)]))
            return [
                refusal(&connection, Batch(.inet, "t", [.addObject(.limit("l"), .limit(limit))])),
                refusal(&connection, Batch(.inet, "t", [.addSet(set)])),
                refusal(&connection, Batch(.inet, "t", empty)),
            ]
        }
        #expect(failures[0]?.refusals.map(\.errno) == [EEXIST])
        #expect(failures[1]?.refusals.map(\.errno) == [EEXIST])
        #expect(failures[2] == nil)
    }

    @Test func `counters are read together, alone, and reset`() throws {
        let (all, one, absent, reset, after) = try inNewNetworkNamespace {
            () throws -> ([String: CounterValue], CounterValue?, CounterValue?, CounterValue?, [String: CounterValue])
            in
            try loadWithNft(
                """
                table inet t {
                    counter a {
                        packets 3 bytes 99
                    }
                    counter b {
                        packets 5 bytes 500
                    }
                }
                table inet u {
                    counter a {
                        packets 1 bytes 1
                    }
                }
                """
            )
            var connection = try NftablesConnection()
            return (
                try connection.counters(.inet, "t"), try connection.counter("a", in: .inet, "t"),
                try connection.counter("z", in: .inet, "t"), try connection.resetCounter("a", in: .inet, "t"),
                try connection.resetCounters(.inet, "t")
            )
        }
        #expect(all == ["a": CounterValue(packets: 3, bytes: 99), "b": CounterValue(packets: 5, bytes: 500)])
        #expect(one == CounterValue(packets: 3, bytes: 99))
        #expect(absent == nil)
        #expect(reset == CounterValue(packets: 3, bytes: 99))
        #expect(after == ["a": CounterValue(), "b": CounterValue(packets: 5, bytes: 500)])
    }

    @Test func `a commit is heard, with who did it`() throws {
        let (own, events, generation, quiet, thread) = try inNewNetworkNamespace {
            () throws -> (UInt32, [NftablesEvent], UInt32, [NftablesEvent], UInt32) in
            let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            let listener = try NftablesEvents()
            let quiet = try listener.wait(milliseconds: 0)
            var connection = try NftablesConnection()
            try connection.send(Batch(.inet, "t", empty))
            var events: [NftablesEvent] = []
            while true {
                let more = try listener.wait(milliseconds: 0)
                if more.isEmpty { break }
                events += more
            }
            let thread = try #require(UInt32(link.split(separator: "/").last ?? ""))
            return (connection.portID, events, try connection.generation().id, quiet, thread)
        }
        #expect(quiet.isEmpty)
        #expect(events.contains { if case .change(_, own) = $0 { true } else { false } })
        guard case .newGeneration(let heard, own) = events.last else {
            Issue.record("no generation in \(events)")
            return
        }
        #expect(heard.id == generation)
        #expect(heard.threadID == thread)
    }

    @Test func `lost events are said to be lost`() throws {
        let events = try inNewNetworkNamespace { () throws -> [NftablesEvent] in
            let listener = try NftablesEvents(bufferSize: 4096)
            var connection = try NftablesConnection()
            let rules = (0..<2000).map { _ in Change.addRule(chain: "a", Rule([.counter])) }
            try connection.send(Batch(.inet, "t", empty + rules))
            var events: [NftablesEvent] = []
            while true {
                let more = try listener.wait(milliseconds: 0)
                if more.isEmpty { return events }
                events += more
            }
        }
        #expect(events.contains(.lost))
    }

    @Test func `a dump cut by a change is told from a whole one`() throws {
        let code = try inNewNetworkNamespace { () throws -> NetlinkError.Code? in
            var writer = try NftablesConnection()
            let rules = (0..<3000).map { _ in Change.addRule(chain: "a", Rule([.counter, .verdict(.accept)])) }
            try writer.send(Batch(.inet, "t", empty + rules))
            // The same question as the connection's, with a commit while its answer is half read.
            var socket = try NetlinkSocket(.netfilter)
            var request = AttributeWriter()
            request.raw([1, 0, 0, 0] as [UInt8])
            var count = 0
            do throws(NetlinkError) {
                try socket.dump(type: 0x0a07, payload: request.bytes, operation: "read rules") { _ in
                    count += 1
                    if count == 10 {
                        try? writer.send(Batch(.inet, "other", [.addTable(flags: 0)]))
                    }
                }
                return nil
            } catch { return error.code }
        }
        #expect(code == .interrupted)
    }

    @Test func `a table is read whole although others commit all the time`() throws {
        let equal = try inNewNetworkNamespace { () throws -> Int in
            var connection = try NftablesConnection()
            let rules = (0..<500).map { _ in Change.addRule(chain: "a", Rule([.counter])) }
            try connection.send(Batch(.inet, "t", empty + rules))
            var other = try NftablesConnection()
            var equal = 0
            for step in 0..<20 {
                // Between two readings, and never a mixture: the table's rules come and go together.
                try other.send(Batch(.inet, "t", [.flushChain("a")] + (step % 2 == 0 ? [] : rules)))
                let count = try connection.readTable(.inet, "t")?.chains["a"]?.rules.count
                if count == (step % 2 == 0 ? 0 : 500) { equal += 1 }
            }
            return equal
        }
        #expect(equal == 20)
    }

    @Test func `missing privilege names the capability`() {
        let error = NetlinkError(.refused, operation: "add table", errno: EPERM)
        #expect(error.code == .notPermitted)
        #expect(error.description.contains("CAP_NET_ADMIN"))
    }

    @Test func `this kernel has every feature that programs need`() throws {
        let missing = try inNewNetworkNamespace { () throws -> [MissingFeature] in
            var connection = try NftablesConnection()
            let missing = try connection.probeFeatures()
            #expect(try connection.tables().isEmpty)
            return missing
        }
        #expect(missing.isEmpty)
        #expect(KernelFeature.all.count > 20)
    }

    @Test func `a missing feature is reported with the kernel's reason`() throws {
        // A queue expression is not built into the kernels that we test with; where it is, an absurd one is refused.
        let failure = try inNewNetworkNamespace { () throws -> BatchFailure? in
            var connection = try NftablesConnection()
            return refusal(
                &connection,
                Batch(
                    .inet,
                    "t",
                    empty + [.addRule(chain: "a", Rule([.unknown(name: "no-such-expression", attributes: [])]))]
                ),
                dry: true
            )
        }
        #expect(failure?.refusals.map(\.change) == [2])
        #expect(failure?.refusals.first?.errno == ENOENT)
    }
}

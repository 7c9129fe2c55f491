// SPDX-License-Identifier: Apache-2.0
// Every match condition of filters reference §3.2 and §3.3 through model, compiled program and kernel, from one table.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing
import Verifier

/// All rows.
let matchTable: [MatchRow] = numericSpecs.flatMap(\.rows) + headerRows + flexibleRows + contextRows

/// The name of a row's device.
private func device(_ row: Int, _ number: Int) -> String { "m\(row)x\(number)" }

/// One router with a filter for each row of a part of the table, attached where the row's packets arrive.
private func configuration(_ rows: [(number: Int, row: MatchRow)]) -> String {
    var interfaces = ""
    var filters: [FilterFamily: String] = [:]
    var sets = "interface-set NONE { absent.0; }\n"
    for (number, row) in rows {
        for (index, group) in row.groups.enumerated() {
            let group = group.map { "group \($0);" } ?? ""
            let filter = "filter { input R\(number); }"
            // Groups are per family of the packet.
            let families =
                row.family == .any
                ? filter + "family inet { \(group.isEmpty ? "" : "filter { \(group) }") } "
                    + "family inet6 { \(group.isEmpty ? "" : "filter { \(group) }") }"
                : "family \(row.family.rawValue) { filter { \(group) input R\(number); } }"
            interfaces += "\(device(number, index)) { unit 0 { \(families) } }\n"
        }
        let stem = "m\(number)x"
        sets += "interface-set PAIR\(stem) { \(stem)0.0; \(stem)2; }\n"
        // Without a unit a wildcard means unit 0 too.
        sets += "interface-set WILD\(stem) { \"\(stem)[1-2]\"; }\n"
        let from = row.from.replacingOccurrences("@", with: stem)
        filters[row.family, default: ""] += """
            filter R\(number) { \(row.before) term row { from { \(from) } then accept; } }

            """
    }
    return """
        interfaces {
            out { unit 0 { family inet { address 10.201.0.1/24; } family inet6 { address 2001:db8:201::1/64; } } }
            \(interfaces)
        }
        policy-options { \(prefixLists) }
        class-of-service { forwarding-classes { class gold queue-num 2; } }
        firewall {
            \(flexibleTemplates)
            \(sets)
            \(filters.map { "family \($0.key.rawValue) { \($0.value) }" }.joined(separator: "\n"))
        }
        """
}

@Suite struct `Match conditions, the whole table` {
    @Test func `every keyword of every family has rows with packets that match and that do not`() {
        var seen: [String: Set<FilterFamily>] = [:]
        var both: [String: Set<Bool>] = [:]
        for row in matchTable {
            seen[row.keyword, default: []].insert(row.family)
            both["\(row.keyword) \(row.family)", default: []].formUnion(row.cases.map(\.matches))
        }
        // Hints for hardware say nothing about packets.
        let hints: Set<String> = ["source-port-range-optimize", "destination-port-range-optimize"]
        for condition in matchConditionSupport where condition.state == .supported && !hints.contains(condition.keyword)
        {
            #expect(seen[condition.keyword] == condition.families, "\(condition.keyword)")
        }
        for (row, verdicts) in both { #expect(verdicts == [true, false], "\(row)") }
    }

    /// Parts of the table: a verification reads all counters after each packet, so few filters at a time are faster.
    private static let parts: [Int] = Array(0..<10)

    @Test(.timeLimit(.minutes(5)), arguments: parts)
    func `model, program and kernel do what the reference says`(_ part: Int) throws {
        let rows = matchTable.enumerated().filter { $0.offset % Self.parts.count == part }
            .map { (number: $0.offset, row: $0.element) }
        let compiled = try compiled(configuration(rows))
        var vectors: [PacketVector] = []
        var expected: [(what: String, matches: Bool)] = []
        for (number, row) in rows {
            for (index, example) in row.cases.enumerated() {
                vectors.append(
                    PacketVector(
                        id: "\(number)/\(index)",
                        inputInterface: "\(device(number, example.device)).0",
                        outputInterface: "out.0",
                        packet: example.packet
                    )
                )
                expected.append(
                    ("\(row.family) { \(row.from) } \(row.before.isEmpty ? "" : "… ")\(example.name)", example.matches)
                )
            }
        }
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        var model = ReferenceEvaluator(compiled.configuration)
        var failures = 0
        for (vector, (what, matches)) in zip(vectors, expected) {
            let answer = try model.evaluate(vector)
            let seen = try sandbox.inject(injection(vector))
            // A filter that accepts leaves the rest to the stack, which may lose the packet for reasons of its own.
            let isAccepted = seen.verdict == .accept && !seen.passages.isEmpty
            if (answer.verdict == .accept) != matches || isAccepted != matches {
                failures += 1
                if failures <= 20 {
                    Issue.record(
                        "\(what): expected \(matches), model \(answer.verdict), kernel \(seen.verdict) \(seen.lastObserver ?? "unseen"), \(hex(vector.packet))"
                    )
                }
            }
        }
        #expect(failures == 0)
        // People can list the program: nft 1.0.6 aborts over some rules that the kernel takes.
        let thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
        defer { thread.stop() }
        try run(beside: thread, "/usr/sbin/nft", "list", "table", "inet", "sluice")
        let subject = try verificationSubject(compiled.sources, sandbox: true)
        let outcome = try verify(subject, packets: vectors, seed: 1) { _ in }
        #expect(outcome.report.checked == vectors.count)
        #expect(outcome.isClean, "\(outcome.report.text(limit: 5))")
    }

    private func hex(_ packet: Packet) -> String {
        packet.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

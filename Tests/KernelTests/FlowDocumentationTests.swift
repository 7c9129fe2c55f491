// SPDX-License-Identifier: Apache-2.0
// What docs/flow-mode.md says holds: the settings are those that are set, and each difference has a test.
import Conntrack
import Engine
import Foundation
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import TestSupport
import Testing

/// The page's tables: each row as its cells.
private func rows() throws -> [[String]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "docs/flow-mode.md"), encoding: .utf8).split(separator: "\n")
        .filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }
        .map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
}

/// What stands between backquotes.
private func code(_ cell: String) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
        .map { String($0.element) }
}

@Suite struct `The page about flow mode` {
    @Test func `each difference has its test`() throws {
        let differences = try rows().filter { $0.count == 3 && code($0[2]).count == 1 && $0[0] != "Sysctl" }
            .filter { code($0[0]).first?.contains("_") != true }
        #expect(differences.count > 12)
        let names =
            (flowTraps).map(\.name) + ["an older session gets an owner, not a time"]
        for row in differences {
            let name = code(row[2])[0]
            #expect(names.contains { $0.contains(name) }, "\(name)")
        }
    }

    @Test func `each conntrack setting is on the page, with its value`() throws {
        let configuration = try compiled(trapFirewall()).configuration
        let settings = neededSysctls(configuration).filter { $0.key.hasPrefix("net/netfilter/nf_conntrack_") }
        var said: [String: String] = [:]
        for row in try rows() where row.count == 3 {
            for name in code(row[0]) { said[name] = String(row[1].prefix { $0.isNumber }) }
        }
        for (path, value) in settings {
            let name = String(path.dropFirst("net/netfilter/nf_conntrack_".count))
            let found = said[name] ?? (name.hasPrefix("sctp_timeout_") ? said["sctp_timeout_*"] : nil)
            #expect(found == value, "\(name)")
        }
    }

    @Test func `an older session gets an owner, not a time`() throws {
        let compiled = try compiled(trapFirewall())
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        // A program that tracks and judges nothing, as before the first configuration.
        var before = Table(family: .inet, name: "sluice")
        let track: [NftablesIR.Expression] = [.conntrackLoad(.state, direction: nil, into: .one), .verdict(.accept)]
        before.chains["transit"] = Chain(
            name: "transit",
            base: BaseChain(hook: .forward, priority: 0, policy: .accept),
            rules: [Rule(track)]
        )
        try sandbox.load(before)
        func send(_ line: String, _ input: String, _ output: String) throws -> Observation {
            try sandbox.inject(Injection(packet(line), from: .device(input), to: .device(output)))
        }
        let out = "tcp 10.1.0.5:40000 > 203.0.113.5:80"
        let back = "tcp 203.0.113.5:80 > 10.1.0.5:40000"
        _ = try send("\(out) flags=S seqno=1", "t0", "u0")
        _ = try send("\(back) flags=SA seqno=1 ack=2", "u0", "t0")
        _ = try send("\(out) flags=A seqno=2 ack=2", "t0", "u0")
        #expect(try sandbox.trackedSessions().map(\.mark) == [0])
        try sandbox.load(compiled.table)
        // 300 s for junos-http, were it a session of the program's own.
        #expect(verdict(try send("\(out) flags=A seqno=2 ack=2", "t0", "u0")) == .accept)
        let session = try #require(try sandbox.trackedSessions().first)
        #expect(session.mark & 0xffff == 4)
        #expect((session.timeout ?? 0) > 1790)
        #expect(verdict(try send("\(back) flags=A seqno=2 ack=2", "u0", "t0")) == .accept)
    }
}

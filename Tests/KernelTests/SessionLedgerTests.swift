// SPDX-License-Identifier: Apache-2.0
// The account of sessions without a kernel: reasons of their ends, and lost events made good by dumps.
import Conntrack
import Engine
import JunosLowering
import JunosModel
import NetworkTypes
import TestSupport
import Testing

private func session(
    _ id: UInt32,
    mark: UInt32 = 0,
    number: UInt8 = 6,
    state: TrackedTCPState? = nil,
    answered: Bool = false,
    answers: UInt64? = nil,
    start: UInt64 = 1_000_000_000
) -> TrackedSession {
    let answers = answers ?? (answered ? 1 : 0)
    let client = IPAddress(.inet, 0x0a01_0005)
    let server = IPAddress(.inet, 0xcb00_7109)
    let original = SessionTuple(
        source: client,
        destination: server,
        protocolNumber: number,
        selector: .ports(source: UInt16(truncatingIfNeeded: id), destination: 80)
    )
    let reply = SessionTuple(
        source: server,
        destination: client,
        protocolNumber: number,
        selector: .ports(source: 80, destination: UInt16(truncatingIfNeeded: id))
    )
    return TrackedSession(
        id: id,
        original: original,
        reply: reply,
        status: answered ? [.seenReply, .confirmed] : [.confirmed],
        mark: mark,
        tcpState: state,
        originalTraffic: SessionTraffic(packets: 2, bytes: 80),
        replyTraffic: SessionTraffic(packets: answers, bytes: 40 * answers),
        start: start,
        stop: 101_000_000_000
    )
}

private struct ReasonRow: Sendable {
    var session: TrackedSession
    var noted: CloseReason?
    var reason: CloseReason
}

/// Flow reference §10.4, row by row; bits 16 and 17 of the mark are resets of client and server.
private let reasonRows: [ReasonRow] = [
    .init(session: session(1, mark: 0x1_0004, state: .close, answered: true), reason: .tcpClientReset),
    .init(session: session(1, mark: 0x2_0004, state: .close, answered: true), reason: .tcpServerReset),
    .init(session: session(1, mark: 4, state: .close, answered: true), reason: .unset),
    .init(session: session(1, mark: 4, state: .timeWait, answered: true), reason: .tcpFin),
    .init(session: session(1, mark: 4, state: .lastAck, answered: true), reason: .tcpFin),
    .init(session: session(1, mark: 4, state: .established, answered: true), reason: .idleTimeout),
    .init(session: session(1, mark: 4, state: .finWait, answered: true), reason: .idleTimeout),
    .init(session: session(1, mark: 4, state: .synSent), reason: .idleTimeout),
    // A reset before any answer was seen: of the server, which is counted, and of the client.
    .init(session: session(1, mark: 4, state: .close, answers: 1), reason: .tcpServerReset),
    .init(session: session(1, mark: 4, state: .close), reason: .tcpClientReset),
    // A reset that the connection outlived.
    .init(session: session(1, mark: 0x1_0004, state: .established, answered: true), reason: .idleTimeout),
    .init(session: session(1, mark: 4, number: 17, answered: true), reason: .idleTimeout),
    .init(session: session(1, mark: 4, number: 1, answered: true), reason: .responseReceived),
    .init(session: session(1, mark: 4, number: 1), reason: .idleTimeout),
    .init(session: session(1, mark: 4, number: 58, answered: true), reason: .responseReceived),
    .init(session: session(1, mark: 4, state: .timeWait), noted: .commandLine, reason: .commandLine),
    .init(session: session(1, mark: 4, number: 17), noted: .policyDelete, reason: .policyDelete),
]

@Suite struct SessionLedgerTests {
    @Test(arguments: reasonRows)
    fileprivate func `the reason of an end is what the reference derives`(row: ReasonRow) {
        #expect(CloseReason(of: row.session, noted: row.noted) == row.reason)
    }

    @Test func `each session is told of once, whatever events are lost`() throws {
        let compiled = try compiled(
            TrapRouter.text([TrapRouter.policy("A", then: "permit; log { session-init; session-close; } count;")])
        )
        let index = UInt32(try #require(compiled.policyIndices.values.first))
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var ledger = SessionLedger()
        ledger.adopt(wantedPolicies(compiled.configuration, compiled.policyIndices), at: 0)
        var live: [UInt32: TrackedSession] = [:]
        var next: UInt32 = 1
        var told: [UInt32: [String]] = [:]
        func tell(_ entries: [LedgerEntry]) {
            for entry in entries {
                let word =
                    switch entry {
                    case .began: "began"
                    case .ended: "ended"
                    case .vanished: "vanished"
                    }
                told[entry.session.id, default: []].append(word)
            }
        }
        /// Something happens; the event, or nil if it is lost.
        func happen() -> SessionEvent? {
            let event: SessionEvent
            if live.isEmpty || Bool.random(using: &generator) {
                // Every fourth belongs to a policy that nobody wants to hear of.
                let new = session(next, mark: next % 4 == 0 ? index + 1 : index)
                next += 1
                live[new.id] = new
                event = .began(new)
            } else {
                let id = live.keys.sorted()[Int.random(in: 0..<live.count, using: &generator)]
                guard let old = live.removeValue(forKey: id) else { return nil }
                event = .ended(old)
            }
            return Int.random(in: 0..<4, using: &generator) == 0 ? nil : event
        }
        for _ in 0..<2000 {
            for _ in 0..<Int.random(in: 0..<8, using: &generator) {
                if let event = happen(), let entry = ledger.take(event) { tell([entry]) }
            }
            // A dump, while something happens whose events are all heard.
            var meanwhile: [LedgerEntry] = []
            var seen = live
            for _ in 0..<Int.random(in: 0..<3, using: &generator) {
                let before = live
                let event = happen()
                guard let event else {
                    // It must not be lost here: it did not happen.
                    live = before
                    continue
                }
                if let entry = ledger.take(event) { meanwhile.append(entry) }
                // The dump may have passed that place before or after.
                if Bool.random(using: &generator) {
                    seen = seen.merging(live) { old, _ in old }.filter { live[$0.key] != nil }
                }
            }
            tell(meanwhile)
            tell(ledger.reconcile(Array(seen.values), meanwhile))
            for (id, words) in told {
                let isLive = live[id] != nil
                #expect(words.first == "began" || words == ["ended"], "seed \(seed), session \(id): \(words)")
                #expect(words.count == (isLive ? 1 : words.first == "ended" ? 1 : 2), "seed \(seed), \(id): \(words)")
            }
            for id in live.keys where id % 4 != 0 { #expect(told[id] == ["began"], "seed \(seed), session \(id)") }
            told = told.filter { live[$0.key] != nil }
        }
        #expect(told.keys.allSatisfy { $0 % 4 != 0 })
        let sums = try #require(ledger.ended[UInt16(index)])
        #expect(sums.original.packets == 2 * sums.sessions && sums.sessions > 1000, "seed \(seed)")
    }

    @Test func `a look tells of sessions that are new, and of no others`() throws {
        func wanted(_ policies: [String], keeping indices: [PolicyIdentity: UInt16] = [:]) throws
            -> (policies: [UInt16: WantedPolicy], indices: [PolicyIdentity: UInt16])
        {
            let text = TrapRouter.text(
                policies.map { TrapRouter.policy($0, then: "permit; log { session-init; session-close; }") }
            )
            let compiled = compileConfiguration(
                [ConfigurationSource(name: "test", text: text)],
                keeping: indices,
                in: { _ in Circumstances() }
            )
            return (wantedPolicies(compiled.configuration, compiled.policyIndices), compiled.policyIndices)
        }
        func index(_ name: String, _ indices: [PolicyIdentity: UInt16]) throws -> UInt32 {
            UInt32(try #require(indices.first { $0.key.name == name }?.value))
        }
        var ledger = SessionLedger()
        let first = try wanted(["A"])
        ledger.adopt(first.policies, at: 100)
        let a = try index("A", first.indices)
        // The daemon starts: one session was there before, one began meanwhile and its event was lost.
        var seen = [session(1, mark: a, start: 99), session(2, mark: a, start: 100)]
        #expect(ledger.reconcile(seen, []) == [.began(seen[1])])

        // Another commit: A is wanted as before, so what was lost around it is told; B is new, its number an older session's.
        let second = try wanted(["A", "B"], keeping: first.indices)
        ledger.adopt(second.policies, at: 200)
        let b = try index("B", second.indices)
        seen += [
            session(3, mark: a, start: 150), session(4, mark: a, start: 250), session(5, mark: b, start: 150),
            session(6, mark: b, start: 250),
        ]
        let told = ledger.reconcile(seen, [])
        #expect(Set(told) == [.began(seen[2]), .began(seen[3]), .began(seen[5])])
        // Of ends all are told, also of sessions that were too old to begin.
        #expect(Set(ledger.reconcile([], [])) == Set(seen.map { .vanished($0) }))
    }
}

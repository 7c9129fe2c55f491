// SPDX-License-Identifier: Apache-2.0
// Random conversations through model and kernel: equal verdicts packet by packet, equal sessions with equal times, equal
// counters. `SLUICE_SEED` repeats a run, `SLUICE_SEQUENCES` sets how many conversations there are.
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
import Verifier

/// A firewall for random conversations: applications with and without idle times, every action, IPv4 and IPv6.
private func firewall(flow: String) -> String {
    func rule(_ name: String, _ application: String, _ action: String) -> String {
        policy(name, "\(action) count;", for: application)
    }
    return """
        interfaces {
            t0 { unit 0 { family inet { address 10.1.0.1/16; } family inet6 { address 2001:db8:1::1/64; } } }
            u0 { unit 0 { family inet { address 203.0.0.1/16; } family inet6 { address 2001:db8:2::1/64; } } }
            d0 { unit 0 { family inet { address 10.2.0.1/16; } } }
        }
        applications { application slow { protocol tcp; destination-port 8080; inactivity-timeout 7200; }
            application brief { protocol udp; destination-port 7; inactivity-timeout 30; } }
        security {
            forwarding-options { family { inet6 { mode flow-based; } } }
            flow { \(flow) }
            zones {
                security-zone trust { tcp-rst; host-inbound-traffic { system-services { ping; ssh; dns; } } interfaces { t0.0; } }
                security-zone untrust { host-inbound-traffic { system-services { ping; } } interfaces { u0.0; } }
                security-zone dmz { interfaces { d0.0; } }
            }
            policies {
                from-zone trust to-zone untrust {
                    \(rule("mail", "junos-smtp", "reject;"))
                    \(rule("services", "[ junos-http junos-https slow brief junos-dns-udp junos-icmp-ping ]", "permit;"))
                    \(rule("ssh", "junos-ssh", "deny;"))
                    \(rule("echo", "junos-pingv6", "permit;"))
                }
                from-zone untrust to-zone dmz { \(rule("web", "[ junos-http junos-ping ]", "permit;")) }
                global { \(rule("any", "[ junos-udp-any slow ]", "permit;")) }
            }
        }
        """
}

/// What differs in one conversation.
private struct Mismatch: CustomStringConvertible {
    var number: Int
    var packets: [ConversationPacket]
    var text: String

    /// The conversation as packet vectors, to be sent again.
    var description: String {
        let lines = packets.map { packet in
            let hex = packet.packet.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return "{\"in\":\"\(packet.input)\",\"out\":\"\(packet.output)\",\"hex\":\"\(hex)\"}"
        }
        return "conversation \(number): \(text)\n" + lines.joined(separator: "\n")
    }
}

/// One firewall with its sandbox.
private struct Bench {
    private let configuration: JunosConfiguration
    private let sandbox: Sandbox
    private var generator: ConversationGenerator<SeededGenerator>
    /// How many packets came to which verdict, and how many sessions were compared.
    private(set) var tally: [String: Int] = [:]

    init(flow: String, seed: UInt64) throws {
        let compiled = try compiled(firewall(flow: flow))
        configuration = compiled.configuration
        sandbox = try makeSandbox(of: compiled.configuration)
        try sandbox.load(compiled.table)
        generator = ConversationGenerator(SeededGenerator(seed: seed))
    }

    /// Sends so many conversations, then compares sessions and counters, and forgets all sessions.
    mutating func block(_ count: Int, first: Int) throws -> [Mismatch] {
        try sandbox.flushSessions()
        var model = ReferenceEvaluator(configuration)
        var expected = CounterSum()
        let before = try sandbox.counters()
        let clock = ContinuousClock()
        let begin = clock.now
        var found: [Mismatch] = []
        for number in first..<first + count {
            let packets = generator.next()
            let sent = try send(packets, &model)
            for answer in sent.answers {
                expected.add(answer)
                tally["\(answer.verdict.rawValue) \(answer.stage.rawValue) \(answer.session.rawValue)", default: 0] += 1
            }
            if let difference = sent.difference {
                found.append(Mismatch(number: number, packets: packets, text: difference))
            }
        }
        let elapsed = clock.now - begin
        found += try compareSessions(model, within: Double(elapsed.components.seconds) + 2)
        let after = try sandbox.counters()
        let added = after.mapValues { $0 }.reduce(into: [String: UInt64]()) { sums, reading in
            sums[reading.key] = reading.value.packets - (before[reading.key]?.packets ?? 0)
        }
        let differences = compareCounters(expected: expected, kernel: added)
        if !differences.isEmpty {
            found.append(Mismatch(number: first, packets: [], text: "counters of \(count): \(differences)"))
        }
        return found
    }

    /// Sends one conversation past model and kernel: what the model answers, and the first difference.
    private func send(
        _ packets: [ConversationPacket],
        _ model: inout ReferenceEvaluator
    ) throws -> (answers: [PacketAnswer], difference: String?) {
        let answers = try packets.map { packet in
            try model.evaluate(
                PacketVector(
                    id: "p",
                    inputInterface: packet.input,
                    outputInterface: packet.output,
                    packet: packet.packet
                )
            )
        }
        let seen = try sandbox.inject(
            packets.map { packet in
                Injection(
                    packet.packet,
                    from: .device(packet.input),
                    to: packet.output == PacketVector.local ? .local : .device(packet.output)
                )
            }
        )
        for (index, (answer, observation)) in zip(answers, seen).enumerated() {
            let differences = compare(answer: answer, kernel: outcome(observation))
            if !differences.isEmpty { return (answers, "packet \(index): \(differences)") }
        }
        return (answers, nil)
    }

    /// The mismatch with as few packets as still show one when they are sent alone.
    func shrunk(_ mismatch: Mismatch) throws -> Mismatch {
        var smallest = mismatch
        var index = 0
        while index < smallest.packets.count {
            var fewer = smallest.packets
            fewer.remove(at: index)
            try sandbox.flushSessions()
            var model = ReferenceEvaluator(configuration)
            if let difference = try send(fewer, &model).difference {
                smallest = Mismatch(number: mismatch.number, packets: fewer, text: difference)
            } else {
                index += 1
            }
        }
        return smallest
    }

    /// The sessions of both with the times that they have left; what was to end within the block may be gone.
    private mutating func compareSessions(_ model: ReferenceEvaluator, within slack: Double) throws -> [Mismatch] {
        let own = Dictionary(model.sessions(at: 0).map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
        let tracked = Dictionary(
            try sandbox.trackedSessions().map { (key($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var found: [Mismatch] = []
        func note(_ text: String) { found.append(Mismatch(number: 0, packets: [], text: text)) }
        for (name, session) in own {
            guard let entry = tracked[name] else {
                if session.remaining > slack { note("the kernel has no session \(session)") }
                continue
            }
            let left = Double(entry.timeout ?? 0)
            if session.remaining < left || session.remaining - left > slack { note("times: \(session), \(entry)") }
            if entry.status.contains(.seenReply) != session.isAnswered { note("answers: \(session), \(entry)") }
            if entry.mark & 0xffff == 0 { note("no owner: \(entry)") }
        }
        for (name, entry) in tracked where own[name] == nil { note("the model has no session \(entry)") }
        tally["sessions compared", default: 0] += own.count
        return found
    }
}

@Suite struct `Random conversations` {
    /// About 20,000 conversations in a minute and a half; each firewall has its share.
    @Test(
        .timeLimit(.minutes(10)),
        arguments: zip(
            [
                "", "tcp-session { no-syn-check; }", "tcp-session { no-sequence-check; tcp-initial-timeout 30; }",
                "allow-dns-reply; allow-embedded-icmp; tcp-mss { all-tcp { mss 1300; } } "
                    + "tcp-session { strict-syn-check; time-wait-state { session-timeout 100; } }",
            ],
            0..<4
        )
    )
    func `model and kernel agree`(flow: String, share: UInt64) throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SLUICE_SEED"].flatMap(UInt64.init) ?? 20_261_201
        let count = environment["SLUICE_SEQUENCES"].flatMap(Int.init) ?? 20_000
        print("random conversations: SLUICE_SEED=\(seed) SLUICE_SEQUENCES=\(count), firewall \(share): \(flow)")
        var bench = try Bench(flow: flow, seed: seed &+ share)
        var done = 0
        var found: [Mismatch] = []
        while done < count / 4, found.isEmpty {
            let size = min(200, count / 4 - done)
            found = try bench.block(size, first: done)
            done += size
        }
        for mismatch in found.prefix(5) {
            Issue.record("seed \(seed), firewall \(share), \(try bench.shrunk(mismatch))")
        }
        #expect(done == count / 4 || !found.isEmpty)
        print(bench.tally.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }.joined(separator: "\n"))
    }
}

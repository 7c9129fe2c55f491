// SPDX-License-Identifier: Apache-2.0
// What counts as a difference between the voices, and what does not.
import NetworkTypes
import ReferenceEvaluator
import Testing
import Verifier

@Suite struct ComparisonTests {
    private static let text = """
        interfaces {
            eth0 { unit 0 { family inet { filter { input f; } address 192.0.2.1/24; } } }
            eth1 { unit 0 { family inet { address 198.51.100.1/24; } } }
        }
        firewall { family inet { filter "f/1" { term t { then accept; } } filter f {
            term reset { from { destination-port 22; protocol tcp; } then { count "a_b"; reject tcp-reset; } }
            term code { from { destination-port 23; } then { reject host-prohibited; } }
            term drop { from { destination-port 25; } then { discard; } }
            term rest { then { count rest; accept; } }
        } } }
        """

    private func prediction(
        port: UInt16,
        flags: UInt8 = 0x02,
        change: (inout PacketFields) -> Void = { _ in }
    ) throws -> Prediction {
        let sample = try Sample("comparison", Self.text)
        var verification = Verification(sample.configuration, table: sample.table)
        let source = try #require(IPAddress("192.0.2.9"))
        let destination = try #require(IPAddress("198.51.100.9"))
        var fields = PacketFields(6, from: source, to: destination, sourcePort: 40000, destinationPort: port)
        fields.tcpFlags = flags
        change(&fields)
        return try verification.predict(
            PacketVector(
                id: "p",
                inputInterface: "eth0.0",
                outputInterface: "eth1.0",
                packet: fields.build()
            )
        )
    }

    private func subjects(_ prediction: Prediction, _ kernel: KernelOutcome) -> [Difference.Subject] {
        compare(answer: prediction.answer, program: prediction.program, kernel: kernel).map(\.subject)
    }

    @Test func `an accepted packet must come out`() throws {
        let packet = try prediction(port: 80)
        #expect(subjects(packet, KernelOutcome(verdict: .accept)).isEmpty)
        #expect(subjects(packet, KernelOutcome(verdict: .discard)) == [.verdict])
    }

    @Test func `a refusal is told from a silent drop by its reply`() throws {
        let reset = try prediction(port: 22)
        #expect(subjects(reset, KernelOutcome(verdict: .reject, replyKind: .tcpReset)).isEmpty)
        #expect(subjects(reset, KernelOutcome(verdict: .reject, replyKind: .unreachable(code: 13))) == [.reply])
        #expect(subjects(reset, KernelOutcome(verdict: .discard)) == [.verdict])
        let code = try prediction(port: 23)
        #expect(subjects(code, KernelOutcome(verdict: .reject, replyKind: .unreachable(code: 10))).isEmpty)
        #expect(subjects(code, KernelOutcome(verdict: .reject, replyKind: .unreachable(code: 9))) == [.reply])
        let drop = try prediction(port: 25)
        #expect(subjects(drop, KernelOutcome(verdict: .discard)).isEmpty)
        #expect(subjects(drop, KernelOutcome(verdict: .reject, replyKind: .tcpReset)) == [.verdict])
    }

    @Test func `no reply is expected where the stack sends none`() throws {
        // A reset is never answered with a reset.
        let reset = try prediction(port: 22, flags: 0x04)
        #expect(subjects(reset, KernelOutcome(verdict: .discard)).isEmpty)
        #expect(subjects(reset, KernelOutcome(verdict: .reject, replyKind: .tcpReset)) == [.verdict])
        // Nor is a later fragment answered at all.
        let fragment = try prediction(port: 23) { fields in
            fields.fragmentOffset = 5
            fields.payloadLength = 16
        }
        #expect(fragment.answer.verdict == .reject)
        #expect(subjects(fragment, KernelOutcome(verdict: .discard)).isEmpty)
        // A first fragment may be.
        let first = try prediction(port: 23) { $0.moreFragments = true }
        #expect(subjects(first, KernelOutcome(verdict: .discard)).isEmpty)
        #expect(subjects(first, KernelOutcome(verdict: .reject, replyKind: .unreachable(code: 10))).isEmpty)
    }

    @Test func `counters are compared by what they count`() throws {
        let packet = try prediction(port: 22)
        #expect(packet.answer.counters == ["inet:f/a_b-eth0.0-i": 1])
        let right = KernelOutcome(
            verdict: .reject,
            counters: ["inet/f/a_5fb/eth0.0/i": 1, "inet/f/rest/eth0.0/i": 0],
            replyKind: .tcpReset
        )
        #expect(subjects(packet, right).isEmpty)
        let wrong = KernelOutcome(verdict: .reject, counters: ["inet/f/rest/eth0.0/i": 1], replyKind: .tcpReset)
        #expect(subjects(packet, wrong) == [.counters])
    }

    @Test func `sums of counters are compared without packets`() throws {
        var sum = CounterSum()
        for port in [22, 22, 80] as [UInt16] { sum.add(try prediction(port: port).answer) }
        #expect(sum.counters == ["inet:f/a_b-eth0.0-i": 2, "inet:f/rest-eth0.0-i": 1])
        let kernel: [String: UInt64] = ["inet/f/a_5fb/eth0.0/i": 2, "inet/f/rest/eth0.0/i": 1]
        #expect(compareCounters(expected: sum, kernel: kernel).isEmpty)
        let less = kernel.merging(["inet/f/rest/eth0.0/i": 0]) { $1 }
        #expect(compareCounters(expected: sum, kernel: less).map(\.subject) == [.counters])
        let foreign = kernel.merging(["somebody/else": 7, "flow/invalid": 3]) { $1 }
        #expect(compareCounters(expected: sum, kernel: foreign).isEmpty)
    }

    @Test func `what the stack drops is compared as far as it gets`() throws {
        let packet = try prediction(port: 80) { $0.timeToLive = 1 }
        #expect(packet.answer.stack == .timeToLiveExceeded)
        let counters: [String: UInt64] = ["inet/f/rest/eth0.0/i": 1]
        #expect(subjects(packet, KernelOutcome(verdict: .discard, counters: counters)).isEmpty)
        #expect(subjects(packet, KernelOutcome(verdict: .accept, counters: counters)) == [.verdict])
        #expect(subjects(packet, KernelOutcome(verdict: .discard, counters: [:])) == [.counters])
    }

    @Test func `a report says what differs, once for scripts and once for people`() throws {
        let sample = try Sample("comparison", Self.text)
        var verification = Verification(sample.configuration, table: sample.table)
        let vectors = choosePackets(sample.configuration, atLeast: 10, seed: 1)
        let first = try verification.predict(try #require(vectors.first))
        verification.judge(first, kernel: KernelOutcome(verdict: .discard))
        var report = verification.finished(seconds: 0.25)
        #expect(report.checked == 1)
        #expect(report.mismatches.count == (first.answer.verdict == .discard ? 0 : 1))
        report.mismatches = []
        #expect(report.json() == #"{"checked":1,"mismatches":[],"unreached":0,"seconds":0.25}"#)
        report.proved = true
        report.classes = 12
        #expect(
            report.json() == #"{"checked":1,"mismatches":[],"unreached":0,"proved":true,"classes":12,"seconds":0.25}"#
        )
        #expect(report.text() == "1 packets checked, 0 differ, 0 ended early in the stack, equality proved, 0.25 s")
    }

    @Test func `a mismatch in JSON has the keys of the contract`() throws {
        let sample = try Sample("comparison", Self.text)
        var verification = Verification(sample.configuration, table: sample.table)
        let source = try #require(IPAddress("192.0.2.9"))
        let destination = try #require(IPAddress("198.51.100.9"))
        let packet = try PacketFields(17, from: source, to: destination, destinationPort: 9).build()
        let vector = PacketVector(
            id: "x\"y",
            time: 1.5,
            inputInterface: "eth0.0",
            outputInterface: "eth1.0",
            packet: packet
        )
        verification.judge(try verification.predict(vector), kernel: KernelOutcome(verdict: .discard))
        let json = verification.finished(seconds: 0).json()
        let hex = packet.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let expected =
            #"{"checked":1,"mismatches":[{"id":"x\"y","packet":{"id":"x\"y","time":1.5,"in":"eth0.0","#
            + #""out":"eth1.0","family":"inet","hex":"\#(hex)"},"model":"accept","program":"accept","#
            + #""kernel":"discard","statement":"firewall family inet filter f term rest","rule":"#
        #expect(json.hasPrefix(expected), "\(json)")
    }

    @Test(arguments: [
        ("network-unreachable", AddressFamily.inet, ReplyKind.unreachable(code: 0)),
        ("administratively-prohibited", .inet, .unreachable(code: 13)),
        ("administratively-prohibited", .inet6, .unreachable(code: 1)),
        ("port-unreachable", .inet6, .unreachable(code: 4)),
        ("tcp-reset", .inet, .tcpReset),
    ]) func `Junos keywords stand for replies`(word: String, family: AddressFamily, reply: ReplyKind) {
        #expect(ReplyKind(junosKeyword: word, family: family) == reply)
        #expect(ReplyKind(junosKeyword: "no-such-word", family: family) == nil)
    }
}

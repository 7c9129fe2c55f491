// SPDX-License-Identifier: Apache-2.0
// Policers against time: model and program decide every packet of a train as a person computed.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing
import Verifier

@Suite struct `Policers against time` {
    @Test(arguments: policerTrains) func `model and program judge as computed`(_ train: PolicerTrain) throws {
        let sample = try Sample(train.name, train.configuration)
        var model = ReferenceEvaluator(sample.configuration)
        var program = ProgramPath(sample.table, configuration: sample.configuration)
        var exceeded: [String: UInt64] = [:]
        for burst in train.bursts {
            var said = ""
            var done = ""
            let vector = try burst.vector()
            for _ in 0..<burst.count {
                let answer = try model.evaluate(vector)
                said.append(
                    PolicedBurst.fate(isDropped: answer.verdict == .discard, lossPriority: answer.lossPriority.rawValue)
                )
                for (key, count) in answer.policers { exceeded[key, default: 0] += count }
                let outcome = try program.run(vector)
                done.append(
                    PolicedBurst.fate(
                        isDropped: outcome.verdict == .discard,
                        lossPriority: UInt8(outcome.mark >> 28 & 3)
                    )
                )
                #expect(compare(answer: answer, program: outcome) == [])
            }
            #expect(said == burst.fates, "model, \(burst.length) octets at \(burst.time) ms")
            #expect(done == burst.fates, "program, \(burst.length) octets at \(burst.time) ms")
        }
        #expect(exceeded == train.exceededKeys)
    }

    /// DESIGN §3.1, §3.4: the second pass sees what a policer left, and charges none itself.
    @Test(arguments: [
        (
            "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then loss-priority high; }",
            "policer p;"
        ),
        (
            "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then forwarding-class gold; }",
            "policer p;"
        ),
        (
            "three-color-policer T { two-packet-rate { color-blind; committed-pps 1; committed-packet-burst 1; "
                + "peak-pps 1; peak-packet-burst 1; } }",
            "three-color-policer { two-packet-rate T; }"
        ),
    ]) func `the second pass sees what a policer did`(_ policer: String, _ action: String) throws {
        let sample = try Sample(
            "second pass",
            """
            interfaces { eth1 { unit 0 { family inet { filter { input F; } address 10.1.0.1/24; } } } }
            class-of-service { forwarding-classes { class gold queue-num 4; } }
            firewall {
                \(policer)
                family inet { filter F {
                    term high { from { loss-priority high; } then { count late; discard; } }
                    term gold { from { forwarding-class gold; } then { count late; discard; } }
                    term rest { then { \(action) count rest; accept; } }
                } }
            }
            """
        )
        var model = ReferenceEvaluator(sample.configuration)
        var program = ProgramPath(sample.table, configuration: sample.configuration)
        var vector = try PolicedBurst(0, 1000, "G").vector()
        vector.outputInterface = PacketVector.local
        for (verdict, name) in [(PacketVerdict.accept, "rest"), (.discard, "late")] {
            let answer = try model.evaluate(vector)
            #expect(answer.verdict == verdict)
            #expect(answer.counters == ["inet:F/rest-eth1.0-i": 1, "inet:F/\(name)-eth1.0-i@routing-engine": 1])
            #expect(compare(answer: answer, program: try program.run(vector)) == [])
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: longRuns)
    func `model and program keep the rate for ten minutes under overload`(_ run: LongRun) throws {
        let sample = try Sample("long run", run.train.configuration)
        var model = ReferenceEvaluator(sample.configuration)
        var program = ProgramPath(sample.table, configuration: sample.configuration)
        let rate = 4000.0
        let bursts = run.lengths.map { PolicedBurst(0, $0, "G") }
        let duration = 600.0
        var time = 0.0
        var index = 0
        var passed = (model: 0, program: 0)
        while time < duration {
            let burst = bursts[index % bursts.count]
            let vector = try burst.vector(at: time)
            if try model.evaluate(vector).verdict == .accept { passed.model += burst.length }
            if try program.run(vector).verdict == .accept { passed.program += burst.length }
            time += Double(burst.length) / rate / run.load
            index += 1
        }
        #expect(passed.model == passed.program)
        let share = (Double(passed.model) - Double(run.burst)) / (rate * duration)
        #expect(run.shares.contains(share), "\(share) of the rate")
    }
}

/// Overload for ten minutes on a policer of 4000 bytes a second.
struct LongRun: Sendable, CustomStringConvertible {
    let description: String
    let burst: Int
    /// Lengths that follow each other.
    let lengths: [Int]
    /// How much more than the rate arrives.
    let load: Double
    /// What may pass, as a share of the rate.
    let shares: ClosedRange<Double>

    var train: PolicerTrain {
        PolicerTrain(
            description,
            "policer p { if-exceeding { bandwidth-limit 32k; burst-size-limit \(burst); } then discard; }",
            [],
            exceeded: [:]
        )
    }
}

/// DESIGN §3.13: 1 % in byte mode and for multiples of the quantum (100 bytes); else what `check` says.
private let longRuns = [
    LongRun(description: "bytes", burst: 8000, lengths: [700], load: 1.5, shares: 0.99...1.01),
    LongRun(description: "bytes, lengths mixed", burst: 8000, lengths: [1500, 240, 999], load: 2, shares: 0.99...1.01),
    LongRun(description: "quanta, seven", burst: 3500, lengths: [700], load: 1.3, shares: 0.99...1.01),
    LongRun(
        description: "quanta, fifteen, little overload",
        burst: 3500,
        lengths: [1500],
        load: 1.02,
        shares: 0.99...1.01
    ),
    LongRun(description: "quanta, heavy overload", burst: 3500, lengths: [1300], load: 5, shares: 0.99...1.01),
    LongRun(description: "quanta, mixed multiples", burst: 3500, lengths: [1500, 1400], load: 4, shares: 0.99...1.01),
    LongRun(description: "quanta, mixed", burst: 3500, lengths: [1401, 1301, 533], load: 4, shares: 0.97...1.01),
    // A packet counts as up to 99 bytes longer.
    LongRun(description: "quanta, 701 count as 800", burst: 3500, lengths: [701], load: 2, shares: 0.87...0.88),
    LongRun(description: "quanta, 260 count as 300", burst: 3500, lengths: [260], load: 1.2, shares: 0.86...0.87),
]

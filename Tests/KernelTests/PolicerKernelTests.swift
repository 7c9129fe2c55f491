// SPDX-License-Identifier: Apache-2.0
// Policers against real time: the kernel's decisions on paced trains, and the model's at the times that were measured.
import Engine
import Foundation
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import TestSupport
import Testing

/// A sandbox that is sent packets at given times, and a model that hears when each was sent.
private struct PacedRouter {
    let sandbox: Sandbox
    private var model: ReferenceEvaluator
    /// Devices of logical interfaces.
    private let devices: [String: String]
    private let start = ContinuousClock.now

    init(_ train: PolicerTrain) throws {
        let compiled = try compiled(train.configuration)
        sandbox = try makeSandbox(of: compiled.configuration)
        try sandbox.load(compiled.table)
        #expect(try sandbox.read() == compiled.table)
        model = ReferenceEvaluator(compiled.configuration)
        devices = compiled.configuration.interfaces.reduce(into: [:]) { $0[$1.name] = $1.device }
    }

    /// Sends the next packet, not before its time; what kernel and model do with it.
    mutating func send(_ burst: PolicedBurst, at time: Duration) throws -> (kernel: Character, model: Character) {
        while true {
            let wait = time - (ContinuousClock.now - start)
            guard wait > .zero else { break }
            Thread.sleep(forTimeInterval: min(wait / .seconds(1), 0.05))
        }
        let before = ContinuousClock.now
        let injection = Injection(
            try burst.vector().packet,
            from: .device(try #require(devices[burst.input])),
            to: .device("eth2")
        )
        let seen = try sandbox.inject(injection)
        let after = ContinuousClock.now
        // It was somewhere in between.
        let sent = (before - start + (after - start)) / 2
        let answer = try model.evaluate(try burst.vector(at: sent / .seconds(1)))
        let mark = seen.passages.last { $0.hook == .postrouting }?.mark ?? 0
        return (
            PolicedBurst.fate(isDropped: verdict(seen) == .discard, lossPriority: UInt8(mark >> 28 & 3)),
            PolicedBurst.fate(isDropped: answer.verdict == .discard, lossPriority: answer.lossPriority.rawValue)
        )
    }
}

/// How far two sequences of fates are apart: packets whose fate one of them has more often.
private func distance(_ one: String, _ other: String) -> Int {
    "GYRD".reduce(0) { sum, fate in
        sum + max(0, one.count { $0 == fate } - other.count { $0 == fate })
    }
}

@Suite(.serialized) struct `Policers in the kernel` {
    @Test(.timeLimit(.minutes(2)), arguments: policerTrains)
    func `kernel and model agree within a packet a burst`(_ train: PolicerTrain) throws {
        var router = try PacedRouter(train)
        defer { router.sandbox.stop() }
        var lines: [String] = []
        for burst in train.bursts {
            var fates = (kernel: "", model: "")
            for _ in 0..<burst.count {
                let fate = try router.send(burst, at: .milliseconds(burst.time))
                fates.kernel.append(fate.kernel)
                fates.model.append(fate.model)
            }
            lines.append("\(burst.time) ms: kernel \(fates.kernel), model \(fates.model), computed \(burst.fates)")
            #expect(distance(fates.kernel, fates.model) <= 1, "\(lines.joined(separator: "; "))")
        }
        // What the kernel did is what its counters say.
        let rows = Statistics(try router.sandbox.counters()).filters.filter {
            $0.kind == .policer && $0.value.packets > 0
        }
        let keys = rows.map { "\($0.family):\($0.filter)/\($0.name)-\($0.interface)-\($0.direction)" }
        #expect(Set(keys) == Set(train.exceededKeys.keys), "\(lines)")
    }

    /// 125,000 bytes a second, twice as much for some seconds.
    @Test(.timeLimit(.minutes(2)), arguments: ["15k", "200k"])
    func `the kernel keeps the rate under overload`(_ size: String) throws {
        let train = PolicerTrain(
            "overload",
            "policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit \(size); } then discard; }",
            [],
            exceeded: [:]
        )
        var router = try PacedRouter(train)
        defer { router.sandbox.stop() }
        let packet = PolicedBurst(0, 1000, "G")
        var passed = (kernel: 0, model: 0)
        for index in 0..<750 {
            let fate = try router.send(packet, at: .milliseconds(4 * index))
            if fate.kernel != "D" { passed.kernel += 1 }
            if fate.model != "D" { passed.model += 1 }
        }
        #expect(abs(passed.kernel - passed.model) <= 1 + passed.model / 100, "\(passed)")
    }
}

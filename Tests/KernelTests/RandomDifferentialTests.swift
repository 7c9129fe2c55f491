// SPDX-License-Identifier: Apache-2.0
// Random filters and random packets: model and kernel agree on every one. The seed is printed; the environment gives
// another one, or more packets (README, Build and test).
import Engine
import Foundation
import Laboratory
import NetworkTypes
import TestSupport
import Testing

/// What the environment says about the length of the run.
private enum Extent {
    static let seed = number("SLUICE_RANDOM_SEED") ?? 20_240_607
    static let packets = Int(number("SLUICE_RANDOM_PACKETS") ?? 200_000)
    /// Packets of one configuration.
    static let perRouter = 1000
    /// Runs beside each other.
    static let lanes = 4

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Random filters and packets` {
    @Test(arguments: 0..<Extent.lanes)
    func `are judged alike by model and kernel`(lane: Int) throws {
        let sandbox = try RandomComparison.makeSandbox()
        defer { sandbox.stop() }
        var total = FateTally()
        var (sent, routers, failures) = (0, 0, 0)
        let wanted = Extent.packets / Extent.lanes
        while sent < wanted, failures < 3 {
            // Each router has a seed of its own, so that one alone can be repeated.
            let seed = Extent.seed &+ UInt64(routers * Extent.lanes + lane)
            let trial = RandomTrial(seed: seed, packets: min(Extent.perRouter, wanted - sent))
            let finding = try trial.run(in: sandbox, &total)
            if let finding {
                failures += 1
                Issue.record("SLUICE_RANDOM_SEED=\(seed): \(try trial.explained(finding))")
            }
            sent += trial.vectors.count
            routers += 1
        }
        print(
            "random filters, lane \(lane): SLUICE_RANDOM_SEED=\(Extent.seed), \(routers) routers, \(sent) packets: "
                + "\(total)"
        )
        // A generator that meets no refusal, no second pass or no implicit discard any more would prove little.
        #expect(sent == wanted)
        for count in [total.accepted, total.discarded] { #expect(count > sent / 10) }
        for count in [total.rejected, total.answered, total.second, total.held] { #expect(count > sent / 500) }
    }
}

/// One random configuration and the packets for it.
struct RandomTrial {
    var router: RandomRouter
    var vectors: [PacketVector] = []

    init(seed: UInt64, packets: Int) {
        var dice = Dice(seed: seed)
        router = RandomRouter(&dice)
        var maker = RandomPackets(router.edges)
        // Way by way, so that routes to hosts change seldom.
        let ways = RandomPackets.Way.all
        for (index, way) in ways.enumerated() {
            let share = packets * (index + 1) / ways.count - packets * index / ways.count
            vectors += maker.vectors(share, way, &dice)
        }
        for index in vectors.indices {
            vectors[index].id = "\(seed)-\(index)"
            vectors[index].time = Double(index) / 1000
        }
    }

    private init(_ router: RandomRouter, _ vectors: [PacketVector]) {
        self.router = router
        self.vectors = vectors
    }

    /// The first difference; nil for none.
    func run(in sandbox: Sandbox, _ total: inout FateTally) throws -> String? {
        let compiled = compileConfiguration([ConfigurationSource(name: "random.conf", text: router.text)])
        guard compiled.isValid else { return "not valid: \(errors(compiled))" }
        try sandbox.load(compiled.table, isObserved: false)
        var comparison = RandomComparison(compiled)
        let wrong = try comparison.run(vectors, in: sandbox)
        total = total + comparison.tally
        if let first = wrong.first { return "\(wrong.count) packets, first \(first.text)\n\(line(first.vector))" }
        return try comparison.counterDifferences(in: sandbox).first
    }

    /// The difference with the smallest filters that still show it, and the packet.
    func explained(_ finding: String) throws -> String {
        guard let culprit = try culprit() else { return "\(finding)\n\(router.shown)" }
        var small = RandomTrial(router, [culprit.vector])
        var text = culprit.text
        for filter in router.filters.indices.reversed() {
            for term in router.filters[filter].terms.indices.reversed() {
                var candidate = small
                candidate.router.filters[filter].terms.remove(at: term)
                if let still = try? candidate.differs([culprit.vector]) { (small, text) = (candidate, still) }
            }
        }
        return "\(finding)\n\(text)\n\(line(culprit.vector))\n\(small.router.shown)"
    }

    /// A packet that differs, found by halving: packets of a plain router do not know of each other.
    private func culprit() throws -> (vector: PacketVector, text: String)? {
        var rest = vectors
        guard try differs(rest) != nil else { return nil }
        while rest.count > 1 {
            let half = Array(rest.prefix(rest.count / 2))
            rest = try differs(half) != nil ? half : Array(rest.dropFirst(half.count))
        }
        guard let vector = rest.first, let text = try differs(rest) else { return nil }
        return (vector, text)
    }

    /// What differs about some of the packets in a sandbox of their own.
    private func differs(_ vectors: [PacketVector]) throws -> String? {
        let compiled = compileConfiguration([ConfigurationSource(name: "random.conf", text: router.text)])
        guard compiled.isValid else { return nil }
        let sandbox = try RandomComparison.makeSandbox()
        defer { sandbox.stop() }
        try sandbox.load(compiled.table, isObserved: false)
        var comparison = RandomComparison(compiled)
        let wrong = try comparison.run(vectors, in: sandbox).map(\.text)
        let differences = wrong + (try comparison.counterDifferences(in: sandbox))
        return differences.isEmpty ? nil : differences.joined(separator: "; ")
    }

    /// A vector as a line of a vector file.
    private func line(_ vector: PacketVector) -> String {
        let hex = vector.packet.bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
        return
            "{\"id\":\"\(vector.id)\",\"in\":\"\(vector.inputInterface ?? "")\",\"out\":\"\(vector.outputInterface ?? "")\","
            + "\"hex\":\"\(hex)\"}"
    }
}

extension FateTally {
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.accepted += right.accepted
        sum.discarded += right.discarded
        sum.rejected += right.rejected
        sum.answered += right.answered
        sum.second += right.second
        sum.lostByStack += right.lostByStack
        sum.held += right.held
        return sum
    }
}

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
    static let seed = number("SLUICE_RANDOM_SEED", 20_240_607)
    static let packets = Int(clamping: number("SLUICE_RANDOM_PACKETS", 200_000))
    /// Packets of one configuration.
    static let perRouter = 1000
    static var routers: Int { (packets + perRouter - 1) / perRouter }
    /// Runs beside each other.
    static let lanes = 2

    private static func number(_ name: String, _ usual: UInt64) -> UInt64 {
        guard let text = ProcessInfo.processInfo.environment[name] else { return usual }
        // Read as nothing it fails the test, which must not run with other numbers than those that were meant.
        return UInt64(text) ?? 0
    }
}

@Suite(.timeLimit(.minutes(10 + Extent.packets / 20_000))) struct `Random filters and packets` {
    @Test func `are judged alike by model and kernel`() async throws {
        try #require(Extent.packets > 0 && Extent.seed > 0, "SLUICE_RANDOM_PACKETS or SLUICE_RANDOM_SEED is no number")
        let lanes = try await withThrowingTaskGroup(of: RandomLane.self) { group in
            for number in 0..<Extent.lanes {
                group.addTask { try await RandomLane.onThread(number) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let coverage = lanes.reduce(into: RandomCoverage()) { $0.merge($1.coverage) }
        let sent = lanes.reduce(0) { $0 + $1.sent }
        print(
            "random filters: SLUICE_RANDOM_SEED=\(Extent.seed) and \(Extent.routers - 1) more behind it, \(sent) packets"
                + "\n\(coverage.report)"
        )
        for failure in lanes.flatMap(\.failures) { Issue.record("\(failure)") }
        guard lanes.allSatisfy(\.failures.isEmpty) else { return }
        #expect(sent == Extent.packets)
        // A generator that no longer meets something would prove little; shorter runs cannot meet everything.
        if sent >= 200_000 { #expect(coverage.missing.isEmpty, "never met: \(coverage.missing)") }
    }
}

/// A part of the run, one router after another, until three have shown a difference.
private struct RandomLane: Sendable {
    var coverage = RandomCoverage()
    var sent = 0
    var failures: [String] = []

    /// Runs one beside the tasks of other tests, whose threads are few and whose time is limited.
    static func onThread(_ number: Int) async throws -> RandomLane {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try RandomLane(number) }) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    private init(_ number: Int) throws {
        for router in stride(from: number, to: Extent.routers, by: Extent.lanes) where failures.count < 3 {
            // Each router has a seed of its own, so that one alone can be repeated.
            let seed = Extent.seed &+ UInt64(router)
            let packets = min(Extent.perRouter, Extent.packets - router * Extent.perRouter)
            let trial = RandomTrial(seed: seed, packets: packets)
            if let finding = try trial.run(&coverage) {
                failures.append("SLUICE_RANDOM_SEED=\(seed): \(try trial.explained(finding))")
            }
            sent += trial.vectors.count
        }
    }
}

/// One random configuration and the packets for it.
struct RandomTrial {
    var router: RandomRouter
    var vectors: [PacketVector] = []

    init(seed: UInt64, packets: Int) {
        var dice = Dice(seed: seed)
        router = RandomRouter(&dice)
        var maker = RandomPackets(router)
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

    /// The first difference, nil for none; counts what was met.
    func run(_ coverage: inout RandomCoverage) throws -> String? {
        let compiled = compileConfiguration([ConfigurationSource(name: "random.conf", text: router.text)])
        guard compiled.isValid else { return "not valid: \(errors(compiled))" }
        let sandbox = try RandomComparison.makeSandbox()
        defer { sandbox.stop() }
        try sandbox.load(compiled.table, isObserved: false)
        var comparison = RandomComparison(compiled)
        let wrong = try comparison.run(vectors, in: sandbox, traced: { $0 % 4 == 0 }) { answer, fate, vector in
            coverage.note(answer, fate, vector, of: router)
        }
        if let first = wrong.first { return "\(wrong.count) packets, first \(first.text)\n\(line(first.vector))" }
        return try comparison.counterDifferences(in: sandbox).first
    }

    /// The difference with the fewest packets and the smallest filters that still show it.
    func explained(_ finding: String) throws -> String {
        var packets = vectors
        guard var text = try differs(packets) else { return "\(finding)\n\(router.text)" }
        // Most packets know nothing of each other; fragments of one datagram do.
        var size = packets.count / 2
        while size > 0 {
            var start = 0
            while start < packets.count, packets.count > 1 {
                let fewer = Array(packets[..<start] + packets[min(start + size, packets.count)...])
                if let still = try differs(fewer) { (packets, text) = (fewer, still) } else { start += size }
            }
            size = size > packets.count ? packets.count / 2 : size / 2
        }
        var small = RandomTrial(router, packets)
        for filter in router.filters.indices.reversed() {
            for term in router.filters[filter].terms.indices.reversed() {
                var candidate = small
                candidate.router.filters[filter].terms.remove(at: term)
                if let still = try? candidate.differs(packets) { (small, text) = (candidate, still) }
            }
        }
        return "\(finding)\n\(text)\n\(packets.map(line).joined(separator: "\n"))\n\(small.router.text)"
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
        "{\"id\":\"\(vector.id)\",\"in\":\"\(vector.inputInterface ?? "")\",\"out\":\"\(vector.outputInterface ?? "")\","
            + "\"hex\":\"\(hexadecimal(vector.packet))\"}"
    }
}

// SPDX-License-Identifier: Apache-2.0
// A trap of flow reference §11 as a row: a firewall, packets, and what each must come to in model and kernel alike.
import Conntrack
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import TestSupport
import Testing
import Verifier

/// One packet of a trap and what it comes to: verdict, what is answered, how the session fares.
struct TrapStep: Sendable {
    let text: String
    let make: @Sendable () throws -> Packet
    let input: String
    let time: Double
    let expected: String
    /// Leaves TCP numbers to the session.
    let followsSession: Bool

    /// A packet as a line.
    init(_ line: String, _ input: String, at time: Double = 0, _ expected: String) {
        text = line
        make = { try packet(line) }
        self.input = input
        self.time = time
        self.expected = expected
        followsSession = !line.contains("seqno=") && !line.contains("ack=")
    }

    /// A packet that no line can say.
    init(_ text: String, _ input: String, _ expected: String, make: @escaping @Sendable () throws -> Packet) {
        self.text = text
        self.make = make
        self.input = input
        time = 0
        self.expected = expected
        followsSession = false
    }
}

/// A row of the table.
struct FlowTrap: Sendable, CustomTestStringConvertible {
    /// Its numbers in flow reference §11; empty for what stands beside it.
    let numbers: [Int]
    let name: String
    let configuration: String
    let steps: [TrapStep]
    /// Hits of policies in all.
    let hits: [String: UInt64]
    /// Sessions at the end.
    let sessions: Int
    /// Whether the program's voice can say it: it follows no TCP windows.
    let isProgramAsked: Bool

    init(
        _ numbers: [Int],
        _ name: String,
        _ configuration: String,
        _ steps: [TrapStep],
        hits: [String: UInt64] = [:],
        sessions: Int = 0,
        isProgramAsked: Bool = true
    ) {
        self.numbers = numbers
        self.name = name
        self.configuration = configuration
        self.steps = steps
        self.hits = hits
        self.sessions = sessions
        self.isProgramAsked = isProgramAsked
    }

    /// A row for the setup as it stands.
    init(
        _ numbers: [Int],
        _ name: String,
        _ steps: [TrapStep],
        hits: [String: UInt64] = [:],
        sessions: Int = 0,
        isProgramAsked: Bool = true
    ) {
        self.init(
            numbers,
            name,
            trapFirewall(),
            steps,
            hits: hits,
            sessions: sessions,
            isProgramAsked: isProgramAsked
        )
    }

    var testDescription: String { "\(numbers.map(String.init).joined(separator: ", ")) \(name)" }
}

/// Runs a row through model, program and kernel.
struct TrapRun {
    let trap: FlowTrap
    private let sandbox: Sandbox
    private var model: ReferenceEvaluator
    private var verification: Verification
    private var hits: [String: UInt64] = [:]
    private let begin = ContinuousClock.now

    init(_ trap: FlowTrap) throws {
        self.trap = trap
        let compiled = try compiled(trap.configuration)
        sandbox = try makeSandbox(of: compiled.configuration)
        try sandbox.load(compiled.table)
        model = ReferenceEvaluator(compiled.configuration)
        verification = Verification(compiled.configuration, table: try sandbox.read())
    }

    /// Sends the packets, each compared by itself.
    mutating func send() throws {
        for step in trap.steps { try take(step) }
    }

    /// Sends the packets and compares what they leave: hits and sessions.
    mutating func run() throws {
        try send()
        #expect(hits == trap.hits, "\(trap.name)")
        let readings = try sandbox.counters().filter { $0.key.hasPrefix("policy/") && $0.value.packets > 0 }
        let counted = readings.reduce(into: [String: UInt64]()) { counted, reading in
            let key = String(reading.key.dropFirst("policy/".count))
            if key != "all-zone/all-zone/default-policy" { counted[key] = reading.value.packets }
        }
        #expect(counted == trap.hits, "\(trap.name): the kernel's hits")
        #expect(model.sessions(at: trap.steps.last?.time ?? 0).count == trap.sessions, "\(trap.name)")
        #expect(try sandbox.trackedSessions().count == trap.sessions, "\(trap.name): the kernel's sessions")
    }

    private mutating func take(_ step: TrapStep) throws {
        var vector = PacketVector(
            id: step.text,
            time: step.time,
            inputInterface: step.input,
            packet: try step.make(),
            leavesSequenceOpen: step.followsSession,
            leavesAcknowledgmentOpen: step.followsSession
        )
        vector = try model.routed(vector)
        try passTime(to: step.time)
        let answer = try model.evaluate(vector)
        var said = [answer.verdict.rawValue]
        if let message = answer.rejectWith { said.append(message) }
        if answer.session != .none { said.append(answer.session.rawValue) }
        let place: Comment = "\(trap.name): \(step.text) at \(answer.stage)"
        #expect(said.joined(separator: " ") == step.expected, place)
        hits.merge(answer.policyHits) { $0 + $1 }

        let prediction = try verification.predict(vector)
        var sent = vector
        sent.packet = answer.sent
        let seen = try #require(try sandbox.inject([injection(sent)], readsCounters: true).first)
        let differences = verification.judge(prediction, kernel: outcome(seen))
            .filter { trap.isProgramAsked || $0.voice == .kernel }
        #expect(differences.isEmpty, "\(place): \(differences)")
        #expect(seen.logs.count == answer.logs.count, place)
        if answer.verdict == .accept, answer.stage != .reassembly, let emitted = seen.emitted.first {
            #expect(emitted.packet.tcpSegmentSize == answer.packet.tcpSegmentSize, place)
        }
        try compareTime(of: answer.sent, at: step.time, place)
    }

    /// Takes sessions out of the kernel that are over by then for the model, since it cannot be told to wait.
    ///
    /// That they would be over for the kernel, too, the comparison of their times has said.
    private func passTime(to time: Double) throws {
        let living = Set(model.sessions(at: time).map(key))
        for session in try sandbox.trackedSessions() where !living.contains(key(session)) {
            _ = try sandbox.delete(session)
        }
    }

    /// How long the packet's session lives on, for model and kernel.
    private func compareTime(of packet: Packet, at time: Double, _ place: Comment) throws {
        let header = packet.header
        let ends = Set([header.sourceAddress, header.destinationAddress])
        let mine = { (source: IPAddress, destination: IPAddress) in Set([source, destination]) == ends }
        let expected = Dictionary(
            model.sessions(at: time).filter { mine($0.source, $0.destination) }.map { (key($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let tracked = Dictionary(
            try sandbox.trackedSessions().filter { mine($0.original.source, $0.original.destination) }
                .map { (key($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(Set(expected.keys) == Set(tracked.keys), place)
        // Other protocols have one session between two hosts here.
        let own = SessionName(header) ?? expected.keys.first
        guard let own, let session = expected[own] ?? expected[own.inverted],
            let entry = tracked[own] ?? tracked[own.inverted], let left = entry.timeout.map(Double.init)
        else { return }
        // The kernel's time has gone on by what the run took, and it tells whole seconds.
        let gone = Double((ContinuousClock.now - begin).components.seconds) + 2
        #expect((0...gone).contains(session.remaining - left), "\(place): \(session), \(entry)")
        #expect(entry.status.contains(.seenReply) == session.isAnswered, place)
    }
}

/// What the traps' harness knows a session by.
struct SessionName: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var protocolNumber: UInt8
    var low: UInt16
    var high: UInt16

    init(source: IPAddress, destination: IPAddress, protocolNumber: UInt8, low: UInt16, high: UInt16) {
        self.source = source
        self.destination = destination
        self.protocolNumber = protocolNumber
        self.low = low
        self.high = high
    }

    /// Of TCP and UDP packets.
    init?(_ header: PacketHeader) {
        guard let number = header.upperProtocol, number == 6 || number == 17, let low = header.sourcePort,
            let high = header.destinationPort
        else { return nil }
        self.init(
            source: header.sourceAddress,
            destination: header.destinationAddress,
            protocolNumber: number,
            low: low,
            high: high
        )
    }

    var inverted: SessionName {
        SessionName(source: destination, destination: source, protocolNumber: protocolNumber, low: high, high: low)
    }
}

/// A session of the model.
func key(_ session: SessionView) -> SessionName {
    SessionName(
        source: session.source,
        destination: session.destination,
        protocolNumber: session.protocolNumber,
        low: session.sourcePort,
        high: session.destinationPort
    )
}

/// A session of the kernel.
func key(_ session: TrackedSession) -> SessionName {
    let (low, high): (UInt16, UInt16) =
        switch session.original.selector {
        case .ports(let source, let destination): (source, destination)
        case .query(let identifier, let type, let code): (identifier, UInt16(type) << 8 | UInt16(code))
        case .none: (0, 0)
        }
    return SessionName(
        source: session.original.source,
        destination: session.original.destination,
        protocolNumber: session.original.protocolNumber,
        low: low,
        high: high
    )
}

/// What was seen, in the words of the comparison.
func outcome(_ seen: Observation) -> KernelOutcome {
    let verdict: ObservedVerdict
    var reply: ReplyKind?
    switch seen.verdict {
    case .accept: verdict = seen.isDeliveredLocally || !seen.emitted.isEmpty ? .accept : .discard
    case .discard: verdict = .discard
    case .reject(let answer):
        verdict = .reject
        switch answer {
        case .tcpReset: reply = .tcpReset
        case .icmp(_, let code): reply = .unreachable(code: code)
        }
    }
    return KernelOutcome(
        verdict: verdict,
        counters: seen.counters?.compactMapValues { $0.packets > 0 ? $0.packets : nil },
        replyKind: reply
    )
}

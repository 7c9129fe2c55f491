// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: model, program and a private kernel asked about the same packets (DESIGN §5).
import JunosModel
import Laboratory
public import NetworkTypes
public import NftablesIR
import ReferenceEvaluator
public import Verifier

/// What is verified: a configuration, and the program that is meant to do what it says.
public struct VerificationSubject: Sendable {
    /// The configuration.
    public let compiled: CompiledConfiguration
    /// The program: cloned from the kernel, or compiled.
    public let table: Table
    /// Whether it is the live one, with the routes that go with it.
    public let isLive: Bool
}

/// Packets that the model judges alike, and how many of them the other voices judge as it does.
public struct VerdictTally: Hashable, Sendable {
    /// The model's verdict.
    public let verdict: String
    /// Where it was decided.
    public let stage: String
    /// How many packets.
    public var packets = 0
    /// How many of them differ in some respect.
    public var differing = 0
}

/// What a verification found.
public struct VerificationOutcome: Sendable {
    /// Packet by packet.
    public let report: VerificationReport
    /// Packets by what the model says of them.
    public let tallies: [VerdictTally]
    /// What differs beyond single packets: counters' sums, where they were not read for each packet; policy rules and
    /// routes of a live program.
    public let counterDifferences: [Difference]

    /// Whether all voices agree.
    public var isClean: Bool { report.mismatches.isEmpty && counterDifferences.isEmpty }
}

/// Finds what is to be verified in the current network namespace.
///
/// - Parameters:
///   - sources: The configuration; empty for the recorded one.
///   - sandbox: Whether the compiled program is meant and no live one.
/// - Throws: `DeploymentError` if there is no live program, `RecordedStateError` if nothing is recorded.
public func verificationSubject(_ sources: [ConfigurationSource], sandbox: Bool) throws -> VerificationSubject {
    if sandbox {
        let compiled = compileConfiguration(sources, in: currentCircumstances)
        return VerificationSubject(compiled: compiled, table: compiled.table, isLive: false)
    }
    let recording = try? RecordedState.peek()
    let chosen: [ConfigurationSource]
    if sources.isEmpty {
        chosen = try RecordedState.peek().sources.map { ConfigurationSource(name: $0.name, text: $0.text) }
    } else {
        chosen = sources
    }
    guard let table = try Deployment().read() else {
        throw DeploymentError(
            kind: .refused,
            problems: ["the kernel holds no table inet sluice here; apply a configuration, or use --sandbox"]
        )
    }
    return VerificationSubject(
        compiled: compileConfiguration(
            chosen,
            keeping: recording?.policyIndices ?? [:],
            ways: recording?.ways ?? [:]
        ) { configuration in
            // The program speaks of the addresses that it was made with, and of the time that is now.
            Circumstances(localTime: .now(), hostAddresses: recording?.circumstances.hostAddresses ?? [:])
        },
        table: table,
        isLive: true
    )
}

/// Sends packets through a clone of the program and compares all three voices.
///
/// - Parameters:
///   - packets: The packets; nil for at least 1,000 chosen ones.
///   - seed: What repeats the chosen ones.
public func verify(
    _ subject: VerificationSubject,
    packets: [PacketVector]?,
    seed: UInt64,
    progress: (String) -> Void
) throws -> VerificationOutcome {
    let clock = ContinuousClock()
    let begin = clock.now
    let configuration = subject.compiled.configuration
    let devices = Devices(configuration)
    progress("building the sandbox")
    let sandbox = try Sandbox(
        interfaces: devices.sandboxInterfaces,
        sysctls: neededSysctls(configuration).filter { $0.key.hasPrefix("net/netfilter/") }
    )
    defer { sandbox.stop() }
    try sandbox.load(subject.table)
    let vectors = packets ?? choosePackets(configuration, seed: seed)
    var verification = Verification(configuration, table: subject.table, ways: subject.compiled.forwardingIndices)
    // A dump of all counters a packet is what it costs to name the packet; beyond this many only sums are compared.
    let namesPackets = subject.table.objects.count <= 2000
    var tallies: [String: VerdictTally] = [:]
    for (index, vector) in vectors.enumerated() {
        if index % 500 == 0 { progress("\(index) of \(vectors.count) packets") }
        let prediction = try verification.predict(vector)
        let injection = devices.injection(prediction.vector)
        let observations = try sandbox.inject([injection], readsCounters: namesPackets)
        guard let observation = observations.first else {
            throw DeploymentError(kind: .refused, problems: ["packet \(vector.id) was not seen by the sandbox"])
        }
        let differences = verification.judge(prediction, kernel: devices.outcome(observation))
        let (verdict, stage) = (prediction.answer.verdict.rawValue, prediction.answer.stage.rawValue)
        let key = "\(verdict) \(stage)"
        tallies[key, default: VerdictTally(verdict: verdict, stage: stage)].packets += 1
        if !differences.isEmpty { tallies[key]?.differing += 1 }
    }
    var sums: [Difference] = []
    if !namesPackets {
        sums = compareCounters(expected: verification.counters, kernel: try sandbox.counters().mapValues(\.packets))
    }
    // A mark without its rules and routes would be only a mark.
    if subject.isLive { sums += try ForwardingRoutes().differences(subject.compiled.routingTables) }
    return VerificationOutcome(
        report: verification.finished(seconds: (clock.now - begin).inSeconds),
        tallies: tallies.sorted { $0.key < $1.key }.map(\.value),
        counterDifferences: sums
    )
}

extension Duration {
    /// The duration as seconds.
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// Junos names and devices, both ways.
private struct Devices {
    private var deviceOfName: [String: String] = [:]
    private var nameOfDevice: [String: String] = [:]
    private(set) var sandboxInterfaces: [SandboxInterface] = []

    init(_ configuration: JunosConfiguration) {
        for interface in configuration.interfaces {
            guard let device = interface.sandboxInterface else { continue }
            deviceOfName[interface.name] = device.name
            nameOfDevice[device.name] = interface.name
            sandboxInterfaces.append(device)
        }
    }

    func injection(_ vector: PacketVector) -> Injection {
        let arrival: Injection.Arrival =
            if let name = vector.inputInterface, let device = deviceOfName[name] { .device(device) } else { .router }
        let departure: Injection.Departure =
            switch vector.outputInterface {
            case PacketVector.local?: .local
            case let name?: deviceOfName[name].map { .device($0) } ?? .routed
            case nil: .routed
            }
        return Injection(vector.packet, from: arrival, to: departure)
    }

    func outcome(_ observation: Observation) -> KernelOutcome {
        let verdict: ObservedVerdict
        var reply: ReplyKind?
        switch observation.verdict {
        case .accept:
            // Seen from outside, what the stack holds or loses vanishes like what a chain drops.
            verdict = observation.isDeliveredLocally || !observation.emitted.isEmpty ? .accept : .discard
        case .discard: verdict = .discard
        case .reject(let answer):
            verdict = .reject
            switch answer {
            case .tcpReset: reply = .tcpReset
            case .icmp(_, let code): reply = .unreachable(code: code)
            }
        }
        let emitted = observation.emitted.first.flatMap { nameOfDevice[$0.device] }
        return KernelOutcome(
            verdict: verdict,
            counters: observation.counters?.compactMapValues { $0.packets > 0 ? $0.packets : nil },
            emittedInterface: observation.isDeliveredLocally ? PacketVector.local : emitted,
            lastHook: observation.passages.last.flatMap { passage in
                PathHook.allCases.first { "\($0)" == passage.hook.rawValue }
            },
            replyKind: reply,
            mark: observation.passages.last?.mark,
            reports: observation.logs.map(\.prefix)
        )
    }
}

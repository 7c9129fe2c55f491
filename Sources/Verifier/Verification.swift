// SPDX-License-Identifier: Apache-2.0
// One run of packets past the voices: predict, let the laboratory observe, judge (DESIGN §5).
public import JunosModel
public import NetworkTypes
public import NftablesIR
public import ReferenceEvaluator

/// Why a packet cannot be verified.
public enum VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The model has no answer.
    case model(id: String, reason: String)
    /// The program has no answer.
    case program(id: String, ProgramPathError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .model(let id, let reason): "packet \(id): \(reason)"
        case .program(let id, let error): "packet \(id): \(error)"
        }
    }
}

/// What model and program say about one packet.
public struct Prediction: Sendable {
    /// The vector with the packet to send: open TCP numbers are filled in, the way out is decided.
    public let vector: PacketVector
    /// The model's answer.
    public let answer: PacketAnswer
    /// The program's.
    public let program: ProgramOutcome
}

/// A verification in progress.
///
/// For each vector of the run in order: `predict`, then perhaps a real packet, then `judge`.
public struct Verification: Sendable {
    private var model: ReferenceEvaluator
    private var program: ProgramPath
    private let ways: [String: UInt8]
    /// What was found so far.
    public private(set) var report = VerificationReport()
    /// What the run should have added to the kernel's counters so far.
    public private(set) var counters = CounterSum()

    /// Begins a run: a configuration, and the table that is meant to do what it says.
    ///
    /// - Parameter ways: The numbers of the routing tables that terms lead into, by their action.
    public init(_ configuration: JunosConfiguration, table: Table, ways: [String: UInt8] = [:]) {
        self.ways = ways
        model = ReferenceEvaluator(configuration)
        program = ProgramPath(table, configuration: configuration)
    }

    /// Asks model and program about the next packet.
    public mutating func predict(_ vector: PacketVector) throws(VerificationError) -> Prediction {
        let answer: PacketAnswer
        var sent = vector
        do {
            sent = try model.routed(vector)
            answer = try model.evaluate(sent, trace: false)
        } catch {
            throw .model(id: vector.id, reason: "\(error)")
        }
        sent.packet = answer.sent
        let outcome: ProgramOutcome
        do {
            outcome = try program.run(sent, isDroppedByStack: answer.stack != nil)
        } catch {
            throw .program(id: vector.id, error)
        }
        counters.add(answer)
        return Prediction(vector: sent, answer: answer, program: outcome)
    }

    /// Compares the voices and keeps what differs.
    @discardableResult
    public mutating func judge(_ prediction: Prediction, kernel: KernelOutcome? = nil) -> [Difference] {
        let answer = prediction.answer
        let differences = compare(answer: answer, program: prediction.program, kernel: kernel, ways: ways)
        report.checked += 1
        if answer.stack != nil { report.unreached += 1 }
        guard !differences.isEmpty else { return [] }
        func said(_ voice: Difference.Voice) -> String {
            differences.filter { $0.voice == voice && $0.subject != .verdict }
                .map { "; \($0.subject.rawValue) \($0.other)" }.joined()
        }
        report.mismatches.append(
            Mismatch(
                id: prediction.vector.id,
                vector: prediction.vector,
                model: describe(answer)
                    + differences.filter { $0.subject != .verdict }.map { "; \($0.subject.rawValue) \($0.model)" }
                    .joined(),
                program: describe(prediction.program.verdict, prediction.program.reply) + said(.program),
                kernel: kernel.map { describe($0.verdict, $0.replyKind) + said(.kernel) },
                statement: answer.decidedBy,
                rule: prediction.program.rule,
                differences: differences
            )
        )
        return differences
    }

    /// Adds a run's time to the report and hands it out.
    public func finished(seconds: Double) -> VerificationReport {
        var report = report
        report.seconds = seconds
        return report
    }
}

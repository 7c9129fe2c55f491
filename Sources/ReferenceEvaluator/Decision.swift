// SPDX-License-Identifier: Apache-2.0
// From what a stage says to what an answer says.
import JunosModel
import NetworkTypes

/// What was decided, where, by what.
struct Decision: Sendable {
    var verdict: PacketVerdict
    var stage: Stage
    var path: String?
    var rejectWith: String?

    init(_ verdict: PacketVerdict, _ stage: Stage, _ path: String?, rejectWith: String? = nil) {
        self.verdict = verdict
        self.stage = stage
        self.path = path
        self.rejectWith = rejectWith
    }
}

extension ReferenceEvaluator {
    /// A filter's outcome as a decision.
    func decision(_ outcome: FilterOutcome, _ stage: Stage, _ header: PacketHeader) -> Decision {
        switch outcome {
        case .accept(let path): return Decision(.accept, stage, path)
        case .discard(let path): return Decision(.discard, stage, path)
        case .reject(let message, let path):
            // `tcp-reset` answers TCP alone; the rest is told that it is prohibited (filters reference §4.2).
            let isFallback = message.isTCPReset && header.upperProtocol != ProtocolNumber.tcp
            return Decision(
                .reject,
                stage,
                path,
                rejectWith: isFallback ? "administratively-prohibited" : message.keyword
            )
        }
    }

    /// Charges a policy and says how it refuses; nil where it permits.
    func decide(_ found: PolicyDecision, _ header: PacketHeader, _ record: inout PacketRecord) -> Decision? {
        if let key = found.hitKey { record.charge(.policy, key, .policy, header) }
        if found.logs, let path = found.path { record.logs.append(path) }
        switch found.action {
        case .permit: return nil
        case .deny: return Decision(.discard, .policy, found.path)
        case .reject:
            // TCP is reset, UDP told that nobody is there, the rest hears nothing (flow reference §6.2).
            let message: String? =
                switch header.upperProtocol {
                case ProtocolNumber.tcp: "tcp-reset"
                case ProtocolNumber.udp: "port-unreachable"
                default: nil
                }
            return Decision(.reject, .policy, found.path, rejectWith: message)
        }
    }

    /// A permit as a decision.
    func accepted(_ found: PolicyDecision) -> Decision {
        Decision(.accept, .policy, found.path)
    }

    /// The answer to a vector.
    func answer(
        _ vector: PacketVector,
        _ passage: Passage,
        _ record: PacketRecord,
        _ decision: Decision,
        session: SessionEffect = .none,
        stack: (reason: StackDrop, reach: StackReach)? = nil
    ) -> PacketAnswer {
        let number = passage.context.forwardingClass
        let classes = forwardingClassNames
        return PacketAnswer(
            id: vector.id,
            verdict: decision.verdict,
            decidedBy: decision.path,
            stage: decision.stage,
            rejectWith: decision.rejectWith,
            forwardingClass: number < classes.count ? classes[number] : predefinedForwardingClasses[0],
            lossPriority: passage.context.lossPriority,
            dscp: passage.header.dscp,
            forwarding: decision.verdict == .accept ? record.forwarding.flatMap { $0.isMaster ? nil : $0 } : nil,
            session: session,
            stack: stack?.reason,
            stackReach: stack?.reach,
            charges: record.charges,
            logs: record.logs,
            copies: record.copies,
            sent: vector.packet,
            packet: passage.packet,
            trace: record.trace
        )
    }
}

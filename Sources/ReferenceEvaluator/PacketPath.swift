// SPDX-License-Identifier: Apache-2.0
// A packet's way through the router: stages in the order of DESIGN §4, decisions in that of §3.15 to §3.17.
import JunosModel
public import NetworkTypes

/// A received packet between two stages.
struct Journey {
    let vector: PacketVector
    let input: Int
    let egress: Egress
    var passage: Passage
    /// The last filter that accepted, and where.
    var accepted: Decision?
    /// What consulted policies or sessions said, which goes before filters in an answer.
    var permitted: Decision?
    var session = SessionEffect.none
    /// What conntrack said; nil in packet mode.
    var tracked: Tracked?
    var pending: PendingSession?
    /// What the session that begins has of its policies.
    var terms = SessionTerms()
    var stack: (reason: StackDrop, reach: StackReach)?
    /// Whether the packet meets no session and no policy (DESIGN §3.14, flow reference §1.4).
    var isPacketMode = false
}

extension ReferenceEvaluator {
    /// How a family is handled; nil without a `security` hierarchy: a plain router (DESIGN §3.14).
    func mode(_ version: AddressFamily) -> ForwardingMode? {
        configuration.security.map { version == .inet ? $0.inetMode : $0.inet6Mode }
    }

    /// A packet that arrives at an interface.
    mutating func receive(
        _ vector: PacketVector,
        at input: Int,
        _ record: inout PacketRecord
    ) throws(EvaluationError) -> PacketAnswer {
        let version = vector.packet.family
        let passage = Passage(vector.packet, context: context(of: input, version), time: vector.time)
        let egress = try egress(vector, passage.header)
        var journey = Journey(vector: vector, input: input, egress: egress, passage: passage)
        journey.stack = stackDrop(passage.header, to: egress) { addresses.owner(version, $0) != nil }
        if journey.stack?.reach == .nothing {
            return end(journey, Decision(.discard, .stack, nil), record)
        }
        // Mode `drop` comes before filters (flow reference §1.3).
        if mode(version) == .drop {
            return end(journey, Decision(.discard, .mode, modePath(version)), record)
        }
        for instance in instances.at(input, .input, version) {
            if let refusal = run(instance, &journey, .inputFilter, &record) { return end(journey, refusal, record) }
        }
        journey.isPacketMode = record.packetMode || mode(version) != .flowBased
        switch reassemble(&journey) {
        case nil: break
        case .some(let decision): return end(journey, decision, record)
        }
        // Sessions see a packet before routing and everything behind it, also one that is dropped there.
        if !journey.isPacketMode {
            journey.tracked = sessions.track(journey.passage.header, time: vector.time, .received)
        }
        switch egress {
        case .router: return deliver(&journey, &record)
        case .interface(let output): return forward(&journey, to: output, &record)
        }
    }

    /// A packet that the router sends (DESIGN §3.17).
    mutating func send(_ vector: PacketVector, _ record: inout PacketRecord) throws(EvaluationError) -> PacketAnswer {
        let version = vector.packet.family
        let passage = Passage(vector.packet, context: context(of: nil, version), time: vector.time)
        let egress = try egress(vector, passage.header)
        var journey = Journey(vector: vector, input: -1, egress: egress, passage: passage)
        guard case .interface(let output) = egress else {
            // To itself: over `lo`, which is accepted first everywhere (DESIGN §3.21).
            return end(journey, Decision(.accept, .mode, nil), record)
        }
        if mode(version) == .drop {
            return end(journey, Decision(.discard, .mode, modePath(version)), record)
        }
        journey.isPacketMode = mode(version) != .flowBased
        if !journey.isPacketMode {
            if let decision = reassemble(&journey) { return end(journey, decision, record) }
            journey.tracked = sessions.track(journey.passage.header, time: vector.time, .sent)
        }
        if let routingEngine {
            for instance in instances.at(routingEngine, .output, version) {
                if let refusal = run(instance, &journey, .lo0Output, &record) { return end(journey, refusal, record) }
            }
        }
        if let tracked = journey.tracked {
            journey.pending = tracked.pending
            switch tracked.state {
            case .first:
                // Only new sessions meet policies.
                guard let zone = zones[output] else { return end(journey, Decision(.discard, .flow, nil), record) }
                if !zone.isManagement, let refusal = consult(PolicyTable.router, zone.name, &journey, &record) {
                    return end(journey, refusal, record)
                }
            case .new, .established, .related:
                journey.session = .match
                journey.permitted = Decision(.accept, .flow, nil)
                lowerSegmentSize(&journey, tracked.segmentSizes, isReply: tracked.isReply)
            case .invalid, .untracked: break
            }
        }
        return leave(&journey, by: output, &record)
    }

    /// Where the packet goes: as the vector says, else by its destination (DESIGN §6).
    private func egress(_ vector: PacketVector, _ header: PacketHeader) throws(EvaluationError) -> Egress {
        if let name = vector.outputInterface {
            return name == PacketVector.local ? .router : .interface(try number(of: name))
        }
        guard let found = addresses.egress(header) else { throw .noEgress(header.destinationAddress) }
        return found
    }

    /// The vector with the way out that its destination has, where none is given (DESIGN §6).
    ///
    /// - Throws: `noEgress` if neither a local address nor a connected network says where it goes.
    public func routed(_ vector: PacketVector) throws(EvaluationError) -> PacketVector {
        guard vector.outputInterface == nil, vector.inputInterface != nil else { return vector }
        var result = vector
        switch try egress(vector, vector.packet.header) {
        case .router: result.outputInterface = PacketVector.local
        case .interface(let number): result.outputInterface = configuration.interfaces[number].name
        }
        return result
    }

    private func modePath(_ version: AddressFamily) -> String {
        "security forwarding-options family \(version.rawValue)"
    }

    /// Runs one filter instance; the refusal, or nil where it accepts.
    mutating func run(
        _ instance: FilterInstance,
        _ journey: inout Journey,
        _ stage: Stage,
        secondPass: Bool = false,
        _ record: inout PacketRecord
    ) -> Decision? {
        let outcome = instances.run(instance, &journey.passage, stage: stage, secondPass: secondPass, &record)
        let decision = decision(outcome, stage, journey.passage.header)
        guard decision.verdict == .accept else { return decision }
        if !instance.isInterfacePolicer { journey.accepted = decision }
        return nil
    }

    /// Holds fragments until their datagram is whole, where the kernel does: before conntrack in flow mode, and for
    /// local IPv4 in packet mode (DESIGN §3.11, kernel facts §1.2).
    ///
    /// The decision for one that goes no further.
    private mutating func reassemble(_ journey: inout Journey) -> Decision? {
        let version = journey.passage.header.family
        let time = journey.vector.time
        let outcome: FragmentReassembly<PacketContext>.Outcome
        if !journey.isPacketMode {
            outcome = flowFragments.add(journey.passage.packet, journey.passage.context, time: time)
        } else if journey.egress == .router, version == .inet {
            outcome = localFragments.add(journey.passage.packet, journey.passage.context, time: time)
        } else {
            return nil
        }
        switch outcome {
        case .whole: return nil
        case .held: return Decision(.accept, .reassembly, journey.accepted?.path)
        case .dropped: return Decision(.discard, .reassembly, nil)
        case .complete(let packet, let first):
            // The first fragment's class and priority; the interface is where the last one arrived.
            journey.passage.replace(packet)
            journey.passage.context.forwardingClass = first.forwardingClass
            journey.passage.context.lossPriority = first.lossPriority
            return nil
        }
    }

    /// The end of a way that was refused, or held.
    func end(_ journey: Journey, _ decision: Decision, _ record: PacketRecord) -> PacketAnswer {
        answer(
            journey.vector,
            journey.passage,
            record,
            decision,
            session: decision.verdict == .accept ? journey.session : .none,
            stack: journey.stack
        )
    }

    /// The end of an accepted packet's way: its session becomes real (flow reference §10.1 fact 2).
    mutating func accept(_ journey: inout Journey, _ fallback: Stage, _ record: PacketRecord) -> PacketAnswer {
        if let pending = journey.pending, journey.stack == nil {
            sessions.confirm(pending, journey.terms, time: journey.vector.time)
            journey.session = .create
        }
        // For accept the policy if one was consulted, else the last accepting term (DESIGN §6).
        var decision = journey.permitted ?? journey.accepted ?? Decision(.accept, fallback, nil)
        if decision.path == nil { decision.path = journey.accepted?.path }
        if journey.stack != nil { decision.stage = .stack }
        return end(journey, decision, record)
    }
}

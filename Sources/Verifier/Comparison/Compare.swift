// SPDX-License-Identifier: Apache-2.0
// The three voices side by side (DESIGN §5).
import JunosModel
import NetworkTypes
public import ReferenceEvaluator

/// Compares what the model answers with what the program would do and, where a laboratory was asked, what the kernel did.
///
/// Of a packet that the stack drops by itself only what lies before that is compared: the input filters.
///
/// - Parameter ways: The numbers of the routing tables that terms lead into, by their action.
/// - Returns: Nothing where all agree.
public func compare(
    answer: PacketAnswer,
    program: ProgramOutcome,
    kernel: KernelOutcome? = nil,
    ways: [String: UInt8] = [:]
) -> [Difference] {
    // The stack refuses the packet before any filter: neither voice has anything to say.
    if answer.stackReach == .nothing { return kernel.map { unseen(answer, $0) } ?? [] }
    var differences = answer.stack == nil ? whole(answer, program) : beforeStack(answer, program)
    if let kernel { differences += observed(answer, kernel) }
    guard answer.stack == nil else { return differences }
    differences += copies(answer, .program, program.reports)
    if let reports = kernel?.reports { differences += copies(answer, .kernel, reports) }
    guard answer.verdict == .accept else { return differences }
    if program.verdict == .accept { differences += way(answer, .program, program.mark, ways) }
    if let kernel, kernel.verdict == .accept, let mark = kernel.mark { differences += way(answer, .kernel, mark, ways) }
    return differences
}

/// Copies by what their reports are called: `Sc:` for the capture file, `Sm:NAME` for a mirror.
private func copies(_ answer: PacketAnswer, _ voice: Difference.Voice, _ reports: [String]) -> [Difference] {
    let seen = reports.compactMap { prefix -> String? in
        if prefix == "Sc:" { return "packet-capture" }
        guard prefix.hasPrefix("Sm:") else { return nil }
        return prefix.count == 3 ? "port-mirroring" : "port-mirroring instance \(prefix.dropFirst(3))"
    }
    guard seen != answer.copies else { return [] }
    func text(_ copies: [String]) -> String { copies.isEmpty ? "none" : copies.joined(separator: ", ") }
    return [Difference(.copies, voice, model: text(answer.copies), other: text(seen))]
}

/// The way that a mark chooses: bits 16 to 23 are the number of a routing table (DESIGN §4).
private func way(
    _ answer: PacketAnswer,
    _ voice: Difference.Voice,
    _ mark: UInt32,
    _ ways: [String: UInt8]
) -> [Difference] {
    let number = UInt8(truncatingIfNeeded: mark >> 16)
    let isSame: Bool
    if let statement = answer.forwarding?.statement {
        // Without the numbers that the compiler gave, only whether there is one can be told.
        isSame = ways[statement].map { $0 == number } ?? (number != 0)
    } else {
        isSame = number == 0
    }
    guard !isSame else { return [] }
    let other = ways.first { $0.value == number }?.key ?? (number == 0 ? "none" : "table \(number)")
    return [Difference(.way, voice, model: answer.forwarding?.statement ?? "none", other: other)]
}

/// Compares what the model answers with what the kernel did, without asking the program.
///
/// - Returns: Nothing where both agree.
public func compare(answer: PacketAnswer, kernel: KernelOutcome) -> [Difference] {
    answer.stackReach == .nothing ? unseen(answer, kernel) : observed(answer, kernel)
}

/// Compares counters alone, summed over a run.
///
/// - Parameters:
///   - expected: The sum of the answers' counters, policers and policy hits (`CounterSum`).
///   - kernel: Packets that were added to the kernel's counters, by its names.
public func compareCounters(expected: CounterSum, kernel: [String: UInt64]) -> [Difference] {
    let observed = ObservedCounters(kernel)
    return [
        difference(.counters, .kernel, expected.counters, observed.counters),
        difference(.policers, .kernel, expected.policers, observed.policers),
        difference(.policyHits, .kernel, expected.policyHits, observed.policies),
    ].compactMap { $0 }
}

/// What a run should have added to the kernel's counters.
public struct CounterSum: Hashable, Sendable {
    /// Packets by counter key.
    public private(set) var counters: [String: UInt64] = [:]
    /// Exceeding packets by policer key.
    public private(set) var policers: [String: UInt64] = [:]
    /// First packets by policy.
    public private(set) var policyHits: [String: UInt64] = [:]

    /// Makes an empty sum.
    public init() {}

    /// Adds an answer.
    ///
    /// Of a packet that the stack drops only what input filters charge counts; a broadcast that would be forwarded
    /// cannot be predicted here, since the kernel delivers it, and must not be part of such a run.
    public mutating func add(_ answer: PacketAnswer) {
        for charge in answer.charges where answer.stack == nil || charge.stage == .inputFilter {
            switch charge.kind {
            case .counter: counters[charge.key, default: 0] += 1
            case .policer: policers[charge.key, default: 0] += 1
            case .policy: policyHits[charge.key, default: 0] += 1
            }
        }
    }
}

/// Two tallies as one difference, showing only what differs.
private func difference(
    _ subject: Difference.Subject,
    _ voice: Difference.Voice,
    _ model: [String: UInt64],
    _ other: [String: UInt64]
) -> Difference? {
    guard model != other else { return nil }
    let keys = Set(model.keys).union(other.keys).filter { model[$0] != other[$0] }.sorted()
    func text(_ tally: [String: UInt64]) -> String {
        keys.prefix(8).map { "\($0)=\(tally[$0] ?? 0)" }.joined(separator: " ")
            + (keys.count > 8 ? " and \(keys.count - 8) more" : "")
    }
    return Difference(subject, voice, model: text(model), other: text(other))
}

private func whole(_ answer: PacketAnswer, _ program: ProgramOutcome) -> [Difference] {
    var result: [Difference] = []
    let expected = expectedVerdict(answer)
    if expected != program.verdict {
        result.append(
            Difference(.verdict, .program, model: describe(answer), other: describe(program.verdict, program.reply))
        )
    } else if let reply = expectedReply(answer), expected == .reject, reply != program.reply {
        result.append(
            Difference(.reply, .program, model: reply.description, other: program.reply?.description ?? "none")
        )
    }
    let observed = ObservedCounters(program.counters)
    result += [
        difference(.counters, .program, answer.counters, observed.counters),
        difference(.policers, .program, answer.policers, observed.policers),
        difference(.policyHits, .program, answer.policyHits, observed.policies),
    ].compactMap { $0 }
    result += unnamed(answer, observed)
    guard expected == .accept, program.verdict == .accept else { return result }
    return result + carried(answer, program)
}

/// Counters that answers do not show: what they must be follows from who decided.
private func unnamed(_ answer: PacketAnswer, _ observed: ObservedCounters) -> [Difference] {
    var result: [Difference] = []
    func expect(_ subject: Difference.Subject, _ isExpected: Bool, _ count: UInt64) {
        guard isExpected != (count == 1) || count > 1 else { return }
        result.append(Difference(subject, .program, model: isExpected ? "1" : "0", other: "\(count)"))
    }
    expect(
        .implicitDiscard,
        answer.verdict == .discard && answer.decidedBy?.hasSuffix(" implicit-discard") == true,
        observed.implicitDiscards
    )
    let reasons = dropReasons(answer)
    if reasons.isEmpty != observed.drops.isEmpty || !Set(observed.drops.keys).isSubset(of: reasons) {
        let model = reasons.isEmpty ? "none" : reasons.sorted().joined(separator: " or ")
        let other = observed.drops.isEmpty ? "none" : observed.drops.keys.sorted().joined(separator: " ")
        result.append(Difference(.drops, .program, model: model, other: other))
    }
    // A default permit may be followed by the decision of another stage.
    if answer.decidedBy == "security policies default-policy", observed.defaultPolicies == 0 {
        result.append(Difference(.defaultPolicy, .program, model: "1", other: "0"))
    }
    return result
}

/// The counters of which one takes a packet that mode, sessions, zones or host-inbound-traffic drop.
private func dropReasons(_ answer: PacketAnswer) -> Set<String> {
    switch (answer.verdict, answer.stage) {
    case (.discard, .mode): ["mode-\(answer.packet.family.rawValue)"]
    case (.discard, .hostInbound): ["host-inbound"]
    case (.discard, .flow): ["invalid", "untracked", "related", "no-zone", "handshake", "dns-response", "syn-check"]
    case (.reject, .flow): ["invalid", "syn-check"]
    default: []
    }
}

/// What an accepted packet carries with it.
private func carried(_ answer: PacketAnswer, _ program: ProgramOutcome) -> [Difference] {
    var result: [Difference] = []
    let session: SessionEffect =
        switch program.session {
        case .create: .create
        case .match: .match
        case nil: .none
        }
    if session != answer.session {
        result.append(Difference(.session, .program, model: answer.session.rawValue, other: session.rawValue))
    }
    let level = LossPriority(rawValue: UInt8(program.mark >> 28 & 3)) ?? .low
    if level != answer.lossPriority {
        result.append(Difference(.lossPriority, .program, model: answer.lossPriority.keyword, other: level.keyword))
    }
    let number = Int(program.mark >> 24 & 15)
    // Names beyond the predefined ones have numbers that only the compiler knows.
    let name = number < predefinedForwardingClasses.count ? predefinedForwardingClasses[number] : nil
    let isPredefined = predefinedForwardingClasses.contains(answer.forwardingClass)
    if name == nil ? isPredefined : name != answer.forwardingClass {
        result.append(
            Difference(.forwardingClass, .program, model: answer.forwardingClass, other: name ?? "number \(number)")
        )
    }
    let dscp = program.packet.header.dscp
    let fragmentBit = { (packet: Packet) in
        packet.bytes.count > 6 && packet.family == .inet ? packet.bytes[6] & 0x40 : 0
    }
    if fragmentBit(program.packet) != fragmentBit(answer.packet) {
        let (model, other) = (fragmentBit(answer.packet), fragmentBit(program.packet))
        result.append(
            Difference(.dontFragment, .program, model: model == 0 ? "0" : "1", other: other == 0 ? "0" : "1")
        )
    }
    let size = program.packet.tcpSegmentSize
    if size != answer.packet.tcpSegmentSize {
        func text(_ size: UInt16?) -> String { size.map { "\($0)" } ?? "none" }
        result.append(
            Difference(
                .segmentSize,
                .program,
                model: text(answer.packet.tcpSegmentSize),
                other: text(size)
            )
        )
    }
    if dscp != answer.dscp { result.append(Difference(.dscp, .program, model: "\(answer.dscp)", other: "\(dscp)")) }
    return result
}

/// Of a packet that the stack drops: what the input filters charged.
private func beforeStack(_ answer: PacketAnswer, _ program: ProgramOutcome) -> [Difference] {
    let observed = ObservedCounters(program.counters(upTo: .prerouting))
    return [difference(.counters, .program, inputCounters(answer), observed.counters)].compactMap { $0 }
}

private func inputCounters(_ answer: PacketAnswer) -> [String: UInt64] {
    answer.charges.reduce(into: [:]) { sums, charge in
        if charge.kind == .counter, charge.stage == .inputFilter { sums[charge.key, default: 0] += 1 }
    }
}

/// The kernel against the model.
private func observed(_ answer: PacketAnswer, _ kernel: KernelOutcome) -> [Difference] {
    var result: [Difference] = []
    let allowed = observableVerdicts(answer)
    if !allowed.contains(kernel.verdict) {
        result.append(
            Difference(.verdict, .kernel, model: describe(answer), other: describe(kernel.verdict, kernel.replyKind))
        )
    } else if kernel.verdict == .reject, !mayStackAnswer(answer), let reply = expectedReply(answer),
        let seen = kernel.replyKind, seen != reply
    {
        result.append(Difference(.reply, .kernel, model: reply.description, other: seen.description))
    }
    guard let counters = kernel.counters else { return result }
    let seen = ObservedCounters(counters)
    if answer.stack == nil {
        result += [
            difference(.counters, .kernel, answer.counters, seen.counters),
            difference(.policers, .kernel, answer.policers, seen.policers),
            difference(.policyHits, .kernel, answer.policyHits, seen.policies),
        ].compactMap { $0 }
    } else {
        // What a drop in the stack lets through differs from what the vector says; the input filters do not.
        let input = seen.counters.filter { $0.key.hasSuffix("-i") && !$0.key.contains("-lo0.") }
        result += [difference(.counters, .kernel, inputCounters(answer), input)].compactMap { $0 }
    }
    return result
}

private func unseen(_ answer: PacketAnswer, _ kernel: KernelOutcome) -> [Difference] {
    kernel.verdict == .accept
        ? [Difference(.verdict, .kernel, model: describe(answer), other: kernel.verdict.description)] : []
}

/// Whether the stack dropped the packet before what the model says was decided, and may have told the sender so itself.
private func mayStackAnswer(_ answer: PacketAnswer) -> Bool {
    answer.stack != nil && ![.mode, .inputFilter].contains(answer.stage)
}

/// What can be seen from outside of what the model says.
private func observableVerdicts(_ answer: PacketAnswer) -> Set<ObservedVerdict> {
    if mayStackAnswer(answer) { return [.discard, .reject] }
    // Held fragments do not come out.
    if answer.verdict == .accept { return answer.stage == .reassembly ? [.discard] : [.accept] }
    guard answer.verdict == .reject, let reply = expectedReply(answer) else { return [.discard] }
    switch reply.expectation(for: answer.packet) {
    case .always: return [.reject]
    case .never: return [.discard]
    case .perhaps: return [.discard, .reject]
    }
}

/// A refusal that sends nothing is a discard to every observer (flow reference §6.2).
private func expectedVerdict(_ answer: PacketAnswer) -> ObservedVerdict {
    switch answer.verdict {
    case .accept: .accept
    case .discard: .discard
    case .reject: answer.rejectWith == nil ? .discard : .reject
    }
}

private func expectedReply(_ answer: PacketAnswer) -> ReplyKind? {
    answer.rejectWith.flatMap { ReplyKind(junosKeyword: $0, family: answer.packet.family) }
}

/// A model's verdict in one phrase.
func describe(_ answer: PacketAnswer) -> String {
    answer.verdict.rawValue + (answer.rejectWith.map { " \($0)" } ?? "")
        + (answer.stage == .reassembly ? " (reassembly)" : "") + (answer.stack.map { " (stack: \($0.rawValue))" } ?? "")
}

/// An observed verdict in one phrase.
func describe(_ verdict: ObservedVerdict, _ reply: ReplyKind?) -> String {
    verdict.description + (reply.map { " \($0)" } ?? "")
}

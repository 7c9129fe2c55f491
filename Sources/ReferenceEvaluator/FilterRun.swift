// SPDX-License-Identifier: Apache-2.0
// A packet through one filter: terms in order, the first that matches without `next term` decides (filters reference
// §1.1, seed "How Standard Firewall Filters Evaluate Packets").
import JunosModel
import NetworkTypes

/// What is said about a packet on its way; an answer is made of it.
struct PacketRecord: Sendable {
    var charges: [PacketAnswer.Charge] = []
    /// Paths of the statements that logged.
    var logs: [String] = []
    /// Where copies of the packet go, each as often as terms ask for it.
    var copies: [String] = []
    var packetMode = false
    var forwarding: ForwardingChoice?
    var tracing = false
    var trace: [TraceLine] = []

    mutating func charge(_ kind: PacketAnswer.Charge.Kind, _ key: String, _ stage: Stage, _ header: PacketHeader) {
        charges.append(.init(kind: kind, key: key, stage: stage, octets: UInt64(header.totalLength)))
    }

    mutating func note(_ stage: Stage, _ path: String, _ text: @autoclosure () -> String) {
        if tracing { trace.append(TraceLine(stage: stage, path: path, text: text())) }
    }
}

/// How a filter ended.
enum FilterOutcome: Sendable {
    case accept(path: String)
    case discard(path: String)
    case reject(RejectMessage, path: String)
}

/// A packet on its way through the router.
struct Passage: Sendable {
    var packet: Packet
    var header: PacketHeader
    var context: PacketContext
    let nanoseconds: UInt64

    init(_ packet: Packet, context: PacketContext, time: Double) {
        self.packet = packet
        header = PacketHeader(packet)
        self.context = context
        nanoseconds = PacketVector.nanoseconds(time)
    }

    /// Puts another packet in its place.
    mutating func replace(_ packet: Packet) {
        self.packet = packet
        header = PacketHeader(packet)
    }
}

extension FilterInstances {
    /// Evaluates one instance.
    ///
    /// In the second pass policers act as conforming and nothing is logged (DESIGN §3.1).
    mutating func run(
        _ instance: FilterInstance,
        _ passage: inout Passage,
        stage: Stage,
        secondPass: Bool = false,
        _ record: inout PacketRecord
    ) -> FilterOutcome {
        let body = instance.body
        var next = 0
        while let index = firstMatch(body, from: next, passage, stage, &record) {
            next = index + 1
            let term = body.terms[index]
            // A matched term performs all of its actions (§1.1 rule 2); the counter counts what the policer drops too
            // (DESIGN §3.5).
            if let counter = term.counter {
                let key = instance.key(body.counters[counter], secondPass: secondPass)
                record.charge(.counter, key, stage, passage.header)
                record.note(stage, term.path, "count \(body.counters[counter])")
            }
            if term.logs, !secondPass { record.logs.append(term.path) }
            if let index = term.policer, !secondPass {
                let name = body.policers[index].name
                if police(index, of: instance, named: name, term, &passage, stage: stage, &record) {
                    return .discard(path: term.path)
                }
            }
            if let index = term.prefixAction {
                let action = body.prefixActions[index]
                let member = action.member(passage.header)
                let name = "\(action.name)-\(member)"
                if action.counts {
                    record.charge(.counter, instance.key(name, secondPass: secondPass), stage, passage.header)
                }
                if let index = action.policer, !secondPass,
                    police(index, member: member, of: instance, named: name, term, &passage, stage: stage, &record)
                {
                    return .discard(path: term.path)
                }
            }
            // What a policer drops is not copied, and a copy is as the packet came (§4.3).
            if !secondPass {
                if term.sample { record.copies.append("packet-capture") }
                if let name = term.mirror {
                    record.copies.append(name.isEmpty ? "port-mirroring" : "port-mirroring instance \(name)")
                }
            }
            // Later terms see the changes (DESIGN §3.4); the last writer wins (§1.2).
            if let level = term.lossPriority { passage.context.lossPriority = level }
            if let number = term.forwardingClass { passage.context.forwardingClass = number }
            if let dscp = term.dscp { passage.replace(passage.packet.settingDSCP(dscp)) }
            if let bit = term.dontFragment { passage.replace(passage.packet.settingDontFragment(bit)) }
            // The way is chosen once, where the packet arrives (§4.1); the last writer wins here too.
            if let way = term.forwarding, stage == .inputFilter {
                record.forwarding = way
                record.note(stage, term.path, "\(way.statement)")
            }
            if term.packetMode, stage == .inputFilter { record.packetMode = true }
            switch term.outcome {
            case .nextTerm:
                record.note(stage, term.path, "match: next term")
            case .accept:
                record.note(stage, term.path, "match: accept")
                return .accept(path: term.path)
            case .discard:
                record.note(stage, term.path, "match: discard")
                return .discard(path: term.path)
            case .reject(let message):
                record.note(stage, term.path, "match: reject \(message.keyword)")
                return .reject(message, path: term.path)
            }
        }
        // Nothing matched: silent, uncounted (§1.1 rule 5).
        record.note(stage, body.implicitDiscard, "no term matched: discard")
        return .discard(path: body.implicitDiscard)
    }
    /// The first term, from one on, all of whose conditions hold (§1.1).
    private func firstMatch(
        _ body: FilterBody,
        from first: Int,
        _ passage: Passage,
        _ stage: Stage,
        _ record: inout PacketRecord
    ) -> Int? {
        var start = first == 0 ? 0 : body.conditionEnds[first - 1]
        var term = first
        while term < body.conditionEnds.count {
            let end = body.conditionEnds[term]
            var index = start
            while index < end, body.conditions[index].holds(passage.header, passage.context, builder.tables) {
                index += 1
            }
            if index == end { return term }
            if record.tracing {
                let failed = body.terms[term].source[index - start]
                record.note(stage, body.terms[term].path, "no match: \(describe(failed, passage))")
            }
            start = end
            term += 1
        }
        return nil
    }
}

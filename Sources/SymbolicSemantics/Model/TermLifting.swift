// SPDX-License-Identifier: Apache-2.0
// Terms as entries: where they match, and what they do (filters reference §1.1, §4).
import DecisionDiagrams
import JunosModel
import NetworkTypes

/// Lifts the terms of one place, in order.
struct TermLifting {
    let place: FilterPlace
    let labels: StateLabels
    let conditions: ConditionLifting
    /// Whether buckets belong to this place alone (DESIGN §3.8).
    let isPerInterface: Bool
    /// The longest packet of the interfaces that share the filter.
    let mtu: Int
    /// The parameters of the buckets met so far, by label.
    private(set) var limits: [String: ExpectedLimit] = [:]
    /// How many terms that can match asked each bucket so far.
    private var evaluations: [String: Int] = [:]
    /// Whose bucket a label is: buckets of two terms that are called the same stay two.
    private var owners: [String: [String]] = [:]

    init(place: FilterPlace, labels: StateLabels, conditions: ConditionLifting, isPerInterface: Bool, mtu: Int) {
        self.place = place
        self.labels = labels
        self.conditions = conditions
        self.isPerInterface = isPerInterface
        self.mtu = mtu
    }

    /// One term.
    mutating func entry(_ effective: ModelLifting.EffectiveTerm, _ semantics: inout Semantics) -> ListEntry {
        let term = effective.term
        let match = conditions.all(term.from, &semantics)
        return ListEntry(
            match: match,
            // A term that can never match asks no bucket.
            outcome: match == .no ? semantics.terminal(StageOutcome()) : outcome(effective, &semantics),
            origin: term.source.path
        )
    }

    /// A matched term performs all of its actions (§1.1 rule 2).
    private mutating func outcome(
        _ effective: ModelLifting.EffectiveTerm,
        _ semantics: inout Semantics
    ) -> Diagram {
        let actions = effective.term.then
        var start = StageOutcome()
        // The counter counts what the policer drops too (DESIGN §3.5).
        if let name = actions.count { start.counters[labels.counter(name)] = 1 }
        // In the second pass nothing is logged and policers act as conforming (DESIGN §3.1).
        guard place.pass == .packetForwardingEngine else { return ending(actions, start, &semantics) }
        if actions.log || actions.syslog { start.logs[effective.term.source.path] = 1 }
        guard let name = actions.policer, let policer = conditions.configuration.policers[name] else {
            return ending(actions, start, &semantics)
        }
        // One bucket a term, shown as POLICER-TERM, or one for all terms of the filter (§4.4).
        let shown = policer.isFilterSpecific ? name : "\(name)-\(effective.term.name)"
        var beyond = start
        beyond.counters[labels.exceeded(shown)] = 1
        let exceeding: Diagram
        if policer.discards {
            // Discard dominates, and ends evaluation even in a term with `next term` (§1.2, §4.4).
            beyond.ending = .drop
            exceeding = semantics.terminal(beyond)
        } else {
            if let level = policer.lossPriority { beyond.setLossPriority(level) }
            if let number = policer.forwardingClass.flatMap({ conditions.classNumbers[$0] }) {
                beyond.setForwardingClass(number)
            }
            exceeding = ending(actions, beyond, &semantics)
        }
        let conforming = ending(actions, start, &semantics)
        let exceeded = ask(policer, shown, effective, &semantics)
        return semantics.store.choose(exceeded, then: exceeding, otherwise: conforming)
    }

    /// Where the term's bucket finds the packet to exceed it.
    private mutating func ask(
        _ policer: Policer,
        _ shown: String,
        _ effective: ModelLifting.EffectiveTerm,
        _ semantics: inout Semantics
    ) -> Diagram {
        var label = labels.bucket(shown, isPerInterface: isPerInterface)
        // Terms of one name in two filters of a list have a bucket each, though both are shown by one name (§4.4).
        let owner = policer.isFilterSpecific ? policer.name : effective.term.source.path
        let known = owners[label] ?? []
        let rank = known.firstIndex(of: owner) ?? known.count
        if rank == known.count { owners[label, default: []].append(owner) }
        if rank > 0 { label += " of \(owner)" }
        let limit = ExpectedLimit(policer.rate, mtu: mtu)
        limits[label] = limit
        let evaluation = evaluations[label] ?? 0
        evaluations[label] = evaluation + 1
        return semantics.exceeds(limit, label, evaluation: evaluation, conditions.space)
    }

    /// Changes of the packet and its context, then what ends or continues evaluation; later writers win (§1.2).
    private func ending(
        _ actions: TermActions,
        _ start: StageOutcome,
        _ semantics: inout Semantics
    ) -> Diagram {
        var outcome = start
        if let level = actions.lossPriority { outcome.setLossPriority(level) }
        if let number = actions.forwardingClass.flatMap({ conditions.classNumbers[$0] }) {
            outcome.setForwardingClass(number)
        }
        if let dscp = actions.dscp { outcome.dscp = dscp }
        if actions.packetMode, takesPacketMode {
            outcome.setMark(0x8000_0000, to: 0x8000_0000)
            outcome.isUntracked = true
        }
        switch actions.outcome {
        // A term that says nothing terminating accepts (§1.1 rule 4).
        case nil, .accept:
            outcome.ending = .accept
            return semantics.terminal(outcome)
        case .nextTerm: return semantics.terminal(outcome)
        case .discard:
            outcome.ending = .drop
            return semantics.terminal(outcome)
        case .reject(let message):
            // The answer is recognised by this bit, so that it gets out (DESIGN §3.17).
            outcome.setMark(0x4000_0000, to: 0x4000_0000)
            outcome.ending = .reject(code: message.code, isReset: false)
            let answered = semantics.terminal(outcome)
            guard message.isTCPReset else { return answered }
            // `tcp-reset` answers TCP alone; the rest is told that it is prohibited (§4.2).
            outcome.ending = .reject(code: nil, isReset: true)
            let isTCP = conditions.region(
                .number(.payloadProtocol, [UInt32(ProtocolNumber.tcp)...UInt32(ProtocolNumber.tcp)], isExcept: false),
                &semantics
            )
            let reset = semantics.terminal(outcome)
            return semantics.store.choose(isTCP, then: reset, otherwise: answered)
        }
    }

    /// Only where packets arrive, in front of conntrack, is there flow processing to skip; a plain router has none
    /// (flow reference §1.4, DESIGN §3.14).
    private var takesPacketMode: Bool {
        guard case .known = conditions.receiving else { return false }
        return place.pass == .packetForwardingEngine && conditions.configuration.security != nil
    }
}

extension StageOutcome {
    /// Sets bits of the mark on top of what was set.
    mutating func setMark(_ mask: UInt32, to value: UInt32) {
        markMask |= mask
        markValue = markValue & ~mask | value
    }

    /// Bits 28 and 29 (DESIGN §4).
    mutating func setLossPriority(_ level: LossPriority) { setMark(0x3000_0000, to: UInt32(level.rawValue) << 28) }

    /// Bits 24 to 27 (DESIGN §4); there are 16 classes at most.
    mutating func setForwardingClass(_ number: Int) { setMark(0x0f00_0000, to: UInt32(number & 15) << 24) }
}

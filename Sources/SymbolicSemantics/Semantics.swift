// SPDX-License-Identifier: Apache-2.0
// One proof's workshop: diagrams, outcomes by number, and names of variables that only the two programs know.
public import DecisionDiagrams

/// Diagrams over packets with outcomes as terminals.
public struct Semantics: Sendable {
    /// The diagrams.
    public var store: DiagramStore
    private var outcomes: [StageOutcome] = []
    private var numbers: [StageOutcome: UInt32] = [:]
    private var dynamic: [String: UInt32] = [:]
    private var dynamicNames: [String] = []

    /// Makes an empty workshop.
    public init(capacity: Int = 1 << 12) { store = DiagramStore(capacity: capacity) }

    /// The function that is one outcome everywhere.
    public mutating func terminal(_ outcome: StageOutcome) -> Diagram {
        // 0 and 1 are the Boolean terminals.
        if let known = numbers[outcome] { return store.terminal(known) }
        let number = UInt32(outcomes.count) + 2
        outcomes.append(outcome)
        numbers[outcome] = number
        return store.terminal(number)
    }

    /// The outcome of a terminal's number; nil for the Boolean ones.
    public func outcome(_ number: UInt32) -> StageOutcome? {
        number >= 2 && number - 2 < outcomes.count ? outcomes[Int(number - 2)] : nil
    }

    /// The variable of a name; the same name is always the same variable.
    public mutating func variable(named name: String) -> UInt32 {
        if let known = dynamic[name] { return known }
        let number = PacketSpace.firstDynamic + UInt32(dynamicNames.count)
        dynamic[name] = number
        dynamicNames.append(name)
        return number
    }

    /// The name of a dynamic variable.
    public func name(of variable: UInt32) -> String? {
        guard variable >= PacketSpace.firstDynamic else { return nil }
        let index = Int(variable - PacketSpace.firstDynamic)
        return index < dynamicNames.count ? dynamicNames[index] : nil
    }

    /// What comes of an outcome that lets a packet proceed into a function: the packet is decided as the outcome
    /// leaves it, and effects add up.
    public mutating func proceed(_ outcome: StageOutcome, into next: Diagram, _ space: PacketSpace) -> Diagram {
        let decided = store.fixing(next, changes(outcome, space))
        if outcome == StageOutcome() { return decided }
        return mapOutcomes(decided) { outcome.followed(by: $0) }
    }

    /// The variables that an outcome sets, for what comes behind it.
    func changes(_ outcome: StageOutcome, _ space: PacketSpace) -> Assignment {
        var values: Assignment = [:]
        let mark = space.variables(.mark)
        for bit in 0..<32 where outcome.markMask >> UInt32(bit) & 1 == 1 {
            values[mark[31 - bit]] = outcome.markValue >> UInt32(bit) & 1 == 1
        }
        if let dscp = outcome.dscp {
            let octet = space.variables(.trafficClass)
            for bit in 0..<6 { values[octet[5 - bit]] = dscp >> UInt8(bit) & 1 == 1 }
        }
        return values
    }

    /// The function with each outcome changed.
    public mutating func mapOutcomes(_ diagram: Diagram, _ change: (StageOutcome) -> StageOutcome) -> Diagram {
        replace(diagram) { workshop, outcome in workshop.terminal(change(outcome)) }
    }

    /// The function with each outcome replaced by a function.
    public mutating func replace(
        _ diagram: Diagram,
        _ replacement: (inout Semantics, StageOutcome) -> Diagram
    ) -> Diagram {
        var done: [UInt32: Diagram] = [:]
        for number in store.terminals(diagram) {
            done[number] = outcome(number).map { replacement(&self, $0) } ?? store.terminal(number)
        }
        return store.replacingTerminals(diagram) { store, number in done[number] ?? store.terminal(number) }
    }
}

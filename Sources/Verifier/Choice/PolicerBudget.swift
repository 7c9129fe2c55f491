// SPDX-License-Identifier: Apache-2.0
// Keeps chosen packets far from the edges of token buckets, which a real run meets at other times than the vectors say.
import JunosModel
import NetworkTypes

/// What may still be charged to policers.
struct PolicerBudget {
    private let configuration: JunosConfiguration
    private let interfaces: [String: LogicalInterface]
    private let routingEngine: LogicalInterface?
    private let isNeeded: Bool
    /// Halves of the depths that are left, in bytes or packets, by policer: all its buckets share one.
    private var left: [String: UInt64] = [:]
    private var passages: [String: FilterPassage?] = [:]

    init(_ configuration: JunosConfiguration) {
        self.configuration = configuration
        isNeeded = !configuration.policers.isEmpty || !configuration.threeColorPolicers.isEmpty
        interfaces = Dictionary(configuration.interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        routingEngine = configuration.interfaces.first { $0.isRoutingEngine && $0.unit == 0 }
        for (name, policer) in configuration.policers { left[name] = Self.burst(policer.rate) / 2 }
        for (name, policer) in configuration.threeColorPolicers {
            left[Self.key(threeColor: name)] = min(Self.burst(policer.committed), Self.burst(policer.peak)) / 2
        }
    }

    private static func burst(_ rate: Policer.Rate) -> UInt64 {
        switch rate {
        case .bandwidth(_, let burst), .packets(_, let burst): burst
        }
    }

    /// No policer can have this name (filters reference §5.5).
    private static func key(threeColor name: String) -> String { "__three-color \(name)" }

    /// The policers that a term charges, by the key of what is left of them.
    private func charges(_ actions: TermActions) -> [(key: String, rate: Policer.Rate)] {
        let names = [actions.policer, actions.prefixAction.flatMap { configuration.prefixActions[$0]?.policer }]
        let plain = names.compactMap { $0.flatMap { configuration.policers[$0] } }.map { ($0.name, $0.rate) }
        guard let policer = actions.threeColorPolicer.flatMap({ configuration.threeColorPolicers[$0] }) else {
            return plain
        }
        return plain + [(Self.key(threeColor: policer.name), policer.committed)]
    }

    /// Whether the packet can be sent; takes what it costs.
    mutating func affords(_ vector: PacketVector) -> Bool {
        guard isNeeded else { return true }
        let version = vector.packet.family
        let isIn = vector.inputInterface == PacketVector.local
        let isOut = vector.outputInterface == PacketVector.local
        let ends: [(LogicalInterface?, Bool)] = [
            (vector.inputInterface.flatMap { interfaces[$0] }, true), (isOut ? routingEngine : nil, true),
            (isIn ? routingEngine : nil, false), (vector.outputInterface.flatMap { interfaces[$0] }, false),
        ]
        var costs: [String: UInt64] = [:]
        for (interface, isInput) in ends {
            guard let interface, let passage = passage(interface, isInput, version) else { continue }
            let visit = passage.visit(vector.packet, input: vector.inputInterface ?? "", configuration)
            for place in visit.matched {
                for (key, rate) in charges(passage.filters[place.filter][place.term].term.then) {
                    switch rate {
                    case .bandwidth: costs[key, default: 0] += UInt64(vector.packet.bytes.count) + quantum
                    case .packets: costs[key, default: 0] += 1
                    }
                }
            }
            if !visit.isAccepted { break }
        }
        guard costs.allSatisfy({ left[$0.key, default: 0] >= $0.value }) else { return false }
        for (name, cost) in costs { left[name, default: 0] -= cost }
        return true
    }

    /// At most this much more is charged where buckets count in quanta (DESIGN §3.13).
    private var quantum: UInt64 { 600 }

    private mutating func passage(
        _ interface: LogicalInterface,
        _ isInput: Bool,
        _ version: AddressFamily
    ) -> FilterPassage? {
        let key = "\(interface.name) \(isInput) \(version.rawValue)"
        if let known = passages[key] { return known }
        let made = FilterPassage(interface, isInput: isInput, version: version, configuration)
        passages[key] = .some(made)
        return made
    }
}

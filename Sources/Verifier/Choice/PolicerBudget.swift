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
        isNeeded = !configuration.policers.isEmpty
        interfaces = Dictionary(configuration.interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        routingEngine = configuration.interfaces.first { $0.isRoutingEngine && $0.unit == 0 }
        for (name, policer) in configuration.policers {
            switch policer.rate {
            case .bandwidth(_, let burst): left[name] = burst / 2
            case .packets(_, let burst): left[name] = burst / 2
            }
        }
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
                guard let name = passage.filters[place.filter][place.term].term.then.policer,
                    let policer = configuration.policers[name]
                else { continue }
                switch policer.rate {
                case .bandwidth: costs[name, default: 0] += UInt64(vector.packet.bytes.count) + quantum
                case .packets: costs[name, default: 0] += 1
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

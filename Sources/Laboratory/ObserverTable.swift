// SPDX-License-Identifier: Apache-2.0
// A table of ours beside the one under test: it tells how far a packet came, and never decides about it before the end.
import NetworkTypes
import NftablesIR

/// One place where passing packets are seen.
struct Observer: Hashable, Sendable {
    /// Its name: of its chain, its counter and what it writes into its reports.
    var name: String
    /// The hook.
    var hook: BaseChain.Hook
    /// The priority.
    var priority: Int32
    /// The chain of the table under test that has the packet next; nil if the stack has it.
    var next: String?
    /// Whether packets end here, delivered to the router itself.
    var isDelivery = false
}

/// The observers of a table, and the table that makes them.
///
/// Each base chain has an observer right before it and one right behind it, so a packet that was last seen before a chain
/// was dropped by that chain, and one last seen behind a chain was lost by the stack (or is held for reassembly).
struct ObserverTable: Sendable {
    /// The table's name.
    static let name = "observer"
    /// The NFLOG group in which the observers report; none of those that programs report in (DESIGN §3.24).
    static let group: UInt16 = 21_399

    /// The observers by name.
    let observers: [String: Observer]
    /// The hooks of IP packets, in which every packet is seen at least once.
    private static let hooks: [BaseChain.Hook] = [.prerouting, .input, .forward, .output, .postrouting]

    /// Plans the observers of a table; fails if two chains leave no room between them.
    init(of table: Table?) throws(LaboratoryError) {
        var observers: [String: Observer] = [:]
        for hook in Self.hooks {
            let chains = (table?.chains.values ?? [:].values).filter { $0.base?.hook == hook }
            var taken: [Int32: String] = [:]
            for chain in chains {
                let priority = chain.base?.priority ?? 0
                guard taken.updateValue(chain.name, forKey: priority) == nil, priority > .min, priority < .max - 1
                else {
                    throw LaboratoryError(.invalid, "observe \(chain.name): two chains share its hook and priority")
                }
            }
            let places = taken.isEmpty ? [0] : Set(taken.keys.flatMap { [$0 - 1, $0 + 1] })
            for place in places {
                if let chain = taken[place] {
                    throw LaboratoryError(.invalid, "observe \(chain): no priority is free beside it")
                }
                let next = taken[place + 1]
                let name =
                    next.map { "before-\($0)" } ?? taken[place - 1].map { "behind-\($0)" } ?? "at-\(hook.rawValue)"
                observers[name] = Observer(name: name, hook: hook, priority: place, next: next)
            }
        }
        observers[Self.delivery.name] = Self.delivery
        self.observers = observers
    }

    /// Where packets for the router itself are seen last, and end.
    ///
    /// Behind everything, also the confirmation of sessions: at equal priority the chain that was registered first
    /// runs last (kernel facts T11), and this one is registered before anything can wake conntrack, once and for all.
    static let delivery = Observer(
        name: "delivered",
        hook: .input,
        priority: .max,
        next: nil,
        isDelivery: true
    )

    /// The kernel program of the observers around one table.
    var table: Table {
        var table = Table(family: .inet, name: Self.name)
        for observer in observers.values where !observer.isDelivery { Self.add(observer, to: &table) }
        return table
    }

    private static func add(_ observer: Observer, to table: inout Table) {
        let counter = ObjectKey.counter(observer.name)
        var expressions: [Expression] = [
            .object(counter),
            .log(LogParameters(group: group, prefix: observer.name, queueThreshold: 1)),
        ]
        // Nobody listens in a sandbox: the stack's own answer (a reset, port unreachable) would only blur the picture.
        if observer.isDelivery { expressions.append(.verdict(.drop)) }
        // What programs beside it say to each other over `lo` is no packet of an experiment; those keep their priority.
        let isConversation: [Expression] = [
            .metaLoad(.inputInterfaceName, into: .one),
            .compare(.equal, .one, RegisterValue(Array("lo".utf8) + Array(repeating: 0, count: 14))),
            .metaLoad(.priority, into: .one),
            .compare(.notEqual, .one, RegisterValue(host: RawSender.priority)),
            .verdict(.accept),
        ]
        table.objects[counter] = .counter
        table.chains[observer.name] = Chain(
            name: observer.name,
            base: BaseChain(hook: observer.hook, priority: observer.priority, policy: .accept),
            rules: (observer.isDelivery ? [Rule(isConversation)] : []) + [Rule(expressions)]
        )
    }

    /// The name of the table that stays as long as the sandbox does.
    static let permanentName = "sandbox"

    /// The table that stays as long as the sandbox does: the end of deliveries, and silence.
    ///
    /// The stack's own chatter (neighbour discovery, multicast listeners) is kept from the program under test; what an
    /// experiment sends as the router is recognised by its socket priority and passes.
    static var permanent: Table {
        let rule = Rule([
            .metaLoad(.networkFamily, into: .one), .compare(.equal, .one, RegisterValue([10])),
            .metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, RegisterValue([ProtocolNumber.icmp6])),
            .metaLoad(.priority, into: .one), .compare(.notEqual, .one, RegisterValue(host: RawSender.priority)),
            .payloadLoad(.transport, offset: 0, length: 1, into: .one),
            .range(.equal, .one, RegisterValue([130]), RegisterValue([143])), .verdict(.drop),
        ])
        let chain = Chain(
            name: "chatter",
            base: BaseChain(hook: .output, priority: .min + 1, policy: .accept),
            rules: [rule]
        )
        var table = Table(family: .inet, name: permanentName, chains: [chain.name: chain])
        add(delivery, to: &table)
        return table
    }
}

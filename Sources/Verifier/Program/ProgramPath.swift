// SPDX-License-Identifier: Apache-2.0
// The program's voice: a packet on its way past the base chains of a table, with what the stack does between them.
public import JunosModel
public import NetworkTypes
import NftablesEvaluator
public import NftablesIR

/// Why the program cannot be asked about a packet.
public enum ProgramPathError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The vector names no way in, or none out.
    case noPlace(id: String)
    /// A logical interface that has no device.
    case noDevice(String)
    /// The machine refuses an expression; it never guesses.
    case refused(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .noPlace(let id): "packet \(id) says not where it enters and leaves; give in and out"
        case .noDevice(let name): "\(name) has no device in the kernel"
        case .refused(let why): why
        }
    }
}

/// A program with its state: counters, buckets, connections and waiting fragments.
///
/// Routing is the vector's: `out` decides between `forward` and `input`. What the stack drops by itself is not modelled
/// here: the outcome is what the program would say if it saw the packet at each hook (DESIGN §5). A packet whose header
/// the stack refuses meets no hook at all.
public struct ProgramPath: Sendable {
    private let machine: Machine
    private let chains: [PathHook: [(name: String, priority: Int32)]]
    private let devices: [String: String]
    private let comments: [RulePosition: String]
    private let tracksConnections: Bool
    private var state = MachineState()
    private var connections: ConnectionTracker
    private var trackedFragments = FragmentReassembly<UInt32>()
    private var localFragments = FragmentReassembly<UInt32>()

    /// Takes in a table; the configuration tells devices and whether connections may begin in their middle.
    public init(_ table: Table, configuration: JunosConfiguration) {
        machine = Machine(table)
        var chains: [PathHook: [(name: String, priority: Int32)]] = [:]
        var comments: [RulePosition: String] = [:]
        var tracks = false
        for chain in table.chains.values {
            if let base = chain.base, let hook = PathHook(base.hook) {
                chains[hook, default: []].append((chain.name, base.priority))
            }
            for (index, rule) in chain.rules.enumerated() {
                if let comment = rule.comment { comments[RulePosition(chain: chain.name, rule: index)] = comment }
                tracks = tracks || rule.expressions.contains(where: \.usesConntrack)
            }
        }
        self.chains = chains.mapValues { $0.sorted { $0.priority < $1.priority } }
        self.comments = comments
        tracksConnections = tracks
        devices = Dictionary(
            configuration.interfaces.compactMap { interface in interface.device.map { (interface.name, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        connections = ConnectionTracker(configuration.security?.flow ?? FlowOptions())
    }

    /// Readings of all counters since the beginning, by the kernel's names.
    public var counters: [String: CounterValue] {
        Dictionary(state.counters.map { ($0.key.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Sends the next packet of the run.
    ///
    /// - Parameter isDroppedByStack: Whether the stack drops it by itself on the way, so that no connection begins.
    public mutating func run(
        _ vector: PacketVector,
        isDroppedByStack: Bool = false
    ) throws(ProgramPathError) -> ProgramOutcome {
        guard let input = vector.inputInterface, let output = vector.outputInterface else {
            throw .noPlace(id: vector.id)
        }
        var journey = Journey(vector)
        let header = vector.packet.header
        guard header.isWellFormed, header.hasValidHeaderChecksum else {
            journey.end(.discard)
            return journey.outcome
        }
        if input == PacketVector.local {
            journey.output = try device(output)
            try passTracked(.output, &journey)
            try pass(.postrouting, &journey)
        } else {
            journey.input = try device(input)
            try passTracked(.prerouting, &journey)
            if output == PacketVector.local {
                deliver(&journey)
                try pass(.input, &journey)
            } else {
                journey.output = try device(output)
                journey.decrementTimeToLive()
                try pass(.forward, &journey)
                try pass(.postrouting, &journey)
            }
        }
        if let view = journey.view {
            let isAccepted = journey.isAlive && !isDroppedByStack
            connections.commit(
                view,
                mark: journey.connectionMark,
                timeout: journey.timeout,
                isAccepted: isAccepted,
                time: journey.time
            )
        }
        return journey.outcome
    }

    private func device(_ interface: String) throws(ProgramPathError) -> InterfaceName? {
        guard interface != PacketVector.local else { return InterfaceName("lo") }
        guard let name = devices[interface] ?? devices[interface + ".0"] else { throw .noDevice(interface) }
        return InterfaceName(name)
    }

    /// Runs a hook's chains in order of priority, of those inside a range of priorities.
    private mutating func pass(
        _ hook: PathHook,
        _ journey: inout Journey,
        _ priorities: ClosedRange<Int32> = .min ... .max
    ) throws(ProgramPathError) {
        guard journey.isAlive else { return }
        journey.outcome.lastHook = hook
        for chain in chains[hook] ?? [] where priorities.contains(chain.priority) {
            let before = journey.packetBytes
            let result: Outcome
            do {
                result = try machine.run(
                    chain: chain.name,
                    journey.machinePacket(hook),
                    at: PacketVector.nanoseconds(journey.time),
                    state: &state,
                    recordingTrace: false
                )
            } catch {
                throw .refused("\(error)")
            }
            journey.take(result, hook, octets: before.count)
            guard let decision = result.decisions.last, result.fate != .accept else {
                if let decision = result.decisions.last { journey.outcome.rule = name(decision) }
                continue
            }
            journey.outcome.rule = name(decision)
            switch result.fate {
            case .reject(let kind):
                journey.end(.reject)
                journey.outcome.reply = ReplyKind(kind, journey.family)
            case .drop, .accept: journey.end(.discard)
            }
            return
        }
    }

    private func name(_ decision: Decision) -> String {
        guard let rule = decision.rule else { return "chain \(decision.chain) policy" }
        let comment = comments[rule].map { " comment \"\($0)\"" } ?? ""
        return "chain \(rule.chain) rule \(rule.rule)\(comment)"
    }

    /// The two hooks where packets come to conntrack: chains before reassembly, reassembly, conntrack, the rest.
    private mutating func passTracked(_ hook: PathHook, _ journey: inout Journey) throws(ProgramPathError) {
        // At exactly -400 and -200 the stack's own function runs after chains that were added later (kernel facts §1.1).
        try pass(hook, &journey, .min ... -400)
        guard journey.isAlive else { return }
        if tracksConnections, !journey.isUntracked {
            reassemble(&journey, &trackedFragments)
            guard journey.isAlive else { return }
        }
        try pass(hook, &journey, -399 ... -200)
        guard journey.isAlive else { return }
        if tracksConnections {
            let view =
                journey.isUntracked
                ? .untracked
                : connections.look(journey.packet, time: journey.time, checksChecksums: hook == .prerouting)
            journey.view = view
            journey.conntrack = view.conntrack
        }
        try pass(hook, &journey, -199 ... .max)
    }

    /// Local delivery reassembles IPv4 before the input hook, IPv6 behind it (kernel facts §1.2).
    private mutating func deliver(_ journey: inout Journey) {
        guard journey.isAlive, journey.family == .inet else { return }
        reassemble(&journey, &localFragments)
    }

    private func reassemble(_ journey: inout Journey, _ fragments: inout FragmentReassembly<UInt32>) {
        switch fragments.add(journey.packet, journey.outcome.mark, time: journey.time) {
        case .whole: break
        case .held:
            journey.outcome.isHeld = true
            journey.end(.accept)
        case .dropped: journey.end(.discard)
        case .complete(let packet, let mark):
            // The first fragment's buffer carries the datagram.
            journey.packetBytes = packet.bytes
            journey.outcome.mark = mark
        }
    }
}

/// A packet between hooks.
private struct Journey {
    let time: Double
    let family: AddressFamily
    var packetBytes: [UInt8]
    var input: InterfaceName?
    var output: InterfaceName?
    var conntrack = Conntrack.none
    var view: ConnectionTracker.View?
    var connectionMark: UInt32?
    /// What the program set for the connection that begins.
    var timeout: ConntrackTimeout?
    var isUntracked = false
    var isAlive = true
    var outcome: ProgramOutcome

    init(_ vector: PacketVector) {
        time = vector.time
        family = vector.packet.family
        packetBytes = vector.packet.bytes
        outcome = ProgramOutcome(
            verdict: .accept,
            charges: [],
            lastHook: vector.inputInterface == PacketVector.local ? .output : .prerouting,
            isHeld: false,
            mark: 0,
            packet: vector.packet
        )
    }

    var packet: NetworkTypes.Packet { NetworkTypes.Packet(family: family, bytes: packetBytes) }

    func machinePacket(_ hook: PathHook) -> NftablesEvaluator.Packet {
        // The buffer ends where the packet does: padding behind it is trimmed before the first hook.
        let end = packet.header.end
        return NftablesEvaluator.Packet(
            Array(packetBytes.prefix(end)),
            family: family == .inet ? .ipv4 : .ipv6,
            input: input,
            output: hook == .prerouting || hook == .input ? nil : output,
            mark: outcome.mark,
            conntrack: conntrack
        )
    }

    /// Keeps what a base chain did.
    mutating func take(_ result: Outcome, _ hook: PathHook, octets: Int) {
        packetBytes = result.bytes
        outcome.packet = packet
        outcome.mark = result.mark
        isUntracked = isUntracked || result.isUntracked
        if let mark = result.conntrackMark {
            connectionMark = mark
            if case .tracked(var entry) = conntrack {
                entry.mark = mark
                conntrack = .tracked(entry)
            }
        }
        for case .setTimeout(let timeout) in result.effects { self.timeout = timeout }
        for case .counted(let key) in result.effects {
            outcome.charges.append(ProgramCharge(hook: hook, object: key.name, octets: UInt64(octets)))
        }
        for case .logged(let parameters) in result.effects { outcome.reports.append(parameters.prefix) }
        if case .tracked(let entry) = conntrack, entry.mark & 0xffff != 0 {
            outcome.session = view?.fresh == nil ? .match : .create
        }
    }

    mutating func end(_ verdict: ObservedVerdict) {
        isAlive = false
        outcome.verdict = verdict
        if verdict != .accept { outcome.session = nil }
    }

    /// Forwarding takes one before the forward hook; what has none left is the stack's to drop.
    mutating func decrementTimeToLive() {
        guard isAlive else { return }
        let offset = family == .inet ? 8 : 7
        guard packetBytes.count > offset, packetBytes[offset] > 0 else { return }
        packetBytes[offset] -= 1
        // Writing the DSCP that is there mends the IPv4 header checksum.
        packetBytes = packet.settingDSCP(packet.header.dscp).bytes
    }
}

extension PathHook {
    init?(_ hook: BaseChain.Hook) {
        switch hook {
        case .prerouting: self = .prerouting
        case .input: self = .input
        case .forward: self = .forward
        case .output: self = .output
        case .postrouting: self = .postrouting
        case .ingress, .egress: return nil
        }
    }
}

extension Expression {
    /// Whether the expression makes the kernel load conntrack, and with it reassembly (kernel facts §1.2).
    fileprivate var usesConntrack: Bool {
        switch self {
        case .conntrackLoad, .conntrackStore: true
        default: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The model: what the Junos configuration says happens to a packet. Written to be read beside the reference documents;
// it shares nothing with lowering and compiler (DESIGN §2, §5).
public import JunosModel
public import NetworkTypes

/// Why a packet vector has no answer.
public enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Neither an interface nor zones, and no filter was asked for.
    case noInterface
    /// The configuration has no such logical interface.
    case unknownInterface(String)
    /// `out` is not given, and the destination is neither the router's nor in a connected subnet.
    case noEgress(IPAddress)
    /// The configuration has no such filter.
    case unknownFilter(FilterName)

    /// A stable word, as diagnostics have one.
    public var code: String {
        switch self {
        case .noInterface: "no-interface"
        case .unknownInterface: "unknown-interface"
        case .noEgress: "no-egress"
        case .unknownFilter: "unknown-filter"
        }
    }

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .noInterface: "the packet names no interface; give in, or from-zone and to-zone, or --filter"
        case .unknownInterface(let name): "no logical interface \(name) in the configuration"
        case .noEgress(let address):
            "no-egress: \(address) is no address of the router and in no connected subnet; give out"
        case .unknownFilter(let name): "no filter \(name.name) in family \(name.family.rawValue)"
        }
    }
}

/// The reference evaluator: one run of packets through one configuration.
///
/// Sessions, buckets and fragments are its state; a copy is a fork of the run.
public struct ReferenceEvaluator: Sendable {
    let configuration: JunosConfiguration
    let addresses: LocalAddresses
    /// The security zone of each interface, by the interface's number; nil is the null zone.
    let zones: [ZoneMembership?]
    var policies: PolicyTable?
    /// The number of `lo0.0`, or of the first unit of `lo0`.
    let routingEngine: Int?
    var instances: FilterInstances
    var sessions: SessionTable
    /// Fragments that wait before conntrack, and those that wait for local delivery in packet mode.
    var flowFragments = FragmentReassembly<PacketContext>()
    var localFragments = FragmentReassembly<PacketContext>()

    /// What one interface is to zones.
    struct ZoneMembership: Sendable {
        let name: String
        let isManagement: Bool
        let sendsTCPReset: Bool
        /// The interface's own `host-inbound-traffic`, else the zone's (flow reference §3.3 rule 2).
        let hostInbound: HostInboundTraffic
        /// `security zones … host-inbound-traffic`.
        let hostInboundPath: String
        /// `security zones security-zone Z`.
        let path: String
    }

    /// Prepares a configuration; the cost is linear in its size.
    public init(_ configuration: JunosConfiguration) {
        self.configuration = configuration
        instances = FilterInstances(configuration)
        addresses = LocalAddresses(configuration.interfaces)
        zones = Self.memberships(configuration)
        policies = configuration.security.map { PolicyTable($0, configuration) }
        routingEngine =
            configuration.interfaces.firstIndex { $0.isRoutingEngine && $0.unit == 0 }
            ?? configuration.interfaces.firstIndex(where: \.isRoutingEngine)
        sessions = SessionTable(configuration.security?.flow ?? FlowOptions())
    }

    /// Forgets all sessions and waiting fragments; buckets keep their state.
    public mutating func forgetSessions() {
        sessions = SessionTable(configuration.security?.flow ?? FlowOptions())
        flowFragments = FragmentReassembly()
        localFragments = FragmentReassembly()
    }

    /// Names of forwarding classes, by number.
    var forwardingClassNames: [String] { instances.builder.names.forwardingClasses }

    /// The sessions that live at a time, in no order.
    public func sessions(at time: Double) -> [SessionView] { sessions.views(at: time) }

    /// How many sessions there are.
    public var sessionCount: Int { sessions.count }

    /// The vector with TCP numbers that continue its session, where they were left open (DESIGN §6).
    public func continuing(_ vector: PacketVector) -> PacketVector {
        guard vector.leavesSequenceOpen || vector.leavesAcknowledgmentOpen,
            let next = sessions.next(vector.packet.header, time: vector.time)
        else { return vector }
        var result = vector
        result.packet = vector.packet.settingTCPNumbers(
            sequence: vector.leavesSequenceOpen ? next.sequence : nil,
            acknowledgment: vector.leavesAcknowledgmentOpen ? next.acknowledgment : nil
        )
        return result
    }

    /// What happens to the next packet of the run.
    ///
    /// Vectors come in the order of their time.
    public mutating func evaluate(
        _ vector: PacketVector,
        trace: Bool = false
    ) throws(EvaluationError) -> PacketAnswer {
        advanceSchedulers(to: vector.time)
        let vector = continuing(vector)
        var record = PacketRecord()
        record.tracing = trace
        if vector.inputInterface == nil, vector.fromZone != nil || vector.toZone != nil {
            return policyAnswer(vector, &record)
        }
        guard let input = vector.inputInterface else { throw .noInterface }
        if input == PacketVector.local { return try send(vector, &record) }
        return try receive(vector, at: try number(of: input), &record)
    }

    /// `--filter FAMILY:NAME`: one filter alone, as at an interface, under its plain name.
    public mutating func evaluate(
        filter name: FilterName,
        _ vector: PacketVector,
        trace: Bool = false
    ) throws(EvaluationError) -> PacketAnswer {
        let version = vector.packet.family
        guard let filter = configuration.filters[name] else { throw .unknownFilter(name) }
        let instance = instances.plain(filter, version)
        let input = try vector.inputInterface.flatMap { (name) throws(EvaluationError) -> Int? in
            name == PacketVector.local ? nil : try number(of: name)
        }
        var record = PacketRecord()
        record.tracing = trace
        var passage = Passage(vector.packet, context: context(of: input, version), time: vector.time)
        let outcome = instances.run(instance, &passage, stage: .inputFilter, &record)
        return answer(vector, passage, record, decision(outcome, .inputFilter, passage.header))
    }

    /// A policy look-up alone, for a first packet between two zones; nil zones ask the global policies alone.
    ///
    /// Nil without a `security` hierarchy.
    public func lookUpPolicy(from: String?, to: String?, _ packet: Packet) -> PolicyDecision? {
        var record = PacketRecord()
        return policies?.lookUp(from: from, to: to, packet.header, &record)
    }

    private func policyAnswer(_ vector: PacketVector, _ record: inout PacketRecord) -> PacketAnswer {
        let passage = Passage(vector.packet, context: PacketContext(), time: vector.time)
        guard let policies else {
            return answer(vector, passage, record, Decision(.accept, .mode, nil))
        }
        let found = policies.lookUp(from: vector.fromZone, to: vector.toZone, passage.header, &record)
        let decision = decide(found, passage.header, &record) ?? accepted(found)
        return answer(vector, passage, record, decision)
    }

    /// The number of a logical interface; a name without a unit means unit 0 (DESIGN §6).
    func number(of name: String) throws(EvaluationError) -> Int {
        let numbers = instances.builder.names.interfaceNumbers
        if let found = numbers[name] ?? numbers[name + ".0"] { return found }
        throw .unknownInterface(name)
    }

    /// What a packet carries that arrives at an interface, or that the router sends.
    func context(of input: Int?, _ version: AddressFamily) -> PacketContext {
        var context = PacketContext()
        context.inputInterface = input
        if let input {
            let family: FilterFamily = version == .inet ? .inet : .inet6
            context.interfaceGroup = configuration.interfaces[input].families[family]?.group ?? 0
        }
        return context
    }

    private static func memberships(_ configuration: JunosConfiguration) -> [ZoneMembership?] {
        var found: [String: ZoneMembership] = [:]
        for zone in configuration.security?.zones ?? [] {
            let path =
                zone.isManagement
                ? "security zones functional-zone \(zone.name)" : "security zones security-zone \(zone.name)"
            for interface in zone.interfaces where found[interface.name] == nil {
                found[interface.name] = ZoneMembership(
                    name: zone.name,
                    isManagement: zone.isManagement,
                    sendsTCPReset: zone.sendsTCPReset,
                    hostInbound: interface.hostInbound ?? zone.hostInbound,
                    hostInboundPath: interface.hostInbound == nil
                        ? "\(path) host-inbound-traffic" : "\(path) interfaces \(interface.name) host-inbound-traffic",
                    path: path
                )
            }
        }
        return configuration.interfaces.map { found[$0.name] }
    }
}

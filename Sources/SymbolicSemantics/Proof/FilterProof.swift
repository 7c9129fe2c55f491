// SPDX-License-Identifier: Apache-2.0
// The proof for filters: every place of every device, for all packets.
public import DecisionDiagrams
public import JunosModel
public import NetworkTypes
public import NftablesIR

/// A packet for which model and program differ, or for which the program has no known meaning.
public struct ProofFinding: Sendable {
    /// Where.
    public var place: ProofPlace
    /// The variables that matter.
    public var assignment: Assignment
    /// A packet for which it is so; nil if none could be built, which says that the proof is wrong here.
    public var witness: PacketWitness?
    /// What must hold beside the packet: buckets that are exceeded, the device of arrival, class and priority.
    public var assumptions: [String]
    /// What the model does, and the statement.
    public var model: (outcome: StageOutcome, origin: String)
    /// What the program does, and the rule.
    public var program: (outcome: StageOutcome, origin: String)
}

/// What a proof came to.
public struct ProofResult: Sendable {
    /// Differences between model and program.
    public internal(set) var differences: [ProofFinding] = []
    /// What keeps the proof from being complete: expressions without a known meaning, chains that are missing.
    public internal(set) var open: [String] = []
    /// What the proof does not speak of.
    public internal(set) var outside: [String] = [
        "time in token buckets: what they answer is left open, their parameters are compared"
    ]
    /// Filter instances compared, by version and branch.
    public internal(set) var comparisons = 0
    /// Packet classes told apart.
    public internal(set) var classes = 0
    /// Entries that had to be decided exactly.
    public internal(set) var examined = 0
    /// Nodes of the diagrams.
    public internal(set) var nodes = 0

    /// Whether the program does what the configuration says, for every packet.
    public var isProved: Bool { differences.isEmpty && open.isEmpty }
}

/// Proves a program against a configuration.
public struct FilterProof {
    let configuration: JunosConfiguration
    let table: Table
    /// Paths of statements by the log prefix that stands for them.
    let logPaths: [String: String]
    var semantics = Semantics(capacity: 1 << 14)
    let model: ModelLifting
    private(set) var result = ProofResult()
    /// Bodies that were compared and found the same, with what their counters were called.
    private var proved: Set<ProvedBody> = []

    /// Outcomes with paths in place of log prefixes.
    private var translations: [Diagram: Diagram] = [:]

    private struct ProvedBody: Hashable {
        var chain: String
        var place: FilterPlace
    }

    /// Makes a proof.
    ///
    /// - Parameter logPaths: paths of statements by the prefix under which the program logs for them.
    public init(_ configuration: JunosConfiguration, _ table: Table, logPaths: [String: String]) {
        self.configuration = configuration
        self.table = table
        self.logPaths = logPaths
        model = ModelLifting(configuration)
    }

    /// Runs the proof.
    ///
    /// - Parameter progress: is told how many of how many places are done.
    public mutating func run(_ progress: (Int, Int) -> Void = { _, _ in }) -> ProofResult {
        let chains = BaseChains(table)
        result.open += chains.strangers
        let places = allPlaces()
        if configuration.security != nil {
            result.outside += [
                "sessions, zones and policies: what transit, to-routing-engine and from-routing-engine do behind filters"
            ]
        }
        for (index, place) in places.enumerated() {
            prove(place, chains)
            progress(index + 1, places.count)
        }
        result.nodes = semantics.store.count
        return result
    }

    /// Every stage for every device, for one that is not named, and for `lo`.
    private func allPlaces() -> [ProofPlace] {
        let devices = configuration.interfaces.compactMap(\.device).map(Optional.init) + [nil, "lo"]
        // With zones, packets to and from the router meet sessions and policies behind the filters.
        let stages = ProofPlace.Stage.allCases.filter {
            configuration.security == nil || ($0 != .toRoutingEngine && $0 != .fromRoutingEngine)
        }
        return stages.flatMap { stage in
            devices.flatMap { device in
                AddressFamily.allCases.map { ProofPlace(stage: stage, device: device, version: $0) }
            }
        }
    }

    private mutating func prove(_ place: ProofPlace, _ chains: BaseChains) {
        let filters = model.filters(place)
        // Output filters that refuse sit where the kernel can answer (DESIGN §4): there, and nowhere else.
        let isRefusing = place.stage == .outputFilters && filters.contains { refuses($0) }
        let wanted: [(BaseChain.Hook, Int32)] =
            switch place.stage {
            case .inputFilters: [(.prerouting, -450)]
            case .routerSent: [(.output, -450)]
            case .toRoutingEngine: [(.input, 0)]
            case .fromRoutingEngine: [(.output, 0)]
            case .outputFilters: isRefusing ? [(.forward, 200), (.output, 200)] : [(.postrouting, 300)]
            }
        let empty: [(BaseChain.Hook, Int32)] =
            place.stage != .outputFilters ? [] : isRefusing ? [(.postrouting, 300)] : [(.forward, 200), (.output, 200)]
        for (hook, priority) in wanted {
            guard let name = chains.name(hook, priority) else {
                if !filters.isEmpty || place.stage == .inputFilters {
                    result.open.append("\(place): no base chain at \(hook.rawValue) priority \(priority)")
                }
                continue
            }
            prove(place, filters, base: name)
        }
        for (hook, priority) in empty {
            if let name = chains.name(hook, priority) { prove(place, [], base: name) }
        }
    }

    /// Whether a filter answers some packets that it drops.
    private mutating func refuses(_ filter: FilterPlace) -> Bool {
        guard let lifted = model.lift(filter, into: &semantics) else { return false }
        return lifted.list.entries.contains { entry in
            entry.match != .no
                && semantics.store.terminals(entry.outcome).contains {
                    guard case .reject = semantics.outcome($0)?.ending else { return false }
                    return true
                }
        }
    }

    /// A base chain: what it does itself, and the filters that it visits.
    private mutating func prove(_ place: ProofPlace, _ filters: [FilterPlace], base: String) {
        let space = PacketSpace(place.version)
        let scope = scope(place, space)
        var lifter = ProgramLifter(table)
        lifter.visited = lifter.bodies(of: base)
        var skeleton = lifter.function(base, scope, &semantics)
        // The end of a base chain is its policy.
        let end = policy(of: base)
        skeleton = semantics.mapOutcomes(skeleton) { outcome in
            var outcome = outcome
            if outcome.ending == .accept { outcome.ending = end }
            return outcome
        }
        let visits =
            semantics.store.terminals(skeleton).compactMap { semantics.outcome($0)?.visits }
            .max { $0.count < $1.count } ?? []
        let isComplete = visits.count == filters.count
        let expected = semantics.expected(
            place,
            visits: isComplete ? visits : filters.map { "filter \($0.family.rawValue)" },
            configuration.security,
            space
        )
        let (difference, unknown) = semantics.difference(expected, skeleton, among: scope.condition)
        report(difference, unknown, place) { assignment, semantics in
            let said = semantics.outcome(semantics.store.value(expected, assignment)) ?? StageOutcome()
            let does = semantics.outcome(semantics.store.value(skeleton, assignment)) ?? StageOutcome()
            return ((said, "\(place)"), (does, "chain \(base)"))
        }
        guard isComplete else { return }
        for (chain, filter) in zip(visits, filters) { prove(place, filter, body: chain, scope) }
    }

    private func policy(of base: String) -> StageEnding {
        table.chains[base]?.base?.policy == .accept ? .acceptForGood : .drop
    }

    private mutating func scope(_ place: ProofPlace, _ space: PacketSpace) -> LiftingScope {
        // A name that no rule can know.
        let device = ScopeDevice.known(place.device ?? "\u{1}")
        let scope =
            switch place.stage {
            case .inputFilters, .toRoutingEngine: LiftingScope(space, input: device, output: .none)
            case .routerSent, .fromRoutingEngine: LiftingScope(space, input: .none, output: device)
            case .outputFilters: LiftingScope(space, input: .any, output: device)
            }
        return semantics.narrowed(scope, to: packets(at: place, space))
    }

    /// The packets that can be met at a place.
    private mutating func packets(at place: ProofPlace, _ space: PacketSpace) -> Diagram {
        var result = Diagram.yes
        if space.version == .inet {
            // Shorter headers never reach a hook (kernel facts §10).
            result = semantics.store.isInside(space.bits(.headerWords), [5...15])
        }
        guard place.stage == .toRoutingEngine || place.stage == .fromRoutingEngine else { return result }
        // What is the router's is whole: the stack reassembles IPv4, conntrack both (DESIGN §3.11, kernel facts §1.2).
        let isWhole: Diagram
        if space.version == .inet {
            isWhole = semantics.store.isEqual(space.bits(.fragmentWord), 0, mask: 0x3fff)
        } else if configuration.security?.inet6Mode == .flowBased {
            isWhole = semantics.store.not(semantics.holds(.extensionHeader(44), space))
        } else {
            isWhole = .yes
        }
        return semantics.store.and(result, isWhole)
    }

    private mutating func prove(
        _ place: ProofPlace,
        _ filter: FilterPlace,
        body: String,
        _ scope: LiftingScope
    ) {
        guard proved.insert(ProvedBody(chain: body, place: filter)).inserted else { return }
        guard let lifted = model.lift(filter, into: &semantics) else {
            result.open.append("\(place): the model has no filter there")
            return
        }
        let said = lifted.list
        var lifter = ProgramLifter(table)
        lifter.visited = []
        for part in lifter.lists(body, scope, &semantics) {
            let does = translated(part.list)
            let found = semantics.compare(said, does, among: part.condition, scope.space)
            result.comparisons += 1
            result.classes += found.regions
            result.examined += found.examined
            report(found.difference, found.unknown, place) { assignment, semantics in
                (semantics.decide(said, assignment, scope.space), semantics.decide(does, assignment, scope.space))
            }
        }
        compareLimits(place, lifted.limits, lifter.limits)
    }

    /// The packets of a region that can exist.
    private mutating func possible(_ region: Diagram, _ place: ProofPlace) -> Diagram {
        guard region != .no else { return .no }
        let domain = PacketDomain(PacketSpace(place.version))
        let packets = domain.region(semantics.store.variables(region), &semantics)
        return semantics.store.and(region, packets)
    }

    /// Log prefixes in the program become the paths that the model names.
    private mutating func translated(_ list: FirstMatchList) -> FirstMatchList {
        guard !logPaths.isEmpty else { return list }
        var result = list
        let paths = logPaths
        for index in result.entries.indices {
            let before = result.entries[index].outcome
            if let known = translations[before] {
                result.entries[index].outcome = known
                continue
            }
            defer { translations[before] = result.entries[index].outcome }
            result.entries[index].outcome = semantics.mapOutcomes(before) { outcome in
                guard !outcome.logs.isEmpty else { return outcome }
                var outcome = outcome
                outcome.logs = outcome.logs.reduce(into: [:]) { $0[paths[$1.key] ?? $1.key, default: 0] += $1.value }
                return outcome
            }
        }
        return result
    }

    private mutating func compareLimits(
        _ place: ProofPlace,
        _ expected: [String: ExpectedLimit],
        _ found: [String: Limit]
    ) {
        for (label, limit) in found.sorted(by: { $0.key < $1.key })
        where expected[label].map({ isEqual($0, limit) }) != true {
            result.open.append("\(place): the bucket \(label) has parameters that the configuration does not give it")
        }
    }

    private func isEqual(_ expected: ExpectedLimit, _ limit: Limit) -> Bool {
        let unit: Limit.Unit = expected.unit == .octets ? .bytes : .packets
        return limit
            == Limit(
                rate: expected.rate,
                period: expected.period,
                burst: expected.burst,
                unit: unit,
                matchesOver: true
            )
    }

    private mutating func report(
        _ difference: Diagram,
        _ unknown: Diagram,
        _ place: ProofPlace,
        _ decide: (Assignment, Semantics) -> (
            model: (StageOutcome, String), program: (StageOutcome, String)
        )
    ) {
        let (difference, unknown) = (possible(difference, place), possible(unknown, place))
        if let assignment = semantics.store.witness(difference) {
            let said = decide(assignment, semantics)
            result.differences.append(
                ProofFinding(
                    place: place,
                    assignment: assignment,
                    witness: try? semantics.packet(for: assignment, PacketSpace(place.version)),
                    assumptions: semantics.assumptions(assignment, PacketSpace(place.version)),
                    model: said.model,
                    program: said.program
                )
            )
        }
        if let assignment = semantics.store.witness(unknown) {
            let said = decide(assignment, semantics)
            var what = "something without a known meaning"
            if case .unknown(let text) = said.program.0.ending { what = text }
            result.open.append("\(place): \(what), \(said.program.1)")
        }
    }
}

extension Semantics {
    /// What an assignment says beside the packet, in words.
    func assumptions(_ assignment: Assignment, _ space: PacketSpace) -> [String] {
        var result = assignment.filter(\.value).keys.compactMap { name(of: $0) }.sorted()
        let mark = space.variables(.mark)
        let bits = mark.indices.filter { assignment[mark[$0]] == true }
        if !bits.isEmpty {
            let value = bits.reduce(UInt32(0)) { $0 | 1 << UInt32(31 - $1) }
            result.append("meta mark has 0x" + String(value, radix: 16))
        }
        return result
    }

    /// What a list does for an assignment, and the entry that decides.
    func decide(
        _ list: FirstMatchList,
        _ assignment: Assignment,
        _ space: PacketSpace
    ) -> (outcome: StageOutcome, origin: String) {
        var assignment = assignment
        var whole = StageOutcome()
        for entry in list.entries where store.value(entry.match, assignment) == 1 {
            guard let outcome = outcome(store.value(entry.outcome, assignment)) else { continue }
            whole = whole.followed(by: outcome)
            if outcome.ending != .proceed { return (whole, entry.origin) }
            for (variable, value) in changes(outcome, space) { assignment[variable] = value }
        }
        let last = outcome(store.value(list.otherwise, assignment)) ?? StageOutcome()
        return (whole.followed(by: last), list.otherwiseOrigin)
    }
}

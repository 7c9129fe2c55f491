// SPDX-License-Identifier: Apache-2.0
// Filters, lists and nested filters as bodies of steps (filters reference §1, §4, §5).
import Diagnostics
import JunosModel
import NetworkTypes
import PolicyModel

/// Lowers filter attachments; every body is made once and shared by all interfaces that name the same filters.
struct FilterLowering {
    let configuration: JunosConfiguration
    let forwardingClasses: [String: UInt8]
    let ways: ForwardingIndices
    private var bodies: [BodyKey: FilterBody] = [:]
    private var highestMTU: [String: Int] = [:]
    private(set) var diagnostics: [Diagnostic] = []

    private struct BodyKey: Hashable {
        var filters: [FilterName]
        var version: AddressFamily
        var isList: Bool
    }

    init(_ configuration: JunosConfiguration, ways: ForwardingIndices) {
        self.configuration = configuration
        self.ways = ways
        forwardingClasses = numberForwardingClasses(configuration)
        for interface in configuration.interfaces {
            for (family, settings) in interface.families {
                for attachment in [settings.input, settings.output].compactMap({ $0 }) {
                    let key = bindingKey(family, attachment)
                    highestMTU[key] = max(highestMTU[key] ?? 0, interface.mtu ?? defaultMTU)
                }
            }
        }
    }

    /// What packets pass at one end of an interface: family any first in both directions (DESIGN §3.7).
    mutating func bindings(_ interface: LogicalInterface, _ direction: Direction) -> [FilterBinding] {
        var result: [FilterBinding] = []
        for family in [FilterFamily.any, .inet, .inet6] {
            guard let settings = interface.families[family],
                let attachment = direction == .input ? settings.input : settings.output
            else { continue }
            let versions: [AddressFamily] =
                switch family {
                case .any: [.inet, .inet6]
                case .inet: [.inet]
                case .inet6: [.inet6]
                }
            let names = attachment.filters.map { FilterName(family, $0) }
            result.append(
                FilterBinding(
                    bodies: Dictionary(
                        uniqueKeysWithValues: versions.map {
                            ($0, body(names, $0, attachment, mtu: highestMTU[bindingKey(family, attachment)]))
                        }
                    ),
                    // A list is one consolidated filter named after its interface (filters reference §5.2).
                    filterName: attachment.isList
                        ? "\(interface.name)-\(direction.letter)" : attachment.filters.first ?? "",
                    family: family.rawValue,
                    key: bindingKey(family, attachment)
                )
            )
        }
        // A policer at the interface itself stands outside: first on the way in, last on the way out (filters reference §4.4).
        let policers = policerBindings(interface, direction)
        return direction == .input ? policers + result : result + policers
    }

    private mutating func body(
        _ names: [FilterName],
        _ version: AddressFamily,
        _ attachment: FilterAttachment,
        mtu: Int?
    ) -> FilterBody {
        let key = BodyKey(filters: names, version: version, isList: attachment.isList)
        if let known = bodies[key] { return known }
        var steps: [FilterStep] = []
        for name in names {
            // An undefined filter is a commit error; leniently it decides nothing.
            guard let filter = configuration.filters[name] else { continue }
            steps += lower(
                filter,
                version: version,
                owner: TermOwner(
                    isPerInterface: filter.isInterfaceSpecific || attachment.isList,
                    mtu: mtu ?? defaultMTU
                )
            )
        }
        let result = FilterBody(
            family: names.first?.family.rawValue ?? "",
            version: version,
            steps: steps,
            origin: names.map { "firewall family \($0.family.rawValue) filter \($0.name)" }.joined(separator: ", ")
        )
        bodies[key] = result
        return result
    }

    /// What the state of a term belongs to.
    private struct TermOwner {
        var isPerInterface: Bool
        var mtu: Int
        /// Set inside a nested filter.
        var isNested = false
    }

    private mutating func lower(
        _ filter: FirewallFilter,
        version: AddressFamily,
        owner: TermOwner
    ) -> [FilterStep] {
        var steps: [FilterStep] = []
        let context = MatchContext(
            version: version,
            prefixLists: configuration.prefixLists,
            interfaceSets: configuration.interfaceSets,
            interfaces: configuration.interfaces,
            forwardingClasses: forwardingClasses
        )
        for term in filter.terms {
            if let nested = term.nestedFilter {
                // The terms of the other filter stand in this place, without its implicit discard (§5.4). One level.
                guard !owner.isNested, let other = configuration.filters[FilterName(filter.name.family, nested)] else {
                    continue
                }
                var inner = owner
                inner.isNested = true
                steps += lower(other, version: version, owner: inner)
                continue
            }
            var problems: [String] = []
            let match = context.lower(term.from) { problems.append($0) }
            for problem in problems {
                diagnostics.append(
                    Diagnostic(
                        .error,
                        "unsupported-match-condition",
                        at: term.source.location,
                        path: term.source.path,
                        problem + "; the term cannot be enforced"
                    )
                )
            }
            steps.append(
                FilterStep(
                    match: problems.isEmpty ? match : MatchExpression([[]]),
                    actions: actions(of: term, filter, owner),
                    outcome: outcome(of: term),
                    origin: term.source.path
                )
            )
        }
        return steps
    }

    private func actions(of term: FilterTerm, _ filter: FirewallFilter, _ owner: TermOwner) -> [StepAction] {
        var actions: [StepAction] = []
        // `count` charges every packet that matched, also those that the policer drops (DESIGN §3.5).
        if let counter = term.then.count { actions.append(.count(counter)) }
        if let statement = term.reportedStatement { actions.append(.log(statement: statement)) }
        actions += meters(of: term, filter, isPerInterface: owner.isPerInterface, mtu: owner.mtu)
        // What a policer drops is not copied, and a copy is as the packet came (filters reference §4.3).
        if term.then.sample, let capture = configuration.packetCapture {
            actions.append(.copy(PacketCopy(.capture, length: capture.maximumLength)))
        }
        if let name = term.then.mirror, let mirror = configuration.portMirrors[name] {
            actions.append(.copy(PacketCopy(.mirror(name), length: mirror.maximumLength)))
        }
        if let level = term.then.lossPriority { actions.append(.setLossPriority(level.rawValue)) }
        if let number = term.then.forwardingClass.flatMap({ forwardingClasses[$0] }) {
            actions.append(.setForwardingClass(number))
        }
        if let dscp = term.then.dscp { actions.append(.setDSCP(dscp)) }
        if let bit = term.then.dontFragment { actions.append(.setDontFragment(bit)) }
        if let way = term.then.forwarding, let table = way.isMaster ? 0 : ways[way.statement] {
            actions.append(.chooseRoutingTable(table))
        }
        // A plain router has no flow processing to skip (DESIGN §3.14).
        if term.then.packetMode, configuration.security != nil { actions.append(.packetMode) }
        return actions
    }

    private func outcome(of term: FilterTerm) -> StepOutcome {
        switch term.then.outcome {
        case nil, .accept: .accept
        case .discard: .drop
        case .reject(let message): .refuse(RefusalAnswer(code: message.code, resetsTCP: message.isTCPReset))
        case .nextTerm: .proceed
        }
    }
}

/// The MTU of a device whose configuration names none.
let defaultMTU = 1500

/// What attachments of the same filters in the same order share.
func bindingKey(_ family: FilterFamily, _ attachment: FilterAttachment) -> String {
    let names = attachment.filters.joined(separator: ",")
    return attachment.isList ? "\(family.rawValue)/[\(names)]" : "\(family.rawValue)/\(names)"
}

/// Forwarding classes by number: the predefined four, then those that filters and policers name, in order of name.
func numberForwardingClasses(_ configuration: JunosConfiguration) -> [String: UInt8] {
    var named: Set<String> = []
    for filter in configuration.filters.values {
        for term in filter.terms {
            if let name = term.then.forwardingClass { named.insert(name) }
            for case .forwardingClass(let names, _) in term.from { named.formUnion(names) }
        }
    }
    named.formUnion(configuration.policers.values.compactMap(\.forwardingClass))
    let others = named.subtracting(predefinedForwardingClasses).sorted()
    // Four bits of the mark hold the number (DESIGN §4); more names are a commit error.
    return Dictionary(
        uniqueKeysWithValues: (predefinedForwardingClasses + others).prefix(16).enumerated()
            .map { ($1, UInt8($0)) }
    )
}

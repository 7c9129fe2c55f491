// SPDX-License-Identifier: Apache-2.0
// The Junos model in symbolic form: one of the two programs that a proof compares (DESIGN §5). It reads the model
// itself, not what lowering makes of it.
import DecisionDiagrams
public import JunosModel
public import NetworkTypes

/// Lifts the filters of one configuration.
public struct ModelLifting: Sendable {
    let configuration: JunosConfiguration
    /// Numbers of forwarding classes by name: their order in the configuration (DESIGN §4).
    let classNumbers: [String: Int]
    private let interfaces: [String: LogicalInterface]
    /// The longest packet of the interfaces that share a filter (DESIGN §3.13).
    private let longest: [Attached: Int]

    /// What attachments of the same filters in the same order share.
    private struct Attached: Hashable {
        let family: FilterFamily
        let filters: [String]
        let isList: Bool

        init(_ family: FilterFamily, _ attachment: FilterAttachment) {
            self.family = family
            filters = attachment.filters
            isList = attachment.isList
        }
    }

    /// A term where it takes effect, and the filter it is written in.
    struct EffectiveTerm {
        let filter: FirewallFilter
        let term: FilterTerm
    }

    /// Prepares a configuration; the cost is linear in its interfaces.
    public init(_ configuration: JunosConfiguration) {
        self.configuration = configuration
        classNumbers = Dictionary(
            configuration.forwardingClasses.enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        interfaces = Dictionary(
            configuration.interfaces.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var longest: [Attached: Int] = [:]
        for interface in configuration.interfaces {
            for (family, settings) in interface.families {
                for attachment in [settings.input, settings.output].compactMap(\.self) {
                    longest[Attached(family, attachment), default: 0] = max(
                        longest[Attached(family, attachment)] ?? 0,
                        interface.mtu ?? 1500
                    )
                }
            }
        }
        self.longest = longest
    }

    /// The filters that packets of a version meet at an interface in one direction, in order: family any first
    /// (DESIGN §3.7).
    ///
    /// In the second pass those alone whose answer can differ from the first one's.
    public func places(
        interface: String,
        direction: FilterDirection,
        version: AddressFamily,
        pass: FilterPass = .packetForwardingEngine
    ) -> [FilterPlace] {
        let all = [FilterFamily.any, version == .inet ? .inet : .inet6].map {
            FilterPlace(interface: interface, direction: direction, family: $0, version: version, pass: pass)
        }.filter { attachment(at: $0) != nil }
        guard pass == .routingEngine else { return all }
        guard direction == .input, interfaces[interface]?.isRoutingEngine == false else { return [] }
        let changes = ContextChanges(all.flatMap(terms), configuration.policers)
        return all.filter { place in
            terms(at: place).contains { effective in effective.term.from.contains { changes.canAffect($0) } }
        }
    }

    /// Lifts one attached filter; nil where none is attached.
    public func lift(_ place: FilterPlace, into semantics: inout Semantics) -> LiftedFilter? {
        guard let attachment = attachment(at: place), let interface = interfaces[place.interface] else { return nil }
        let receiving: ConditionLifting.ReceivingInterface =
            switch (place.direction, interface.isRoutingEngine) {
            case (.input, false): .known(interface)
            case (.output, true): .none
            default: .any
            }
        let effective = terms(at: place)
        var lifting = TermLifting(
            place: place,
            labels: StateLabels(place, attachment),
            conditions: ConditionLifting(
                configuration: configuration,
                space: PacketSpace(place.version),
                classNumbers: classNumbers,
                receiving: receiving
            ),
            // The flag of the attached filter rules, not that of one nested in it (filters reference §5.4).
            isPerInterface: attachment.isList
                || attached(attachment, place.family).contains(where: \.isInterfaceSpecific),
            mtu: longest[Attached(place.family, attachment)] ?? 1500
        )
        let entries = effective.map { lifting.entry($0, &semantics) }
        // Nothing matched: silent for Junos, counted for metrics (filters reference §1.1 rule 5, DESIGN §3.8).
        let otherwise = semantics.terminal(
            StageOutcome(.drop, counters: [lifting.labels.implicitDiscard: 1])
        )
        let last = attachment.filters.last ?? ""
        return LiftedFilter(
            list: FirstMatchList(
                entries,
                otherwise: otherwise,
                otherwiseOrigin: "firewall family \(place.family.rawValue) filter \(last) implicit-discard"
            ),
            limits: lifting.limits
        )
    }

    private func attachment(at place: FilterPlace) -> FilterAttachment? {
        let settings = interfaces[place.interface]?.families[place.family]
        return place.direction == .input ? settings?.input : settings?.output
    }

    private func attached(_ attachment: FilterAttachment, _ family: FilterFamily) -> [FirewallFilter] {
        attachment.filters.compactMap { configuration.filters[FilterName(family, $0)] }
    }

    /// The terms in the order in which they are asked: filters of a list one behind the other (filters reference
    /// §5.2), the terms of a nested filter in the place of the term that names it, one level deep (§5.4).
    private func terms(at place: FilterPlace) -> [EffectiveTerm] {
        guard let attachment = attachment(at: place) else { return [] }
        return attached(attachment, place.family).flatMap { filter in
            filter.terms.flatMap { term -> [EffectiveTerm] in
                guard let name = term.nestedFilter else { return [EffectiveTerm(filter: filter, term: term)] }
                guard let nested = configuration.filters[FilterName(place.family, name)] else { return [] }
                return nested.terms.filter { $0.nestedFilter == nil }.map { EffectiveTerm(filter: nested, term: $0) }
            }
        }
    }
}

/// What the first pass can leave changed for the second one (DESIGN §3.1).
private struct ContextChanges {
    private let changesClass: Bool
    private let changesPriority: Bool
    private let changesDSCP: Bool

    init(_ terms: [ModelLifting.EffectiveTerm], _ policers: [String: Policer]) {
        let actions = terms.map(\.term.then)
        let used = actions.compactMap { $0.policer.flatMap { policers[$0] } }
        changesClass = actions.contains { $0.forwardingClass != nil } || used.contains { $0.forwardingClass != nil }
        changesPriority = actions.contains { $0.lossPriority != nil } || used.contains { $0.lossPriority != nil }
        changesDSCP = actions.contains { $0.dscp != nil }
    }

    /// Whether a condition can be answered differently: it asks for what was changed, for fragments or for lengths.
    func canAffect(_ condition: MatchCondition) -> Bool {
        func namesFragments(_ ranges: [ClosedRange<UInt32>]) -> Bool {
            ranges.contains { $0.contains(UInt32(ProtocolNumber.fragment)) }
        }
        switch condition {
        case .forwardingClass: return changesClass
        case .lossPriority: return changesPriority
        case .isFragment, .firstFragment, .lastFragment, .fragmentFlags: return true
        case .extensionHeader(let ranges, let any, _): return any || namesFragments(ranges)
        case .number(let field, let ranges, _):
            switch field {
            case .dscp, .trafficClass, .precedence: return changesDSCP
            case .fragmentOffset, .packetLength: return true
            case .nextHeader: return namesFragments(ranges)
            default: return false
            }
        default: return false
        }
    }
}

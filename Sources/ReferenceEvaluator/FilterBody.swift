// SPDX-License-Identifier: Apache-2.0
// The terms of one effective filter: a filter, or a list as one, with nested filters in place (filters reference
// §1.1, §5.2, §5.4).
import JunosModel
import NetworkTypes

/// A term whose names are numbers.
struct FilterBodyTerm: Sendable {
    /// The conditions as configured, for traces and for the question whether a second pass can differ.
    let source: [MatchCondition]
    /// Index among the body's counter names.
    let counter: Int?
    /// Index among the body's policers.
    let policer: Int?
    /// Index among the body's prefix actions.
    let prefixAction: Int?
    let forwardingClass: Int?
    let lossPriority: LossPriority?
    let dscp: UInt8?
    let packetMode: Bool
    let dontFragment: Bool?
    let sample: Bool
    let mirror: String?
    let forwarding: ForwardingChoice?
    let logs: Bool
    let outcome: TermOutcome
    /// `firewall family F filter NAME term T`.
    let path: String
}

extension FilterBodyTerm {
    /// A term that polices every packet and accepts what is left.
    init(policer: Int, path: String) {
        self.init(
            source: [],
            counter: nil,
            policer: policer,
            prefixAction: nil,
            forwardingClass: nil,
            lossPriority: nil,
            dscp: nil,
            packetMode: false,
            dontFragment: nil,
            sample: false,
            mirror: nil,
            forwarding: nil,
            logs: false,
            outcome: .accept,
            path: path
        )
    }
}

/// What a packet of one family meets where one filter or list is attached.
///
/// Shared by every interface that names the same filters.
struct FilterBody: Sendable {
    let family: FilterFamily
    /// The conditions of all terms, one after the other, as `FilterBodyTerm.source` has them.
    let conditions: [FilterCondition]
    /// Where each term's conditions end.
    let conditionEnds: [Int]
    let terms: [FilterBodyTerm]
    let counters: [String]
    let policers: [FilterBodyPolicer]
    let prefixActions: [FilterBodyPrefixAction]
    /// `firewall family F filter NAME implicit-discard`.
    let implicitDiscard: String
    /// Whether each instance has buckets of its own (DESIGN §3.8).
    let isInterfaceSpecific: Bool
}

/// Makes bodies from the configuration.
struct FilterBodyBuilder {
    private let configuration: JunosConfiguration
    private(set) var tables: MatchTables
    private var bodies: [Key: FilterBody] = [:]
    private(set) var names: FilterNames

    private struct Key: Hashable {
        let family: FilterFamily
        let filters: [String]
        let isList: Bool
        let version: AddressFamily
    }

    init(_ configuration: JunosConfiguration) {
        self.configuration = configuration
        tables = MatchTables(configuration.prefixLists)
        names = FilterNames(configuration)
    }

    /// The body that packets of one version meet at an attachment; made once for the same filters in the same order.
    ///
    /// An undefined filter, which only lenient evaluation meets, has no terms.
    mutating func body(
        _ family: FilterFamily,
        _ attachment: FilterAttachment,
        _ version: AddressFamily,
        mtu: Int
    ) -> FilterBody {
        let key = Key(family: family, filters: attachment.filters, isList: attachment.isList, version: version)
        if let known = bodies[key] { return known }
        let filters = attachment.filters.compactMap { configuration.filters[FilterName(family, $0)] }
        var work = Work(version: version, mtu: mtu)
        for filter in filters { append(filter, nestedIn: nil, to: &work) }
        let body = FilterBody(
            family: family,
            conditions: work.conditions,
            conditionEnds: work.conditionEnds,
            terms: work.terms,
            counters: work.counters,
            policers: work.policers,
            prefixActions: work.prefixActions,
            // A list has one implicit discard, behind its last filter (§5.2).
            implicitDiscard:
                "firewall family \(family.rawValue) filter \(attachment.filters.last ?? "") implicit-discard",
            // A list is always per interface (§5.2).
            isInterfaceSpecific: attachment.isList || filters.contains(where: \.isInterfaceSpecific)
        )
        bodies[key] = body
        return body
    }

    private struct Work {
        let version: AddressFamily
        let mtu: Int
        var conditions: [FilterCondition] = []
        var conditionEnds: [Int] = []
        var terms: [FilterBodyTerm] = []
        var counters: [String] = []
        var counterNumbers: [String: Int] = [:]
        var policers: [FilterBodyPolicer] = []
        var policerNumbers: [String: Int] = [:]
        var prefixActions: [FilterBodyPrefixAction] = []
        var prefixActionNumbers: [String: Int] = [:]

        /// Terms that use one name share the counter (§4.3).
        mutating func counter(_ name: String) -> Int {
            if let known = counterNumbers[name] { return known }
            counters.append(name)
            counterNumbers[name] = counters.count - 1
            return counters.count - 1
        }

        /// Terms that use one name in one scope share the policer.
        mutating func policer(_ policer: FilterBodyPolicer) -> Int {
            if let known = policerNumbers[policer.scope] { return known }
            policers.append(policer)
            policerNumbers[policer.scope] = policers.count - 1
            return policers.count - 1
        }
    }

    private mutating func append(_ filter: FirewallFilter, nestedIn parent: FirewallFilter?, to work: inout Work) {
        for term in filter.terms {
            if let nested = term.nestedFilter {
                // The other filter's terms stand here, without its implicit discard; one level deep (§5.4).
                guard parent == nil, let other = configuration.filters[FilterName(filter.name.family, nested)] else {
                    continue
                }
                append(other, nestedIn: filter, to: &work)
            } else {
                for source in term.from { work.conditions.append(condition(source, work.version)) }
                work.conditionEnds.append(work.conditions.count)
                work.terms.append(
                    FilterBodyTerm(
                        source: term.from,
                        counter: term.then.count.map { work.counter($0) },
                        policer: policer(of: term, in: filter, &work),
                        prefixAction: term.then.prefixAction.flatMap { prefixAction($0, of: term, in: filter, &work) },
                        forwardingClass: term.then.forwardingClass.map { names.forwardingClass($0) },
                        lossPriority: term.then.lossPriority,
                        dscp: term.then.dscp,
                        packetMode: term.then.packetMode,
                        dontFragment: term.then.dontFragment,
                        sample: term.then.sample,
                        mirror: term.then.mirror,
                        forwarding: term.then.forwarding,
                        logs: term.then.log || term.then.syslog,
                        // A term that says nothing terminating accepts (§1.1 rule 4).
                        outcome: term.then.outcome ?? .accept,
                        path:
                            "firewall family \(filter.name.family.rawValue) filter \(filter.name.name) term \(term.name)"
                    )
                )
            }
        }
    }

    /// The number of the term's policer: one a term, or one a filter with `filter-specific` (§4.4).
    private mutating func policer(of term: FilterTerm, in filter: FirewallFilter, _ work: inout Work) -> Int? {
        let (name, scheme): (String, FilterBodyPolicer.Scheme)
        let kind: String
        var isFilterSpecific: Bool
        let isOfPhysicalInterface: Bool
        if let policer = term.then.policer.flatMap({ configuration.policers[$0] }) {
            (name, isFilterSpecific, kind) = (policer.name, policer.isFilterSpecific, "policer")
            isOfPhysicalInterface = policer.reach == .physicalInterface
            scheme = self.scheme(policer, mtu: isOfPhysicalInterface ? mtu(sharing: name) : work.mtu)
        } else if let policer = term.then.threeColorPolicer.flatMap({ configuration.threeColorPolicers[$0] }) {
            (name, isFilterSpecific, kind) = (policer.name, policer.isFilterSpecific, "three-color-policer")
            isOfPhysicalInterface = policer.reach == .physicalInterface
            let mtu = isOfPhysicalInterface ? mtu(sharing: name, isThreeColor: true) : work.mtu
            scheme = .threeColor(
                outer: RateParameters(policer.peak, mtu: mtu),
                committed: RateParameters(policer.committed, mtu: mtu),
                isColorAware: policer.isColorAware,
                discardsRed: policer.discardsRed
            )
        } else {
            return nil
        }
        // A physical interface has one for all filters, so for all their terms too (§5.5).
        isFilterSpecific = isFilterSpecific || isOfPhysicalInterface
        return work.policer(
            FilterBodyPolicer(
                scheme: scheme,
                name: isFilterSpecific ? name : "\(name)-\(term.name)",
                scope: scope(kind, name, isFilterSpecific, term, filter),
                isOfPhysicalInterface: isOfPhysicalInterface
            )
        )
    }

    /// The number of a prefix action: an array a term, or one a filter with `filter-specific` (§4.3).
    private mutating func prefixAction(
        _ name: String,
        of term: FilterTerm,
        in filter: FirewallFilter,
        _ work: inout Work
    ) -> Int? {
        guard let action = configuration.prefixActions[name], work.version == .inet else { return nil }
        let scope = scope("prefix-action", name, action.isFilterSpecific, term, filter)
        if let known = work.prefixActionNumbers[scope] { return known }
        let shown = action.isFilterSpecific ? name : "\(name)-\(term.name)"
        let policer = action.policer.flatMap { configuration.policers[$0] }.map { policer in
            work.policer(
                FilterBodyPolicer(
                    scheme: scheme(policer, mtu: work.mtu),
                    name: shown,
                    scope: scope,
                    count: action.count
                )
            )
        }
        work.prefixActions.append(
            FilterBodyPrefixAction(
                field: action.field,
                shift: UInt128(32 - action.prefixLength),
                count: action.count,
                counts: action.counts,
                policer: policer,
                name: shown
            )
        )
        work.prefixActionNumbers[scope] = work.prefixActions.count - 1
        return work.prefixActions.count - 1
    }

    /// The policer of a name.
    func policer(_ name: String) -> Policer? { configuration.policers[name] }

    /// What a policer at an interface is: one term that all packets match (§4.4).
    ///
    /// - Parameter path: the statement that puts it there.
    mutating func body(_ policer: Policer, _ family: FilterFamily, path: String) -> FilterBody {
        FilterBody(
            family: family,
            conditions: [],
            conditionEnds: [0],
            terms: [FilterBodyTerm(policer: 0, path: path)],
            counters: [],
            policers: [
                FilterBodyPolicer(
                    scheme: scheme(policer, mtu: mtu(sharing: policer.name)),
                    name: policer.name,
                    scope: "policer/\(policer.name)"
                )
            ],
            prefixActions: [],
            implicitDiscard: path,
            isInterfaceSpecific: true
        )
    }

    /// The largest MTU of the interfaces where a policer counts that filters do not keep to themselves (DESIGN §3.13).
    private func mtu(sharing policer: String, isThreeColor: Bool = false) -> Int {
        configuration.interfaces(withPolicer: policer, isThreeColor: isThreeColor)
            .map { $0.mtu ?? defaultMTU }.max() ?? defaultMTU
    }

    private mutating func scheme(_ policer: Policer, mtu: Int) -> FilterBodyPolicer.Scheme {
        .twoColor(
            RateParameters(policer.rate, mtu: mtu),
            discards: policer.discards,
            lossPriority: policer.lossPriority,
            forwardingClass: policer.forwardingClass.map { names.forwardingClass($0) }
        )
    }

    private func scope(
        _ kind: String,
        _ name: String,
        _ isFilterSpecific: Bool,
        _ term: FilterTerm,
        _ filter: FirewallFilter
    ) -> String {
        "\(kind)/\(name)" + (isFilterSpecific ? "" : "/\(filter.name.name)/\(term.name)")
    }

    private mutating func condition(_ condition: MatchCondition, _ version: AddressFamily) -> FilterCondition {
        switch condition {
        case .address(let field, let entries): return .address(field, tables.add(entries, version))
        case .number(let field, let ranges, let isExcept): return .number(field, tables.add(ranges), isExcept: isExcept)
        case .tcpFlags(let expression): return .tcpFlags(TruthSet(expression, width: 6))
        // (ack | rst) and (!ack & syn), without a look at the protocol (§3.2).
        case .tcpEstablished: return .tcpFlags(TruthSet(.or(.bits(0x10), .bits(0x04)), width: 6))
        case .tcpInitial: return .tcpFlags(TruthSet(.and(.not(.bits(0x10)), .bits(0x02)), width: 6))
        case .fragmentFlags(let expression): return .fragmentFlags(TruthSet(expression, width: 4))
        case .isFragment: return .isFragment
        case .firstFragment: return .firstFragment
        case .lastFragment: return .lastFragment
        case .interface(let patterns):
            return .interface(
                tables.add(patterns.reduce(into: Set()) { $0.formUnion(names.interfaces(matching: $1)) })
            )
        case .interfaceSet(let sets):
            return .interface(tables.add(sets.reduce(into: Set()) { $0.formUnion(names.interfaces(inSet: $1)) }))
        case .forwardingClass(let classes, let isExcept):
            return .forwardingClass(tables.add(Set(classes.map { names.forwardingClass($0) })), isExcept: isExcept)
        case .lossPriority(let levels, let isExcept):
            return .lossPriority(levels.reduce(0) { $0 | 1 << $1.rawValue }, isExcept: isExcept)
        case .ipOptions(let ranges, let any, let isExcept):
            return .ipOptions(tables.add(ranges), any: any, isExcept: isExcept)
        case .extensionHeader(let ranges, let any, let isExcept):
            return .extensionHeader(tables.add(ranges), any: any, isExcept: isExcept)
        case .sctpInitial: return .sctpInitial
        case .flexibleMask(let field, let mask, let value): return .flexibleMask(field, mask: mask, value: value)
        case .flexibleRange(let field, let ranges, let isExcept):
            return .flexibleRange(field, tables.add(ranges), isExcept: isExcept)
        }
    }
}

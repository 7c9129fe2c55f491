// SPDX-License-Identifier: Apache-2.0
// `from`: filters reference §2 and §3.
import Diagnostics
import JunosSyntax
import NetworkTypes

extension MatchCondition {
    /// A condition that no packet meets: it stands where a condition could not be understood, so that reading a faulty
    /// configuration leniently never lets a term match more than it says.
    public static let never = MatchCondition.interface([])
}

/// Names that terms refer to.
struct FilterNames {
    /// `policy-options prefix-list`.
    let prefixLists: Set<String>
    /// `firewall policer`.
    let policers: Set<String>
    /// `firewall three-color-policer`, with the kind of each.
    let threeColorPolicers: [String: ThreeColorPolicer.Kind]
    /// `firewall family inet prefix-action`.
    let prefixActions: Set<String>
    /// `firewall interface-set`.
    let interfaceSets: Set<String>
    /// Predefined ones and those of `class-of-service`.
    let forwardingClasses: Set<String>
    /// Names of code points.
    let codePoints: CodePointNames
    /// Logical interfaces that are configured.
    let logicalInterfaces: Set<String>
    /// `routing-instances` with their types; nil for a type that packets cannot be led into.
    let routingInstances: [String: RoutingInstance.Kind?]
    /// `firewall flexible-match`; nil for a template with an error.
    let flexibleTemplates: [String: FlexibleTemplate?]
}

/// Extracts the conditions of a term, in the order of their keywords.
func extractMatchConditions(
    _ from: Statement,
    family: FilterFamily,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> [MatchCondition] {
    var reader = MatchConditionReader(from: from, family: family, names: names)
    reader.readAll(&diagnostics)
    return reader.conditions
}

/// Gathers the conditions of one term.
private struct MatchConditionReader {
    let from: Statement
    let family: FilterFamily
    let names: FilterNames
    var conditions: [MatchCondition] = []
    /// Where in `conditions` each field's address list stands: address and prefix-list statements share it.
    var addressPlaces: [AddressField: Int] = [:]
    var hasNever = false

    mutating func readAll(_ diagnostics: inout [Diagnostic]) {
        // Of a keyword and its `-except` twin only the one that was set last stays (filters reference §2.1).
        var last: [String: String] = [:]
        for child in from.children {
            if let keyword = matchConditionKeywords[child.word] { last[keyword.base] = child.word }
        }
        for child in from.children {
            guard let keyword = matchConditionKeywords[child.word], keyword.families.contains(family) else {
                refuseKeyword(child, &diagnostics)
                continue
            }
            if let winner = last[keyword.base], winner != child.word {
                diagnostics.warning(
                    "replaced-statement",
                    from.statement(child),
                    "'\(child.word)' is void: '\(winner)', which was set later, takes its place"
                )
                continue
            }
            read(child, keyword, &diagnostics)
        }
    }

    mutating func refuseKeyword(_ child: ConfigurationNode, _ diagnostics: inout [Diagnostic]) {
        if wordsAllowedEverywhere.contains(child.word) { return }
        let keyword = matchConditionKeywords[child.word]
        let text =
            keyword == nil
            ? "'\(child.word)' is no match condition that is known; correct or remove it"
            : "'\(child.word)' is no match condition of family \(family.rawValue)" + replacement(for: child.word)
        diagnostics.error("unknown-statement", from.statement(child), text)
        refuse()
    }

    /// What to write in this family instead (filters reference §3.3).
    func replacement(for word: String) -> String {
        guard family == .inet6 || family == .inet else {
            return word.hasPrefix("flexible-match")
                ? "; there it would begin at the link-layer header, which is not built: write filters of family inet "
                    + "and inet6" : ""
        }
        let pairs = [
            "protocol": "payload-protocol", "ttl": "hop-limit", "dscp": "traffic-class", "next-header": "protocol",
            "payload-protocol": "protocol", "hop-limit": "ttl", "traffic-class": "dscp",
        ]
        return pairs[word].map { "; write '\($0)'" } ?? ""
    }

    mutating func refuse() {
        if !hasNever { conditions.append(.never) }
        hasNever = true
    }

    mutating func read(_ node: ConfigurationNode, _ keyword: ConditionKeyword, _ diagnostics: inout [Diagnostic]) {
        let isExcept = keyword.isExcept
        switch keyword.form {
        case .addresses(let field): readAddresses(node, field, &diagnostics)
        case .prefixLists(let field): readPrefixLists(node, field, &diagnostics)
        case .number(let field):
            let family = family
            let codePoints = names.codePoints
            let ranges = readRanges(node, &diagnostics) { text throws(ValueProblem) in
                try parseValue(text, of: field, family: family, codePoints: codePoints)
            }
            if let ranges, !(isExcept && ranges.isEmpty) {
                conditions.append(.number(field, ranges, isExcept: isExcept))
            }
        case .tcpFlags, .fragmentFlags: readBits(node, keyword.form, &diagnostics)
        case .flag(let condition): conditions.append(condition)
        case .interface: readInterfaces(node, &diagnostics)
        case .interfaceSet: readInterfaceSets(node, &diagnostics)
        case .forwardingClass: readForwardingClasses(node, isExcept, &diagnostics)
        case .lossPriority: readLossPriorities(node, isExcept, &diagnostics)
        case .ipOptions:
            readHeaderList(node, names: ipOptionNumbers, &diagnostics) { ranges, any in
                .ipOptions(ranges, any: any, isExcept: isExcept)
            }
        case .extensionHeader:
            readHeaderList(node, names: extensionHeaderNumbers, &diagnostics) { ranges, any in
                .extensionHeader(ranges, any: any, isExcept: isExcept)
            }
        case .flexibleMatch(let isMask):
            let condition =
                isMask
                ? readFlexibleMask(from.statement(node), names.flexibleTemplates, &diagnostics)
                : readFlexibleRange(from.statement(node), names.flexibleTemplates, &diagnostics)
            if let condition { conditions.append(condition) } else { refuse() }
        case .hint: break
        case .unsupported(let reason):
            diagnostics.error(
                "unsupported-statement",
                from.statement(node),
                "the match condition '\(node.word)' is not supported: \(reason)"
            )
            refuse()
        }
    }

    mutating func readAddresses(
        _ node: ConfigurationNode,
        _ field: AddressField,
        _ diagnostics: inout [Diagnostic]
    ) {
        var entries: [AddressEntry] = []
        for child in node.children where !wordsAllowedEverywhere.contains(child.word) {
            let isExcept = isExcepted(child, under: node, &diagnostics)
            do {
                let literal = try parseAddressLiteral(child.word, family: family == .inet6 ? .inet6 : .inet)
                if literal.hasHostBits, family == .inet {
                    // Refused for inet, accepted for inet6 (filters reference §2.3).
                    diagnostics.error(
                        "host-bits",
                        from.statement(node).statement(child),
                        "'\(child.word)' has host bits set outside its mask; clear them"
                    )
                }
                entries.append(AddressEntry(literal.value, isExcept: isExcept))
            } catch {
                diagnostics.error(
                    "invalid-value",
                    from.statement(node).statement(child),
                    "'\(child.word)' \(error.text)"
                )
                if isExcept { refuse() }
            }
        }
        append(entries, field)
    }

    mutating func readPrefixLists(
        _ node: ConfigurationNode,
        _ field: AddressField,
        _ diagnostics: inout [Diagnostic]
    ) {
        var entries: [AddressEntry] = []
        for child in node.children where !wordsAllowedEverywhere.contains(child.word) {
            let isExcept = isExcepted(child, under: node, &diagnostics)
            if !names.prefixLists.contains(child.word) {
                diagnostics.error(
                    "undefined-prefix-list",
                    from.statement(node).statement(child),
                    "Referenced prefix-list '\(child.word)' is not defined"
                )
                if isExcept { refuse() }
            }
            entries.append(AddressEntry(.prefixList(child.word), isExcept: isExcept))
        }
        append(entries, field)
    }

    func isExcepted(
        _ child: ConfigurationNode,
        under node: ConfigurationNode,
        _ diagnostics: inout [Diagnostic]
    ) -> Bool {
        for word in child.children where word.word != "except" {
            diagnostics.error(
                "unknown-statement",
                from.statement(node).statement(child).statement(word),
                "only 'except' may follow an address"
            )
        }
        return child.children.contains { $0.word == "except" }
    }

    mutating func append(_ entries: [AddressEntry], _ field: AddressField) {
        if let place = addressPlaces[field], case .address(_, let earlier) = conditions[place] {
            conditions[place] = .address(field, earlier + entries)
        } else {
            addressPlaces[field] = conditions.count
            conditions.append(.address(field, entries))
        }
    }

    /// The values of a condition; nil if it can no longer be built, when `refuse` has been called.
    mutating func readRanges(
        _ node: ConfigurationNode,
        _ diagnostics: inout [Diagnostic],
        _ parse: (String) throws(ValueProblem) -> ClosedRange<UInt32>
    ) -> [ClosedRange<UInt32>]? {
        var ranges: [ClosedRange<UInt32>] = []
        var isWhole = true
        for child in node.children {
            do {
                ranges.append(try parse(child.word))
            } catch {
                isWhole = false
                diagnostics.error("invalid-value", from.statement(node), "'\(child.word)' \(error.text)")
            }
        }
        if node.children.isEmpty {
            isWhole = false
            diagnostics.error("missing-value", from.statement(node), "'\(node.word)' needs a value")
        }
        if !isWhole, matchConditionKeywords[node.word]?.isExcept ?? false || ranges.isEmpty {
            refuse()
            return nil
        }
        return ranges
    }

    mutating func readBits(_ node: ConfigurationNode, _ form: ConditionForm, _ diagnostics: inout [Diagnostic]) {
        // A single leaf: a second `set` overwrites (filters reference §3.8).
        let text = node.children.last?.word ?? ""
        let isTCP = if case .tcpFlags = form { true } else { false }
        do {
            let parsed = try parseBitExpression(
                text,
                bits: isTCP ? tcpFlagBits : fragmentFlagBits,
                synonyms: isTCP ? tcpFlagSynonyms : [:]
            )
            for synonym in parsed.synonyms {
                diagnostics.warning(
                    "undocumented-name",
                    from.statement(node),
                    "'\(synonym)' is read as '\(tcpFlagSynonyms[synonym] ?? synonym)'"
                )
            }
            conditions.append(isTCP ? .tcpFlags(parsed.expression) : .fragmentFlags(parsed.expression))
        } catch {
            diagnostics.error("invalid-bit-expression", from.statement(node), "'\(text)' \(error.text)")
            refuse()
        }
    }

    mutating func readInterfaces(_ node: ConfigurationNode, _ diagnostics: inout [Diagnostic]) {
        var patterns: [String] = []
        for child in node.children {
            let name = interfacePattern(child.word)
            if !name.contains(where: { $0 == "*" || $0 == "?" || $0 == "[" }), !names.logicalInterfaces.contains(name) {
                diagnostics.warning(
                    "undefined-interface",
                    from.statement(node).statement(child),
                    "the interface '\(name)' is not configured: the condition never holds for it"
                )
            }
            patterns.append(name)
        }
        conditions.append(.interface(patterns))
    }

    mutating func readInterfaceSets(_ node: ConfigurationNode, _ diagnostics: inout [Diagnostic]) {
        for child in node.children where !names.interfaceSets.contains(child.word) {
            diagnostics.error(
                "undefined-interface-set",
                from.statement(node).statement(child),
                "Referenced interface-set '\(child.word)' is not defined"
            )
        }
        conditions.append(.interfaceSet(node.children.map(\.word)))
    }

    mutating func readForwardingClasses(
        _ node: ConfigurationNode,
        _ isExcept: Bool,
        _ diagnostics: inout [Diagnostic]
    ) {
        var isWhole = !node.children.isEmpty
        for child in node.children where !names.forwardingClasses.contains(child.word) {
            isWhole = false
            diagnostics.error(
                "undefined-forwarding-class",
                from.statement(node),
                "Referenced forwarding-class '\(child.word)' is not defined"
            )
        }
        if !isWhole, isExcept { refuse() }
        conditions.append(.forwardingClass(node.children.map(\.word), isExcept: isExcept))
    }

    mutating func readLossPriorities(
        _ node: ConfigurationNode,
        _ isExcept: Bool,
        _ diagnostics: inout [Diagnostic]
    ) {
        var levels: [LossPriority] = []
        for child in node.children {
            if let level = LossPriority.allCases.first(where: { $0.keyword == child.word }) {
                levels.append(level)
            } else {
                diagnostics.error(
                    "invalid-value",
                    from.statement(node),
                    "'\(child.word)' is not low, medium-low, medium-high or high"
                )
                if isExcept { refuse() }
            }
        }
        conditions.append(.lossPriority(levels, isExcept: isExcept))
    }

    /// `ip-options` and `extension-header`: numbers, names and `any`.
    mutating func readHeaderList(
        _ node: ConfigurationNode,
        names: [String: UInt32],
        _ diagnostics: inout [Diagnostic],
        _ build: ([ClosedRange<UInt32>], Bool) -> MatchCondition
    ) {
        var any = false
        var ranges: [ClosedRange<UInt32>] = []
        for child in node.children {
            if child.word == "any" {
                any = true
                continue
            }
            do {
                ranges.append(try parseRange(child.word, names: names, highest: 255))
            } catch {
                diagnostics.error("invalid-value", from.statement(node), "'\(child.word)' \(error.text)")
                if matchConditionKeywords[node.word]?.isExcept ?? false { refuse() }
            }
        }
        if node.children.isEmpty {
            diagnostics.error("missing-value", from.statement(node), "'\(node.word)' needs a value")
            refuse()
        }
        conditions.append(build(ranges, any))
    }
}

// SPDX-License-Identifier: Apache-2.0
// `firewall policer`: filters reference §4.4.
import Diagnostics
import JunosSyntax

/// What may stand under `firewall policer NAME`.
let policerStatements = SupportTable(
    "firewall policer NAME",
    supported: [
        "if-exceeding", "if-exceeding-pps", "then", "filter-specific", "logical-interface-policer",
        "physical-interface-policer",
    ],
    unsupported: [
        "logical-bandwidth-policer": "the shaping rate of the interface is not known",
        "shared-bandwidth-policer": "the bandwidth would have to be shared by all links of a bundle",
        "aggregate": "its bucket would have to be shared by all families of an interface",
    ],
    cosmetic: ["description"]
)

/// Extracts all policers under `firewall policer`.
func extractPolicers(_ policers: Statement, _ diagnostics: inout [Diagnostic]) -> [String: Policer] {
    var result: [String: Policer] = [:]
    for statement in policers.statements {
        checkFirewallName(statement, &diagnostics)
        if let policer = extractPolicer(statement, &diagnostics) { result[statement.word] = policer }
    }
    return result
}

/// One policer; nil if it has no rate, so that the names of it stay undefined.
private func extractPolicer(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Policer? {
    var rate: Policer.Rate?
    var percent: UInt64?
    var isFilterSpecific = false
    var then: Statement?
    let reach = policerReach(statement, &diagnostics)
    for child in policerStatements.admitted(statement, &diagnostics) {
        switch child.word {
        case "if-exceeding": rate = bandwidthRate(child, &percent, &diagnostics)
        case "if-exceeding-pps": rate = packetRate(child, &diagnostics)
        case "filter-specific": isFilterSpecific = true
        case "then": then = child
        default: break
        }
    }
    var policer = Policer(
        name: statement.word,
        rate: rate ?? .bandwidth(bitsPerSecond: 0, burstBytes: 0),
        discards: false,
        isFilterSpecific: isFilterSpecific,
        source: statement.reference
    )
    policer.bandwidthPercent = percent
    policer.reach = reach
    if let then { extractConsequence(then, into: &policer, &diagnostics) }
    if then?.isEmpty ?? true {
        diagnostics.error(
            "incomplete-policer",
            statement,
            "a policer needs a 'then' that says what exceeding packets meet"
        )
    }
    if rate == nil {
        if statement.child("if-exceeding") == nil, statement.child("if-exceeding-pps") == nil {
            diagnostics.error("incomplete-policer", statement, "a policer needs 'if-exceeding' or 'if-exceeding-pps'")
        }
        return nil
    }
    return policer
}

/// Who shares the buckets of a policer.
private func policerReach(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> PolicerReach {
    let isLogical = statement.child("logical-interface-policer") != nil
    let isPhysical = statement.child("physical-interface-policer") != nil
    if isLogical, isPhysical {
        diagnostics.error(
            "conflicting-statements",
            statement,
            "'logical-interface-policer' and 'physical-interface-policer' exclude each other"
        )
    }
    return isPhysical ? .physicalInterface : isLogical ? .logicalInterface : .filter
}

/// `if-exceeding { bandwidth-limit BPS; burst-size-limit BYTES; }`.
private func bandwidthRate(
    _ statement: Statement,
    _ percent: inout UInt64?,
    _ diagnostics: inout [Diagnostic]
) -> Policer.Rate? {
    var limit: UInt64?
    var burst: UInt64?
    for child in statement.statements {
        switch child.word {
        case "bandwidth-limit": limit = rateNumber(child, 8000...UInt64.max, &diagnostics)
        case "burst-size-limit": burst = rateNumber(child, 1...100_000_000_000, &diagnostics)
        case "bandwidth-percent": percent = rateNumber(child, 1...100, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'if-exceeding'")
        }
    }
    // The rate of a percentage is known when all interfaces are: `resolveBandwidthPercents`.
    guard let limit = limit ?? (percent == nil ? nil : 0), let burst else {
        let hasLimit = statement.child("bandwidth-limit") != nil || statement.child("bandwidth-percent") != nil
        if !hasLimit || statement.child("burst-size-limit") == nil {
            diagnostics.error("incomplete-policer", statement, "needs both 'bandwidth-limit' and 'burst-size-limit'")
        }
        return nil
    }
    warnOfSmallBurst(burst, statement, &diagnostics)
    return .bandwidth(bitsPerSecond: limit, burstBytes: burst)
}

/// `if-exceeding-pps { pps-limit PPS; packet-burst PACKETS; }`.
private func packetRate(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Policer.Rate? {
    var limit: UInt64?
    var burst: UInt64?
    for child in statement.statements {
        switch child.word {
        case "pps-limit": limit = rateNumber(child, 1...UInt64.max, &diagnostics)
        case "packet-burst": burst = rateNumber(child, 1...UInt64.max, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'if-exceeding-pps'")
        }
    }
    guard let limit, let burst else {
        if statement.child("pps-limit") == nil || statement.child("packet-burst") == nil {
            diagnostics.error("incomplete-policer", statement, "needs both 'pps-limit' and 'packet-burst'")
        }
        return nil
    }
    return .packets(perSecond: limit, burst: burst)
}

/// A burst that the longest packets of Ethernet never fit into.
func warnOfSmallBurst(_ burst: UInt64, _ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    guard burst < 1500 else { return }
    diagnostics.warning(
        "small-burst",
        statement,
        "a burst of \(burst) bytes is less than one packet of 1500: longer packets always exceed it"
    )
}

/// The number of a leaf, with suffix, inside its range.
func rateNumber(
    _ statement: Statement,
    _ allowed: ClosedRange<UInt64>,
    _ diagnostics: inout [Diagnostic]
) -> UInt64? {
    let text = statement.value?.word ?? ""
    guard let value = parseRate(text) else {
        diagnostics.error("invalid-value", statement, "'\(text)' is no number with an optional suffix k, m or g")
        return nil
    }
    guard allowed.contains(value) else {
        let limit = value < allowed.lowerBound ? "below \(allowed.lowerBound)" : "above \(allowed.upperBound)"
        diagnostics.error("invalid-value", statement, "'\(text)' is \(limit)")
        return nil
    }
    return value
}

/// `then` of a policer.
private func extractConsequence(_ then: Statement, into policer: inout Policer, _ diagnostics: inout [Diagnostic]) {
    for child in then.statements {
        switch child.word {
        case "discard": policer.discards = true
        case "loss-priority": policer.lossPriority = extractLossPriority(child, &diagnostics)
        case "forwarding-class": policer.forwardingClass = child.value?.word
        case "out-of-profile":
            diagnostics.error(
                "unsupported-statement",
                child,
                "'out-of-profile' is not supported: there is no congestion to wait for; write 'discard'"
            )
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under a policer's 'then'")
        }
    }
    if policer.discards, policer.lossPriority != nil || policer.forwardingClass != nil {
        diagnostics.warning("redundant-action", then, "'discard' makes the other actions for exceeding packets void")
    }
}

/// The level a `loss-priority` statement names.
func extractLossPriority(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> LossPriority? {
    let text = statement.value?.word ?? ""
    let level = LossPriority.allCases.first { $0.keyword == text }
    if level == nil {
        diagnostics.error("invalid-value", statement, "'\(text)' is not low, medium-low, medium-high or high")
    }
    return level
}

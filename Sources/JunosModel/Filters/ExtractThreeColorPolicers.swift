// SPDX-License-Identifier: Apache-2.0
// `firewall three-color-policer`, and how terms name one: filters reference §4.5, §7.7.
import Diagnostics
import JunosSyntax

/// What may stand under `firewall three-color-policer NAME`.
let threeColorPolicerStatements = SupportTable(
    "firewall three-color-policer NAME",
    supported: [
        "single-rate", "two-rate", "single-packet-rate", "two-packet-rate", "action", "filter-specific",
        "physical-interface-policer",
    ],
    unsupported: [
        "logical-interface-policer":
            "it could stand only under 'layer2-policer' of an interface, which is not built; no filter may name it",
        "shared-bandwidth-policer": "the bandwidth would have to be shared by all links of a bundle",
    ],
    cosmetic: ["description"]
)

/// The leaves of one kind.
private struct ThreeColorLeaves {
    let committedRate: String
    let committedBurst: String
    /// Nil for a single rate.
    let peakRate: String?
    /// The burst of the peak rate, or the excess burst of a single rate.
    let outerBurst: String

    init(_ kind: ThreeColorPolicer.Kind) {
        committedRate = kind.countsPackets ? "committed-pps" : "committed-information-rate"
        committedBurst = kind.countsPackets ? "committed-packet-burst" : "committed-burst-size"
        peakRate = kind.hasPeakRate ? kind.countsPackets ? "peak-pps" : "peak-information-rate" : nil
        outerBurst =
            switch kind {
            case .singleRate: "excess-burst-size"
            case .twoRate: "peak-burst-size"
            case .singlePacketRate: "excess-packet-burst"
            case .twoPacketRate: "peak-packet-burst"
            }
    }

    var all: [String] { [committedRate, committedBurst] + (peakRate.map { [$0] } ?? []) + [outerBurst] }
}

/// Extracts all policers under `firewall three-color-policer`.
func extractThreeColorPolicers(
    _ policers: Statement,
    _ diagnostics: inout [Diagnostic]
) -> [String: ThreeColorPolicer] {
    var result: [String: ThreeColorPolicer] = [:]
    for statement in policers.statements {
        checkFirewallName(statement, &diagnostics)
        if let policer = extractThreeColorPolicer(statement, &diagnostics) { result[statement.word] = policer }
    }
    return result
}

/// One policer; nil if its rates are not complete, so that the names of it stay undefined.
private func extractThreeColorPolicer(
    _ statement: Statement,
    _ diagnostics: inout [Diagnostic]
) -> ThreeColorPolicer? {
    var policer: ThreeColorPolicer?
    var hasRates = false
    var discardsRed = false
    var isFilterSpecific = false
    for child in threeColorPolicerStatements.admitted(statement, &diagnostics) {
        if let kind = ThreeColorPolicer.Kind(rawValue: child.word) {
            hasRates = true
            policer = extractRates(child, kind, of: statement, &diagnostics)
        } else if child.word == "filter-specific" {
            isFilterSpecific = true
        } else if child.word == "action" {
            discardsRed = extractRedAction(child, &diagnostics)
        }
    }
    if !hasRates {
        let kinds = ThreeColorPolicer.Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        diagnostics.error("incomplete-policer", statement, "a three-colour policer needs one of \(kinds)")
    }
    policer?.discardsRed = discardsRed
    policer?.isFilterSpecific = isFilterSpecific
    // That of logical interfaces is refused above.
    let isOfPhysicalInterface = statement.child("physical-interface-policer") != nil
    policer?.reach = isOfPhysicalInterface ? .physicalInterface : .filter
    return policer
}

/// The rates of one kind and how they look at colours.
private func extractRates(
    _ statement: Statement,
    _ kind: ThreeColorPolicer.Kind,
    of policer: Statement,
    _ diagnostics: inout [Diagnostic]
) -> ThreeColorPolicer? {
    let leaves = ThreeColorLeaves(kind)
    var numbers: [String: UInt64] = [:]
    var isColorAware: Bool?
    for child in statement.statements {
        switch child.word {
        case "color-aware": isColorAware = true
        case "color-blind": isColorAware = false
        case let word where leaves.all.contains(word):
            let isBitRate = word.hasSuffix("-information-rate")
            // The lower bound of rates is that of the devices (filters reference §4.4).
            numbers[word] = rateNumber(child, (isBitRate ? 1500 : 1)...UInt64.max, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under '\(kind.rawValue)'")
        }
    }
    let missing = leaves.all.filter { statement.child($0) == nil }
    if !missing.isEmpty {
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        diagnostics.error("incomplete-policer", statement, "'\(kind.rawValue)' also needs \(names)")
    }
    if isColorAware == nil {
        diagnostics.error("incomplete-policer", statement, "needs 'color-blind' or 'color-aware'")
    }
    guard let committedRate = numbers[leaves.committedRate], let committedBurst = numbers[leaves.committedBurst],
        let outerBurst = numbers[leaves.outerBurst], let isColorAware
    else { return nil }
    let outerRate: UInt64
    let wholeBurst: UInt64
    if let leaf = leaves.peakRate {
        guard let rate = numbers[leaf] else { return nil }
        if rate < committedRate {
            // RFC 2698 §2: the peak rate is at least the committed one.
            diagnostics.error("invalid-value", statement, "'\(leaf)' is less than '\(leaves.committedRate)'")
        }
        (outerRate, wholeBurst) = (rate, outerBurst)
    } else {
        if isColorAware {
            diagnostics.error(
                "unsupported-statement",
                statement,
                "'color-aware' with a single rate is not supported: packets that arrive yellow may use only what "
                    + "overflows the committed bucket, and no bucket of the kernel fills from another's overflow; write "
                    + "'color-blind', or a policer with two rates"
            )
        }
        let (sum, isOverflow) = committedBurst.addingReportingOverflow(outerBurst)
        (outerRate, wholeBurst) = (committedRate, isOverflow ? .max : sum)
    }
    func rate(_ rate: UInt64, _ burst: UInt64) -> Policer.Rate {
        kind.countsPackets
            ? .packets(perSecond: rate, burst: burst) : .bandwidth(bitsPerSecond: rate, burstBytes: burst)
    }
    if !kind.countsPackets { warnOfSmallBurst(committedBurst, statement, &diagnostics) }
    return ThreeColorPolicer(
        name: policer.word,
        kind: kind,
        committed: rate(committedRate, committedBurst),
        peak: rate(outerRate, wholeBurst),
        isColorAware: isColorAware,
        source: policer.reference
    )
}

/// `action { loss-priority high { then discard; } }`; true if red packets are dropped.
private func extractRedAction(_ action: Statement, _ diagnostics: inout [Diagnostic]) -> Bool {
    var discards = false
    for level in action.entries("loss-priority") {
        guard level.word == "high" else {
            diagnostics.error(
                "invalid-value",
                level,
                "only red packets, 'loss-priority high', can be discarded: green and yellow ones always go on"
            )
            continue
        }
        for child in level.child("then")?.statements ?? [] {
            switch child.word {
            case "discard": discards = true
            case let word where wordsAllowedEverywhere.contains(word): break
            default: diagnostics.error("unknown-statement", child, "only 'discard' may stand here")
            }
        }
        if !discards { diagnostics.error("incomplete-policer", level, "needs 'then discard'") }
    }
    for child in action.statements where child.word != "loss-priority" && !wordsAllowedEverywhere.contains(child.word) {
        diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'action'")
    }
    return discards
}

/// The policer that `three-color-policer { KIND NAME; }` of a term names; nil if there is none of that kind.
func threeColorReference(
    _ statement: Statement,
    _ names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> String? {
    for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
        guard let kind = ThreeColorPolicer.Kind(rawValue: child.word) else {
            diagnostics.error("unknown-statement", child, "'\(child.word)' is no kind of three-colour policer")
            return nil
        }
        guard let name = child.value?.word, names.threeColorPolicers[name] == kind else {
            // The schema's own words (filters reference §7.7).
            diagnostics.error(
                "undefined-policer",
                child,
                "'\(kind.rawValue) \(child.value?.word ?? "")': Referenced \(kind.rawValue) policer does not exist"
            )
            return nil
        }
        return name
    }
    diagnostics.error("missing-value", statement, "names no policer: write 'single-rate NAME' or 'two-rate NAME'")
    return nil
}

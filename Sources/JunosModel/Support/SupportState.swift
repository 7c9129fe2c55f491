// SPDX-License-Identifier: Apache-2.0
// What Sluice makes of each statement that it knows, as tables: no statement is ignored in silence (DESIGN §3.19).
import Diagnostics

/// The one state of a statement that Sluice knows (DESIGN §3.19).
public enum SupportState: Hashable, Sendable {
    /// It has its Junos meaning.
    case supported
    /// It could change a verdict, so it is a commit error; the text names what would be missing.
    case unsupported(String)
    /// It says something about other things than filtering on this host, a warning; the text says what.
    case notApplicable(String)
    /// It has no effect on packets and is accepted.
    case cosmetic
}

/// The statements that may stand in one hierarchy.
public struct SupportTable: Sendable {
    /// The hierarchy, with capital words for names: `firewall family FAMILY filter NAME`.
    public let hierarchy: String
    /// The state of each word.
    public let states: [String: SupportState]
    /// Words that stand in more than one state; always empty, as a test shows.
    let repeated: [String]

    /// Makes a table from its four columns.
    init(
        _ hierarchy: String,
        supported: [String] = [],
        unsupported: [String: String] = [:],
        notApplicable: [String: String] = [:],
        cosmetic: [String] = []
    ) {
        var states: [String: SupportState] = [:]
        var repeated: [String] = []
        func enter(_ word: String, _ state: SupportState) {
            if states.updateValue(state, forKey: word) != nil { repeated.append(word) }
        }
        for word in supported { enter(word, .supported) }
        for (word, consequence) in unsupported { enter(word, .unsupported(consequence)) }
        for (word, reason) in notApplicable { enter(word, .notApplicable(reason)) }
        for word in cosmetic { enter(word, .cosmetic) }
        self.hierarchy = hierarchy
        self.states = states
        self.repeated = repeated
    }

    /// Judges a statement and says so; true if its extractor shall read it.
    func admits(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Bool {
        switch states[statement.word] {
        case .supported: return true
        case .cosmetic: return false
        case .unsupported(let consequence):
            diagnostics.error(
                "unsupported-statement",
                statement,
                "'\(statement.word)' is not supported: \(consequence)"
            )
        case .notApplicable(let reason):
            diagnostics.warning(
                "not-applicable",
                statement,
                "'\(statement.word)' has no effect here: \(reason)"
            )
        case nil where wordsAllowedEverywhere.contains(statement.word): break
        case nil:
            diagnostics.error(
                "unknown-statement",
                statement,
                "'\(statement.word)' is not a statement that is known "
                    + (hierarchy.isEmpty ? "at the top" : "under '\(hierarchy)'") + "; correct or remove it"
            )
        }
        return false
    }

    /// The statements that its extractor shall read; the others are judged.
    func admitted(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [Statement] {
        var result: [Statement] = []
        for child in statement.statements where admits(child, &diagnostics) { result.append(child) }
        return result
    }
}

/// Statements of the configuration language itself (filters reference §7.5); expansion has used them up.
let wordsAllowedEverywhere: Set<String> = ["apply-macro", "apply-groups", "apply-groups-except", "apply-flags"]

/// Every table, for the documentation and for the test that no word stands in two states.
public let supportTables: [SupportTable] = [
    topLevelStatements, firewallStatements, filterStatements, termStatements, policerStatements,
    threeColorPolicerStatements, prefixActionStatements,
    policyOptionsStatements, logicalInterfaceStatements, familyStatements, familyFilterStatements,
    familyPolicerStatements,
    applicationsStatements, applicationStatements, securityStatements, flowStatements, tcpSessionStatements,
    segmentSizeStatements,
    zoneStatements, zoneInterfaceStatements, policyStatements, policiesStatements, policyMatchStatements,
    policyThenStatements, permitStatements, routingInstanceStatements, instanceRouteStatements,
    forwardingOptionsStatements, packetCaptureStatements, samplingStatements, copyInputStatements,
    portMirroringStatements,
]

// SPDX-License-Identifier: Apache-2.0
// What a command is: its words, what may follow them, and what it does. Each command stands in a file of its own.

/// One operational command.
struct OperationalCommand: Sendable {
    /// A word that may follow a command, in any order.
    struct Option: Sendable {
        /// The word.
        var keyword: String
        /// What the next word is, for a word that takes one.
        var value: String?
        /// Whether the command means nothing without it.
        var isRequired = false
    }

    /// A name that stands by itself.
    struct Subject: Sendable {
        /// What it is the name of.
        var name: String
        /// Whether the command means nothing without it.
        var isRequired: Bool
    }

    /// The words that name it: `show firewall filter`.
    var path: [String]
    /// A name that stands by itself behind them, and whether it may be left out.
    var subject: Subject?
    /// What else may follow.
    var options: [Option] = []
    /// What it does, in a few words.
    var summary: String
    /// Carries it out.
    var answer: @Sendable (CommandArguments, OperationalSources) throws -> OperationalAnswer

    /// How it is written: `show firewall counter COUNTER filter FILTER`.
    var syntax: String { written { "[\($0)]" } }

    /// The same with `...` for a long tail of words that may be left out: for a list of commands.
    var shortSyntax: String {
        let optional = options.count { !$0.isRequired }
        return optional > 3 ? written { _ in nil } + " ..." : syntax
    }

    private func written(optional: (String) -> String?) -> String {
        var words = path
        if let subject { words.append(subject.isRequired ? subject.name : "[\(subject.name)]") }
        for option in options {
            let text = [option.keyword, option.value].compactMap { $0 }.joined(separator: " ")
            guard let word = option.isRequired ? text : optional(text) else { continue }
            words.append(word)
        }
        return words.joined(separator: " ")
    }
}

/// What stood behind a command's words.
struct CommandArguments: Hashable, Sendable {
    /// The name that stood by itself.
    var subject: String?
    /// Words without a value.
    var flags: Set<String> = []
    /// Words with their values.
    var values: [String: String] = [:]

    /// Takes the words behind a command's own apart.
    init(_ words: ArraySlice<String>, of command: OperationalCommand) throws(OperationalProblem) {
        func fail(_ reason: String) -> OperationalProblem {
            OperationalProblem("syntax error: \(reason); it is written: \(command.syntax)")
        }
        var words = words
        while let word = words.popFirst() {
            if let option = command.options.first(where: { $0.keyword == word }) {
                guard let value = option.value else {
                    flags.insert(word)
                    continue
                }
                guard let next = words.popFirst() else { throw fail("\(value) is missing behind '\(word)'") }
                values[word] = next
            } else if command.subject != nil, subject == nil {
                subject = word
            } else {
                throw fail("'\(word)' is not expected")
            }
        }
        if let wanted = command.subject, wanted.isRequired, subject == nil { throw fail("\(wanted.name) is missing") }
        for option in command.options where option.isRequired && values[option.keyword] == nil {
            throw fail("'\(option.keyword)' is missing")
        }
    }
}

/// Every command; a new one is a file with a constant, and a line here.
private let operationalCommands: [OperationalCommand] = [
    showFirewallCommand, showFirewallFilterCommand, showFirewallCounterCommand, showFirewallLogCommand,
    showPrefixActionStatsCommand,
    showPolicerCommand, showInterfacesFiltersCommand, showInterfacesPolicersCommand, showPolicyHitCountCommand,
    clearFirewallAllCommand, clearFirewallFilterCommand, clearFirewallCounterCommand, clearFirewallLogCommand,
    showFlowSessionCommand, showFlowStatusCommand, showPoliciesCommand, matchPoliciesCommand,
    matchGlobalPoliciesCommand, showZonesCommand, clearFlowSessionCommand, clearPolicyHitCountCommand,
]

/// How each command of a verb (`show`, `clear`) is written, and what it does.
public func operationalSyntax(_ verb: String) -> [(syntax: String, summary: String)] {
    operationalCommands.filter { $0.path.first == verb }.map { ($0.syntax, $0.summary) }
}

/// Carries a command out.
///
/// - Throws: `OperationalProblem` if there is no such command or object, and what the sources throw.
public func carryOut(_ words: [String], from sources: OperationalSources) throws -> OperationalAnswer {
    // The command with the longest name wins: `show firewall log` is not `show firewall` with a name behind it.
    let found = operationalCommands.filter { words.starts(with: $0.path) }.max { $0.path.count < $1.path.count }
    guard let found else {
        let known = operationalCommands.filter { $0.path.first == words.first }
        let all = (known.isEmpty ? operationalCommands : known).map(\.shortSyntax)
        throw OperationalProblem(
            "no such command: \(words.joined(separator: " ")); there are: \(all.joined(separator: ", "))"
        )
    }
    return try found.answer(try CommandArguments(words.dropFirst(found.path.count), of: found), sources)
}

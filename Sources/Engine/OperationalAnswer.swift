// SPDX-License-Identifier: Apache-2.0
// Operational commands as text, for the daemon and the command line alike.
public import JunosModel

/// What an operational command gives.
public enum OperationalAnswer: Hashable, Sendable {
    case text(String)
    /// There is no such command or object; says what there is.
    case problem(String)
}

/// Answers `show WORDS`.
public func operationalAnswer(
    _ words: [String],
    _ configuration: JunosConfiguration,
    _ statistics: Statistics
) -> OperationalAnswer {
    switch words {
    case ["firewall"]:
        return .text(showFirewall(configuration, statistics, filter: nil) ?? "")
    case let words where words.count == 3 && words[0] == "firewall" && words[1] == "filter":
        guard let text = showFirewall(configuration, statistics, filter: words[2]) else {
            return .problem("filter \(words[2]) not found")
        }
        return .text(text)
    case ["security", "policies", "hit-count"]:
        return .text(showPolicyHitCounts(configuration, statistics))
    default:
        return .problem(
            "no such command: show \(words.joined(separator: " ")); there are: show firewall [filter NAME], "
                + "show security policies hit-count"
        )
    }
}

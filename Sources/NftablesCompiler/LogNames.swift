// SPDX-License-Identifier: Apache-2.0
// How reports of packets are addressed and named, for the compiler and for whoever reads them (DESIGN §3.24).
import NftablesIR

/// What a report is about: the letter in its prefix.
public enum ReportKind: Character, Hashable, Sendable, CaseIterable {
    /// A term of a filter at an interface.
    case filter = "f"
    /// A term of the routing engine's own filter, at `lo0`.
    case routingEngineFilter = "r"
    /// A security policy.
    case policy = "p"
}

/// The NFLOG group of all logging.
public let reportGroup: UInt16 = 21324

/// NFLOG with a statement's identifier: prefix `S<kind>:<identifier>`.
func logParameters(_ kind: ReportKind, _ statement: String) -> LogParameters {
    LogParameters(
        group: reportGroup,
        prefix: "S\(kind.rawValue):\(statementIdentifier(statement))",
        snapLength: 128
    )
}

/// The identifier of a statement in log prefixes: a digest of it, so that it never changes its meaning.
public func statementIdentifier(_ statement: String) -> String {
    var hash = ContentHash()
    hash.add(statement)
    return String(hash.text.prefix(16))
}

/// Takes a report's prefix apart; nil if it is none of ours.
public func reportedStatement(inPrefix prefix: String) -> (kind: ReportKind, identifier: String)? {
    let parts = prefix.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 2, parts[0].first == "S", let letter = parts[0].last,
        let kind = ReportKind(rawValue: letter)
    else { return nil }
    return (kind, String(parts[1]))
}

// SPDX-License-Identifier: Apache-2.0
// Traps that a commit decides: what is refused, what is only remarked on.

/// A configuration and what `check` says about it.
struct CommitTrap: Sendable, CustomStringConvertible {
    /// `T8`, perhaps with more words.
    let name: String
    /// The configuration.
    let text: String
    /// A part of the error's text; nil where the commit succeeds.
    var error: String?
    /// The code of a warning.
    var warning: String?

    var description: String { name }
}

private func inet(_ filters: String) -> String { "firewall { family inet { \(filters) } }" }

private func nextTerms(_ count: Int) -> String {
    let terms = (0..<count).map { "term t\($0) { from { destination-port \($0); } then next term; }" }
    return inet("filter F { \(terms.joined(separator: " ")) term z { then accept; } }")
}

/// The traps about the commit (filters reference §8).
let commitTraps: [CommitTrap] = [
    CommitTrap(name: "T8 1025", text: nextTerms(1025), error: "1024"),
    CommitTrap(name: "T8 1024", text: nextTerms(1024)),
    CommitTrap(
        name: "T9",
        text: inet("filter F { term a { from { protocol tcp; } then next term; } }"),
        error: "next term"
    ),
    CommitTrap(
        name: "T19",
        text: inet("filter F { term a { from { destination-address { 192.168.1.111/24; } } then accept; } }"),
        error: "host bits"
    ),
    CommitTrap(
        name: "T20",
        text: "firewall { family inet6 { filter F { term a { from { destination-address { 2001:db8::1/32; } } "
            + "then accept; } } } }"
    ),
    CommitTrap(
        name: "T26",
        text: "firewall { family inet6 { filter F { term a { from { tcp-flags syn; } then accept; } } } }",
        error:
            "next-header tcp or next-header 6 or payload-protocol tcp or payload-protocol 6 must be defined in the same clause"
    ),
    CommitTrap(
        name: "T27",
        text: inet("filter F { term a { from { tcp-flags syn; } then accept; } }"),
        warning: "no-protocol-condition"
    ),
    CommitTrap(
        name: "T40",
        text: inet("filter F { term a { from { port 80; source-port 1024-65535; } then accept; } }"),
        error: "source-port"
    ),
    CommitTrap(
        name: "T50",
        text: inet("filter F { term a { filter X; then accept; } } filter X { term b { then accept; } }"),
        error: "Not compatible with 'from or then'"
    ),
    CommitTrap(
        name: "T75",
        text: inet("filter F { term a { then accept; } }")
            + " interfaces { eth1 { unit 0 { family inet6 { filter { input F; } } } } }",
        error: "filter 'F' is not defined"
    ),
]

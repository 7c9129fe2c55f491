// SPDX-License-Identifier: Apache-2.0
// Filters and what a commit check says about them: the traps of filters reference §8, §1.2, §3.1 and §5.
import Testing

/// A configuration and what must be said about it.
struct CheckCase: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    let errors: [String]
    let warnings: [String]
    var testDescription: String { name }

    init(_ name: String, _ text: String, errors: [String] = [], warnings: [String] = []) {
        self.name = name
        self.text = text
        self.errors = errors
        self.warnings = warnings
    }
}

private func terms(_ count: Int, _ text: (Int) -> String) -> String {
    (0..<count).map(text).joined(separator: " ")
}

private func nextTerm(_ index: Int) -> String { "term t\(index) { from { ttl 1; } then next term; }" }

/// Filters of family inet without attachment.
func inet(_ filters: String) -> String { "firewall { family inet { \(filters) } }" }

/// What a commit check says about filters.
let filterCheckCases: [CheckCase] = [
    .init("T8: 1024 next terms", inet("filter F { \(terms(1024, nextTerm)) term z { then accept; } }")),
    .init(
        "T8: 1025 next terms",
        inet("filter F { \(terms(1025, nextTerm)) term z { then accept; } }"),
        errors: ["too-many-next-terms"]
    ),
    .init(
        "T9: next term last",
        inet("filter F { term a { from { ttl 1; } then next term; } }"),
        errors: ["next-term-last"]
    ),
    .init(
        "a term with neither conditions nor actions",
        inet("filter F { term a { from { ttl 1; } then discard; } term b { } }"),
        warnings: ["empty-term"]
    ),
    .init(
        "T6: next term without conditions",
        inet("filter F { term a { then { count c; next term; } } term b { then discard; } }"),
        warnings: ["next-term-without-conditions"]
    ),
    .init(
        "next term last in a filter that is not last in its list",
        inet("filter F { term a { from { ttl 1; } then next term; } } filter G { term b { then accept; } }")
            + "interfaces { eth0 { unit 0 { family inet { filter { input-list [ F G ]; } } } } }"
    ),
    .init(
        "next term last in a list",
        inet("filter F { term a { from { ttl 1; } then next term; } } filter G { term b { then accept; } }")
            + "interfaces { eth0 { unit 0 { family inet { filter { input-list [ G F ]; } } } } }",
        errors: ["next-term-last"]
    ),
    .init(
        "next term last in a nested filter that is last",
        inet("filter F { term a { filter G; } } filter G { term b { from { ttl 1; } then next term; } }"),
        errors: ["next-term-last"]
    ),
    .init(
        "next term last in a nested filter that is not last",
        inet(
            "filter F { term a { filter G; } term z { then accept; } } filter G { term b { from { ttl 1; } then next term; } }"
        )
    ),
    .init("T5: no terms", inet("filter F { interface-specific; }"), warnings: ["empty-filter"]),
    .init(
        "T10: the later action stays",
        "set firewall filter F term a then accept\nset firewall filter F term a then discard\n"
    ),
    .init(
        "T26: inet6 TCP flags",
        "firewall { family inet6 { filter F { term a { from { tcp-flags syn; } } } } }",
        errors: ["missing-next-header"]
    ),
    .init(
        "T26: with next header",
        "firewall { family inet6 { filter F { term a { from { next-header tcp; tcp-initial; } } } } }"
    ),
    .init(
        "T27: inet TCP flags",
        inet("filter F { term a { from { tcp-flags syn; } } }"),
        warnings: ["no-protocol-condition"]
    ),
    .init(
        "icmp code alone",
        inet("filter F { term a { from { protocol icmp; icmp-code 1; } } }"),
        warnings: ["icmp-code-without-type"]
    ),
    .init(
        "T40: port and source port",
        inet("filter F { term a { from { protocol tcp; port 80; source-port 1024-65535; } } }"),
        errors: ["conflicting-conditions"]
    ),
    .init(
        "address and source address",
        inet("filter F { term a { from { address 10.0.0.0/8; source-address 10.0.0.0/8; } } }"),
        errors: ["conflicting-conditions"]
    ),
    .init(
        "dscp and precedence",
        inet("filter F { term a { from { dscp ef; precedence 5; } } }"),
        warnings: ["conflicting-conditions"]
    ),
    .init(
        "dscp against precedence",
        inet("filter F { term a { from { dscp ef; precedence 1; } } }"),
        warnings: ["conflicting-conditions", "term-never-matches"]
    ),
    .init(
        "T13: only except",
        inet("filter F { term a { from { source-address { 10.0.0.0/8 except; } } } }"),
        warnings: ["term-never-matches"]
    ),
    .init(
        "flags that exclude each other",
        inet("filter F { term a { from { protocol tcp; tcp-initial; tcp-flags ack; } } }"),
        warnings: ["term-never-matches"]
    ),
    .init(
        "initial and established: a reset",
        inet("filter F { term a { from { protocol tcp; tcp-initial; tcp-established; } } }")
    ),
    .init(
        "first fragment with an offset",
        inet("filter F { term a { from { first-fragment; fragment-offset 1-8191; } } }"),
        warnings: ["term-never-matches"]
    ),
    .init(
        "fragment with offset zero: the first",
        inet("filter F { term a { from { is-fragment; fragment-offset 0; } } }")
    ),
    .init(
        "every protocol excluded",
        inet("filter F { term a { from { protocol-except [ 0-100 101-255 ]; } } }"),
        warnings: ["term-never-matches"]
    ),
    .init(
        "T50: nested with then",
        inet("filter F { term a { filter G; then accept; } } filter G { term b { then accept; } }"),
        errors: ["nested-filter-with-actions"]
    ),
    .init("nested, undefined", inet("filter F { term a { filter G; } }"), errors: ["undefined-filter"]),
    .init(
        "nested two deep",
        inet(
            "filter F { term a { filter G; } } filter G { term b { filter H; } } filter H { term c { then accept; } }"
        ),
        errors: ["filter-nested-twice"]
    ),
    .init("nested in itself", inet("filter F { term a { filter F; } }"), errors: ["filter-nested-twice"]),
    .init(
        "nested packet mode",
        inet("filter F { term a { filter G; } } filter G { term b { then packet-mode; } }"),
        errors: ["nested-packet-mode"],
        warnings: ["packet-mode-to-device"]
    ),
    .init(
        "T75: wrong family",
        inet("filter F { term a { then accept; } }")
            + "interfaces { eth0 { unit 0 { family inet6 { filter { input F; } } } } }",
        errors: ["undefined-filter"]
    ),
    .init(
        "seventeen filters",
        inet(terms(17) { "filter F\($0) { term a { from { ttl 1; } } }" })
            + "interfaces { eth0 { unit 0 { family inet { filter { input-list [ \(terms(17) { "F\($0)" }) ]; } } } } }",
        errors: ["too-many-filters"]
    ),
    .init(
        "the same filter without and with family",
        "firewall { filter F { term a { then accept; } } family inet { filter F { term a { then discard; } } } }",
        errors: ["duplicate-filter"]
    ),
    .init("undefined policer", inet("filter F { term a { then policer p; } }"), errors: ["undefined-policer"]),
    .init(
        "undefined forwarding class",
        inet("filter F { term a { then forwarding-class gold; } }"),
        errors: ["undefined-forwarding-class"]
    ),
    .init("reserved name", inet("filter __F { term a { then accept; } }"), errors: ["invalid-name"]),
    .init(
        "long term name",
        inet("filter F { term \(String(repeating: "a", count: 65)) { then accept; } }"),
        errors: ["invalid-name"]
    ),
    .init("reserved counter", inet("filter F { term a { then { count __c; accept; } } }"), errors: ["invalid-name"]),
    .init("unknown action", inet("filter F { term a { then frobnicate; } }"), errors: ["unknown-statement"]),
    .init(
        "unsupported action",
        inet("filter F { term a { then { tos-reflect; accept; } } }"),
        errors: ["unsupported-statement"]
    ),
    .init(
        "unknown statement in a filter",
        inet("filter F { frobnicate; term a { then accept; } }"),
        errors: ["unknown-statement"]
    ),
    .init(
        "family any rejects",
        "firewall { family any { filter F { term a { then reject; } } } }",
        errors: ["unknown-statement"]
    ),
    .init(
        "reject with a wrong message",
        inet("filter F { term a { then reject no-route; } }"),
        errors: ["invalid-value"]
    ),
    .init(
        "packet mode on output",
        inet("filter F { term a { then packet-mode; } }")
            + "interfaces { eth0 { unit 0 { family inet { filter { output F; } } } } }",
        warnings: ["packet-mode-to-device", "packet-mode-without-effect"]
    ),
    .init(
        "another family",
        "firewall { family bridge { filter F { term a { then accept; } } } }",
        errors: ["unsupported-statement"]
    ),
]

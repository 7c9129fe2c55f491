// SPDX-License-Identifier: Apache-2.0
// What a commit check refuses or remarks: the traps of filters reference §8 that speak of commits, §1.2, §4 and §5.
import Diagnostics
import Foundation
import JunosModel
import JunosSyntax
import TestSupport
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
private func inet(_ filters: String) -> String { "firewall { family inet { \(filters) } }" }

private let filterCases: [CheckCase] = [
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
        errors: ["nested-packet-mode"]
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
        inet("filter F { term a { then { sample; accept; } } }"),
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
        warnings: ["packet-mode-without-effect"]
    ),
    .init(
        "another family",
        "firewall { family bridge { filter F { term a { then accept; } } } }",
        errors: ["unsupported-statement"]
    ),
]

private let policerCases: [CheckCase] = [
    .init(
        "whole",
        "firewall { policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then discard; } }"
    ),
    .init(
        "no then",
        "firewall { policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } } }",
        errors: ["incomplete-policer"]
    ),
    .init("no rate", "firewall { policer p { then discard; } }", errors: ["incomplete-policer"]),
    .init(
        "no burst",
        "firewall { policer p { if-exceeding { bandwidth-limit 1m; } then discard; } }",
        errors: ["incomplete-policer"]
    ),
    .init(
        "percent",
        "firewall { policer p { if-exceeding { bandwidth-percent 10; burst-size-limit 15k; } then discard; } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "below 8k",
        "firewall { policer p { if-exceeding { bandwidth-limit 7999; burst-size-limit 15k; } then discard; } }",
        errors: ["invalid-value"]
    ),
    .init(
        "cells",
        "firewall { policer p { if-exceeding { bandwidth-limit 10c; burst-size-limit 15k; } then discard; } }",
        errors: ["invalid-value"]
    ),
    .init(
        "discard and more",
        "firewall { policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then { discard; loss-priority high; } } }",
        warnings: ["redundant-action"]
    ),
    .init(
        "out of profile",
        "firewall { policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then out-of-profile; } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "shared by families",
        "firewall { policer p { logical-interface-policer; if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then discard; } }",
        errors: ["unsupported-statement"]
    ),
]

private let elsewhereCases: [CheckCase] = [
    .init("unknown hierarchy", "frobnicate { a; }", errors: ["unknown-statement"]),
    .init("unknown statement of policies", "policy-options { frobnicate; }", errors: ["unknown-statement"]),
    .init(
        "cosmetic hierarchies",
        "system { host-name r1; services { ssh; } } snmp { community c; } chassis { x; } event-options { y; }"
    ),
    .init(
        "routing, one warning each",
        "routing-options { static { route 10.0.0.0/8 discard; } } protocols { bgp { group g { type internal; } } ospf { area 0.0.0.0; } }",
        warnings: ["not-applicable", "not-applicable"]
    ),
    .init(
        "routing policy, one warning",
        "policy-options { policy-statement a { then accept; } policy-statement b { then accept; } community c members 1:1; }",
        warnings: ["not-applicable"]
    ),
    .init(
        "logical systems",
        "logical-systems { l { interfaces { eth0 { unit 0; } } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "filter of the forwarding table",
        "forwarding-options { family inet { filter { input F; } } }",
        errors: ["unsupported-statement"],
        warnings: ["not-applicable"]
    ),
    .init("bad prefix", "policy-options { prefix-list L { 10.0.0.0/33; } }", errors: ["invalid-prefix"]),
]

@Suite
struct CommitCheckTests {
    @Test(arguments: filterCases + policerCases + elsewhereCases)
    func `the commit check says exactly this`(_ example: CheckCase) {
        let result = extract(example.text)
        #expect(result.errors == example.errors, "\(result.diagnostics.map(\.text))")
        #expect(result.warnings == example.warnings, "\(result.diagnostics.map(\.text))")
    }

    @Test(arguments: [
        (
            "firewall { family inet6 { filter F { term a { from { tcp-flags syn; } } } } }",
            "next-header tcp or next-header 6 or payload-protocol tcp or payload-protocol 6 must be defined in the same clause"
        ),
        (inet("filter F { term a { filter G; then accept; } }"), "Not compatible with 'from or then'"),
        (inet("filter F { term a { filter G; } }"), "Referenced filter is not defined"),
        (inet("filter __F { term a { then accept; } }"), "Must be a non-reserved string of 64 characters or less"),
        (
            "interfaces { eth0 { unit 0 { filter { input F; } } } }",
            "referenced filter must be defined under firewall family any"
        ),
        (
            "interfaces { eth0 { unit 0 { family inet { filter { input F; } } } } }",
            "Referenced filter 'F' is not defined"
        ),
        (inet("filter F { term a { then policer p; } }"), "Referenced policer 'p' is not defined"),
        (inet("filter F { term a { from { ttl 300; } } }"), "Must be a numerical TTL value or range between 0-255"),
        (
            inet("filter F { term a { from { packet-length x; } } }"),
            "Must be a numeric value or a range between 0-65535"
        ),
        (
            "firewall { family inet6 { filter F { term a { from { hop-limit x; } } } } }",
            "Must be a numerical hop-limit value or range between 0-255"
        ),
    ])
    func `a message has the device's words (filters reference §7.7)`(_ text: String, _ words: String) {
        let messages = extract(text).diagnostics.filter { $0.severity == .error }.map(\.message)
        #expect(messages.contains { $0.contains(words) }, "\(messages)")
    }

    @Test
    func `real devices accept and refuse the same`() throws {
        struct Checks: Decodable {
            struct Check: Decodable {
                let id: String
                let expect: String
                let config: [String]
            }
            let checks: [Check]
        }
        let data = try Data(contentsOf: corpus("batfish-junos/commit-check.json"))
        let checks = try JSONDecoder().decode(Checks.self, from: data).checks
        #expect(checks.count == 23)
        for check in checks {
            // Device names that Linux does not know are our own reason (DESIGN §3.21).
            let errors = extract(check.config.joined(separator: "\n") + "\n").errors.filter { $0 != "no-linux-device" }
            #expect(errors.isEmpty == (check.expect == "accept"), "\(check.id): \(errors)")
        }
    }

    @Test
    func `a filter twice in a list is refused, should a reader keep both`() {
        func chain(_ words: [String], _ end: [ConfigurationNode]) -> [ConfigurationNode] {
            let location = SourceLocation(file: "test", line: 1, column: 1)
            guard let first = words.first else { return end }
            return [ConfigurationNode(word: first, location: location, children: chain(Array(words.dropFirst()), end))]
        }
        let path = ["interfaces", "eth0", "unit", "0", "family", "inet", "filter", "input-list"]
        let list = chain(path, chain(["F"], []) + chain(["F"], []))
        let filter = chain(["firewall", "filter", "F", "term", "t", "then", "accept"], [])
        let root = ConfigurationNode(
            word: "",
            location: SourceLocation(file: "test", line: 1, column: 1),
            children: list + filter
        )
        let result = extractConfiguration(ConfigurationTree(root: root))
        #expect(result.errors == ["duplicate-filter"])
    }

    @Test
    func `diagnostics and references have the paths of the command line contract`() {
        let result = extract("firewall { filter F { term \"a b\" { from { protocol bogus; } } } }")
        #expect(
            result.configuration.filters[FilterName(.inet, "F")]?.terms.first?.source.path
                == "firewall family inet filter F term \"a b\""
        )
        #expect(result.diagnostics.first?.path == "firewall family inet filter F term \"a b\" from protocol")
        #expect(result.diagnostics.first?.location?.line == 1)
    }
}

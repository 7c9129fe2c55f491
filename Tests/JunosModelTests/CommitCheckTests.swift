// SPDX-License-Identifier: Apache-2.0
// What a commit check refuses or remarks: filters, policers and what stands around them.
import Diagnostics
import Foundation
import JunosModel
import JunosSyntax
import TestSupport
import Testing

/// A policer by percent at interfaces with the given statements.
private func percent(_ links: String...) -> String {
    let interfaces = links.enumerated().map {
        "eth\($0.offset) { \($0.element) unit 0 { family inet { filter { input G; } } } }"
    }
    return """
        interfaces { \(interfaces.joined(separator: " ")) }
        firewall {
            policer p { if-exceeding { bandwidth-percent 10; burst-size-limit 150m; } then discard; }
            family inet {
                filter F { term t { then { policer p; accept; } } }
                filter G { term n { filter F; } }
            }
        }
        """
}

/// A three-colour policer and a term that names it.
private func threeColor(_ text: String, kind: String = "two-rate", then: String = "") -> String {
    "firewall { three-color-policer T { \(text) } "
        + "family inet { filter F { term a { then { three-color-policer { \(kind) T; } \(then) } } } } }"
}

private let twoRates =
    "color-blind; committed-information-rate 1m; committed-burst-size 150k; "
    + "peak-information-rate 2m; peak-burst-size 300k;"

private func prefixAction(_ text: String) -> String {
    """
    firewall {
        policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 150k; } then discard; }
        family inet { prefix-action A { \(text) } filter F { term a { then prefix-action A; } } }
    }
    """
}

private let threeColorCases: [CheckCase] = [
    .init("two rates", threeColor("action { loss-priority high { then discard; } } two-rate { \(twoRates) }")),
    .init("action on one line", threeColor("action { loss-priority high then discard; } two-rate { \(twoRates) }")),
    .init("no such kind", threeColor("two-rate { \(twoRates) }", kind: "single-rate"), errors: ["undefined-policer"]),
    .init(
        "loss priority beside it",
        threeColor("two-rate { \(twoRates) }", then: "loss-priority low;"),
        errors: ["conflicting-actions"]
    ),
    .init(
        "no rates",
        threeColor("action { loss-priority high then discard; }"),
        errors: ["incomplete-policer", "undefined-policer"]
    ),
    .init(
        "no colour mode",
        threeColor("two-rate { \(twoRates.dropFirst(13)) }"),
        errors: ["incomplete-policer", "undefined-policer"]
    ),
    .init(
        "no peak",
        threeColor("two-rate { color-blind; committed-information-rate 1m; committed-burst-size 150k; }"),
        errors: ["incomplete-policer", "undefined-policer"]
    ),
    .init(
        "peak below committed",
        threeColor("two-rate { \(twoRates.replacing("rate 2m", with: "rate 500k")) }"),
        errors: ["invalid-value"]
    ),
    .init(
        "only red is discarded",
        threeColor("action { loss-priority medium-high then discard; } two-rate { \(twoRates) }"),
        errors: ["invalid-value"]
    ),
    .init(
        "a single rate cannot see colours",
        threeColor(
            "single-rate { color-aware; committed-information-rate 1m; committed-burst-size 150k; excess-burst-size 1m; }",
            kind: "single-rate"
        ),
        errors: ["unsupported-statement"]
    ),
    .init(
        "a single rate",
        threeColor(
            "single-rate { color-blind; committed-information-rate 1m; committed-burst-size 150k; excess-burst-size 1m; }",
            kind: "single-rate"
        )
    ),
    .init(
        "shared by families",
        threeColor("logical-interface-policer; two-rate { \(twoRates) }"),
        errors: ["unsupported-statement"]
    ),
    .init("prefix action", prefixAction("policer p; count; subnet-prefix-length 24; source-prefix-length 32;")),
    .init("4096 prefixes", prefixAction("count; subnet-prefix-length 20; destination-prefix-length 32;")),
    .init(
        "8192 prefixes",
        prefixAction("count; subnet-prefix-length 19; destination-prefix-length 32;"),
        errors: ["too-many-prefixes", "undefined-prefix-action"]
    ),
    .init(
        "lengths the wrong way round",
        prefixAction("count; subnet-prefix-length 25; source-prefix-length 24;"),
        errors: ["invalid-value", "undefined-prefix-action"]
    ),
    .init(
        "neither source nor destination",
        prefixAction("count; subnet-prefix-length 25;"),
        errors: ["incomplete-prefix-action", "undefined-prefix-action"]
    ),
    .init(
        "neither counter nor policer",
        prefixAction("subnet-prefix-length 24; source-prefix-length 25;"),
        errors: ["incomplete-prefix-action"]
    ),
    .init(
        "a prefix action of inet6",
        "firewall { family inet6 { filter F { term a { then prefix-action A; } } } }",
        errors: ["unknown-statement"]
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
    .init("percent of a known speed", percent("speed 1g;")),
    .init("percent of an unknown speed", percent("speed auto;"), errors: ["unknown-media-rate"]),
    .init("percent of two speeds", percent("speed 1g;", "speed 10g;"), errors: ["unknown-media-rate"]),
    .init(
        "percent at no interface",
        "firewall { policer p { if-exceeding { bandwidth-percent 10; burst-size-limit 15k; } then discard; } }",
        errors: ["unknown-media-rate"]
    ),
    .init(
        "percent beyond a hundred",
        "firewall { policer p { if-exceeding { bandwidth-percent 101; burst-size-limit 15k; } then discard; } }",
        errors: ["invalid-value"]
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
]

private let attachmentCases: [CheckCase] = [
    .init(
        "filter of a second loopback unit",
        inet("filter F { term a { then accept; } }")
            + "interfaces { lo0 { unit 1 { family inet { filter { input F; } } } } }",
        errors: ["unsupported-statement"]
    ),
    .init(
        "packet mode for everything",
        inet("filter F { term a { then packet-mode; } }"),
        warnings: ["packet-mode-to-device"]
    ),
    .init(
        "packet mode for some destinations",
        inet("filter F { term a { from { destination-address 192.0.2.0/24; } then packet-mode; } }")
    ),
    .init(
        "zone in two routing instances",
        """
        interfaces { eth0 { unit 0; } eth1 { unit 0; } }
        routing-instances { r { interface eth1.0; } }
        security { zones { security-zone a { interfaces { eth0.0; eth1.0; } } } }
        """,
        errors: ["zone-in-two-instances"],
        warnings: ["not-applicable"]
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
    @Test(
        arguments: filterCheckCases + policerCases + threeColorCases + interfacePolicerCases
            + sharedPolicerCases + attachmentCases + elsewhereCases
            + forwardingCases
    )
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

// SPDX-License-Identifier: Apache-2.0
// What a commit check says about where policers stand (filters reference §4.4, §5.5).

/// A policer with flags, at `eth1` and in a filter.
private func places(
    _ flags: String = "",
    at interface: String = "",
    filterFlags: String = "",
    term: String = "accept;",
    family: String = "inet",
    unit: String = "eth1 { unit 0"
) -> String {
    """
    interfaces { \(unit) { family \(family) { \(interface) } } } }
    firewall {
        policer p { \(flags) if-exceeding { bandwidth-limit 1m; burst-size-limit 150k; } then discard; }
        three-color-policer T { \(flags) two-packet-rate { color-blind; committed-pps 1; committed-packet-burst 1;
            peak-pps 1; peak-packet-burst 1; } }
        family inet {
            prefix-action A { policer p; subnet-prefix-length 24; source-prefix-length 32; }
            filter F { \(filterFlags) term t { then { \(term) } } }
        }
    }
    """
}

private let physical = "physical-interface-policer;"
private let physicalFilter = "physical-interface-filter;"

/// Policers at interfaces, and policers that interfaces share.
let interfacePolicerCases: [CheckCase] = [
    .init("at an interface", places(at: "policer { input p; output p; }")),
    .init("at an interface, inet6", places(at: "policer { input p; }", family: "inet6")),
    .init("at the routing engine", places(at: "policer { input p; }", unit: "lo0 { unit 0")),
    .init(
        "at another loopback unit",
        places(at: "policer { input p; }", unit: "lo0 { unit 1"),
        errors: ["unsupported-statement"]
    ),
    .init("of family any", places(at: "policer { input p; }", family: "any"), errors: ["unsupported-statement"]),
    .init("of ARP", places(at: "policer { arp p; }"), errors: ["unsupported-statement"]),
    .init("undefined", places(at: "policer { input q; }"), errors: ["undefined-policer"]),
    .init("in three colours", places(at: "policer { output T; }"), errors: ["policer-out-of-place"]),
    .init(
        "in three colours, shared by families",
        places("logical-interface-policer;"),
        errors: ["unsupported-statement"]
    ),
]

/// The same where the three-colour policer is not in the way.
let sharedPolicerCases: [CheckCase] = [
    .init("shared by families", two("logical-interface-policer;", at: "policer { input p; }")),
    .init(
        "shared by families, in a term",
        two("logical-interface-policer;", term: "policer p;"),
        errors: ["policer-out-of-place"]
    ),
    .init(
        "shared by families, for prefixes",
        two("logical-interface-policer;", term: "prefix-action A;"),
        errors: ["policer-out-of-place"]
    ),
    .init("of a physical interface", two(physical, filterFlags: physicalFilter, term: "policer p;")),
    .init(
        "of a physical interface, three colours",
        places(physical, filterFlags: physicalFilter, term: "three-color-policer { two-packet-rate T; }")
    ),
    .init(
        "of a physical interface, in an ordinary filter",
        two(physical, term: "policer p;"),
        errors: ["policer-out-of-place"]
    ),
    .init(
        "of a physical interface, at the interface",
        two(physical, at: "policer { input p; }"),
        errors: ["policer-out-of-place"]
    ),
    .init(
        "of a physical interface, for prefixes",
        two(physical, filterFlags: physicalFilter, term: "prefix-action A;"),
        errors: ["policer-out-of-place"]
    ),
    .init(
        "an ordinary one in a filter of physical interfaces",
        two(filterFlags: physicalFilter, term: "policer p;"),
        errors: ["policer-out-of-place"]
    ),
    .init(
        "a filter of physical and of logical interfaces",
        two(filterFlags: physicalFilter + " interface-specific;"),
        errors: ["conflicting-statements"]
    ),
    .init(
        "of both kinds",
        two("logical-interface-policer; physical-interface-policer;"),
        errors: ["conflicting-statements"]
    ),
]

private func two(
    _ flags: String = "",
    at interface: String = "",
    filterFlags: String = "",
    term: String = "accept;"
) -> String {
    """
    interfaces { eth1 { unit 0 { family inet { \(interface) } } } }
    firewall {
        policer p { \(flags) if-exceeding { bandwidth-limit 1m; burst-size-limit 150k; } then discard; }
        family inet {
            prefix-action A { policer p; subnet-prefix-length 24; source-prefix-length 32; }
            filter F { \(filterFlags) term t { then { \(term) } } }
        }
    }
    """
}

// SPDX-License-Identifier: Apache-2.0
// What a commit check says about the ways that terms choose (filters reference §4.1).
import Testing

private func attached(_ then: String, _ attachment: String = "input F;", family: String = "inet", more: String = "")
    -> String
{
    """
    interfaces { eth0 { unit 0 { family \(family) { filter { \(attachment) } } } } }
    firewall { family \(family) { filter F { term a { then { \(then) } } } filter G { term g { filter F; } } } }
    \(more)
    """
}

private func instance(_ body: String) -> String { "routing-instances { R { \(body) } }" }

private let plain = instance(
    "instance-type forwarding; routing-options { static { route 0.0.0.0/0 next-hop 10.0.0.2; } }"
)

private func mirroring(_ interface: String) -> String {
    "forwarding-options { port-mirroring { family inet { output { interface \(interface); } } } }"
}

private let longName = String(repeating: "M", count: 65)

let forwardingCases: [CheckCase] = [
    .init("an instance that is there", attached("routing-instance R;", more: plain)),
    .init(
        "an instance in family any",
        "interfaces { eth0 { unit 0 { family any { filter { input F; } } } } }"
            + "firewall { family any { filter F { term a { then { routing-instance R; } } } } } \(plain)"
    ),
    .init("the router's own table", attached("routing-instance default;")),
    .init(
        "an instance that is not there",
        attached("routing-instance X;", more: plain),
        errors: ["undefined-routing-instance"],
        warnings: ["not-applicable"]
    ),
    .init(
        "an instance of another type",
        attached("routing-instance R;", more: instance("instance-type vrf;")),
        errors: ["unsupported-routing-instance"]
    ),
    .init(
        "an instance without a type",
        attached("routing-instance R;", more: instance("description x;")),
        errors: ["unsupported-routing-instance"]
    ),
    .init("an instance that no term names", attached("accept;", more: plain), warnings: ["not-applicable"]),
    .init(
        "a way in an output filter",
        attached("routing-instance R;", "output F;", more: plain),
        errors: ["action-on-arrival-only"]
    ),
    .init(
        "a way in a filter nested in an output filter",
        attached("routing-instance R;", "output G;", more: plain),
        errors: ["action-on-arrival-only"]
    ),
    .init(
        "a way in a filter of lo0",
        "interfaces { lo0 { unit 0 { family inet { filter { input F; } } } } } \(inet("filter F { term a { then { next-ip 10.0.0.1; } } }"))",
        errors: ["action-on-arrival-only"]
    ),
    .init(
        "the don't-fragment bit in an output filter",
        attached("dont-fragment set;", "output F;"),
        errors: ["action-on-arrival-only"]
    ),
    .init("the don't-fragment bit otherwise", attached("dont-fragment maybe; accept;"), errors: ["invalid-value"]),
    .init(
        "the don't-fragment bit of family inet6",
        attached("dont-fragment set; accept;", family: "inet6"),
        errors: ["unknown-statement"]
    ),
    .init("next-ip with host bits", attached("next-ip 192.168.1.111/24;"), errors: ["host-bits"]),
    .init("next-ip with a prefix", attached("next-ip 192.168.1.0/24;"), errors: ["unsupported-statement"]),
    .init("next-ip of another family", attached("next-ip 2001:db8::1;"), errors: ["invalid-value"]),
    .init("next-ip in family inet6", attached("next-ip 10.0.0.1;", family: "inet6"), errors: ["unknown-statement"]),
    .init("next-ip6", attached("next-ip6 2001:db8::1/128;", family: "inet6")),
    .init("next-interface", attached("next-interface eth0.0;")),
    .init("next-interface that is not configured", attached("next-interface eth9.0;"), errors: ["undefined-interface"]),
    .init(
        "next-interface in an instance that is not there",
        attached("next-interface eth0.0 routing-instance X;"),
        errors: ["undefined-routing-instance"]
    ),
    .init(
        "next-interface and next term last",
        attached("next-interface eth0.0 next term;"),
        // Once for the filter and once for the one that nests it.
        errors: ["next-term-last", "next-term-last"]
    ),
    .init("a topology", attached("routing-instance R topology T;", more: plain), errors: ["unsupported-statement"]),
    .init(
        "a route with host bits",
        attached(
            "routing-instance R;",
            more: instance("instance-type forwarding; routing-options { static { route 10.0.0.1/8 discard; } }")
        ),
        errors: ["host-bits"]
    ),
    .init(
        "a route to another table",
        attached(
            "routing-instance R;",
            more: instance(
                "instance-type forwarding; routing-options { static { route 10.0.0.0/8 next-table inet.0; } }"
            )
        ),
        errors: ["unsupported-statement", "missing-value"]
    ),
    .init(
        "a next hop of another family",
        attached(
            "routing-instance R;",
            more: instance("instance-type forwarding; routing-options { static { route ::/0 next-hop 10.0.0.1; } }")
        ),
        errors: ["invalid-value", "missing-value"]
    ),
    .init(
        "protocols of an instance",
        attached("routing-instance R;", more: instance("instance-type virtual-router; protocols { ospf { } }")),
        warnings: ["not-applicable"]
    ),
    .init("discard accounting", attached("discard { accounting x; }"), errors: ["unsupported-statement"]),
    .init(
        "sample without a place",
        attached("sample;"),
        errors: ["missing-sampling"]
    ),
    .init(
        "sample without a file",
        attached("sample;", more: "forwarding-options { sampling { input { rate 10; } } }"),
        errors: ["missing-capture-file"]
    ),
    .init(
        "sample into a file of sampling",
        attached(
            "sample;",
            more:
                "forwarding-options { sampling { input { rate 10; run-length 2; } family inet { output { file filename f size 1m files 3; } } } }"
        )
    ),
    .init(
        "sample, and a collector of flow records",
        attached(
            "sample;",
            more: "forwarding-options { packet-capture { file filename f; } sampling { input { rate 1; } "
                + "family inet { output { flow-server 10.0.0.1 { port 2055; } } } } }"
        ),
        warnings: ["not-applicable"]
    ),
    .init(
        "a capture file in a folder",
        attached("sample;", more: "forwarding-options { packet-capture { file filename ../f; } }"),
        errors: ["invalid-value", "missing-capture-file"]
    ),
    .init(
        "a rate that cannot be kept",
        attached(
            "sample;",
            more:
                "forwarding-options { packet-capture { file filename f; } sampling { input { max-packets-per-second 5; } } }"
        ),
        errors: ["unsupported-statement"]
    ),
    .init("a mirror that is not there", attached("port-mirror;"), errors: ["undefined-port-mirroring"]),
    .init(
        "an instance of mirroring that is not there",
        attached("port-mirror-instance M;", more: mirroring("eth0.0")),
        errors: ["undefined-port-mirroring"]
    ),
    .init("a mirror", attached("port-mirror;", more: mirroring("eth0.0"))),
    .init(
        "a mirror of another family",
        attached("port-mirror;", family: "inet6", more: mirroring("eth0.0")),
        errors: ["missing-mirror-output"]
    ),
    .init(
        "a mirror out of an interface that is not configured",
        attached("port-mirror;", more: mirroring("eth7.0")),
        errors: ["undefined-interface"]
    ),
    .init(
        "a mirror whose name no report can carry",
        attached(
            "port-mirror-instance \(longName);",
            more: "forwarding-options { port-mirroring { instance { \(longName) { "
                + "family inet { output { interface eth0.0; } } } } } }"
        ),
        errors: ["invalid-name"]
    ),
    .init(
        "two mirrors",
        attached(
            "port-mirror; port-mirror-instance M;",
            more: "forwarding-options { port-mirroring { family inet { output { interface eth0.0; } } "
                + "instance { M { family inet { output { interface eth0.0; } } } } } }"
        ),
        errors: ["conflicting-actions"]
    ),
]

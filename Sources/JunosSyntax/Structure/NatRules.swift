// SPDX-License-Identifier: Apache-2.0
// The structure of `security nat` (flow reference §7).

/// The hierarchy `nat` below `security`.
let natRules = container(
    "nat",
    [
        container(
            "source",
            [
                list("pool", sourcePoolRules),
                flag("address-persistent port-randomization"),
                container("interface", [container("port-overloading", [flag("off")])]),
                ruleSet(
                    to: [natContext("to")],
                    then: container(
                        "source-nat",
                        [
                            oneOf([
                                flag("off"), container("interface", presence: true), leaf("pool", [persistentRules]),
                            ])
                        ]
                    )
                ),
            ]
        ),
        container(
            "destination",
            [
                list(
                    "pool",
                    [
                        leaf("description"),
                        leaf("address", [leaf("port")]),
                        leaf("routing-instance"),
                    ]
                ),
                ruleSet(then: container("destination-nat", [oneOf([flag("off"), leaf("pool")])])),
            ]
        ),
        container(
            "static",
            [
                ruleSet(
                    then: container(
                        "static-nat",
                        [
                            oneOf(
                                [
                                    leaf("prefix prefix-name", [leaf("mapped-port"), leaf("routing-instance")]),
                                    container("inet", presence: true, [leaf("routing-instance")]),
                                    leaf("nptv6-prefix"),
                                ]
                            )
                        ]
                    )
                )
            ]
        ),
        container("proxy-arp proxy-ndp", [list("interface", [list("address", style: .block)])]),
    ]
)

private let persistentRules = container("persistent-nat")

private let sourcePoolRules: [[SchemaRule]] = [
    leaf("description routing-instance"),
    list("address", style: .block),
    leafList("address-name"),
    leaf("overflow-pool address-pooling"),
    container("host-address-base"),
    container(
        "port",
        [leaf("range"), flag("no-translation"), leaf("port-overloading-factor"), container("deterministic")]
    ),
]

private func natContext(_ word: String) -> [SchemaRule] {
    container(word, style: .oneLine, [oneOf([leafList("zone interface routing-instance routing-group")])])
}

private func ruleSet(to: [[SchemaRule]] = [], then action: [SchemaRule]) -> [SchemaRule] {
    let contexts = [natContext("from")] + to
    return list(
        "rule-set",
        ordered: true,
        contexts + [
            leaf("description"),
            list(
                "rule",
                ordered: true,
                [
                    leaf("description"),
                    container(
                        "match",
                        [
                            leafList(
                                "source-address source-address-name destination-address-name application protocol"
                            ),
                            leafList("destination-address"),
                            list("source-port destination-port", style: .block),
                        ]
                    ),
                    container("then", [action]),
                ]
            ),
        ]
    )
}

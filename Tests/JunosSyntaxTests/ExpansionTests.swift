// SPDX-License-Identifier: Apache-2.0
// What takes effect: inactive statements, groups and apply-paths (filters reference §2.4, §7.2, §7.5).
import Diagnostics
import JunosSyntax
import Testing

private func tree(_ text: String) -> ConfigurationTree {
    readConfiguration([(name: "t", text: text)]).tree
}

let pruneCases: [ReadingCase] = [
    ReadingCase(
        "an inactive from leaves a term that matches everything (T64)",
        "firewall { filter f { term a { inactive: from { protocol tcp; } then discard; } } }",
        "set firewall filter f term a then discard"
    ),
    ReadingCase(
        "an inactive term goes, the filter stays (T65)",
        "firewall { filter f { inactive: term a { then accept; } } }",
        "set firewall filter f"
    ),
    ReadingCase(
        "an inactive leaf goes with its keyword",
        "set system host-name a\nset system domain-name b\ndeactivate system host-name",
        "set system domain-name b"
    ),
    ReadingCase(
        "statements of unknown hierarchies go too",
        "foo { bar { inactive: baz qux; inactive: a b { c; } d; } }",
        "set foo bar d"
    ),
]

@Test(arguments: pruneCases)
func `What is inactive is as if it were not there`(_ example: ReadingCase) {
    #expect(lines(renderSet(pruneInactive(tree(example.text)))) == lines(example.expected))
}

let groupCases: [ReadingCase] = [
    ReadingCase(
        "the inner application wins over the outer, the first name over later ones, explicit over all",
        """
        set groups g1 interfaces ge-0/0/0 mtu 1111
        set groups g2 interfaces ge-0/0/0 mtu 2222
        set groups g2 interfaces ge-0/0/0 description two
        set groups g3 interfaces ge-0/0/0 description three
        set groups g3 interfaces ge-0/0/0 speed 1g
        set groups g3 system host-name three
        set system host-name local
        set interfaces ge-0/0/0 apply-groups [ g1 g2 ]
        set apply-groups g3
        """,
        """
        set system host-name local
        set interfaces ge-0/0/0 mtu 1111
        set interfaces ge-0/0/0 description two
        set interfaces ge-0/0/0 speed 1g
        """
    ),
    ReadingCase(
        "a choice made locally keeps the other alternatives out",
        """
        set groups g firewall filter f term <*> then discard
        set groups g firewall filter f term <*> then count c
        set apply-groups g
        set firewall filter f term a then accept
        set firewall filter f term b from protocol tcp
        """,
        """
        set firewall filter f term a then accept
        set firewall filter f term a then count c
        set firewall filter f term b from protocol tcp
        set firewall filter f term b then discard
        set firewall filter f term b then count c
        """
    ),
    ReadingCase(
        "wildcards only match existing names, real names create; lists unite, inherited entries last",
        """
        set groups g interfaces <ge-*> unit <*> family inet filter input in
        set groups g interfaces <[a-d]*> mtu 9000
        set groups g interfaces xe-9 mtu 1
        set groups g firewall filter f term z then discard
        set groups g firewall filter f term a from protocol udp
        set apply-groups g
        set interfaces ge-1 unit 0 family inet
        set interfaces ae1 unit 0 family inet
        set firewall filter f term a from protocol tcp
        set firewall filter f term b
        """,
        """
        set interfaces ge-1 unit 0 family inet filter input in
        set interfaces ae1 unit 0 family inet
        set interfaces ae1 mtu 9000
        set interfaces xe-9 mtu 1
        set firewall filter f term a from protocol tcp
        set firewall filter f term a from protocol udp
        set firewall filter f term b
        set firewall filter f term z then discard
        """
    ),
    ReadingCase(
        "a wildcard also matches a name that another group creates",
        """
        set groups a interfaces <*> mtu 9000
        set groups b interfaces ge-1 speed 1g
        set apply-groups [ a b ]
        """,
        """
        set interfaces ge-1 mtu 9000
        set interfaces ge-1 speed 1g
        """
    ),
    ReadingCase(
        "apply-groups-except stops a group here and below",
        """
        set groups g interfaces <*> mtu 9000
        set groups h interfaces <*> speed 1g
        set apply-groups [ g h ]
        set interfaces ge-0 description a
        set interfaces ge-1 description b
        set interfaces ge-1 apply-groups-except g
        """,
        """
        set interfaces ge-0 description a
        set interfaces ge-0 mtu 9000
        set interfaces ge-0 speed 1g
        set interfaces ge-1 description b
        set interfaces ge-1 speed 1g
        """
    ),
    ReadingCase(
        "groups apply groups",
        """
        set groups G1 apply-groups G2
        set groups G2 interfaces <*> unit 0 apply-groups G3
        set groups G3 interfaces <*> unit <*> family inet address 1.1.1.1/31
        set interfaces em0 description "for test"
        set apply-groups G1
        """,
        """
        set interfaces em0 description "for test"
        set interfaces em0 unit 0 family inet address 1.1.1.1/31
        """
    ),
    ReadingCase(
        "groups that apply each other end",
        """
        set groups a apply-groups b
        set groups b apply-groups a
        set groups a system host-name x
        set groups b system domain-name y
        set apply-groups a
        """,
        """
        set system host-name x
        set system domain-name y
        """
    ),
    ReadingCase(
        "nested wildcards are matched along the whole path",
        """
        set groups g interfaces <*> unit <1*> family inet address 1.0.0.1/31
        set groups g interfaces <xe-*> unit <2*> family inet address 2.0.0.1/31
        set interfaces xe-0/0/0 unit 20 apply-groups g
        """,
        "set interfaces xe-0/0/0 unit 20 family inet address 2.0.0.1/31"
    ),
    ReadingCase(
        "inactive statements of a group are not inherited, an inactive application does not happen",
        """
        set groups g system host-name a
        set groups g system domain-name b
        deactivate groups g system host-name
        set apply-groups g
        set groups h system time-zone c
        set system apply-groups h
        deactivate system apply-groups
        """,
        "set system domain-name b"
    ),
    ReadingCase(
        "apply-path collects connected subnets and hosts, inherited and active ones only",
        """
        set groups g interfaces <*> unit 0 family inet address 10.9.9.9/16
        set interfaces ge-0 apply-groups g
        set interfaces ge-0 unit 0 family inet address 10.0.0.5/24
        set interfaces ge-0 unit 1 family inet address 10.0.0.6/24
        set interfaces ge-1 unit 0 family inet address 10.2.0.5/30
        deactivate interfaces ge-1
        set interfaces ge-0 unit 0 family inet6 address 2001:DB8:0:0:1::5/64
        set protocols bgp group x neighbor 192.0.2.1
        set protocols bgp group x neighbor 2001:db8::1
        set policy-options prefix-list a 203.0.113.0/24
        set policy-options prefix-list a apply-path "interfaces <*> unit <*> family inet address <*>"
        set policy-options prefix-list b apply-path "interfaces <ge-*> unit <*> family inet6 address <*>"
        set policy-options prefix-list c apply-path "protocols bgp group <*> neighbor <*>"
        set policy-options prefix-list d apply-path "protocols bgp group <nothing> neighbor <*>"
        """,
        """
        set interfaces ge-0 unit 0 family inet address 10.0.0.5/24
        set interfaces ge-0 unit 0 family inet address 10.9.9.9/16
        set interfaces ge-0 unit 0 family inet6 address 2001:DB8:0:0:1::5/64
        set interfaces ge-0 unit 1 family inet address 10.0.0.6/24
        set protocols bgp group x neighbor 192.0.2.1
        set protocols bgp group x neighbor 2001:db8::1
        set policy-options prefix-list a 203.0.113.0/24
        set policy-options prefix-list a 10.0.0.0/24
        set policy-options prefix-list a 10.9.0.0/16
        set policy-options prefix-list b 2001:db8::/64
        set policy-options prefix-list c 192.0.2.1/32
        set policy-options prefix-list c 2001:db8::1/128
        set policy-options prefix-list d
        """
    ),
]

@Test(arguments: groupCases)
func `What takes effect follows from groups and paths`(_ example: ReadingCase) {
    let result = expandConfiguration(tree(example.text))
    #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map(\.text))")
    #expect(lines(renderSet(result.tree)) == lines(example.expected))
}

@Test func `An undefined group is an error at the place that applies it`() {
    let result = expandConfiguration(tree("set system host-name a\nset interfaces ge-0 apply-groups nowhere"))
    #expect(result.diagnostics.map(\.code) == ["undefined-group"])
    #expect(result.diagnostics.first?.location == Diagnostics.SourceLocation(file: "t", line: 2, column: 34))
    #expect(result.diagnostics.first?.path == "interfaces ge-0")
}

@Test func `A group under a condition is refused, and a cluster's node group is node0`() {
    let when = expandConfiguration(
        tree("set groups g when chassis x\nset groups g system host-name a\nset apply-groups g")
    )
    #expect(when.diagnostics.map(\.code) == ["unsupported-group-condition"])
    let node = expandConfiguration(tree("set groups node0 system host-name a\nset apply-groups \"${node}\""))
    #expect(node.diagnostics.map(\.severity) == [.warning])
    #expect(lines(renderSet(node.tree)) == ["set system host-name a"])
}

@Test func `An inherited statement keeps its place in the group`() {
    let result = expandConfiguration(tree("set groups g system host-name a\nset apply-groups g"))
    #expect(result.tree.root.descendant("system", "host-name", "a")?.location.line == 1)
}

struct TransformCase: CustomTestStringConvertible {
    let name: String
    /// Lines where the other tool differs from a device on purpose: not expected here, and what is instead.
    var without: [String] = []
    var with: [String] = []
    var testDescription: String { name }
}

/// The other tool keeps `replace` lines, gives every value of an inherited leaf, and passes over nothing.
let transformCases: [TransformCase] = [
    TransformCase(name: "flatten-nested-config-brackets"),
    TransformCase(name: "flatten-nested-config"),
    TransformCase(
        name: "flatten-replace_filter",
        without: [
            "replace firewall family inet filter example-filter",
            "set firewall family inet filter example-filter term term-1 from source-address 10.0.0.0/8",
        ]
    ),
    TransformCase(name: "flatten-replace_only", without: ["replace system host-name replace_only"]),
    TransformCase(
        name: "inherit-apply-groups-except-and-priority",
        without: [
            "set interfaces ae1 unit 0 apply-groups-except family inet filter input-list apply-groups-except EXCLUDE3"
        ]
    ),
    TransformCase(name: "inherit-apply-groups-static-route"),
    TransformCase(
        name: "inherit-flat-juniper-apply-groups-order",
        without: [
            "set interfaces xe-0/0/0 ether-options 802.3ad ae3",
            "set interfaces xe-0/0/0 ether-options 802.3ad ae2",
        ]
    ),
    TransformCase(name: "inherit-hierarchical"),
    TransformCase(name: "inherit-order-sensitive-replace"),
]

@Test(arguments: transformCases)
func `Another tool's transformations agree`(_ example: TransformCase) throws {
    let folder = "batfish-junos/transform-pairs/"
    let input = try CorpusFile(path: folder + example.name + ".in").text()
    let output = try CorpusFile(path: folder + example.name + ".out").text()
    let read = readConfiguration([(name: example.name, text: input)])
    #expect(!read.diagnostics.containsErrors || example.name == "inherit-hierarchical")
    let isFlattening = example.name.hasPrefix("flatten")
    let tree = isFlattening ? read.tree : expandConfiguration(read.tree).tree
    let expected = lines(output).filter { line in
        !line.hasPrefix("#") && !example.without.contains(line) && (isFlattening || !line.contains(" apply-groups"))
    }
    #expect(Set(lines(renderSet(tree))) == Set(expected + example.with))
}

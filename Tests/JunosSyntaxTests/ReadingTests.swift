// SPDX-License-Identifier: Apache-2.0
// What text means as a tree: each case is a text and the `set` lines it must be equal to.
import Diagnostics
import JunosSyntax
import Testing

/// The lines of a text, without indentation and empty ones.
func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.map(String.init)
}

struct ReadingCase: CustomTestStringConvertible {
    let rule: String
    let text: String
    let expected: String
    var testDescription: String { rule }

    init(_ rule: String, _ text: String, _ expected: String) {
        self.rule = rule
        self.text = text
        self.expected = expected
    }
}

let readingCases: [ReadingCase] = [
    ReadingCase(
        "brackets are several values of one statement",
        "firewall { family inet { filter f { term a { from { protocol [ tcp udp ]; } then accept; } } } }",
        """
        set firewall family inet filter f term a from protocol tcp
        set firewall family inet filter f term a from protocol udp
        set firewall family inet filter f term a then accept
        """
    ),
    ReadingCase(
        "a later designation displaces the earlier (T10)",
        """
        set firewall filter f term a then count c
        set firewall filter f term a then accept
        set firewall filter f term a then discard
        """,
        """
        set firewall filter f term a then count c
        set firewall filter f term a then discard
        """
    ),
    ReadingCase(
        "next term is a designation like the others",
        "set firewall filter f term a then next term\nset firewall filter f term a then reject tcp-reset",
        "set firewall filter f term a then reject tcp-reset"
    ),
    ReadingCase(
        "an except twin displaces its positive (T59)",
        "set firewall filter f term a from protocol tcp\nset firewall filter f term a from protocol-except udp",
        "set firewall filter f term a from protocol-except udp"
    ),
    ReadingCase(
        "one input or one input-list (filters reference §5.1)",
        """
        set interfaces ge-0/0/0 unit 0 family inet filter input a
        set interfaces ge-0/0/0 unit 0 family inet filter output o
        set interfaces ge-0/0/0 unit 0 family inet filter input-list [ b c ]
        """,
        """
        set interfaces ge-0/0/0 unit 0 family inet filter output o
        set interfaces ge-0/0/0 unit 0 family inet filter input-list b
        set interfaces ge-0/0/0 unit 0 family inet filter input-list c
        """
    ),
    ReadingCase(
        "permit, deny and reject displace each other",
        """
        set security policies from-zone a to-zone b policy p then permit
        set security policies from-zone a to-zone b policy p then deny
        set security policies from-zone a to-zone b policy p then log session-init session-close
        """,
        """
        set security policies from-zone a to-zone b policy p then deny
        set security policies from-zone a to-zone b policy p then log session-init
        set security policies from-zone a to-zone b policy p then log session-close
        """
    ),
    ReadingCase(
        "a single leaf is overwritten, a list united, duplicates in one text merge",
        """
        firewall { policer p { if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; } then discard; } }
        firewall { policer p { if-exceeding { bandwidth-limit 2m; } then { discard; } } }
        applications { application-set s { application [ a b ]; } application-set s { application b; application c; } }
        """,
        """
        set firewall policer p if-exceeding bandwidth-limit 2m
        set firewall policer p if-exceeding burst-size-limit 15k
        set firewall policer p then discard
        set applications application-set s application a
        set applications application-set s application b
        set applications application-set s application c
        """
    ),
    ReadingCase(
        "a one-line term of an application is several statements",
        "applications { application x { term t protocol tcp source-port 1-2 destination-port 22; } }",
        """
        set applications application x term t protocol tcp
        set applications application x term t source-port 1-2
        set applications application x term t destination-port 22
        """
    ),
    ReadingCase(
        "the subject of inactive: is the statement",
        """
        firewall { filter f {
            term a { inactive: from { protocol tcp; } then { inactive: count c; accept; } }
            inactive: term b { from { inactive: protocol udp; } }
            term c { from { source-address { inactive: 10.0.0.0/8; 10.1.0.0/16 except; } } inactive: then accept; }
        } }
        """,
        """
        set firewall filter f term a from protocol tcp
        deactivate firewall filter f term a from
        set firewall filter f term a then count c
        deactivate firewall filter f term a then count
        set firewall filter f term a then accept
        set firewall filter f term b from protocol udp
        deactivate firewall filter f term b from protocol
        deactivate firewall filter f term b
        set firewall filter f term c from source-address 10.0.0.0/8
        deactivate firewall filter f term c from source-address 10.0.0.0/8
        set firewall filter f term c from source-address 10.1.0.0/16 except
        set firewall filter f term c then accept
        deactivate firewall filter f term c then
        """
    ),
    ReadingCase(
        "activate takes inactive back, deactivate of a single value is about its statement",
        """
        set system host-name a
        deactivate system host-name a
        set firewall filter f term a then accept
        deactivate firewall filter f term a
        activate firewall filter f term a
        """,
        """
        set system host-name a
        deactivate system host-name
        set firewall filter f term a then accept
        """
    ),
    ReadingCase(
        "delete takes empty parents along but leaves entries",
        """
        set firewall filter f term a from protocol tcp
        set firewall filter f term a then accept
        delete firewall filter f term a from protocol tcp
        set system name-server 1.1.1.1
        delete system name-server 1.1.1.1
        set firewall filter g term a
        delete firewall filter g term a
        """,
        """
        set firewall filter f term a then accept
        set firewall filter g
        """
    ),
    ReadingCase(
        "insert, rename and copy change order and names",
        """
        set firewall filter f term a then count a
        set firewall filter f term b then count b
        set firewall filter f term c then count c
        insert firewall filter f term c before term a
        insert firewall filter f term a after b
        rename firewall filter f term b to term x
        copy firewall filter f term c to term d
        """,
        """
        set firewall filter f term c then count c
        set firewall filter f term x then count b
        set firewall filter f term a then count a
        set firewall filter f term d then count c
        """
    ),
    ReadingCase(
        "edit, up, top and exit move the level",
        """
        edit firewall filter f
        set term a then accept
        edit term b
        set then discard
        up
        set term c then accept
        top set system host-name h
        set term d then accept
        exit
        set system domain-name x
        """,
        """
        set firewall filter f term a then accept
        set firewall filter f term b then discard
        set firewall filter f term c then accept
        set firewall filter f term d then accept
        set system host-name h
        set system domain-name x
        """
    ),
    ReadingCase(
        "replace: empties in place, delete: removes",
        """
        firewall { filter f { term a { from { protocol tcp; } then accept; } term b { then accept; } term c; } }
        firewall { filter f { replace: term a { then discard; } delete: term c; } }
        """,
        """
        set firewall filter f term a then discard
        set firewall filter f term b then accept
        """
    ),
    ReadingCase(
        "comments and device notes do not disturb; strings keep blanks and escapes",
        """
        ## Last commit: today
        version 24.4R1;
        /* about { the system */
        system { # trailing
            host-name "a \\"b\\" \\\\n \\d c"; ## SECRET-DATA
            domain-name "";
        }
        """,
        """
        set version 24.4R1
        set system host-name "a \\"b\\" \\\\n \\d c"
        set system domain-name ""
        """
    ),
    ReadingCase(
        "lines of set may stand between blocks, and blocks between lines",
        "set system host-name a\npolicy-options {\n prefix-list p {\n 10.0.0.0/8;\n }\n}\nset system domain-name b",
        """
        set system host-name a
        set system domain-name b
        set policy-options prefix-list p 10.0.0.0/8
        """
    ),
    ReadingCase(
        "patterns keep their brackets",
        "set groups g interfaces <[a-d]*> mtu 1500\nset firewall interface-set s ge-0/0/[0-3].0",
        """
        set groups g interfaces <[a-d]*> mtu 1500
        set firewall interface-set s "ge-0/0/[0-3].0"
        """
    ),
    ReadingCase(
        "the schema goes on below groups and routing instances",
        """
        set groups g firewall filter f term a then accept
        set groups g firewall filter f term a then discard
        set routing-instances r routing-options static route 0.0.0.0/0 next-hop 1.1.1.1 preference 5
        """,
        """
        set groups g firewall filter f term a then discard
        set routing-instances r routing-options static route 0.0.0.0/0 next-hop 1.1.1.1
        set routing-instances r routing-options static route 0.0.0.0/0 preference 5
        """
    ),
]

@Test(arguments: readingCases)
func `A text means its set lines`(_ example: ReadingCase) {
    let result = readConfiguration([(name: "t", text: example.text)])
    #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map(\.text))")
    #expect(lines(renderSet(result.tree)) == lines(example.expected))
}

@Test(arguments: readingCases)
func `Both forms printed are read back as the same tree`(_ example: ReadingCase) {
    let tree = readConfiguration([(name: "t", text: example.text)]).tree
    for text in [renderHierarchical(tree), renderSet(tree)] {
        let again = readConfiguration([(name: "u", text: text)])
        #expect(again.diagnostics.isEmpty, "\(again.diagnostics.map(\.text))")
        #expect(renderSet(again.tree) == renderSet(tree), "\(text)")
    }
}

@Test func `Every node knows its file, line and column, in characters`() throws {
    let text = "system {\n  host-name \"ä\"; domain-name x;\n}\n"
    let tree = readConfiguration([(name: "a.conf", text: text)]).tree
    let value = try #require(tree.root.descendant("system", "domain-name", "x"))
    #expect(value.location == Diagnostics.SourceLocation(file: "a.conf", line: 2, column: 30))
    let name = try #require(tree.root.descendant("system", "host-name", "ä"))
    #expect(name.location == Diagnostics.SourceLocation(file: "a.conf", line: 2, column: 13))
}

@Test func `A second text is merged onto the first`() {
    let tree = readConfiguration(
        [
            (name: "a", text: "firewall { filter f { term a { then accept; } } }"),
            (name: "b", text: "set firewall filter f term b then discard\nset firewall filter f term a then discard"),
        ]
    ).tree
    #expect(
        lines(renderSet(tree)) == [
            "set firewall filter f term a then discard", "set firewall filter f term b then discard",
        ]
    )
}

@Test func `Comments stay with the statement behind them`() throws {
    let text = "firewall {\n /* why */\n # and how\n filter f {\n /* first */ term a { then accept; } } }"
    let tree = readConfiguration([(name: "a", text: text)]).tree
    #expect(tree.root.descendant("firewall", "filter", "f")?.comments == ["why", "and how"])
    #expect(tree.root.descendant("firewall", "filter", "f", "term", "a")?.comments == ["first"])
    let again = readConfiguration([(name: "b", text: renderHierarchical(tree))]).tree
    #expect(again.root.descendant("firewall", "filter", "f", "term", "a")?.comments == ["first"])
}

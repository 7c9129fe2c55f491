// SPDX-License-Identifier: Apache-2.0
// Broken text: each error has its code and its exact place, and reading goes on behind it.
import Diagnostics
import JunosSyntax
import Testing

struct ErrorCase: CustomTestStringConvertible {
    let rule: String
    /// The text; `‹` stands directly before each place where an error is expected.
    let marked: String
    let codes: [String]
    /// What is still understood.
    let rest: String
    var testDescription: String { rule }

    init(_ rule: String, _ marked: String, _ codes: [String], rest: String = "") {
        self.rule = rule
        self.marked = marked
        self.codes = codes
        self.rest = rest
    }
}

let errorCases: [ErrorCase] = [
    ErrorCase(
        "a missing semicolon is reported behind the statement, the next line is read",
        "system {\n host-name a‹\n domain-name b;\n time-zone c‹\n}\n",
        ["syntax-missing-semicolon", "syntax-missing-semicolon"],
        rest: "set system host-name a\nset system domain-name b\nset system time-zone c"
    ),
    ErrorCase(
        "a missing semicolon within a line is reported before the next statement",
        "firewall { filter f { term a { from { protocol tcp ‹destination-port 22; } } } }",
        ["syntax-missing-semicolon"],
        rest: """
            set firewall filter f term a from protocol tcp
            set firewall filter f term a from destination-port 22
            """
    ),
    ErrorCase(
        "a } too many",
        "system { host-name a; }\n‹}\nsystem { domain-name b; }",
        ["syntax-unexpected-brace"],
        rest: "set system host-name a\nset system domain-name b"
    ),
    ErrorCase(
        "blocks that are never closed are reported where they open",
        "firewall ‹{ filter f ‹{ term a { then accept; }",
        ["syntax-unclosed-block", "syntax-unclosed-block"],
        rest: "set firewall filter f term a then accept"
    ),
    ErrorCase(
        "a block without a name is left out as a whole",
        "system { ‹{ host-name a; } domain-name b; }",
        ["syntax-unexpected-brace"],
        rest: "set system domain-name b"
    ),
    ErrorCase(
        "an unclosed list ends at the semicolon",
        "firewall { filter f { term a { from { protocol ‹[ tcp udp; } then accept; } } }",
        ["syntax-unclosed-list"],
        rest: """
            set firewall filter f term a from protocol tcp
            set firewall filter f term a from protocol udp
            set firewall filter f term a then accept
            """
    ),
    ErrorCase(
        "an empty list",
        "firewall { filter f { term a { from { protocol ‹[ ]; } then accept; } } }",
        ["syntax-empty-list"],
        rest: "set firewall filter f term a from protocol\nset firewall filter f term a then accept"
    ),
    ErrorCase(
        "an unterminated string costs its line",
        "system {\n host-name ‹\"a;\n domain-name \"b\";\n}",
        ["syntax-missing-semicolon", "syntax-unterminated-string"],
        rest: "set system host-name \"\"\nset system domain-name b"
    ),
    ErrorCase(
        "an unterminated string in a set line",
        "set system host-name ‹\"a\nset system domain-name \"b\"",
        ["syntax-unterminated-string"],
        rest: "set system host-name \"\"\nset system domain-name b"
    ),
    ErrorCase(
        "an unterminated comment",
        "system { host-name a; }\n‹/* lost",
        ["syntax-unterminated-comment"],
        rest: "set system host-name a"
    ),
    ErrorCase(
        "a prompt before hierarchical text",
        "‹root@srx> show configuration\nsystem {\n host-name a;\n}\n‹root@srx> \n",
        ["syntax-prompt", "syntax-prompt"],
        rest: "set system host-name a"
    ),
    ErrorCase(
        "a prompt before set lines, and words that are no commands",
        "‹root@srx# show | display set\nset system host-name a\n‹sett system domain-name b\n‹commit\n",
        ["syntax-prompt", "syntax-unknown-command", "syntax-unknown-command"],
        rest: "set system host-name a"
    ),
    ErrorCase(
        "the edit banner",
        "‹[edit]\nsystem { host-name a; }",
        ["syntax-unexpected-bracket"],
        rest: "set system host-name a"
    ),
    ErrorCase(
        "a set line that ends in a semicolon",
        "set system host-name a‹;\nset system domain-name b",
        ["syntax-unexpected-character"],
        rest: "set system domain-name b"
    ),
    ErrorCase(
        "set without a statement",
        "‹set\nset system host-name a",
        ["syntax-missing-statement"],
        rest: "set system host-name a"
    ),
    ErrorCase("a tag without a statement", "system { inactive: ‹} ", ["syntax-missing-statement"], rest: "set system"),
    ErrorCase(
        "insert next to something that is not there",
        "set firewall filter f term a\ninsert firewall filter f term a before term ‹b\n‹insert firewall filter f term a",
        ["syntax-statement-not-found", "syntax-bad-argument"],
        rest: "set firewall filter f term a"
    ),
    ErrorCase(
        "insert where order means nothing",
        "set firewall filter f term a\nset firewall filter g\n‹insert firewall filter g before filter f",
        ["syntax-not-ordered"],
        rest: "set firewall filter f term a\nset firewall filter g"
    ),
    ErrorCase(
        "rename onto an existing name",
        "set firewall filter f\nset firewall filter g\nrename firewall filter g to filter ‹f",
        ["syntax-already-exists"],
        rest: "set firewall filter f\nset firewall filter g"
    ),
    ErrorCase(
        "deactivate of a list or of one value among several",
        """
        set firewall filter f term a from protocol [ tcp udp ]
        ‹deactivate firewall filter f term
        ‹deactivate firewall filter f term a from protocol tcp
        """,
        ["syntax-not-a-statement", "syntax-not-a-statement"],
        rest: "set firewall filter f term a from protocol tcp\nset firewall filter f term a from protocol udp"
    ),
    ErrorCase(
        "inactive: before one value",
        "firewall { filter f { term a { from { protocol { inactive: ‹tcp; udp; } } } } }",
        ["syntax-not-a-statement"],
        rest: "set firewall filter f term a from protocol tcp\nset firewall filter f term a from protocol udp"
    ),
    ErrorCase(
        "a command in a command",
        "set ‹set system host-name a\nset system host-name a",
        ["syntax-unexpected-command"],
        rest: "set system host-name a"
    ),
    ErrorCase(
        "a protected statement cannot be changed until it is unprotected",
        """
        set firewall filter f term a then accept
        protect firewall filter f
        set ‹firewall filter f term a then discard
        ‹delete firewall filter f term a
        unprotect firewall filter f
        set firewall filter f term b then discard
        """,
        ["syntax-protected", "syntax-protected"],
        rest: "set firewall filter f term a then accept\nset firewall filter f term b then discard"
    ),
    ErrorCase("JSON", "‹{\n \"configuration\": { } }", ["syntax-unsupported-format"]),
    ErrorCase("XML", "‹<rpc-reply><configuration/></rpc-reply>", ["syntax-unsupported-format"]),
    ErrorCase("XML with a declaration", "‹<?xml version=\"1.0\"?>", ["syntax-unsupported-format"]),
]

@Test(arguments: errorCases)
func `An error has its code and its place, and the rest is read`(_ example: ErrorCase) {
    var text = ""
    var expected: [Diagnostics.SourceLocation] = []
    var (line, column) = (1, 1)
    for character in example.marked {
        if character == "‹" {
            expected.append(Diagnostics.SourceLocation(file: "t", line: line, column: column))
            continue
        }
        text.append(character)
        if character == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
    }
    let result = readConfiguration([(name: "t", text: text)])
    #expect(result.diagnostics.map(\.code).sorted() == example.codes.sorted())
    #expect(result.diagnostics.allSatisfy { $0.severity == .error })
    let places = Set(result.diagnostics.compactMap(\.location))
    #expect(Set(expected).isSubset(of: places), "\(result.diagnostics.map(\.text))")
    #expect(lines(renderSet(result.tree)) == lines(example.rest))
}

@Test func `A missing target of delete is a warning`() {
    let result = readConfiguration([(name: "t", text: "set system host-name a\ndelete system domain-name")])
    #expect(result.diagnostics.map(\.code) == ["syntax-statement-not-found"])
    #expect(result.diagnostics.map(\.severity) == [.warning])
}

@Test func `An error names the hierarchy it stands in`() {
    let result = readConfiguration([
        (name: "t", text: "firewall { family inet { filter f { term a { then accept } } } }")
    ])
    #expect(result.diagnostics.map(\.path) == ["firewall family inet filter f term a"])
}

@Test(arguments: [1000, 100_000])
func `Nesting without end is an error, not a crash`(_ depth: Int) {
    let open = String(repeating: "a { ", count: depth)
    let blocks = readConfiguration([(name: "t", text: open + "b;" + String(repeating: "}", count: depth))])
    #expect(blocks.diagnostics.map(\.code) == ["syntax-too-deep"])
    let words = readConfiguration([(name: "t", text: "set" + String(repeating: " a", count: depth))])
    #expect(words.diagnostics.map(\.code) == ["syntax-too-deep"])
    let unclosed = readConfiguration([(name: "t", text: open)]).diagnostics
    #expect(Set(unclosed.map(\.code)) == ["syntax-too-deep", "syntax-unclosed-block"])
    #expect(unclosed.count < depth)
    _ = expandConfiguration(words.tree)
    _ = renderHierarchical(words.tree)
}

@Test(arguments: [
    "\"\\\"\n", "\\\"\n", "a[", "/*\n", "/* \" ", "{", "}", "[", "[ a ", "] ", "\"", "a\n", "set \"\n", "${", "#\n",
])
func `A text of one fragment many times over is read to its end`(_ fragment: String) {
    for head in ["", "system {\n", "set system host-name a\n", "\""] {
        let text = head + String(repeating: fragment, count: 20_000)
        let tree = readConfiguration([(name: "t", text: text)]).tree
        #expect(renderSet(readConfiguration([(name: "t", text: renderSet(tree))]).tree) == renderSet(tree))
    }
}

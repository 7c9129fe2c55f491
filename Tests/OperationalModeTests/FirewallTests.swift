// SPDX-License-Identifier: Apache-2.0
// Names, sums, selections and renderings of filters (filters reference §5.5, §6.1 to §6.3; DESIGN §3.8).
import Foundation
import JunosModel
import OperationalMode
import Testing

private let text = """
    interfaces {
        ge-0/0/0 { apply-macro linux { device eth0; } unit 0 {
            family inet { filter { input own; output shared; } }
            family inet6 { filter { input shared; } }
        } }
        ge-0/0/1 { apply-macro linux { device eth1; } unit 0 {
            family inet { filter { input own; output-list [ first second ]; } }
        } }
    }
    firewall {
        policer lim { if-exceeding { bandwidth-limit 64k; burst-size-limit 15k; } then discard; }
        policer lim-t { filter-specific; if-exceeding { bandwidth-limit 64k; burst-size-limit 15k; } then discard; }
        family inet {
            filter own { interface-specific; term t { then { count c; policer lim; accept; } } }
            filter shared { term t { then { count c; policer lim; accept; } } }
            filter first { term a { from { protocol tcp; } then { count c; accept; } } }
            filter second { term b { then { count d; policer lim-t; accept; } } }
        }
        family inet6 { filter shared { term t { then { count c; accept; } } } }
    }
    """

private let readings = [
    statistic("inet|own|c|ge-0/0/0.0|i", 3, 300), statistic("inet|own|c|ge-0/0/1.0|i", 4, 400),
    statistic("inet|own|!lim-t|ge-0/0/0.0|i", 1, 100), statistic("inet|own|!lim-t|ge-0/0/1.0|i", 2, 200),
    statistic("inet|own|c|ge-0/0/0.0|i|routing-engine", 9, 900),
    statistic("inet|shared|c|ge-0/0/0.0|o", 5, 500), statistic("inet|shared|c|ge-0/0/1.0|i", 6, 600),
    statistic("inet|shared|!lim-t|ge-0/0/0.0|o", 7, 700),
    statistic("inet6|shared|c|ge-0/0/0.0|i", 8, 800),
    statistic("inet|ge-0/0/1.0-o|c|ge-0/0/1.0|o", 10, 1000), statistic("inet|ge-0/0/1.0-o|d|ge-0/0/1.0|o", 11, 1100),
    statistic("inet|ge-0/0/1.0-o|!lim-t|ge-0/0/1.0|o", 12, 1200),
    statistic("inet|silent||ge-0/0/1.0|i", 13, 1300),
]

/// Filters with their rows, as the tags have them: `FILTER: counter NAME PACKETS BYTES, …`.
private func rows(_ command: String) throws -> [String] {
    let element = try #require(try ask(command, try configuration(text), readings).element)
    #expect(element.tag == "firewall-information")
    return element.elements("filter-information").map { filter in
        let rows = ["counter", "policer", "routing-engine-counter"].flatMap { tag in
            filter.elements(tag).map { row -> String in
                let name = tag.split(separator: "-").last ?? ""
                return [tag, "\(name)-name", "packet-count", "byte-count"].enumerated().map { index, tag in
                    index == 0 ? tag : row.elements(tag).first?.text ?? "?"
                }.joined(separator: " ")
            }
        }
        return ([(filter.elements("filter-name").first?.text ?? "") + ":"] + rows).joined(separator: " | ")
    }
}

@Suite struct `Filters` {
    @Test func `have names and sums as devices have`() throws {
        #expect(
            try rows("show firewall") == [
                "ge-0/0/1.0-o: | counter c-ge-0/0/1.0-o 10 1000 | counter d-ge-0/0/1.0-o 11 1100 "
                    + "| policer lim-t-ge-0/0/1.0-o 12 1200",
                "own-ge-0/0/0.0-i: | counter c-ge-0/0/0.0-i 3 300 | policer lim-t-ge-0/0/0.0-i 1 100",
                "own-ge-0/0/1.0-i: | counter c-ge-0/0/1.0-i 4 400 | policer lim-t-ge-0/0/1.0-i 2 200",
                // Without interface-specific: the sum over interfaces and directions; names are per family.
                "shared: | counter c 11 1100 | policer lim-t 7 700", "shared: | counter c 8 800",
                // What counts nothing is shown as well; its implicit discard is for metrics alone.
                "silent:",
            ]
        )
    }

    @Test(arguments: [
        (
            "show firewall terse",
            ["ge-0/0/1.0-o:", "own-ge-0/0/0.0-i:", "own-ge-0/0/1.0-i:", "shared:", "shared:", "silent:"]
        ),
        ("show firewall filter silent", ["silent:"]),
        (
            "show firewall filter own",
            [
                "own-ge-0/0/0.0-i: | counter c-ge-0/0/0.0-i 3 300 | policer lim-t-ge-0/0/0.0-i 1 100",
                "own-ge-0/0/1.0-i: | counter c-ge-0/0/1.0-i 4 400 | policer lim-t-ge-0/0/1.0-i 2 200",
            ]
        ),
        (
            "show firewall filter own-ge-0/0/0.0-i detail",
            [
                "own-ge-0/0/0.0-i: | counter c-ge-0/0/0.0-i 3 300 | policer lim-t-ge-0/0/0.0-i 1 100 "
                    + "| routing-engine-counter c-ge-0/0/0.0-i 9 900"
            ]
        ),
        ("show firewall filter own-ge-0/0/1.0-i counter c", ["own-ge-0/0/1.0-i: | counter c-ge-0/0/1.0-i 4 400"]),
        ("show firewall counter c-ge-0/0/1.0-i filter own", ["own-ge-0/0/1.0-i: | counter c-ge-0/0/1.0-i 4 400"]),
        ("show firewall counter d filter ge-0/0/1.0-o", ["ge-0/0/1.0-o: | counter d-ge-0/0/1.0-o 11 1100"]),
    ])
    func `are chosen`(command: String, expected: [String]) throws { #expect(try rows(command) == expected) }

    @Test func `are shown with the second evaluation only in detail`() throws {
        let configuration = try configuration(text)
        #expect(!(try ask("show firewall", configuration, readings).text.contains("routing engine")))
        #expect(
            try ask("show firewall filter own-ge-0/0/0.0-i detail", configuration, readings).text.hasSuffix(
                """
                Counters of the routing engine's evaluation:
                Name                                                Bytes              Packets
                c-ge-0/0/0.0-i                                        900                    9

                """
            )
        )
    }

    @Test func `push columns to the right where names are long`() throws {
        let name = String(repeating: "n", count: 64)
        let long = [statistic("inet|shared|\(name)|a.0|i", 7, 123_456)]
        let line = try ask("show firewall", try configuration(text), long).text.split(separator: "\n").last
        #expect(line.map(String.init) == "\(name) 123456      7")
    }

    @Test(arguments: [
        ("show policer", ["lim-t 7", "lim-t-ge-0/0/0.0-i 1", "lim-t-ge-0/0/1.0-i 2", "lim-t-ge-0/0/1.0-o 12"]),
        ("show policer lim-t-ge-0/0/0.0-i", ["lim-t-ge-0/0/0.0-i 1"]),
        // Instances of `lim` are called after their terms; `lim-t` is a policer of its own, and here alike.
        (
            "show policer lim",
            ["lim-t-ge-0/0/0.0-i 1", "lim-t-ge-0/0/1.0-i 2", "lim-t 7", "lim-t-ge-0/0/1.0-o 12"].sorted()
        ),
    ])
    func `have policers`(command: String, expected: [String]) throws {
        let answer = try ask(command, try configuration(text), readings)
        let rows = try #require(answer.element).elements("filter-information").flatMap { $0.elements("policer") }
        let shown = rows.map {
            "\($0.elements("policer-name").first?.text ?? "?") \($0.elements("packet-count").first?.text ?? "?")"
        }
        #expect(shown == expected)
        let lines = answer.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "Policers:")
        #expect(lines.count == expected.count + 2)
    }

    @Test(arguments: [
        ("show firewall filter nothing", "filter nothing not found"),
        ("show firewall counter nothing filter own", "counter nothing not found in filter own"),
        ("show policer nothing", "policer nothing not found"),
        ("show interfaces filters ge-9/9/9", "interface ge-9/9/9 not found"),
        ("clear firewall filter nothing", "filter nothing not found"),
        ("clear firewall counter nothing filter own", "counter nothing not found in filter own"),
        (
            "clear firewall counter c",
            "syntax error: 'filter' is missing; it is written: clear firewall counter COUNTER filter FILTER"
        ),
        (
            "show firewall filter",
            "syntax error: FILTER is missing; it is written: show firewall filter FILTER [counter COUNTER] [detail]"
        ),
        (
            "show firewall everything",
            "syntax error: 'everything' is not expected; it is written: show firewall [terse] [detail]"
        ),
        (
            "clear everything",
            "no such command: clear everything; there are: clear firewall all, clear firewall filter FILTER, "
                + "clear firewall counter COUNTER filter FILTER, clear firewall log, "
                + "clear security flow session ..., "
                + "clear security policies hit-count [from-zone ZONE] [to-zone ZONE]"
        ),
        ("show security policies hit-count", "security is not configured"),
    ])
    func `say what is wrong`(command: String, expected: String) throws {
        let configuration = try configuration(text)
        #expect(throws: OperationalProblem(expected)) { try ask(command, configuration, readings) }
    }

    @Test(arguments: [
        (
            "clear firewall filter own-ge-0/0/0.0-i",
            ["c|ge-0/0/0.0|i", "!lim-t|ge-0/0/0.0|i", "c|ge-0/0/0.0|i|routing-engine"].map { "inet|own|" + $0 }
        ),
        (
            "clear firewall counter c filter shared",
            ["inet|shared|c|ge-0/0/0.0|o", "inet|shared|c|ge-0/0/1.0|i", "inet6|shared|c|ge-0/0/0.0|i"]
        ),
        ("clear firewall all", readings.map(\.key).filter { !$0.contains("silent") }),
    ])
    func `are cleared`(command: String, keys: [String]) throws {
        let effects = Effects()
        let answer = try ask(command, try configuration(text), readings, effects: effects)
        #expect(answer.text.isEmpty)
        #expect(effects.cleared == Set(keys))
        #expect(!effects.isLogCleared)
    }

    @Test func `are JSON as devices print it`() throws {
        let answer = try ask("show firewall counter d filter ge-0/0/1.0-o", try configuration(text), readings)
        let json = try JSONSerialization.jsonObject(with: Data(answer.rendered(.json).utf8))
        let expected = """
            {"firewall-information":[{"filter-information":[{"filter-name":[{"data":"ge-0/0/1.0-o"}],
            "counter":[{"counter-name":[{"data":"d-ge-0/0/1.0-o"}],"packet-count":[{"data":"11"}],
            "byte-count":[{"data":"1100"}]}]}]}]}
            """
        let wanted = try JSONSerialization.jsonObject(with: Data(expected.utf8))
        #expect(json as? NSDictionary == wanted as? NSDictionary)
        // Several of a tag share one array.
        let all = try ask("show firewall", try configuration(text), readings)
        let object =
            try JSONSerialization.jsonObject(with: Data(all.rendered(.json).utf8)) as? [String: [[String: [Any]]]]
        #expect(object?["firewall-information"]?.first?["filter-information"]?.count == 6)
    }

    @Test func `are XML with the tags of devices`() throws {
        let answer = try ask("show firewall filter own-ge-0/0/0.0-i", try configuration(text), readings)
        #expect(
            answer.rendered(.xml) == """
                <firewall-information>
                    <filter-information>
                        <filter-name>own-ge-0/0/0.0-i</filter-name>
                        <counter>
                            <counter-name>c-ge-0/0/0.0-i</counter-name>
                            <packet-count>3</packet-count>
                            <byte-count>300</byte-count>
                        </counter>
                        <policer>
                            <policer-name>lim-t-ge-0/0/0.0-i</policer-name>
                            <packet-count>1</packet-count>
                            <byte-count>100</byte-count>
                        </policer>
                    </filter-information>
                </firewall-information>

                """
        )
    }

    @Test func `have arrays that are shown by themselves`() throws {
        let configuration = try configuration(
            """
            interfaces { eth1 { unit 0 { family inet { filter { input F; } } } } }
            firewall {
                policer lim { if-exceeding { bandwidth-limit 64k; burst-size-limit 15k; } then discard; }
                family inet {
                    prefix-action act { policer lim; count; subnet-prefix-length 24; source-prefix-length 32; }
                    filter F { term t { then { prefix-action act; count act-t-x; accept; } } }
                }
            }
            """
        )
        // Numbers count, not letters; two interfaces are one sum.
        let readings =
            [11, 2, 0].map { statistic("inet|F|act-t-\($0)|eth1.0|i", UInt64($0) + 1, 100) }
            + [statistic("inet|F|act-t-2|eth2.0|i", 5, 100), statistic("inet|F|!act-t-2|eth1.0|i", 9, 900)]
            + [statistic("inet|F|act-t-x|eth1.0|i", 7, 700)]
        let asked = "show firewall prefix-action-stats filter F prefix-action"
        for (words, expected) in [
            ("act", ["counter act-t-0 1", "counter act-t-2 8", "counter act-t-11 12", "policer act-t-2 9"]),
            ("act-t from 1 to 10", ["counter act-t-2 8", "policer act-t-2 9"]),
            ("act to 0", ["counter act-t-0 1"]),
        ] {
            let answer = try ask("\(asked) \(words)", configuration, readings)
            let root = try #require(answer.element)
            #expect(root.tag == "firewall-prefix-action-information")
            let rows = root.elements("filter-information").flatMap { filter in
                ["counter", "policer"].flatMap { tag in
                    filter.elements(tag).map {
                        "\(tag) \($0.elements("\(tag)-name").first?.text ?? "?") "
                            + ($0.elements("packet-count").first?.text ?? "?")
                    }
                }
            }
            #expect(rows == expected)
            #expect(answer.text.hasPrefix("\nFilter: F  "))
        }
        #expect(throws: OperationalProblem("prefix-action other not found in filter F")) {
            try ask("\(asked) other", configuration, readings)
        }
        #expect(throws: OperationalProblem("syntax error: to takes a number from 0 to 65535, not 'x'")) {
            try ask("\(asked) act to x", configuration, readings)
        }
        let shown = try ask("show firewall", configuration, readings).text
        #expect(shown.contains("act-t-x") && !shown.contains("act-t-2"))
        #expect(!(try ask("show policer", configuration, readings).text.contains("act-t-2")))
        #expect(try ask("show firewall counter act-t-11 filter F", configuration, readings).text.hasSuffix(" 12\n"))
        let effects = Effects()
        _ = try ask("clear firewall filter F", configuration, readings, effects: effects)
        #expect(effects.cleared == Set(readings.map(\.key)))
    }
}

// SPDX-License-Identifier: Apache-2.0
// `show firewall` against captures of real devices: what they counted, shown by us, is the same text to the byte.
import JunosModel
import OperationalMode
import TestSupport
import Testing

/// A device's text, read by columns alone: names, bytes up to column 57, packets up to column 78.
private struct Capture {
    var text = ""
    var statistics: [FilterStatistic] = []
    var configuration = JunosConfiguration()

    init(_ file: String) throws {
        // The captures are indented by eight columns, and begin with the command.
        let lines = try corpusText("show-outputs/genie/\(file)").split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map { $0.hasPrefix("        ") ? String($0.dropFirst(8)) : String($0) }
        let start = try #require(lines.firstIndex { $0.hasPrefix("show firewall") })
        var filter = ""
        var isPolicer = false
        for line in lines[(start + 1)...] {
            if line.hasPrefix("Filter: ") {
                filter = String(line.dropFirst(8)).trimmingSpaces
                // Filters of the system's own, which we have none of (filters reference §6.1).
                if filter.hasPrefix("__") { break }
                configuration.filters[FilterName(.inet, filter)] = FirewallFilter(
                    name: FilterName(.inet, filter),
                    terms: [],
                    isInterfaceSpecific: false,
                    source: StatementReference(path: "")
                )
                statistics.append(statistic("inet|\(filter)||e.0|i", 0, 0))
            } else if line == "Counters:" || line == "Policers:" {
                isPolicer = line == "Policers:"
            } else if line.count == 78, !line.hasPrefix("Name ") {
                let name = String(line.prefix { $0 != " " })
                let bytes = try #require(UInt64(String(line.prefix(57).dropFirst(name.count)).trimmingSpaces))
                let packets = try #require(UInt64(String(line.dropFirst(57)).trimmingSpaces))
                statistics.append(statistic("inet|\(filter)|\(isPolicer ? "!" : "")\(name)|e.0|i", packets, bytes))
            }
            text += line + "\n"
        }
        // The blank line in front of what was left out, and what follows the last row.
        while text.hasSuffix("\n") || text.hasSuffix(" ") { text.removeLast() }
        text += "\n"
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

@Suite struct `Captures of devices` {
    @Test func `of show firewall are what we print`() throws {
        let capture = try Capture("ShowFirewall__golden_output_output.txt")
        #expect(capture.statistics.count >= 20)
        // In any order: readings come out of a dictionary.
        let shown = try ask("show firewall", capture.configuration, capture.statistics.shuffled())
        #expect(shown.text == capture.text)
    }

    @Test func `of one counter are what we print`() throws {
        let capture = try Capture("ShowFirewallCounterFilter__golden_output_output.txt")
        #expect(capture.statistics.count == 2)
        let other = statistic("inet|v6_local-access-control|other|e.0|i", 5, 5)
        // Both orders of words are typed.
        for words in [
            "v6_last_policer filter v6_local-access-control", "filter v6_local-access-control v6_last_policer",
        ] {
            let shown = try ask("show firewall counter \(words)", capture.configuration, capture.statistics + [other])
            #expect(shown.text == capture.text)
        }
    }

    @Test func `of hits of policies have their columns where we have them`() throws {
        // The capture is of a release that began rows with a blank, had no column of actions, and kept no order.
        let rows = try corpusText("show-outputs/genie/ShowSecurityPoliciesHitCount__golden_output_output.txt")
            .split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.hasPrefix("Number of policy") }
            .filter { $0.dropFirst().first?.isNumber ?? false }
            .map { String($0.dropFirst(9)).trimmingSpaces }
        #expect(rows.count == 76)
        let words = rows.map { $0.split(separator: " ").map(String.init) }
        let zones = Set(words.flatMap { $0.prefix(2) }).subtracting(["junos-global"]).sorted()
        func policies(_ from: String, _ to: String) -> String {
            words.filter { $0[0] == from && $0[1] == to }.map {
                "policy \($0[2]) { match { source-address any; destination-address any; application any; } then { permit; } }"
            }.joined(separator: "\n")
        }
        let contexts = zones.flatMap { from in zones.map { (from, $0) } }.map { from, to in
            "from-zone \(from) to-zone \(to) { \(policies(from, to)) }"
        }
        let shown = try ask(
            "show security policies hit-count",
            try configuration(
                """
                security {
                    zones { \(zones.map { "security-zone \($0);" }.joined(separator: " ")) }
                    policies { \(contexts.joined(separator: "\n")) global { \(policies("junos-global", "junos-global")) } }
                }
                """
            ),
            policies: Dictionary(
                words.map { (Array($0.prefix(3)), TrafficCount(packets: UInt64($0[3]) ?? 0)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
        let ours = shown.text.split(separator: "\n").filter { $0.first?.isNumber ?? false }
            .map { String(String($0.dropFirst(8)).trimmingSpaces.dropLast("Permit".count)).trimmingSpaces }
        // Zones were renamed in the capture, and kept the blanks of their old names.
        func isRenamed(_ row: String) -> Bool { row.contains("TEST-") }
        let untouched = ours.dropLast().filter { !isRenamed($0) }
        #expect(untouched.count == 10 && untouched.sorted() == rows.filter { !isRenamed($0) }.sorted())
        #expect(
            Set(ours.dropLast().map { $0.split(separator: " ").map(String.init) }) == Set(words)
        )
    }
}

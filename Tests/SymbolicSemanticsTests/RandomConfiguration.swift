// SPDX-License-Identifier: Apache-2.0
// Random filters as text, over few values, so that packets meet them.
import Diagnostics
import JunosModel
import JunosSyntax
import NetworkTypes
import TestSupport
import Testing

/// The model of a text that the commit check accepts.
func model(_ text: String) throws -> JunosConfiguration {
    let read = readConfiguration([("test", text)])
    let expanded = expandConfiguration(read.tree)
    let extracted = extractConfiguration(expanded.tree)
    let errors = (read.diagnostics + expanded.diagnostics + extracted.diagnostics).filter { $0.severity == .error }
    try #require(errors.isEmpty, "\(text)\n\(errors.map { "\($0)" }.joined(separator: "\n"))")
    return extracted.configuration
}

extension SeededGenerator {
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Writes random filters of one family.
struct RandomFilters {
    let family: String
    var generator: SeededGenerator

    /// What the filters refer to.
    static let surroundings = """
        policy-options {
            prefix-list some { 10.1.0.0/16; 192.0.2.128/25; 2001:db8:1::/48; }
            prefix-list none { }
        }
        class-of-service { forwarding-classes { class voice queue-num 5; class bulk queue-num 1; } }
        firewall {
            interface-set edges { ge-0/0/*; }
            policer drops { if-exceeding { bandwidth-limit 80k; burst-size-limit 2000; } then discard; }
            policer marks {
                filter-specific;
                if-exceeding { bandwidth-limit 8m; burst-size-limit 1500; }
                then { loss-priority high; forwarding-class voice; }
            }
            policer paces { if-exceeding-pps { pps-limit 2; packet-burst 3; } then loss-priority medium-high; }
        }
        """

    mutating func filter(_ name: String, terms: Int, nesting nested: String? = nil, polices: Bool = false) -> String {
        var text = "filter \(name) { "
        if generator.chance(50) { text += "interface-specific; " }
        let nestingTerm = Int.random(in: 0..<terms, using: &generator)
        for index in 0..<terms {
            if let nested, index == nestingTerm { text += "term nest { filter \(nested); } " }
            text += "term t\(index) { \(conditions()) \(actions(isLast: index == terms - 1, polices)) } "
        }
        return text + "}"
    }

    private mutating func conditions() -> String {
        let catalogue = family == "any" ? Self.any : family == "inet" ? Self.inet + Self.both : Self.inet6 + Self.both
        let count = generator.pick([0, 1, 1, 1, 2, 2, 3])
        var chosen: [String: String] = [:]
        for _ in 0..<count {
            let (word, texts) = generator.pick(catalogue + (family == "any" ? [] : Self.any))
            var text = generator.pick(texts)
            if !Self.plain.contains(word), generator.chance(25) { text = text.replacing(word, with: word + "-except") }
            chosen[word] = text
        }
        // What the commit check does not allow beside each other.
        if chosen["port"] != nil { (chosen["source-port"], chosen["destination-port"]) = (nil, nil) }
        if chosen["address"] != nil { for word in Self.ends { chosen[word] = nil } }
        if chosen["icmp-code"] != nil, chosen["icmp-type"] == nil { chosen["icmp-code"] = nil }
        if chosen.keys.contains(where: { $0.hasPrefix("tcp-") }) {
            if family == "inet6" { chosen["payload-protocol"] = "payload-protocol tcp;" }
        }
        guard !chosen.isEmpty else { return "" }
        return "from { \(chosen.sorted { $0.key < $1.key }.map(\.value).joined(separator: " ")) }"
    }

    private mutating func actions(isLast: Bool, _ polices: Bool) -> String {
        var parts: [String] = []
        if generator.chance(60) { parts.append("count \(generator.pick(["hits", "more", "odd_name"]));") }
        if generator.chance(15) { parts.append("log;") }
        if generator.chance(20) {
            parts.append("forwarding-class \(generator.pick(["voice", "bulk", "expedited-forwarding"]));")
        }
        if generator.chance(20) { parts.append("loss-priority \(generator.pick(["low", "medium-low", "high"]));") }
        if generator.chance(20), family != "any" {
            parts.append("\(family == "inet" ? "dscp" : "traffic-class") \(generator.pick(["0", "10", "46"]));")
        }
        if polices, generator.chance(40) { parts.append("policer \(generator.pick(["drops", "marks", "paces"]));") }
        var endings = ["accept;", "discard;", "", "next term;", "next term;", "next term;"]
        if family != "any" { endings += ["reject;", "reject tcp-reset;", "reject port-unreachable;"] }
        let ending = generator.pick(endings)
        if ending == "next term;", isLast || parts.isEmpty { parts.append("accept;") } else { parts.append(ending) }
        return "then { \(parts.joined(separator: " ")) }"
    }

    private static let ends = [
        "source-address", "destination-address", "source-prefix-list", "destination-prefix-list",
    ]
    /// Words without an `-except` twin.
    private static let plain = [
        "address", "source-address", "destination-address", "source-prefix-list", "tcp-flags", "fragment-flags",
        "is-fragment", "first-fragment", "last-fragment", "tcp-established", "tcp-initial", "interface",
        "interface-set",
    ]

    private static let any: [(String, [String])] = [
        ("packet-length", ["packet-length 0-60;", "packet-length [ 28 40 1500 ];", "packet-length 61-65535;"]),
        ("forwarding-class", ["forwarding-class voice;", "forwarding-class [ best-effort bulk ];"]),
        ("loss-priority", ["loss-priority low;", "loss-priority [ high medium-high ];"]),
        ("interface", ["interface ge-0/0/0;", "interface ge-0/0/*;", "interface [ ge-1/0/?.0 ge-0/0/1.0 ];"]),
        ("interface-set", ["interface-set edges;"]),
        ("interface-group", ["interface-group 0;", "interface-group [ 3 7-9 ];"]),
    ]

    private static let both: [(String, [String])] = [
        ("source-port", ["source-port 0-1023;", "source-port [ 80 40000 ];"]),
        ("destination-port", ["destination-port 80;", "destination-port [ 22 80-90 65535 ];"]),
        ("port", ["port 80;", "port [ 53 1000-50000 ];"]),
        ("icmp-type", ["icmp-type [ 8 128 ];", "icmp-type 0-7;"]),
        ("icmp-code", ["icmp-code 0;", "icmp-code 1-20;"]),
        ("tcp-flags", ["tcp-flags \"syn & !ack\";", "tcp-flags \"!(fin | rst) | urgent\";", "tcp-flags 0x12;"]),
        ("tcp-established", ["tcp-established;"]),
        ("tcp-initial", ["tcp-initial;"]),
        ("is-fragment", ["is-fragment;"]),
        ("first-fragment", ["first-fragment;"]),
    ]

    private static let inet: [(String, [String])] = [
        (
            "source-address",
            [
                "source-address { 10.0.0.0/8; 10.1.0.0/16 except; 10.1.2.0/24; }",
                "source-address { 0.0.0.0/0; 192.0.2.0/24 except; }", "source-address { 10.0.0.5/255.0.0.255; }",
                "source-address { 10.1.0.0/255.255.0.0; 10.0.0.5/255.0.0.255 except; 10.0.0.0/7; }",
            ]
        ),
        ("source-prefix-list", ["source-prefix-list { some; }", "source-prefix-list { none; some except; }"]),
        ("destination-address", ["destination-address { 192.0.2.0/24; 192.0.2.7/32 except; 10.0.0.0/9; }"]),
        ("address", ["address { 10.1.2.3/32; 192.0.2.128/25; 192.0.2.200/32 except; }"]),
        ("protocol", ["protocol tcp;", "protocol [ udp icmp ];", "protocol 47-51;"]),
        ("fragment-flags", ["fragment-flags \"dont-fragment\";", "fragment-flags \"!more-fragments & !reserved\";"]),
        ("fragment-offset", ["fragment-offset 0;", "fragment-offset 1-200;"]),
        ("ttl", ["ttl 0-5;", "ttl [ 1 64 255 ];"]),
        ("dscp", ["dscp [ 0 ef ];", "dscp 10-20;"]),
        ("precedence", ["precedence 5;", "precedence [ 0 1 7 ];"]),
        ("esp-spi", ["esp-spi 0-70000;", "esp-spi 2621440080;"]),
        ("ah-spi", ["ah-spi 0-70000;"]),
        ("ip-options", ["ip-options any;", "ip-options 131;", "ip-options [ 7 148 ];"]),
    ]

    private static let inet6: [(String, [String])] = [
        ("source-address", ["source-address { 2001:db8::/32; 2001:db8:1::/48 except; 2001:db8:1::5/128; }"]),
        ("destination-address", ["destination-address { ::/0; 2001:db8:2::/48 except; }"]),
        ("address", ["address { 2001:db8:1::5/128; 2001:db8:2::/48; }"]),
        ("source-prefix-list", ["source-prefix-list { some; }"]),
        ("next-header", ["next-header [ tcp 44 ];", "next-header 0-17;"]),
        ("payload-protocol", ["payload-protocol tcp;", "payload-protocol [ udp icmp6 ];", "payload-protocol 50-60;"]),
        ("hop-limit", ["hop-limit 0-5;", "hop-limit [ 1 64 255 ];"]),
        ("traffic-class", ["traffic-class [ 0 ef ];", "traffic-class 10-20;"]),
        ("last-fragment", ["last-fragment;"]),
        ("extension-header", ["extension-header any;", "extension-header 60;", "extension-header [ 0 44 50 135 ];"]),
    ]
}

// SPDX-License-Identifier: Apache-2.0
// `show security match-policies`: the model's answer and the kernel's, the same where both ask policies alone (flow
// reference §9.2).
import Engine
import Foundation
import Laboratory
import OperationalMode
import Testing

private let configuration = """
    interfaces {
        t0 { unit 0 { family inet { filter { input NOTHING; } address 10.1.0.1/16; } family inet6 { address 2001:db8:1::1/64; } } }
        t1 { unit 0 { family inet { address 10.3.0.1/16; } } }
        u0 { unit 0 { family inet { address 203.0.113.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
        d0 { unit 0 { family inet { address 10.2.0.1/24; } } }
    }
    firewall { family inet { filter NOTHING { term all { then { count nothing; discard; } } } } }
    security {
        forwarding-options { family { inet6 { mode flow-based; } } }
        zones {
            security-zone trust { interfaces { t0.0; t1.0; } host-inbound-traffic { system-services { ssh; } } }
            security-zone untrust { interfaces { u0.0; } }
            security-zone dmz { interfaces { d0.0; } }
        }
        policies {
            from-zone trust to-zone untrust {
                policy web { match { source-address any; destination-address any; application junos-http; } then { permit; } }
                policy mail { match { source-address any; destination-address any; application junos-smtp; } then { reject; } }
            }
            from-zone trust to-zone trust {
                policy within { match { source-address any; destination-address any; application any; } then { permit; } }
            }
            from-zone trust to-zone junos-host {
                policy no-telnet { match { source-address any; destination-address any; application junos-telnet; } then { deny; } }
            }
            from-zone junos-host to-zone untrust {
                policy no-ntp { match { source-address any; destination-address any; application junos-ntp; } then { deny; } }
            }
            global { policy ping {
                match { source-address any; destination-address any; application [ junos-icmp-ping junos-icmp6-echo-request ]; }
                then { permit; }
            } }
        }
    }
    """

private struct Row: Sendable, CustomTestStringConvertible {
    var zones: (String, String)
    var addresses: (String, String)
    var rest: String
    /// The name of the policy, or the first words of what is said instead.
    var model: String
    /// The kernel's answer where it is another one.
    var kernel: String?

    init(
        _ zones: (String, String),
        _ addresses: (String, String),
        _ rest: String,
        _ model: String,
        kernel: String? = nil
    ) {
        self.zones = zones
        self.addresses = addresses
        self.rest = rest
        self.model = model
        self.kernel = kernel
    }

    var testDescription: String { "\(zones.0) to \(zones.1) \(rest)" }
}

private func tcp(_ port: Int) -> String { "protocol tcp source-port 1025 destination-port \(port)" }

private let transit = ("trust", "untrust")
private let hosts = ("10.1.0.5", "203.0.113.9")
private let hosts6 = ("2001:db8:1::5", "2001:db8:2::9")
private let dropped = "No policy is asked: the packet is dropped before."

private let rows = [
    Row(transit, hosts, tcp(80), "web"), Row(transit, hosts6, tcp(80), "web"), Row(transit, hosts, tcp(25), "mail"),
    Row(transit, hosts, tcp(22), "Default-Policy"), Row(transit, hosts, "protocol icmp", "ping"),
    Row(transit, hosts6, "protocol icmp6", "ping"),
    Row(("dmz", "untrust"), ("10.2.0.5", "203.0.113.9"), "protocol icmp", "ping"),
    Row(("dmz", "untrust"), ("10.2.0.5", "203.0.113.9"), tcp(80), "Default-Policy"),
    Row(("trust", "trust"), ("10.1.0.5", "10.3.0.5"), tcp(7), "within"),
    Row(("trust", "junos-host"), ("10.1.0.5", "10.1.0.1"), tcp(22), "self-traffic-policy"),
    // Devices ask policies alone; the kernel is what it is.
    Row(("trust", "junos-host"), ("10.1.0.5", "10.1.0.1"), tcp(23), "no-telnet", kernel: dropped),
    Row(("trust", "junos-host"), ("10.1.0.5", "10.1.0.1"), tcp(80), "self-traffic-policy", kernel: dropped),
    Row(("junos-host", "untrust"), ("203.0.113.1", "203.0.113.9"), tcp(80), "self-traffic-policy"),
    Row(
        ("junos-host", "untrust"),
        ("203.0.113.1", "203.0.113.9"),
        "protocol udp source-port 123 destination-port 123",
        "no-ntp"
    ),
    // An answer that nobody asked for begins no session (flow reference §10.1 fact 8).
    Row(transit, hosts, "protocol icmp icmp-type 0", "Default-Policy", kernel: dropped),
]

@Suite(.timeLimit(.minutes(3))) struct MatchPoliciesTests {
    @Test func `the model and the kernel name who decides`() throws {
        let bench = try SessionBench(configuration)
        try bench.apply(configuration)
        func ask(_ row: Row, _ more: String = "") throws -> String {
            let question =
                "show security match-policies from-zone \(row.zones.0) to-zone \(row.zones.1) "
                + "source-ip \(row.addresses.0) destination-ip \(row.addresses.1) \(row.rest) \(more)"
            return try bench.thread.run {
                try answerDirectly(question.split(separator: " ").map(String.init)).rendered(.text)
            }
        }
        func expected(_ answer: String) -> String { answer.contains(" ") ? answer : "Policy: \(answer), action-type: " }
        let before = try bench.hits()
        for row in rows {
            let model = try ask(row)
            let kernel = try ask(row, "kernel")
            #expect(model.hasPrefix(expected(row.model)), "\(row.testDescription): \(model)")
            #expect(kernel.hasPrefix(expected(row.kernel ?? row.model)), "\(row.testDescription), kernel: \(kernel)")
            if row.kernel == nil { #expect(model == kernel) }
        }
        // The live program was not touched.
        #expect(try bench.hits() == before)
        #expect(try bench.sessions().isEmpty)
    }
}

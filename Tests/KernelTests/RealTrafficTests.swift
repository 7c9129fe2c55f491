// SPDX-License-Identifier: Apache-2.0
// Real programs on both sides of a router that the daemon runs: HTTP, DNS, ping and traceroute through permit, deny and
// reject policies, over IPv4 and IPv6, with sessions, logs and counters (flow seed; flow reference §6.2, §9).
import Foundation
import Testing

private func policy(_ name: String, _ addresses: String, _ action: String) -> String {
    """
    policy \(name) {
        match {
            source-address any;
            destination-address [ \(addresses) ];
            application [ junos-http junos-dns-udp junos-icmp-ping junos-icmp6-echo-request trace ];
        }
        then { \(action) }
    }
    """
}

private let configuration = """
    interfaces {
        client0 { unit 0 { family inet { address 10.1.0.1/24; } family inet6 { address 2001:db8:1::1/64; } } }
        server0 { unit 0 { family inet { address 10.2.0.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
    }
    applications { application trace { protocol udp; destination-port 33434-33523; } }
    security {
        forwarding-options { family { inet6 { mode flow-based; } } }
        address-book { global {
            address open 10.2.0.2; address open6 2001:db8:2::2;
            address shut 10.2.0.3; address shut6 2001:db8:2::3;
        } }
        zones {
            security-zone trust { interfaces { client0.0; } host-inbound-traffic { system-services { ping; } } }
            security-zone untrust { interfaces { server0.0; } }
        }
        policies { from-zone trust to-zone untrust {
            \(policy("yes", "open open6", "permit; log { session-init; session-close; } count;"))
            \(policy("no", "shut shut6", "deny; log { session-init; }"))
            \(policy("never", "any", "reject; log { session-init; }"))
        } }
    }
    """

/// What a program says about a server behind each policy.
private struct Trial {
    var program: String
    /// The command, with the server's address for ADDRESS, the same in brackets for HOST and `4` or `6` for VERSION.
    var command: String
    /// What it says where a policy permits it, refuses it in silence, and refuses it with an answer; ROUTER is the
    /// router's address.
    var expected: [String]

    static let all = [
        Trial(
            program: "HTTP",
            command: "curl -sS --max-time 1 http://HOST/",
            expected: ["hello\n", "exit 28", "exit 7"]
        ),
        Trial(
            program: "DNS",
            command: "host -W 1 -R 1 -t A web.example ADDRESS",
            expected: ["has address 10.2.0.2", "no servers could be reached", "connection refused"]
        ),
        // Rejects answer TCP and UDP alone (flow reference §6.2).
        Trial(
            program: "ping",
            command: "ping -c 2 -i 0.2 -W 1 ADDRESS",
            expected: [" 2 received", " 0 received", " 0 received"]
        ),
        Trial(
            program: "traceroute",
            command: "traceroute -VERSION -n -q 1 -w 1 -m 2 ADDRESS",
            expected: [" 1  ROUTER ", " 1  ROUTER ", " 1  ROUTER "]
        ),
        Trial(
            program: "traceroute, second hop",
            command: "traceroute -VERSION -n -q 1 -w 1 -f 2 -m 2 ADDRESS",
            expected: [" 2  ADDRESS ", " 2  *", " 2  ROUTER "]
        ),
    ]
}

@Suite(.timeLimit(.minutes(3))) struct RealTrafficTests {
    @Test func `HTTP, DNS, ping and traceroute through permit, deny and reject, over both versions`() throws {
        let network = try RealNetwork(configuration)
        // Servers that answer on themselves answer clients too.
        let isListening = { try network.on("server", "ss -Hltn 'sport = :80'").split(separator: "\n").count == 2 }
        for number in 2...4 {
            for address in ["10.2.0.\(number)", "2001:db8:2::\(number)"] {
                try network.wait { try network.on("server", "host web.example \(address)").contains("has address") }
            }
        }
        #expect(try network.sluice("clear security policies hit-count") == "")
        let namespaces = try network.namespaces()
        #expect(namespaces.daemon == [namespaces.router], "every thread asks the router's kernel state")

        for (place, policy) in ["yes", "no", "never"].enumerated() {
            for version in ["4", "6"] {
                let (address, router) =
                    version == "4"
                    ? ("10.2.0.\(place + 2)", "10.1.0.1") : ("2001:db8:2::\(place + 2)", "2001:db8:1::1")
                for trial in Trial.all {
                    try network.wait(isListening)
                    func filled(_ text: String) -> String {
                        text.replacing("ADDRESS", with: address).replacing("VERSION", with: version)
                            .replacing("HOST", with: version == "4" ? address : "[\(address)]")
                            .replacing("ROUTER", with: router)
                    }
                    let said = try network.on("client", filled(trial.command))
                    let expected = filled(trial.expected[place])
                    #expect(said.contains(expected), "\(trial.program) to \(address), '\(policy)': \(said)")
                }
            }
        }
        // From the other side nothing begins.
        #expect(try network.on("server", "ping -c 1 -W 1 10.1.0.2").contains(" 0 received"))

        try compareAccounts(network)
    }

    /// Sessions, hit counts, statistics and logs tell the same.
    private func compareAccounts(_ network: RealNetwork) throws {
        let hits = try network.sluice("show security policies hit-count")
        func count(_ policy: String) -> Int {
            hits.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.contains(policy[...]) }
                .flatMap { $0.count > 4 ? Int($0[4]) : nil } ?? -1
        }
        // HTTP, DNS and ping once for each version; a traceroute asks the server with several ports.
        #expect(count("yes") > 6, "\(hits)")
        #expect(count("no") > 6 && count("never") > 6, "\(hits)")
        #expect(count("default-policy") == 1, "\(hits)")

        let sessions = try network.sluice("show security flow session destination-port 53")
        for (client, server) in [("10.1.0.2", "10.2.0.2"), ("2001:db8:1::2", "2001:db8:2::2")] {
            #expect(sessions.contains("  In: \(client)/") && sessions.contains("--> \(server)/53;udp, Conn Tag: 0x0"))
        }
        #expect(sessions.hasSuffix("\nTotal sessions: 2\n"), "\(sessions)")
        // What is closed by hand has said by then what it carried.
        let cleared = try network.sluice("clear security flow session all")
        #expect(cleared.hasSuffix(" active sessions cleared\n"), "\(cleared)")

        let lines = try network.syslog { lines in
            lines.count { $0.contains("_CLOSE") } == count("yes")
                && lines.count { $0.contains("_DENY") } == count("no") + count("never")
        }
        func heard(_ words: String...) -> Int { lines.count { line in words.allSatisfy { line.contains($0) } } }
        #expect(heard("_CREATE", " yes trust untrust ") == count("yes"), "\(lines)")
        #expect(heard("_CLOSE", " yes trust untrust ") == count("yes"), "\(lines)")
        #expect(heard("_DENY", " no trust untrust ") == count("no"), "\(lines)")
        #expect(heard("_DENY", " never trust untrust ") == count("never"), "\(lines)")
        for service in ["junos-http", "junos-dns-udp", "trace"] {
            for address in ["10.1.0.2/", "2001:db8:1::2/"] {
                #expect(heard("_CREATE", " \(service) ", address) >= 1, "\(service) \(address): \(lines)")
                #expect(heard("_DENY", " \(service) ", " no ", address) >= 1, "\(service) \(address): \(lines)")
                #expect(heard("_DENY", " \(service) ", " never ", address) >= 1, "\(service) \(address): \(lines)")
            }
        }
        #expect(heard("_CLOSE", "closed TCP FIN: 10.1.0.2/", "junos-http") == 1, "\(lines)")
        #expect(heard("_CLOSE", "closed TCP FIN: 2001:db8:1::2/", "junos-http") == 1, "\(lines)")
        // Two echoes and two answers of 84 octets; 104 over IPv6.
        #expect(heard("_CLOSE", "junos-icmp-ping", " 2(168) 2(168) ") == 1, "\(lines)")
        #expect(heard("_CLOSE", "junos-icmp6-echo-request", " 2(208) 2(208) ") == 1, "\(lines)")

        // The policy's statistics are the sums of what its sessions said at their ends.
        var sums = [0, 0, 0, 0]
        for line in lines {
            guard let end = line.firstMatch(of: #/untrust \d+ (\d+)\((\d+)\) (\d+)\((\d+)\) /#) else { continue }
            for (place, text) in [end.1, end.2, end.3, end.4].enumerated() { sums[place] += Int(text) ?? 0 }
        }
        let detail = try network.sluice("show security policies detail policy-name yes")
        let numbers = detail.split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/(Initial direction|Reply direction|Session deletions|Policy lookups) *: *(\d+)/#)
                .flatMap { Int($0.2) }
        }
        #expect(numbers == [sums[1], sums[3], sums[0], sums[2], count("yes"), count("yes")], "\(detail)\n\(lines)")
    }
}

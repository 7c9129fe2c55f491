// SPDX-License-Identifier: Apache-2.0
// Applications, predefined and user-defined: flow reference §5.
import Foundation
import JunosModel
import TestSupport
import Testing

@Suite
struct ApplicationTests {
    private struct Table: Decodable {
        struct Alternative: Decodable {
            let `protocol`: UInt8
            let destinationPort: [UInt16]?
            let icmpType: UInt8?

            enum CodingKeys: String, CodingKey {
                case `protocol`
                case destinationPort = "destination-port"
                case icmpType = "icmp-type"
            }
        }
        let applications: [String: [Alternative]]
    }

    /// Where another tool's table differs from flow reference §5.2, which decides.
    private let decidedOtherwise: Set<String> = [
        // The reference has both ports, both protocols or another port.
        "junos-smtps", "junos-r2cp", "junos-gprs-gtp-c", "junos-gprs-gtp-u", "junos-gprs-gtp-v0",
    ]

    @Test
    func `predefined applications agree with another tool's table where the reference does not decide otherwise`()
        throws
    {
        let data = try Data(contentsOf: corpus("batfish-junos/predefined-applications.json"))
        let table = try JSONDecoder().decode(Table.self, from: data).applications
        #expect(table.count > 50)
        for (name, alternatives) in table.sorted(by: { $0.key < $1.key }) {
            // RPC programs need a gateway; the other tool flattens them to the port mapper's port.
            if name.contains("-rpc-"), predefinedApplications[name]?.terms == [] { continue }
            guard let application = predefinedApplications[name] else {
                Issue.record("missing: \(name)")
                continue
            }
            let ours = application.terms.map {
                "\($0.protocolNumber ?? 255) \($0.destinationPorts.map { "\($0)" } ?? "any") \($0.icmpType.map(String.init) ?? "any")"
            }
            let theirs = alternatives.map { alternative in
                let ports = alternative.destinationPort.map { "\($0[0]...$0[1])" } ?? "any"
                return "\(alternative.protocol) \(ports) \(alternative.icmpType.map(String.init) ?? "any")"
            }
            #expect((Set(ours) == Set(theirs)) != decidedOtherwise.contains(name), "\(name): \(ours), \(theirs)")
        }
    }

    @Test
    func `every member of a predefined set is predefined`() {
        #expect(predefinedApplicationSets.count > 20)
        for (set, members) in predefinedApplicationSets {
            #expect(!members.isEmpty)
            for member in members { #expect(predefinedApplications[member] != nil, "\(set): \(member)") }
        }
    }

    @Test(arguments: [
        ("protocol tcp; destination-port 8080", [ApplicationTerm(protocolNumber: 6, destinationPorts: 8080...8080)]),
        (
            "protocol udp; source-port 1-100; destination-port kpasswd",
            [ApplicationTerm(protocolNumber: 17, sourcePorts: 1...100, destinationPorts: 464...464)]
        ),
        (
            "protocol icmp; icmp-type echo-request; icmp-code 0",
            [ApplicationTerm(protocolNumber: 1, icmpType: 8, icmpCode: 0)]
        ),
        ("icmp6-type 128", [ApplicationTerm(protocolNumber: 58, icmpType: 128)]),
        ("protocol ospf", [ApplicationTerm(protocolNumber: 89)]),
        (
            "protocol tcp; destination-port 1; term a { protocol udp; destination-port 2; } term b protocol esp",
            [
                ApplicationTerm(protocolNumber: 6, destinationPorts: 1...1),
                ApplicationTerm(protocolNumber: 17, destinationPorts: 2...2), ApplicationTerm(protocolNumber: 50),
            ]
        ),
    ])
    func `an application is a list of alternatives`(_ text: String, _ terms: [ApplicationTerm]) {
        let result = extract("applications { application A { \(text); } }")
        #expect(result.errors == [])
        #expect(result.configuration.applications["A"]?.terms == terms)
    }

    @Test(arguments: [
        ("application A { destination-port 80; }", "missing-protocol"),
        ("application A { protocol ospf; destination-port 80; }", "ports-without-transport"),
        ("application A { protocol icmp; icmp-code 1; }", "icmp-code-without-type"),
        ("application A { protocol tcp; destination-port bogus; }", "invalid-value"),
        ("application A { protocol tcp; inactivity-timeout 3; }", "invalid-value"),
        (
            "application A { term a { protocol tcp; inactivity-timeout 10; } term b { protocol udp; inactivity-timeout 20; } }",
            "conflicting-timeouts"
        ),
        ("application A { protocol tcp; rpc-program-number 100003; }", "unsupported-statement"),
        ("application A { protocol tcp; frobnicate; }", "unknown-statement"),
        (
            "application A { \((1...9).map { "term t\($0) { protocol tcp; }" }.joined(separator: " ")) }",
            "too-many-terms"
        ),
        ("application-set S { application nowhere; }", "undefined-application"),
        ("application A { protocol tcp; } application-set A { application A; }", "duplicate-name"),
    ])
    func `what is wrong with an application is refused`(_ text: String, _ code: String) {
        #expect(extract("applications { \(text) }").errors.first == code)
    }

    @Test
    func `sets that contain themselves are refused and emptied`() {
        let result = extract(
            """
            applications {
                application-set S { application-set T; application junos-ssh; }
                application-set T { application-set S; }
                application-set U { application junos-ssh; application-set V; }
                application-set V { application junos-http; }
            }
            """
        )
        #expect(result.errors == ["cyclic-set", "cyclic-set"])
        #expect(
            result.configuration.applicationSets == ["S": [], "T": [], "U": ["junos-ssh", "V"], "V": ["junos-http"]]
        )
    }

    @Test(arguments: [("60", UInt32(60)), ("never", .max)])
    func `a timeout is kept`(_ text: String, _ seconds: UInt32) {
        let result = extract("applications { application A { protocol tcp; inactivity-timeout \(text); } }")
        #expect(result.configuration.applications["A"]?.inactivityTimeout == seconds)
    }

    @Test
    func `a user application hides a predefined one with a warning`() {
        #expect(
            extract("applications { application junos-ftp { protocol tcp; destination-port 21; } }").warnings == [
                "hides-predefined"
            ]
        )
    }
}

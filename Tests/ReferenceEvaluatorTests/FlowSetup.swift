// SPDX-License-Identifier: Apache-2.0
// The firewall of flow reference §11, and how its traps are written.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import Testing

/// One packet of a trap: the line, where it arrives and leaves, and what is expected: a verdict, what is answered, how
/// the session fares.
struct Step {
    let line: String
    let input: String
    var time = 0.0
    let expected: String

    init(_ line: String, _ input: String, at time: Double = 0, _ expected: String) {
        self.line = line
        self.input = input
        self.time = time
        self.expected = expected
    }
}

let webPolicy =
    "policy W1 { match { source-address any; destination-address any; "
    + "application [ junos-http junos-https ]; } then { permit; } }"

/// The setup of flow reference §11.
func firewall(
    _ policies: String = "from-zone trust to-zone untrust { \(webPolicy) }",
    flow: String = "",
    trust: String = "",
    trustInterface: String = "",
    more: String = "",
    top: String = ""
) -> ReferenceEvaluator {
    evaluator(
        """
        interfaces {
            t0 { unit 0 { family inet { address 10.1.0.1/16; } family inet6 { address 2001:db8:1::1/64; } } }
            t1 { unit 0 { family inet { address 10.3.0.1/16; } } }
            u0 { unit 0 { family inet { address 203.0.113.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
            d0 { unit 0 { family inet { address 10.2.0.1/24; } } }
            m0 { unit 0 { family inet { address 10.9.0.1/24; } } }
            x0 { unit 0 { family inet { address 10.8.0.1/24; } } }
            lo0 { unit 0 { family inet { address 192.168.255.1/32; } } }
        }
        \(top)
        security {
            forwarding-options { family { inet6 { mode flow-based; } } }
            \(flow)
            zones {
                security-zone trust { \(trust) interfaces { t0.0 { \(trustInterface) } t1.0; } }
                security-zone untrust { interfaces { u0.0; } }
                security-zone dmz { interfaces { d0.0; } }
                functional-zone management { interfaces { m0.0; } host-inbound-traffic { system-services { ssh; } } }
            }
            policies { \(policies) }
            \(more)
        }
        """
    )
}

func check(_ model: ReferenceEvaluator, _ name: String, _ steps: [Step], hits: [String: UInt64] = [:]) throws {
    var model = model
    var counted: [String: UInt64] = [:]
    for step in steps {
        let answer = try model.receive(step.line, on: step.input, time: step.time)
        var said = [answer.verdict.rawValue]
        if let message = answer.rejectWith { said.append(message) }
        if answer.session != .none { said.append(answer.session.rawValue) }
        #expect(said.joined(separator: " ") == step.expected, "\(name): \(step.line) at \(answer.stage)")
        counted.merge(answer.policyHits) { $0 + $1 }
    }
    #expect(counted == hits, "\(name)")
}

let syn = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=S"
let synAck = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=SA"
let ack = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=A"
let data = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100"
let web = "trust/untrust/W1"
let handshake = [
    Step(syn, "t0", "accept create"), Step(synAck, "u0", "accept match"), Step(ack, "t0", "accept match"),
]

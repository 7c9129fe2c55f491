// SPDX-License-Identifier: Apache-2.0
// What the traps about sessions have in common.
import TestSupport

/// The packets of a connection from trust to a web server in untrust, and the policy that they hit.
enum Web {
    static let syn = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=S"
    static let synAck = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=SA"
    static let ack = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=A"
    static let data = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100"
    static let fin = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=FA"
    static let dataBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=PA payload=100"
    static let finBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=FA"
    static let ackBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=A"
    static let resetBack = "tcp 203.0.113.5:80 > 10.1.0.5:40000 flags=R"
    static let toHTTPS = "tcp 10.1.0.5:40000 > 203.0.113.5:443"
    static let hits = "trust/untrust/W1"
    static let handshake = [
        TrapStep(syn, "t0", "accept create"), TrapStep(synAck, "u0", "accept match"),
        TrapStep(ack, "t0", "accept match"),
    ]
    static let far = "tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=PA payload=100 seqno=9000000 ack=1"
}

/// The setup with an option of `tcp-session`.
func sessionFirewall(_ option: String) -> String { trapFirewall(flow: "tcp-session { \(option) }") }

/// A policy for one application, which may be defined here.
func applicationFirewall(_ application: String, _ definition: String = "") -> String {
    trapFirewall(
        "from-zone trust to-zone untrust { \(policy("P", "permit;", for: application)) }",
        top: definition.isEmpty ? "" : "applications { \(definition) }"
    )
}

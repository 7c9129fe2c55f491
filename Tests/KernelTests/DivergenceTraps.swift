// SPDX-License-Identifier: Apache-2.0
// Where the kernel differs from an SRX (DESIGN §3.18): the rows that docs/flow-mode.md names.
import NetworkTypes
import TestSupport

/// Where the kernel differs from an SRX, as docs/flow-mode.md says.
let divergenceTraps: [FlowTrap] = [
    FlowTrap(
        [],
        "a session that is picked up",
        sessionFirewall("no-syn-check;"),
        [
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=A", "t0", "accept create"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=A", "t0", at: 20, "accept create"),
            TrapStep("tcp 203.0.113.5:80 > 10.1.0.5:4 flags=A", "u0", at: 39, "accept match"),
            TrapStep("tcp 10.1.0.5:4 > 203.0.113.5:80 flags=A", "t0", at: 338, "accept match"),
        ],
        hits: [Web.hits: 2],
        sessions: 1
    ),
    FlowTrap(
        [],
        "tcp-rst answers what lies outside of a window",
        trapFirewall(trust: "tcp-rst;"),
        Web.handshake + [TrapStep(Web.far, "t0", "reject tcp-reset"), TrapStep(Web.data, "t0", "accept match")],
        hits: [Web.hits: 1],
        sessions: 1,
        isProgramAsked: false
    ),
    FlowTrap(
        [],
        "unsolicited ICMP meets no policy",
        trapFirewall("from-zone trust to-zone untrust { \(policy("P", "permit;")) }"),
        ["icmp 10.1.0.5 > 203.0.113.5 type=0", "icmp 10.1.0.5 > 203.0.113.5 type=30"]
            .map { TrapStep($0, "t0", "discard") }
    ),
    FlowTrap(
        [],
        "a reset with another number",
        Web.handshake + [
            TrapStep(Web.data, "t0", "accept match"),
            TrapStep("reset", "t0", "accept match") {
                try packet("tcp 10.1.0.5:40000 > 203.0.113.5:80 flags=R seqno=150 ack=0")
            },
            TrapStep(Web.data, "t0", at: 1, "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1,
        isProgramAsked: false
    ),
    FlowTrap(
        [],
        "both ends open at once",
        [
            TrapStep("\(Web.toHTTPS) flags=S", "t0", "accept create"),
            TrapStep("tcp 203.0.113.5:443 > 10.1.0.5:40000 flags=S", "u0", "accept match"),
        ],
        hits: [Web.hits: 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "protocols without an idle time of their own",
        applicationFirewall("junos-ospf"),
        [TrapStep("ospf 10.1.0.5 > 203.0.113.5 body=0000000000000000", "t0", "accept create")],
        hits: ["trust/untrust/P": 1],
        sessions: 1
    ),
    FlowTrap(
        [],
        "a denied flow is looked up packet by packet",
        trapFirewall("from-zone trust to-zone untrust { \(policy("D", "deny; log { session-init; }")) }"),
        Array(repeating: TrapStep("udp 10.1.0.5:4 > 203.0.113.5:7", "t0", "discard"), count: 3),
        hits: ["trust/untrust/D": 3]
    ),
    FlowTrap(
        [],
        "an SCTP association begins with INIT",
        trapFirewall("from-zone trust to-zone untrust { \(policy("P", "permit;")) }"),
        [
            TrapStep("data", "t0", "discard") { try chunk(0) },
            TrapStep("initiation", "t0", "accept create") { try chunk(1) },
        ],
        hits: ["trust/untrust/P": 1],
        sessions: 1
    ),
]

/// An SCTP packet of one chunk of that type.
private func chunk(_ type: UInt8) throws -> Packet {
    var bytes = try packet("sctp 10.1.0.5:4000 > 203.0.113.5:5000").bytes
    bytes[32] = type
    bytes.replaceSubrange(28..<32, with: [0, 0, 0, 0])
    // CRC-32C (RFC 9260 appendix A), its lowest octet first.
    var value = UInt32.max
    for byte in bytes[20...] {
        value ^= UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
    }
    bytes.replaceSubrange(28..<32, with: (0..<4).map { UInt8(truncatingIfNeeded: ~value >> (8 * UInt32($0))) })
    return Packet(family: .inet, bytes: bytes)
}

// SPDX-License-Identifier: Apache-2.0
// What filters leave to each other and to their own second evaluation, and where packets of the router have no context
// (DESIGN §3.1, §3.4, §3.7).
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

private let context = """
    family inet { filter F {
        term again { from { CONDITION; } then { count again; discard; } }
        term first { from { destination-port 1000; } then { count first; CHANGE; accept; } }
        term z { then { count z; accept; } } } }
    """

private func twice(_ condition: String, _ change: String) -> AttachmentRow {
    let local = "\"destination\":\"10.1.0.1\",\"source\":\"10.1.0.9\""
    return AttachmentRow(
        name: "local packets are evaluated twice: \(condition)",
        firewall: context.replacing("CONDITION", with: condition).replacing("CHANGE", with: change),
        eth1: atEth1("input F;"),
        eth2: atEth2(""),
        packets: [
            (vector("udp", port: 1000), .accept, ["inet/F/first/eth1.0/i": 1]),
            (
                vector("udp", port: 1000, out: "local", local), .discard,
                ["inet/F/first/eth1.0/i": 1, "inet/F/again/eth1.0/i/routing-engine": 1]
            ),
            (
                vector("udp", port: 1001, out: "local", local), .accept,
                ["inet/F/z/eth1.0/i": 1, "inet/F/z/eth1.0/i/routing-engine": 1]
            ),
        ]
    )
}

/// The receiving interface in output filters.
///
/// What the router sends has none, and `-except` is false too (filters reference §3.2). A filter that refuses sits at
/// other hooks.
private func receiving(_ refusal: String) -> AttachmentRow {
    let terms = [
        ("group", "interface-group 7"), ("other", "interface-group-except 9"), ("name", "interface eth1"),
        ("set", "interface-set ALL"), ("none", "interface-group-except 0-255"),
    ]
    let counts = terms.map { "term \($0) { from { \($1); } then { count \($0); next term; } }" }
    let forwarded = ["group", "other", "name", "set", "z"]
    let expected = { (names: [String]) in
        Dictionary(uniqueKeysWithValues: names.map { ("inet/F/\($0)/eth2.0/o", UInt64(1)) })
    }
    let own = "\"source\":\"10.2.0.1\",\"destination\":\"10.2.0.9\""
    return AttachmentRow(
        name: "the receiving interface in an output filter \(refusal)",
        firewall: """
            interface-set ALL { "eth*"; }
            family inet { filter F { \(refusal) \(counts.joined(separator: "\n")) term z { then { count z; accept; } } } }
            """,
        eth1: atEth1("group 7;"),
        eth2: atEth2("output F;"),
        packets: [
            (vector("udp", port: 1000), .accept, expected(forwarded)),
            (vector("udp", port: 1000, in: "local", own), .accept, expected(["z"])),
            (vector("tcp", port: 1000, in: "local", own), .accept, expected(["z"])),
            (vector("icmp", in: "local", own), .accept, expected(["z"])),
        ]
    )
}

/// A family-any filter and a family's filter about one local packet to port 1000.
private func twice(_ name: String, any: String, inet text: String, _ packets: [AttachmentRow.Case]) -> AttachmentRow {
    AttachmentRow(
        name: "local packets are evaluated twice: \(name)",
        firewall: "family any { filter A { \(any) } } family inet { filter F { \(text) } }",
        eth1: "family any { filter { input A; } }" + atEth1("input F;") + "family inet6 { address 2001:db8:1::1/64; }",
        eth2: atEth2(""),
        packets: packets
    )
}

private let localUDP = vector(
    "udp",
    port: 1000,
    out: "local",
    "\"destination\":\"10.1.0.1\",\"source\":\"10.1.0.9\""
)

/// What the two filters of an interface leave to each other's second evaluation.
private let together: [AttachmentRow] = [
    twice(
        "the family's filter changes what the family-any filter reads",
        any: "term again { from { forwarding-class expedited-forwarding; } then { count again; discard; } } "
            + "term z { then { count z; accept; } }",
        inet: "term first { then { count first; forwarding-class expedited-forwarding; accept; } }",
        [
            (vector("udp", port: 1000), .accept, ["any/A/z/eth1.0/i": 1, "inet/F/first/eth1.0/i": 1]),
            (
                localUDP, .discard,
                [
                    "any/A/z/eth1.0/i": 1, "inet/F/first/eth1.0/i": 1, "any/A/again/eth1.0/i/routing-engine": 1,
                ]
            ),
            // Nothing changes a class in the other family, so nothing is evaluated twice there.
            (familyVector(.inet6, "udp", out: "local"), .accept, ["any/A/z/eth1.0/i": 1]),
        ]
    ),
    twice(
        "the family-any filter changes what the family's filter reads",
        any: "term z { then { count z; loss-priority high; accept; } }",
        inet: "term first { from { loss-priority high; } then { count first; accept; } }",
        [
            (
                localUDP, .accept,
                ["any/A/z/eth1.0/i": 1, "inet/F/first/eth1.0/i": 1, "inet/F/first/eth1.0/i/routing-engine": 1]
            )
        ]
    ),
    twice(
        "the family-any filter changes back what the family's filter reads and changes",
        any: "term z { then { count z; forwarding-class network-control; accept; } }",
        inet: "term again { from { forwarding-class expedited-forwarding; } then { count again; discard; } } "
            + "term first { then { count first; forwarding-class expedited-forwarding; accept; } }",
        [
            (
                localUDP, .accept,
                [
                    "any/A/z/eth1.0/i": 1, "inet/F/first/eth1.0/i": 1, "any/A/z/eth1.0/i/routing-engine": 1,
                    "inet/F/first/eth1.0/i/routing-engine": 1,
                ]
            )
        ]
    ),
    AttachmentRow(
        name:
            "local packets are evaluated twice: lo0 reads what the family's filter leaves behind the family-any filter",
        firewall: """
            family any { filter A {
                term again { from { loss-priority high; } then { forwarding-class network-control; count again; accept; } }
                term z { then { loss-priority high; forwarding-class network-control; count z; accept; } } } }
            family inet {
                filter F { term first { then { forwarding-class expedited-forwarding; count first; accept; } } }
                filter L { term ef { from { forwarding-class expedited-forwarding; } then { count ef; accept; } }
                    term z { then { count z; discard; } } } }
            """,
        eth1: "family any { filter { input A; } }" + atEth1("input F;"),
        eth2: atEth2(""),
        more: "lo0 { unit 0 { family inet { filter { input L; } } } }",
        packets: [
            (
                localUDP, .accept,
                [
                    "any/A/z/eth1.0/i": 1, "inet/F/first/eth1.0/i": 1, "any/A/again/eth1.0/i/routing-engine": 1,
                    "inet/F/first/eth1.0/i/routing-engine": 1, "inet/L/ef/lo0.0/i": 1,
                ]
            )
        ]
    ),
]

let contextAttachmentRows: [AttachmentRow] =
    [
        receiving(""), receiving("term no { from { destination-port 2; } then { reject; } }"),
        twice("forwarding-class expedited-forwarding", "forwarding-class expedited-forwarding"),
        twice("loss-priority high", "loss-priority high"), twice("dscp ef", "dscp ef"),
        twice("precedence 5", "dscp ef"),
    ] + together

@Suite(.timeLimit(.minutes(2))) struct `Datagrams for the router` {
    @Test func `the second evaluation sees the next header that the fragment header stood before`() throws {
        let text = """
            interfaces { eth1 { unit 0 { family inet6 { filter { input F; } address 2001:db8:1::1/64; } } } }
            security {
                forwarding-options { family { inet6 { mode flow-based; } } }
                zones { security-zone trust { host-inbound-traffic { system-services { any-service; } } interfaces { eth1.0; } } }
            }
            firewall { family inet6 { filter F {
                term piece { from { next-header fragment; } then { count piece; accept; } }
                term whole { from { next-header udp; } then { count whole; accept; } }
            } } }
            """
        let datagram = try packet("udp 2001:db8:1::9 > 2001:db8:1::1 payload=1600")
        let lines = datagram.fragmented(payload: 800).map { piece in
            "{\"in\":\"eth1\",\"out\":\"local\",\"hex\":\"\(piece.bytes.map { hexadecimal($0) }.joined())\"}"
        }
        let witnessed = try witness(text, lines)
        #expect(witnessed.count == 3)
        let piece = ["inet6/F/piece/eth1.0/i": UInt64(1)]
        let end = piece.merging(["inet6/F/whole/eth1.0/i/routing-engine": 1]) { $1 }
        #expect(witnessed.map { $0.counted.filter { $0.key.hasPrefix("inet6/") } } == [piece, piece, end])
        #expect(witnessed.map(\.answer.verdict) == [.accept, .accept, .accept])
    }

    private func hexadecimal(_ octet: UInt8) -> String {
        String(octet >> 4, radix: 16) + String(octet & 15, radix: 16)
    }
}

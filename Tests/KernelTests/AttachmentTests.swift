// SPDX-License-Identifier: Apache-2.0
// Where filters hang and in which order they are asked, through model, program and kernel (filters reference §5,
// DESIGN §3.1, §3.7).
import Diagnostics
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// One way of attaching filters, with its packets.
struct AttachmentRow: CustomTestStringConvertible, Sendable {
    /// What it is about.
    let name: String
    /// `firewall`.
    let firewall: String
    /// Below `unit 0` of eth1.
    var eth1 = ""
    /// Below `unit 0` of eth2.
    var eth2 = ""
    /// Other interfaces.
    var more = ""
    typealias Case = (line: String, verdict: PacketVerdict, counters: [String: UInt64])
    /// Packets: the line, the verdict, what is charged by the kernel's names, packets by counter.
    let packets: [Case]

    var testDescription: String { name }
}

/// `family inet` of eth1 with what stands below `filter`.
func atEth1(_ filter: String) -> String { "family inet { filter { \(filter) } address 10.1.0.1/24; }" }
/// `family inet` of eth2 with what stands below `filter`.
func atEth2(_ filter: String) -> String { "family inet { filter { \(filter) } address 10.2.0.1/24; }" }

/// A filter that counts and drops one port and lets the rest pass, counted.
private func portFilter(_ name: String, _ port: Int, family: String = "inet") -> String {
    """
    family \(family) { filter \(name) { term a { from { destination-port \(port); } then { count a; discard; } }
        term z { then { count z; accept; } } } }
    """
}

/// Sixteen filters; each drops its own port and leaves the rest to the next.
private let sixteen = (1...16).map { index in
    "family inet { filter L\(index) { term a { from { destination-port \(3000 + index); } then { count c\(index); discard; } }"
        + (index == 16 ? " term z { then { count rest; accept; } }" : "") + " } }"
}.joined(separator: "\n")
private let sixteenNames = (1...16).map { "L\($0)" }.joined(separator: " ")

private let rows: [AttachmentRow] =
    contextAttachmentRows + [
        AttachmentRow(
            name: "input",
            firewall: portFilter("F", 1000),
            eth1: atEth1("input F;"),
            eth2: atEth2(""),
            packets: [
                (vector("udp", port: 1000), .discard, ["inet/F/a/eth1.0/i": 1]),
                (vector("udp", port: 1001), .accept, ["inet/F/z/eth1.0/i": 1]),
                (vector("udp", port: 1000, in: "eth2", out: "eth1"), .accept, [:]),
            ]
        ),
        AttachmentRow(
            name: "output",
            firewall: portFilter("F", 1000),
            eth1: atEth1(""),
            eth2: atEth2("output F;"),
            packets: [
                (vector("udp", port: 1000), .discard, ["inet/F/a/eth2.0/o": 1]),
                (vector("udp", port: 1001), .accept, ["inet/F/z/eth2.0/o": 1]),
                (vector("udp", port: 1000, in: "eth2", out: "eth1"), .accept, [:]),
            ]
        ),
        AttachmentRow(
            name: "the same filter as input and output",
            firewall: portFilter("F", 1000),
            eth1: atEth1("input F; output F;"),
            eth2: atEth2(""),
            packets: [
                (vector("udp", port: 1000), .discard, ["inet/F/a/eth1.0/i": 1]),
                (vector("udp", port: 1000, in: "eth2", out: "eth1"), .discard, ["inet/F/a/eth1.0/o": 1]),
                (
                    vector("udp", port: 1001, out: "eth1", "\"source\":\"10.1.0.9\",\"destination\":\"10.1.0.8\""),
                    .accept,
                    ["inet/F/z/eth1.0/i": 1, "inet/F/z/eth1.0/o": 1]
                ),
            ]
        ),
        AttachmentRow(
            name: "one filter on many interfaces",
            firewall: portFilter("F", 1000),
            eth1: atEth1("input F;"),
            eth2: atEth2("input F; output F;"),
            more: "eth3 { unit 0 { family inet { filter { input F; } address 10.3.0.1/24; } } }",
            packets: [
                (vector("udp", port: 1000), .discard, ["inet/F/a/eth1.0/i": 1]),
                (vector("udp", port: 1001), .accept, ["inet/F/z/eth1.0/i": 1, "inet/F/z/eth2.0/o": 1]),
                (
                    vector(
                        "udp",
                        port: 1000,
                        in: "eth3",
                        out: "eth1",
                        "\"source\":\"10.3.0.9\",\"destination\":\"10.1.0.9\""
                    ),
                    .discard, ["inet/F/a/eth3.0/i": 1]
                ),
            ]
        ),
        AttachmentRow(
            name: "input-list of sixteen",
            firewall: sixteen,
            eth1: atEth1("input-list [ \(sixteenNames) ];"),
            eth2: atEth2(""),
            packets: [
                (vector("udp", port: 3001), .discard, ["inet/eth1.0-i/c1/eth1.0/i": 1]),
                (vector("udp", port: 3008), .discard, ["inet/eth1.0-i/c8/eth1.0/i": 1]),
                (vector("udp", port: 3016), .discard, ["inet/eth1.0-i/c16/eth1.0/i": 1]),
                (vector("udp", port: 3017), .accept, ["inet/eth1.0-i/rest/eth1.0/i": 1]),
            ]
        ),
        AttachmentRow(
            name: "output-list of sixteen",
            firewall: sixteen,
            eth1: atEth1(""),
            eth2: atEth2("output-list [ \(sixteenNames) ];"),
            packets: [
                (vector("udp", port: 3001), .discard, ["inet/eth2.0-o/c1/eth2.0/o": 1]),
                (vector("udp", port: 3016), .discard, ["inet/eth2.0-o/c16/eth2.0/o": 1]),
                (vector("udp", port: 3017), .accept, ["inet/eth2.0-o/rest/eth2.0/o": 1]),
            ]
        ),
        AttachmentRow(
            name: "next term of one list member goes on in the next, and there is one implicit discard",
            firewall: """
                family inet { filter L1 { term a { from { protocol udp; } then { count a; next term; } } }
                    filter L2 { term b { from { destination-port 1000; } then { count b; accept; } } } }
                """,
            eth1: atEth1("input-list [ L1 L2 ];"),
            eth2: atEth2(""),
            packets: [
                (
                    vector("udp", port: 1000), .accept,
                    ["inet/eth1.0-i/a/eth1.0/i": 1, "inet/eth1.0-i/b/eth1.0/i": 1]
                ),
                (vector("udp", port: 1001), .discard, ["inet/eth1.0-i/a/eth1.0/i": 1]),
                (vector("tcp", port: 1001), .discard, [:]),
            ]
        ),
        AttachmentRow(
            name: "a nested filter decides or leaves the packet to the next term",
            firewall: """
                family inet { filter C { term tftp { from { protocol udp; port 69; } then { count tftp; discard; } } }
                    filter F { term t1 { filter C; } term t2 { from { source-address 10.1.0.9/32; } then { count t2; accept; } } } }
                """,
            eth1: atEth1("input F;"),
            eth2: atEth2("output C;"),
            packets: [
                (vector("udp", port: 69), .discard, ["inet/F/tftp/eth1.0/i": 1]),
                // Nested its implicit discard does not count, by itself it does.
                (vector("tcp", port: 69), .discard, ["inet/F/t2/eth1.0/i": 1]),
                (
                    vector("udp", port: 70, "\"source\":\"10.1.0.8\",\"destination\":\"10.2.0.9\""), .discard, [:]
                ),
            ]
        ),
        AttachmentRow(
            name: "family any comes first, in both directions",
            firewall: portFilter("A", 1000, family: "any").replacing(
                "from { destination-port 1000; }",
                with: "from { packet-length 500; }"
            )
                + portFilter("F", 1000),
            eth1: "family any { filter { input A; } }" + atEth1("input F;"),
            eth2: "family any { filter { output A; } }" + atEth2("output F;"),
            packets: [
                (vector("udp", port: 1000, "\"length\":500"), .discard, ["any/A/a/eth1.0/i": 1]),
                (vector("udp", port: 1000), .discard, ["any/A/z/eth1.0/i": 1, "inet/F/a/eth1.0/i": 1]),
                (
                    vector("udp", port: 1001), .accept,
                    [
                        "any/A/z/eth1.0/i": 1, "inet/F/z/eth1.0/i": 1, "any/A/z/eth2.0/o": 1, "inet/F/z/eth2.0/o": 1,
                    ]
                ),
            ]
        ),
        AttachmentRow(
            name: "family any alone sees both families",
            firewall: portFilter("A", 1000, family: "any").replacing(
                "from { destination-port 1000; }",
                with: "from { packet-length 500; }"
            ),
            eth1: "filter { input A; }" + atEth1("") + " family inet6 { address 2001:db8:1::1/64; }",
            eth2: atEth2("") + " family inet6 { address 2001:db8:2::1/64; }",
            packets: [
                (vector("udp", "\"length\":500"), .discard, ["any/A/a/eth1.0/i": 1]),
                (familyVector(.inet6, "udp", "\"length\":500"), .discard, ["any/A/a/eth1.0/i": 1]),
                (familyVector(.inet6, "udp", "\"length\":501"), .accept, ["any/A/z/eth1.0/i": 1]),
            ]
        ),
        AttachmentRow(
            name: "lo0 sees what the router receives and sends, and nothing else",
            firewall: portFilter("I", 1000) + portFilter("O", 2000),
            eth1: atEth1(""),
            eth2: atEth2(""),
            more: "lo0 { unit 0 { family inet { filter { input I; output O; } } } }",
            packets: [
                (vector("udp", port: 1000), .accept, [:]),
                (vector("udp", port: 1000, out: "local"), .discard, ["inet/I/a/lo0.0/i": 1]),
                (vector("udp", port: 1001, out: "local"), .accept, ["inet/I/z/lo0.0/i": 1]),
                (
                    vector("udp", port: 2000, in: "local", "\"source\":\"10.2.0.1\",\"destination\":\"10.2.0.9\""),
                    .discard,
                    ["inet/O/a/lo0.0/o": 1]
                ),
                (
                    vector("udp", port: 2001, in: "local", "\"source\":\"10.2.0.1\",\"destination\":\"10.2.0.9\""),
                    .accept,
                    ["inet/O/z/lo0.0/o": 1]
                ),
            ]
        ),
        AttachmentRow(
            name: "locally sent packets pass lo0 and then the interface's output filters",
            firewall: portFilter("O", 2000) + portFilter("F", 1000)
                + portFilter("A", 1, family: "any").replacing(
                    "from { destination-port 1; }",
                    with: "from { packet-length 500; }"
                ),
            eth1: atEth1(""),
            eth2: "family any { filter { output A; } }" + atEth2("output F;"),
            more: "lo0 { unit 0 { family inet { filter { output O; } } } }",
            packets: [
                (
                    vector("udp", port: 1000, in: "local", "\"source\":\"10.2.0.1\",\"destination\":\"10.2.0.9\""),
                    .discard,
                    ["inet/O/z/lo0.0/o": 1, "any/A/z/eth2.0/o": 1, "inet/F/a/eth2.0/o": 1]
                ),
                (
                    vector("udp", port: 1001, in: "local", "\"source\":\"10.2.0.1\",\"destination\":\"10.2.0.9\""),
                    .accept,
                    ["inet/O/z/lo0.0/o": 1, "any/A/z/eth2.0/o": 1, "inet/F/z/eth2.0/o": 1]
                ),
            ]
        ),
        AttachmentRow(
            name: "interface and lo0 filters are both asked about a packet to the router",
            firewall: portFilter("F", 1000) + portFilter("I", 1001),
            eth1: atEth1("input F;"),
            eth2: atEth2(""),
            more: "lo0 { unit 0 { family inet { filter { input I; } } } }",
            packets: [
                (vector("udp", port: 1000, out: "local"), .discard, ["inet/F/a/eth1.0/i": 1]),
                (vector("udp", port: 1001, out: "local"), .discard, ["inet/F/z/eth1.0/i": 1, "inet/I/a/lo0.0/i": 1]),
                (vector("udp", port: 1002, out: "local"), .accept, ["inet/F/z/eth1.0/i": 1, "inet/I/z/lo0.0/i": 1]),
            ]
        ),
    ]

@Suite(.timeLimit(.minutes(5))) struct `Attachment` {
    @Test(arguments: rows)
    func `filters are asked where they hang, in their order`(row: AttachmentRow) throws {
        let text = """
            interfaces { eth1 { unit 0 { \(row.eth1) } } eth2 { unit 0 { \(row.eth2) } } \(row.more) }
            firewall { \(row.firewall) }
            """
        let witnessed = try witness(text, row.packets.map(\.line))
        for (one, packet) in zip(witnessed, row.packets) {
            #expect(one.answer.verdict == packet.verdict, "\(one.line)")
            #expect(verdict(one.seen) == packet.verdict, "kernel: \(one.line)")
            #expect(one.counted == packet.counters, "\(one.line)")
        }
    }

    @Test func `a unit with a VLAN is the device of that VLAN, whatever its number`() throws {
        let text = """
            interfaces {
                eth1 { vlan-tagging; unit 7 { vlan-id 100; family inet { filter { input F; } address 10.1.0.1/24; } }
                    unit 8 { vlan-id 7; family inet { filter { input G; } address 10.3.0.1/24; } } }
                eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
            }
            firewall { \(portFilter("F", 1000)) \(portFilter("G", 2000)) }
            """
        let witnessed = try witness(
            text,
            [
                vector(
                    "udp",
                    port: 1000,
                    in: "eth1.7",
                    out: "eth2",
                    "\"source\":\"10.1.0.9\",\"destination\":\"10.2.0.9\""
                ),
                vector(
                    "udp",
                    port: 2000,
                    in: "eth1.7",
                    out: "eth2",
                    "\"source\":\"10.1.0.9\",\"destination\":\"10.2.0.9\""
                ),
                vector(
                    "udp",
                    port: 2000,
                    in: "eth1.8",
                    out: "eth2",
                    "\"source\":\"10.3.0.9\",\"destination\":\"10.2.0.9\""
                ),
            ],
            devices: ["eth1.7": "eth1.100", "eth1.8": "eth1.7"]
        )
        #expect(witnessed.map { verdict($0.seen) } == [.discard, .accept, .discard])
        #expect(
            witnessed.map(\.counted) == [
                ["inet/F/a/eth1.7/i": 1], ["inet/F/z/eth1.7/i": 1], ["inet/G/a/eth1.8/i": 1],
            ]
        )
    }

    @Test func `a list of seventeen is refused`() {
        let names = (1...17).map { "L\($0)" }
        let filters = names.map { "filter \($0) { term a { then accept; } }" }.joined(separator: " ")
        let list = names.joined(separator: " ")
        for direction in ["input-list", "output-list"] {
            let text = """
                interfaces { eth1 { unit 0 { family inet { filter { \(direction) [ \(list) ]; } } } } }
                firewall { family inet { \(filters) } }
                """
            let compiled = compileConfiguration([ConfigurationSource(name: "test", text: text)])
            #expect(compiled.diagnostics.contains { $0.code == "too-many-filters" }, "\(direction)")
        }
    }
}

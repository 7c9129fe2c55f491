// SPDX-License-Identifier: Apache-2.0
// Conditions at their edges: one row is a condition, a packet and whether it holds; the evaluator is asked the same.
import DecisionDiagrams
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import SymbolicSemantics
import Testing

/// A packet from its network header's fields and the octets behind it.
private func inet(
    _ body: [UInt8],
    protocol number: UInt8 = 6,
    word: UInt16 = 0,
    options: [UInt8] = [],
    tos: UInt8 = 0
) -> Packet {
    let length = UInt16(20 + options.count + body.count)
    var bytes: [UInt8] = [0x45 + UInt8(options.count / 4), tos, UInt8(length >> 8), UInt8(length & 255), 0, 1]
    bytes += [UInt8(word >> 8), UInt8(word & 255), 64, number, 0, 0, 10, 0, 0, 5, 192, 0, 2, 7] + options + body
    return Packet(family: .inet, bytes: bytes).settingDSCP(tos >> 2)
}

private func inet6(_ body: [UInt8], next: UInt8) -> Packet {
    var bytes: [UInt8] = [0x60, 0, 0, 0, UInt8(body.count >> 8), UInt8(body.count & 255), next, 64]
    bytes += [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    bytes += [0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    return Packet(family: .inet6, bytes: bytes + body)
}

/// A fragment header: what follows, and the word of offset and M.
private func fragment(_ next: UInt8, _ word: UInt16) -> [UInt8] {
    [next, 0, UInt8(word >> 8), UInt8(word & 255), 0, 0, 0, 9]
}

private struct Row: CustomTestStringConvertible, Sendable {
    let condition: String
    let packet: Packet
    let holds: Bool
    let why: String

    init(_ condition: String, _ packet: Packet, _ holds: Bool, _ why: String) {
        self.condition = condition
        self.packet = packet
        self.holds = holds
        self.why = why
    }

    var testDescription: String { "\(condition) \(why)" }
}

private let ports: [UInt8] = [0, 80, 0, 22]
private let padded: [UInt8] = ports + [0, 0, 0, 0, 0, 0, 0, 0, 0x50]
private let acknowledged: [UInt8] = padded + [0xd2]

private let rows: [Row] = [
    // Transport fields: neither protocol nor fragment are looked at (DESIGN §3.9).
    Row("source-port 80", inet(ports, protocol: 1), true, "whatever the protocol"),
    Row("source-port 80", inet(ports, word: 1), true, "in the payload of a later fragment"),
    Row(
        "destination-port 22",
        inet(ports, word: 0x2001, options: [1, 1, 1, 0]),
        true,
        "behind options, in a fragment"
    ),
    // Truncated headers (DESIGN §3.10).
    Row("source-port 80", inet([0, 80]), true, "with just its octets"),
    Row("source-port 80", inet([0]), false, "with one octet of two"),
    Row("source-port-except 90", inet([0]), false, "with one octet of two: except is false, too"),
    Row("source-port-except 90", inet([0, 80]), true, "with just its octets"),
    Row("destination-port-except 90", inet([0, 80, 0]), false, "cut off"),
    Row("port 80", inet([0, 80, 0]), true, "by the source port alone"),
    Row("port 22", inet([0, 80, 0]), false, "by a destination port that is not whole"),
    Row("port-except 90", inet([0, 80, 0]), false, "with one port that is not there"),
    Row("port-except 90", inet(ports), true, "with both"),
    Row("port-except 22", inet(ports), false, "with one of them listed"),
    Row("tcp-established", inet(acknowledged), true, "by ACK"),
    Row("tcp-established", inet(padded), false, "without the octet of flags"),
    Row("tcp-initial", inet(padded), false, "without the octet of flags"),
    Row("tcp-flags \"!fin\"", inet(padded), false, "without the octet of flags"),
    // The low six bits alone (§3.8).
    Row("tcp-flags \"ack & syn & !(urgent | push | rst | fin)\"", inet(acknowledged), true, "whatever ECE and CWR say"),
    Row("icmp-type 0", inet([]), false, "without any octet"),
    Row("icmp-type 0", inet([0]), true, "with one octet"),
    Row("icmp-type 0; icmp-code 80", inet([0]), false, "without a code"),
    Row("esp-spi 5242902", inet(ports), true, "from the first four octets"),
    Row("ah-spi 1", inet(ports + [0, 0, 0, 1]), true, "from the next four"),
    Row("ah-spi-except 1", inet(ports + [0, 0, 0]), false, "cut off"),
    // Fragments (DESIGN §3.2).
    Row("is-fragment", inet(ports, word: 0x4000), false, "by DF alone"),
    Row("is-fragment", inet(ports, word: 0x8000), false, "by the reserved bit alone"),
    Row("is-fragment", inet(ports, word: 0x2000), true, "by MF"),
    Row("is-fragment", inet(ports, word: 1), true, "by an offset"),
    Row("first-fragment", inet(ports, word: 0x2000), true, "by MF without an offset"),
    Row("first-fragment", inet(ports, word: 0x2001), false, "with an offset"),
    Row("first-fragment", inet(ports), false, "for a whole packet"),
    Row("fragment-flags \"reserved & !dont-fragment\"", inet(ports, word: 0x8000), true, "by the reserved bit"),
    Row("fragment-offset 8191", inet(ports, word: 0x1fff), true, "at its highest"),
    Row("fragment-offset-except 0", inet(ports), false, "for a whole packet"),
    // Options (§3.2).
    Row("ip-options any", inet(ports, options: [1, 1, 1, 0]), true, "by padding alone"),
    Row("ip-options-except any", inet(ports), true, "without options"),
    Row("ip-options 148", inet(ports, options: [1, 148, 4, 0, 0, 0, 0, 0]), true, "behind a no-operation"),
    Row("ip-options 148", inet(ports, options: [0, 148, 4, 0]), false, "behind the end of the list"),
    Row("ip-options-except 131", inet(ports), true, "without options"),
    // Numbers.
    Row("packet-length 24", inet(ports), true, "with the header"),
    Row("dscp 46", inet(ports, tos: 0xbb), true, "whatever ECN says"),
    Row("precedence 5", inet(ports, tos: 0xbb), true, "by the upper three bits"),
    // Longest match (§2.2, §2.3).
    Row("source-address { 10.0.0.0/8; 10.0.0.0/24 except; 10.0.0.4/30; }", inet(ports), true, "by the longest"),
    Row("source-address { 10.0.0.5/32; 10.0.0.5/32 except; }", inet(ports), false, "by except on a tie"),
    Row("source-address { 11.0.0.0/8; }", inet(ports), false, "by nothing"),
    Row(
        "source-address { 10.0.0.0/8; 10.0.0.5/255.0.0.255 except; }",
        inet(ports),
        false,
        "by the mask with more bits"
    ),
    Row("source-address { 10.0.0.0/17; 10.0.0.5/255.0.0.255 except; }", inet(ports), true, "by the longer prefix"),
    Row("address { 192.0.2.7/32; 10.0.0.5/32 except; }", inet(ports), true, "by either end"),
    // IPv6 chains (§3.3).
    Row("next-header 60", inet6([17, 0, 1, 4, 0, 0, 0, 0] + ports, next: 60), true, "the fixed header's"),
    Row("payload-protocol 17", inet6([17, 0, 1, 4, 0, 0, 0, 0] + ports, next: 60), true, "behind a header"),
    Row("destination-port 22", inet6([17, 0, 1, 4, 0, 0, 0, 0] + ports, next: 60), true, "behind a header"),
    Row("payload-protocol 17", inet6(fragment(17, 0x0140) + ports, next: 44), true, "of a later fragment"),
    Row("source-port 80", inet6(fragment(17, 0x0140) + ports, next: 44), false, "of a later fragment: there is none"),
    Row("source-port-except 90", inet6(fragment(17, 0x0140) + ports, next: 44), false, "of a later fragment"),
    Row("source-port 80", inet6(fragment(17, 1) + ports, next: 44), true, "of the first fragment"),
    Row("payload-protocol-except 17", inet6(fragment(60, 0x0140) + ports, next: 44), false, "that cannot be told"),
    Row("payload-protocol-except 17", inet6([60], next: 60), false, "of a chain that is cut off"),
    Row("extension-header 60", inet6(fragment(60, 0x0140) + ports, next: 44), true, "right behind the fragment header"),
    Row("extension-header 60", inet6(fragment(17, 0x0140) + ports, next: 44), false, "of another number"),
    Row("extension-header 44", inet6(fragment(17, 0x0140) + ports, next: 44), true, "the fragment header"),
    Row("extension-header 51", inet6(ports, next: 51), true, "where the walk ends"),
    Row("extension-header 135", inet6(ports, next: 135), true, "where the walk ends"),
    Row("extension-header any", inet6(ports, next: 17), false, "without one"),
    Row("extension-header-except any", inet6(ports, next: 17), true, "without one"),
    Row("extension-header any", inet6(ports, next: 50), true, "by ESP"),
    Row("is-fragment", inet6(fragment(17, 0) + ports, next: 44), false, "by a fragment header that says no"),
    Row("is-fragment", inet6(fragment(17, 6) + ports, next: 44), false, "by reserved bits"),
    Row("last-fragment", inet6(fragment(17, 0x0140) + ports, next: 44), true, "by an offset without M"),
    Row("last-fragment", inet6(fragment(17, 0x0141) + ports, next: 44), false, "with M"),
    Row("packet-length 44", inet6(ports, next: 17), true, "40 and the payload"),
    Row("packet-length-except 0-39", inet6([], next: 59), true, "for the shortest packet"),
]

@Suite struct ModelBoundaryTests {
    @Test(arguments: rows) fileprivate func `a condition at its edge`(row: Row) throws {
        let version = row.packet.family
        let family: FilterFamily = version == .inet ? .inet : .inet6
        let ending = row.condition.hasSuffix("}") ? "" : ";"
        let configuration = try model(
            """
            firewall { family \(family) { filter F { term t { from { \(row.condition)\(ending) } then accept; } } } }
            interfaces { eth0 { unit 0 { family \(family) { filter { input F; } } } } }
            """
        )
        var semantics = Semantics()
        let place = FilterPlace(interface: "eth0.0", direction: .input, family: family, version: version)
        let list = try #require(ModelLifting(configuration).lift(place, into: &semantics)).list
        let values = PacketSpace(version).assignment(of: row.packet)
        #expect((semantics.store.value(list.entries[0].match, values) == 1) == row.holds, "\(row.why)")
        var evaluator = ReferenceEvaluator(configuration)
        let answer = try evaluator.evaluate(filter: FilterName(family, "F"), PacketVector(id: "p", packet: row.packet))
        #expect((answer.verdict == .accept) == row.holds, "\(row.why), in the evaluator")
    }
}

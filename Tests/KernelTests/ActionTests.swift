// SPDX-License-Identifier: Apache-2.0
// Each action of a term with a packet that meets it and one that does not, through model, program and kernel (filters
// reference §4.1, §4.3).
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// What an action does to the packet that meets it.
struct ActionRow: CustomTestStringConvertible, Sendable {
    /// As it stands under `then`.
    let action: String
    /// The packet's fate.
    var verdict = PacketVerdict.accept
    /// Whether the term's counter is all that is charged: evaluation ends there.
    var ends = true
    /// What else must hold of answer and observation.
    var check: @Sendable (Witnessed) -> Bool = { _ in true }
    /// More fields of the packets.
    var fields = ""

    var testDescription: String { action }
}

private func dscp(_ value: UInt8) -> @Sendable (Witnessed) -> Bool {
    { $0.answer.dscp == value && $0.seen.emitted.first?.packet.header.dscp == value }
}

private func dontFragment(_ isSet: Bool) -> @Sendable (Witnessed) -> Bool {
    { one in
        guard let packet = one.seen.emitted.first?.packet else { return false }
        return (packet.bytes[6] & 0x40 != 0) == isSet && packet.header.hasValidHeaderChecksum
    }
}

private func mark(_ mask: UInt32, _ value: UInt32) -> @Sendable (Witnessed) -> Bool {
    { $0.seen.passages.last.map { $0.mark & mask == value } ?? false }
}

private let rows: [ActionRow] = [
    ActionRow(action: ""),
    ActionRow(action: "accept;"),
    ActionRow(action: "discard;", verdict: .discard),
    ActionRow(action: "reject;", verdict: .reject),
    ActionRow(action: "next term;", ends: false),
    ActionRow(action: "log;", check: { $0.answer.logs.count == 1 && $0.seen.logs.count == 1 }),
    ActionRow(action: "syslog;", check: { $0.answer.logs.count == 1 && $0.seen.logs.count == 1 }),
    ActionRow(
        action: "log; discard;",
        verdict: .discard,
        check: { $0.answer.logs.count == 1 && $0.seen.logs.count == 1 }
    ),
    ActionRow(
        action: "forwarding-class expedited-forwarding;",
        check: { $0.answer.forwardingClass == "expedited-forwarding" && mark(0x0f00_0000, 0x0100_0000)($0) }
    ),
    ActionRow(
        action: "loss-priority medium-high;",
        check: { $0.answer.lossPriority == .mediumHigh && mark(0x3000_0000, 0x2000_0000)($0) }
    ),
    ActionRow(action: "dscp ef;", check: dscp(46), fields: "\"dscp\":10"),
    ActionRow(action: "dscp 0;", check: dscp(0), fields: "\"dscp\":63"),
    ActionRow(action: "traffic-class af41;", check: dscp(34), fields: "\"dscp\":10"),
    ActionRow(action: "dont-fragment set;", check: dontFragment(true)),
    ActionRow(action: "dont-fragment clear;", check: dontFragment(false)),
    ActionRow(
        action: "routing-instance R;",
        check: { $0.answer.forwarding == .routingInstance("R") && mark(0x00ff_0000, 0x0001_0000)($0) }
    ),
    ActionRow(
        action: "routing-instance default;",
        check: { $0.answer.forwarding == nil && mark(0x00ff_0000, 0)($0) }
    ),
    ActionRow(
        action: "next-interface eth2.0;",
        check: { $0.answer.forwarding == .nextInterface("eth2.0", instance: nil) }
    ),
    ActionRow(
        action: "next-interface eth2.0 next term;",
        ends: false,
        check: { $0.answer.forwarding != nil && mark(0x00ff_0000, 0x0001_0000)($0) }
    ),
    ActionRow(action: "next-ip 10.2.0.7;", check: { $0.answer.json().hasSuffix(",\"next-hop\":\"10.2.0.7\"}") }),
    ActionRow(
        action: "next-ip6 2001:db8:2::7;",
        check: { $0.answer.json().hasSuffix(",\"next-hop\":\"2001:db8:2::7\"}") }
    ),
    ActionRow(action: "filter N;", verdict: .discard),
]

@Suite(.timeLimit(.minutes(5))) struct `Actions` {
    private static let instance = "routing-instances { R { instance-type forwarding; } }"

    /// The families in which an action may stand.
    private func families(_ row: ActionRow) -> [AddressFamily] {
        let only: [(String, AddressFamily)] = [
            ("dscp", .inet), ("traffic-class", .inet6), ("dont-fragment", .inet), ("next-ip ", .inet),
            ("next-ip6", .inet6),
        ]
        return only.first { row.action.hasPrefix($0.0) }.map { [$0.1] } ?? AddressFamily.allCases
    }

    @Test(arguments: rows)
    func `an action meets the packets of its term and no others`(row: ActionRow) throws {
        for family in families(row) {
            let isNested = row.action.hasPrefix("filter")
            let first =
                isNested
                ? "term n { \(row.action) }"
                : "term a { from { destination-port 1000; } then { count a; \(row.action) } }"
            let text =
                plainRouter(
                    """
                    family \(family.rawValue) {
                        filter F { \(first) term z { then { count z; accept; } } }
                        filter N { term a { from { destination-port 1000; } then { count a; discard; } } }
                    }
                    """,
                    eth1: family == .inet ? "input F;" : "",
                    eth1v6: family == .inet6 ? "input F;" : ""
                ) + Self.instance
            let witnessed = try witness(
                text,
                [1000, 1001].map { familyVector(family, "udp", port: $0, row.fields) }
            )
            let (met, other) = (witnessed[0], witnessed[1])
            let name = "\(family.rawValue)/F"
            #expect(met.answer.verdict == row.verdict && verdict(met.seen) == row.verdict, "\(row.action)")
            let charged: [String: UInt64] = ["\(name)/a/eth1.0/i": 1]
            #expect(met.counted == (row.ends ? charged : charged.merging(["\(name)/z/eth1.0/i": 1]) { $1 }))
            #expect(row.check(met), "\(row.action): \(met.answer.json()), \(met.seen)")
            // What leaves is what the model says leaves, octet by octet.
            if row.verdict == .accept { #expect(met.seen.emitted.map(\.packet) == [met.answer.packet]) }

            #expect(other.answer.verdict == .accept && verdict(other.seen) == .accept)
            #expect(other.counted == ["\(name)/z/eth1.0/i": 1])
            #expect(other.answer.logs.isEmpty && other.seen.logs.isEmpty && other.answer.forwarding == nil)
            #expect(mark(0xffff_0000, 0)(other))
            #expect(other.seen.emitted.map(\.packet) == [other.answer.packet])
        }
    }

    @Test func `packet-mode keeps the packets of its term from sessions`() throws {
        let text =
            plainRouter(
                """
                family inet { filter F {
                    term a { from { destination-address 10.2.0.0/24; destination-port 1000; } then { count a; packet-mode; } }
                    term z { then { count z; accept; } } } }
                """,
                eth1: "input F;"
            ) + """
                security { forwarding-options { family { inet6 { mode drop; } } }
                    zones { security-zone A { interfaces { eth1.0; } } security-zone B { interfaces { eth2.0; } } }
                    policies { from-zone A to-zone B { policy p { match { source-address any; destination-address any; application any; }
                        then { permit; } } } } }
                """
        let witnessed = try witness(text, [1000, 1001].map { vector("udp", port: $0) })
        #expect(witnessed.map(\.answer.session) == [.none, .create])
        #expect(witnessed.map { verdict($0.seen) } == [.accept, .accept])
        #expect(witnessed[0].counted == ["inet/F/a/eth1.0/i": 1])
        #expect(
            witnessed[1].counted.keys.contains("policy/A/B/p") && !witnessed[0].counted.keys.contains("policy/A/B/p")
        )
    }

    @Test func `the last way that a term chooses is the one that is taken`() throws {
        let witnessed = try witness(
            plainRouter(
                """
                family any { filter A { term a { then { routing-instance R; } } } }
                family inet { filter F {
                    term a { from { destination-port 1000; } then { next-interface eth2.0 next term; } }
                    term b { from { destination-port 1001; } then { routing-instance default; } }
                    term z { then accept; } } }
                """,
                eth1: "input F;"
            ).replacing("eth1 { unit 0 {", with: "eth1 { unit 0 { family any { filter { input A; } }") + Self.instance,
            [1000, 1001, 1002].map { vector("udp", port: $0) }
        )
        #expect(
            witnessed.map(\.answer.forwarding) == [.nextInterface("eth2.0", instance: nil), nil, .routingInstance("R")]
        )
        #expect(witnessed.map { $0.seen.passages.last.map { $0.mark >> 16 & 0xff } } == [1, 0, 2])
    }
}

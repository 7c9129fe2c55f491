// SPDX-License-Identifier: Apache-2.0
// `reject`: every message of both families as it goes over the wire, at every place where a filter can refuse; and where
// nothing may be answered (filters reference §4.2, kernel facts §3).
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// Where a filter refuses.
enum RefusalPlace: String, CaseIterable, CustomTestStringConvertible {
    case input
    case output
    case routingEngine
    case anyInput

    var testDescription: String { rawValue }

    /// The router with a filter `F` there.
    func router(_ family: AddressFamily, _ terms: String) -> String {
        let filter = "family \(family.rawValue) { filter F { \(terms) } }"
        let isInet = family == .inet
        switch self {
        case .input:
            return plainRouter(filter, eth1: isInet ? "input F;" : "", eth1v6: isInet ? "" : "input F;")
        case .output:
            return plainRouter(filter, eth2: isInet ? "output F;" : "", eth2v6: isInet ? "" : "output F;")
        case .routingEngine:
            return plainRouter(
                filter,
                more: "lo0 { unit 0 { family \(family.rawValue) { filter { input F; } } } }"
            )
        case .anyInput:
            // A family-any filter in front that accepts: the refusal is the family filter's all the same.
            return plainRouter(
                filter + " family any { filter A { term a { then { count a; accept; } } } }",
                eth1: isInet ? "input F;" : "",
                eth1v6: isInet ? "" : "input F;"
            ).replacing("eth1 { unit 0 {", with: "eth1 { unit 0 { family any { filter { input A; } }")
        }
    }

    var destination: String { self == .routingEngine ? "local" : "eth2" }
}

/// The messages by family: keyword and code, from the reference's table, by hand.
private let messages: [AddressFamily: [(keyword: String, code: UInt8)]] = [
    .inet: [
        ("", 13), ("network-unreachable", 0), ("host-unreachable", 1), ("protocol-unreachable", 2),
        ("port-unreachable", 3), ("fragmentation-needed", 4), ("source-route-failed", 5), ("network-unknown", 6),
        ("host-unknown", 7), ("source-host-isolated", 8), ("network-prohibited", 9), ("host-prohibited", 10),
        ("bad-network-tos", 11), ("bad-host-tos", 12), ("administratively-prohibited", 13),
        ("precedence-violation", 14), ("precedence-cutoff", 15), ("tcp-reset", 13),
    ],
    .inet6: [
        ("", 1), ("no-route", 0), ("administratively-prohibited", 1), ("beyond-scope", 2), ("address-unreachable", 3),
        ("port-unreachable", 4), ("policy-failed", 5), ("reject-route", 6), ("tcp-reset", 1),
    ],
]

@Suite(.timeLimit(.minutes(5))) struct `Reject` {
    @Test(arguments: AddressFamily.allCases, RefusalPlace.allCases)
    func `every message has its type and code on the wire`(family: AddressFamily, place: RefusalPlace) throws {
        let table = try #require(messages[family])
        let terms = table.enumerated().map { index, message in
            "term t\(index) { from { destination-port \(2000 + index); } then { count c\(index); reject \(message.keyword); } }"
        }
        let text = place.router(family, terms.joined(separator: "\n") + " term z { then accept; }")
        // The first one that no term names is the negative packet.
        let lines = (0...table.count).map { familyVector(family, "udp", port: 2000 + $0, out: place.destination) }
        let witnessed = try witness(text, lines)
        let type: UInt8 = family == .inet ? 3 : 1
        for (index, message) in table.enumerated() {
            let one = witnessed[index]
            #expect(one.answer.verdict == .reject, "\(one.line)")
            #expect(one.seen.answer == .icmp(type: type, code: message.code), "\(message.keyword): \(one.line)")
            // It goes back where the packet came from, past every filter.
            #expect(one.seen.emittedAnswers.map(\.device) == ["eth1"], "\(message.keyword)")
            #expect(one.seen.emitted.isEmpty && !one.seen.isDeliveredLocally)
            #expect(one.counted.filter { $0.key.contains("/F/") }.count == 1, "\(one.counted)")
        }
        let negative = try #require(witnessed.last)
        #expect(negative.answer.verdict == .accept && negative.seen.verdict == .accept && negative.seen.answer == nil)
    }

    /// Flags of the segment; whether the reset acknowledges; its numbers (RFC 9293 §3.5.2).
    @Test(arguments: AddressFamily.allCases, RefusalPlace.allCases)
    func `tcp-reset carries the numbers that the sender expects`(family: AddressFamily, place: RefusalPlace) throws {
        let text = place.router(
            family,
            "term r { from { destination-port 443; } then { reject tcp-reset; } } term z { then accept; }"
        )
        let segments = [
            "\"tcp-flags\":[\"syn\"],\"tcp-sequence\":1000",
            "\"tcp-flags\":[\"ack\"],\"tcp-sequence\":7,\"tcp-acknowledgment\":4321",
            "\"tcp-flags\":[\"fin\"],\"tcp-sequence\":50,\"payload-length\":10",
        ]
        let expected: [(flags: UInt8, sequence: UInt32, acknowledgment: UInt32)] = [
            (0x14, 0, 1001), (0x04, 4321, 0), (0x14, 0, 61),
        ]
        let witnessed = try witness(
            text,
            segments.map { familyVector(family, "tcp", port: 443, out: place.destination, $0) }
        )
        for (one, want) in zip(witnessed, expected) {
            #expect(one.answer.verdict == .reject && one.answer.rejectWith == "tcp-reset")
            #expect(one.seen.answer == .tcpReset, "\(one.line)")
            let reset = try #require(one.seen.emittedAnswers.first?.packet)
            let offset = try #require(reset.header.transportOffset)
            func number(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 << 8 | UInt32(reset.bytes[offset + at + $1]) } }
            #expect(reset.header.sourcePort == 443 && reset.header.destinationPort == 4000)
            #expect(reset.header.tcpFlags == want.flags, "\(one.line)")
            #expect(number(4) == want.sequence, "\(one.line)")
            #expect(number(8) == want.acknowledgment, "\(one.line)")
        }
    }

    /// Packets that are refused and never answered: fragments without a header, resets, errors.
    @Test(arguments: ["reject;", "reject tcp-reset;"], [RefusalPlace.input, .output])
    func `nothing answers an error, a reset or a later fragment`(action: String, place: RefusalPlace) throws {
        let isReset = action.contains("reset")
        for family in AddressFamily.allCases {
            let error =
                family == .inet
                ? "\"icmp-type\":3,\"icmp-code\":1,\"payload-length\":28"
                : "\"icmp-type\":1,\"icmp-code\":0,\"payload-length\":48"
            var lines = [
                familyVector(family, family == .inet ? "icmp" : "icmp6", out: place.destination, error),
                familyVector(family, "udp", out: place.destination, "\"fragment-offset\":8,\"payload-length\":64"),
            ]
            if isReset { lines.append(familyVector(family, "tcp", out: place.destination, "\"tcp-flags\":[\"rst\"]")) }
            let witnessed = try witness(place.router(family, "term r { then { count r; \(action) } }"), lines)
            for one in witnessed {
                #expect(one.answer.verdict == .reject, "\(one.line)")
                #expect(one.seen.verdict == .discard && one.seen.answer == nil, "\(one.line)")
                #expect(one.counted.count == 1, "\(one.line): \(one.counted)")
            }
        }
    }

    @Test func `what is no TCP is told that it is prohibited where a reset is asked for`() throws {
        for family in AddressFamily.allCases {
            let echo = family == .inet ? "icmp" : "icmp6"
            let witnessed = try witness(
                RefusalPlace.input.router(family, "term r { then { reject tcp-reset; } }"),
                [familyVector(family, "udp"), familyVector(family, echo)]
            )
            for one in witnessed {
                #expect(one.answer.rejectWith == "administratively-prohibited")
                let code: UInt8 = family == .inet ? 13 : 1
                #expect(one.seen.answer == .icmp(type: family == .inet ? 3 : 1, code: code), "\(one.line)")
            }
        }
    }
}

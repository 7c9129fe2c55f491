// SPDX-License-Identifier: Apache-2.0
// Buckets at the ends of their numbers, and policers at interfaces in answers (filters reference §4.4).
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// A policer's rate, and what becomes of packets (seconds, octets, whether they pass).
private struct ExtremeRate: CustomTestStringConvertible, Sendable {
    let rate: String
    let packets: [(time: Double, length: Int, passes: Bool)]

    var testDescription: String { rate }
}

private func bytes(_ limit: String, _ burst: String) -> String {
    "if-exceeding { bandwidth-limit \(limit); burst-size-limit \(burst); }"
}

private func packets(_ limit: String, _ burst: String) -> String {
    "if-exceeding-pps { pps-limit \(limit); packet-burst \(burst); }"
}

private let most = "18446744073709551615"

/// What no kernel may have is asked all the same: leniently, or for what another program does.
private let extremeRates = [
    ExtremeRate(rate: bytes(most, "1500"), packets: [(0, 1500, true), (0, 1501, false), (1e-9, 1500, true)]),
    ExtremeRate(rate: bytes(most, "1"), packets: [(0, 28, false), (1e9, 28, false)]),
    ExtremeRate(rate: bytes(most, "100g"), packets: [(0, 1500, true), (0, 1500, true), (1e9, 1500, true)]),
    // A day of it does not fit into 64 bits, an hour does, and so on.
    ExtremeRate(rate: bytes("4722366482869645", "1500"), packets: [(0, 1500, true), (1, 1500, true)]),
    ExtremeRate(rate: bytes("40992764608243448", "1500"), packets: [(0, 1500, true), (1, 1500, true)]),
    ExtremeRate(rate: bytes("2459565876494606882", "1500"), packets: [(0, 1500, true), (1, 1500, true)]),
    ExtremeRate(rate: bytes("8k", "100g"), packets: [(0, 65535, true), (0, 65535, true), (1e9, 65535, true)]),
    // What it held and a second more do not fit into 64 bits.
    ExtremeRate(rate: packets("1", most), packets: [(0, 28, true), (1, 28, true), (3, 28, true), (1e9, 28, true)]),
    ExtremeRate(rate: packets(most, "1"), packets: [(0, 28, true), (0, 28, true)]),
    ExtremeRate(rate: packets(most, most), packets: [(0, 28, true), (1e9, 28, true)]),
    ExtremeRate(rate: packets("1", "1"), packets: [(0, 28, true), (1e9, 28, true), (1e9, 28, false)]),
]

@Suite struct `Policers at the ends of numbers` {
    @Test(arguments: extremeRates)
    fileprivate func `judge as their arithmetic says`(_ example: ExtremeRate) throws {
        var model = evaluator(
            """
            interfaces {
                eth1 { mtu 65535; unit 0 { family inet { filter { input F; } address 10.1.0.1/24; } } }
                eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
            }
            firewall {
                policer p { \(example.rate) then discard; }
                family inet { filter F { term t { then { policer p; accept; } } } }
            }
            """
        )
        for packet in example.packets {
            let answer = try model.receive(
                "udp 10.1.0.9 > 10.2.0.9 len=\(packet.length)",
                on: "eth1",
                to: "eth2",
                time: packet.time
            )
            #expect((answer.verdict == .accept) == packet.passes, "\(packet)")
        }
    }
}

@Suite struct `Policers at interfaces` {
    private func router(_ filter: String = "filter { input F; }") -> ReferenceEvaluator {
        evaluator(
            """
            interfaces {
                eth1 { unit 0 { family inet { policer { input p; } \(filter) address 10.1.0.1/24; } } }
                eth2 { unit 0 { family inet { policer { output p; } address 10.2.0.1/24; } } }
            }
            firewall {
                policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
                family inet { filter F { term t { then accept; } } }
            }
            """
        )
    }

    @Test func `decide what they drop and nothing that they let pass`() throws {
        var model = router()
        let first = try model.receive("udp 10.1.0.9 > 10.2.0.9 len=1000", on: "eth1", to: "eth2")
        #expect(first.decidedBy == "firewall family inet filter F term t")
        let second = try model.receive("udp 10.1.0.9 > 10.2.0.9 len=1000", on: "eth1", to: "eth2")
        #expect(second.verdict == .discard)
        #expect(second.stage == .inputFilter)
        #expect(second.decidedBy == "interfaces eth1 unit 0 family inet policer input p")
        #expect(second.policers == ["inet:__interface/p-eth1.0-i": 1])
        let third = try model.receive("udp 10.1.0.9 > 10.2.0.9 len=600", on: "eth1", to: "eth2", time: 0.3)
        #expect(third.stage == .inputFilter && third.verdict == .accept)
        var bare = router("")
        #expect(try bare.receive("udp 10.1.0.9 > 10.2.0.9 len=1000", on: "eth1", to: "eth2").decidedBy == nil)
        let out = try bare.receive("udp 10.1.0.9 > 10.2.0.9 len=500", on: "eth1", to: "eth2", time: 0.1)
        #expect(out.verdict == .accept)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Very many packets past the model and through the kernel: each one's fate, and all counters together.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import Verifier

/// How often packets ended how, so that a test can tell that it met everything.
struct FateTally {
    var accepted = 0
    var discarded = 0
    var rejected = 0
    var answered = 0
    var second = 0
    var lostByStack = 0
    var held = 0

    mutating func add(_ answer: PacketAnswer, _ fate: PacketFate) {
        switch answer.verdict {
        case _ where answer.stack != nil: lostByStack += 1
        case .accept where answer.stage == .reassembly: held += 1
        case .accept: accepted += 1
        case .discard: discarded += 1
        case .reject: rejected += 1
        }
        if case .answered = fate { answered += 1 }
        if answer.charges.contains(where: { $0.key.hasSuffix("@routing-engine") }) { second += 1 }
    }
}

/// Packets of one configuration and what differs.
struct RandomComparison {
    let compiled: CompiledConfiguration
    private var model: ReferenceEvaluator
    private var packets: [String: UInt64] = [:]
    private var octets: [String: UInt64] = [:]
    private var unmatched: UInt64 = 0
    private(set) var tally = FateTally()

    init(_ compiled: CompiledConfiguration) {
        self.compiled = compiled
        model = ReferenceEvaluator(compiled.configuration)
    }

    /// The devices of random routers; fragments for the router itself are held longer than any test takes.
    static func makeSandbox() throws -> Sandbox {
        try Sandbox(
            interfaces: ["eth1", "eth2"].map { name in
                SandboxInterface(
                    name: name,
                    addresses: [("/24", AddressFamily.inet), ("/64", .inet6)].compactMap { length, family in
                        RandomRouter.own[family]?[name].flatMap { Prefix($0 + length) }
                    },
                    mtu: 9000
                )
            },
            sysctls: ["net/ipv4/ipfrag_time": "36000", "net/ipv6/ip6frag_time": "36000"]
        )
    }

    /// Asks model and kernel about each packet; what differs, by packet.
    mutating func run(_ vectors: [PacketVector], in sandbox: Sandbox) throws -> [(vector: PacketVector, text: String)] {
        var wrong: [(vector: PacketVector, text: String)] = []
        let fates = try sandbox.pass(vectors.map(injection))
        for (vector, fate) in zip(vectors, fates) {
            let answer = try model.evaluate(vector)
            tally.add(answer, fate)
            note(answer)
            // Whether the stack lets an answer out depends on checksums, options and broadcasts: the tables of refusals hold
            // that. Here a refused packet must not get through, and its counters must say the same.
            if answer.verdict == .reject, fate == .vanished { continue }
            let differences =
                compare(answer: answer, kernel: outcome(fate, vector)).map(\.description)
                + emission(answer, fate, vector)
            if !differences.isEmpty {
                wrong.append(
                    (vector, "\(differences.joined(separator: "; ")) (model: \(answer.decidedBy ?? "nothing"))")
                )
            }
        }
        return wrong
    }

    /// What the counters say otherwise than the packets so far.
    func counterDifferences(in sandbox: Sandbox) throws -> [String] {
        var (seenPackets, seenOctets, seenUnmatched): ([String: UInt64], [String: UInt64], UInt64) = ([:], [:], 0)
        for statistic in Statistics(try sandbox.counters()).filters where statistic.value.packets > 0 {
            let key =
                "\(statistic.family):\(statistic.filter)/\(statistic.name)-\(statistic.interface)-\(statistic.direction)"
                + (statistic.isSecondPass ? "@routing-engine" : "")
            switch statistic.kind {
            case .counter:
                seenPackets[key] = statistic.value.packets
                seenOctets[key] = statistic.value.bytes
            case .policer: seenPackets["policer " + key] = statistic.value.packets
            case .implicitDiscard: seenUnmatched += statistic.value.packets
            }
        }
        var result: [String] = []
        for (name, model, kernel) in [("packets", packets, seenPackets), ("octets", octets, seenOctets)] {
            for key in Set(model.keys).union(kernel.keys).sorted() where model[key] != kernel[key] {
                result.append("\(name) of \(key): model \(model[key] ?? 0), kernel \(kernel[key] ?? 0)")
            }
        }
        if unmatched != seenUnmatched {
            result.append("implicit discards: model \(unmatched), kernel \(seenUnmatched)")
        }
        return result
    }

    private mutating func note(_ answer: PacketAnswer) {
        for charge in answer.charges where answer.stack == nil || charge.stage == .inputFilter {
            switch charge.kind {
            case .counter:
                packets[charge.key, default: 0] += 1
                octets[charge.key, default: 0] += charge.octets
            case .policer: packets["policer " + charge.key, default: 0] += 1
            case .policy: break
            }
        }
        guard answer.verdict == .discard, answer.decidedBy?.hasSuffix(" implicit-discard") == true else { return }
        if answer.stack == nil || answer.stage == .inputFilter { unmatched += 1 }
    }

    /// What was seen from outside, as a verdict.
    private func outcome(_ fate: PacketFate, _ vector: PacketVector) -> KernelOutcome {
        switch fate {
        case .left(let device, _): return KernelOutcome(verdict: .accept, emittedInterface: "\(device).0")
        case .delivered: return KernelOutcome(verdict: .accept, emittedInterface: PacketVector.local)
        case .vanished: return KernelOutcome(verdict: .discard)
        case .answered(.tcpReset): return KernelOutcome(verdict: .reject, replyKind: .tcpReset)
        case .answered(.icmp(let type, let code)):
            // Other errors are the stack's own, such as TTL exceeded.
            guard type == (vector.packet.family == .inet ? 3 : 1) else { return KernelOutcome(verdict: .discard) }
            return KernelOutcome(verdict: .reject, replyKind: .unreachable(code: code))
        }
    }

    /// What a packet that left looks like: where it left, and its code point, which filters may write.
    private func emission(_ answer: PacketAnswer, _ fate: PacketFate, _ vector: PacketVector) -> [String] {
        guard case .left(let device, let packet) = fate, answer.verdict == .accept else { return [] }
        var result: [String] = []
        if "\(device).0" != vector.outputInterface { result.append("left by \(device)") }
        if packet.header.dscp != answer.dscp {
            result.append("dscp: model \(answer.dscp), kernel \(packet.header.dscp)")
        }
        return result
    }
}

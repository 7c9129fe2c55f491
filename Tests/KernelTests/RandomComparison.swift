// SPDX-License-Identifier: Apache-2.0
// Very many packets past the model and through the kernel: each one's fate, octets, logs and copies, and all counters together.
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import Verifier

/// Packets of one configuration and what differs.
struct RandomComparison {
    let compiled: CompiledConfiguration
    private var model: ReferenceEvaluator
    private var packets: [String: UInt64] = [:]
    private var octets: [String: UInt64] = [:]
    private var unmatched: UInt64 = 0
    /// The statement that each prefix of reports stands for, as the packets so far have shown.
    private var logged: [String: String] = [:]

    init(_ compiled: CompiledConfiguration) {
        self.compiled = compiled
        model = ReferenceEvaluator(compiled.configuration)
    }

    /// The devices of random routers; fragments for the router itself are held longer than any test takes.
    static func makeSandbox() throws -> Sandbox {
        try Sandbox(
            interfaces: RandomRouter.devices.keys.sorted().map { name in
                SandboxInterface(
                    name: name,
                    addresses: [("/24", AddressFamily.inet), ("/64", .inet6)].compactMap { length, family in
                        RandomRouter.own[family]?[name].flatMap { Prefix($0 + length) }
                    },
                    mtu: 9000
                )
            },
            sysctls: ["net/ipv4/ipfrag_time": "36000", "net/ipv4/ipfrag_high_thresh": "\(64 << 20)"]
        )
    }

    /// How a vector is sent.
    private static func injection(_ vector: PacketVector) -> Injection {
        func device(_ name: String) -> String { RandomRouter.devices.first { $0.value == name }?.key ?? name }
        let arrival: Injection.Arrival =
            if let input = vector.inputInterface, input != PacketVector.local { .device(device(input)) } else {
                .router
            }
        let departure: Injection.Departure =
            switch vector.outputInterface {
            case nil, PacketVector.local?: .local
            case let name?: .device(device(name))
            }
        return Injection(vector.packet, from: arrival, to: departure)
    }

    /// Asks model and kernel about each packet; what differs, by packet.
    ///
    /// - Parameter note: told of each packet what model and kernel made of it; asks for the model's trace where the first
    ///   function says so.
    mutating func run(
        _ vectors: [PacketVector],
        in sandbox: Sandbox,
        traced: (Int) -> Bool = { _ in false },
        note: (PacketAnswer, PacketFate, PacketVector) -> Void = { _, _, _ in }
    ) throws -> [(vector: PacketVector, text: String)] {
        var wrong: [(vector: PacketVector, text: String)] = []
        let passed = try sandbox.pass(vectors.map(Self.injection))
        for (index, (vector, seen)) in zip(vectors, passed).enumerated() {
            let answer = try model.evaluate(vector, trace: traced(index))
            note(answer, seen.fate, vector)
            charge(answer)
            let differences =
                verdictDifferences(answer, seen.fate, vector) + emissionDifferences(answer, seen.fate, vector)
                + reportDifferences(answer, seen.logs)
            if !differences.isEmpty {
                wrong.append(
                    (vector, "\(differences.joined(separator: "; ")) (model: \(answer.decidedBy ?? "nothing"))")
                )
            }
        }
        return wrong
    }

    private func verdictDifferences(
        _ answer: PacketAnswer,
        _ fate: PacketFate,
        _ vector: PacketVector
    ) -> [String] {
        // The router refuses its own packets to itself, which nobody sees from outside.
        if vector.inputInterface == PacketVector.local, answer.verdict == .reject, fate == .vanished { return [] }
        return compare(answer: answer, kernel: outcome(fate, vector)).map(\.description)
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

    private mutating func charge(_ answer: PacketAnswer) {
        guard answer.stackReach != .nothing else { return }
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
        case .left(let device, _):
            return KernelOutcome(verdict: .accept, emittedInterface: RandomRouter.devices[device])
        case .delivered: return KernelOutcome(verdict: .accept, emittedInterface: PacketVector.local)
        case .vanished: return KernelOutcome(verdict: .discard)
        case .answered(.tcpReset): return KernelOutcome(verdict: .reject, replyKind: .tcpReset)
        case .answered(.icmp(let type, let code)):
            // Other errors are the stack's own, such as TTL exceeded.
            guard type == (vector.packet.family == .inet ? 3 : 1) else { return KernelOutcome(verdict: .discard) }
            return KernelOutcome(verdict: .reject, replyKind: .unreachable(code: code))
        }
    }

    /// What a packet that left looks like: where it left, and its octets, which filters may have changed.
    private func emissionDifferences(_ answer: PacketAnswer, _ fate: PacketFate, _ vector: PacketVector) -> [String] {
        guard case .left(let device, let packet) = fate, answer.verdict == .accept else { return [] }
        var result: [String] = []
        if RandomRouter.devices[device] != vector.outputInterface { result.append("left by \(device)") }
        // The stack writes into options (kernel facts §10), and completes what the router sends.
        if vector.packet.header.hasOptions || vector.inputInterface == PacketVector.local {
            if packet.header.dscp != answer.dscp {
                result.append("dscp: model \(answer.dscp), kernel \(packet.header.dscp)")
            }
        } else if packet != answer.packet {
            result.append("octets: model \(hexadecimal(answer.packet)), kernel \(hexadecimal(packet))")
        }
        return result
    }

    /// Whether the copies are those that the model names, and its statements have logged, each under a prefix of its own.
    private mutating func reportDifferences(_ answer: PacketAnswer, _ reports: [Observation.LogRecord]) -> [String] {
        // Behind the input filters the model goes on where the stack does not.
        guard answer.stack == nil else { return [] }
        let prefixes = reports.map(\.prefix)
        let copies = prefixes.filter { $0.hasPrefix("Sc:") || $0.hasPrefix("Sm:") }
        let named = answer.copies.map { copy in
            copy == "packet-capture" ? "Sc:" : copy == "port-mirroring" ? "Sm:" : "Sm:M"
        }
        var result = copies == named ? [] : ["copies: model \(answer.copies), kernel \(copies)"]
        let logs = prefixes.filter { !copies.contains($0) }
        guard answer.logs.count == logs.count else {
            return result + ["logs: model \(answer.logs), kernel \(logs)"]
        }
        for (path, prefix) in zip(answer.logs, logs) {
            let known = logged[prefix] ?? path
            logged[prefix] = known
            if known != path { result.append("the prefix \(prefix): \(path), before \(known)") }
        }
        return result
    }
}

/// A packet's octets as a vector file has them.
func hexadecimal(_ packet: Packet) -> String {
    packet.bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }.joined()
}

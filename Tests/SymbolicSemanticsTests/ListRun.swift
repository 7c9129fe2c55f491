// SPDX-License-Identifier: Apache-2.0
// One packet through a lifted list, entry by entry, and what came of it in the words of an answer.
import DecisionDiagrams
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import SymbolicSemantics

/// A packet with its marks, as a list leaves it.
struct SymbolicPacket {
    let space: PacketSpace
    var values: Assignment
    var mark: UInt32
    /// What happened so far.
    var outcome = StageOutcome()

    init(_ packet: Packet, mark: UInt32 = 0) {
        space = PacketSpace(packet.family)
        self.mark = mark
        values = space.assignment(of: packet, mark: mark)
    }

    /// Runs one list; the ending says how.
    mutating func run(_ list: FirstMatchList, _ semantics: Semantics) {
        for entry in list.entries where semantics.store.value(entry.match, values) == 1 {
            apply(entry.outcome, semantics)
            if outcome.ending != .proceed { return }
        }
        apply(list.otherwise, semantics)
    }

    private mutating func apply(_ diagram: Diagram, _ semantics: Semantics) {
        guard let taken = semantics.outcome(semantics.store.value(diagram, values)) else { return }
        outcome = outcome.followed(by: taken)
        mark = mark & ~taken.markMask | taken.markValue
        for bit in 0..<32 { values[space.variables(.mark)[31 - bit]] = mark >> UInt32(bit) & 1 == 1 }
        if let dscp = taken.dscp {
            for bit in 0..<6 { values[space.variables(.trafficClass)[5 - bit]] = dscp >> UInt8(bit) & 1 == 1 }
        }
    }
}

/// What an answer and an outcome have in common.
struct Told: Hashable, CustomStringConvertible {
    var ending: String
    var counters: [String: Int]
    var policers: [String: Int]
    var logs: [String: Int]
    var forwardingClass: Int
    var lossPriority: Int
    var dscp: Int

    /// An outcome at the end of a way; `plain` leaves the place out of counters' names, as `--filter` does.
    init(_ packet: SymbolicPacket, dscp: UInt8, plain: Bool = false) {
        switch packet.outcome.ending {
        case .accept, .proceed: ending = "accept"
        case .drop: ending = "discard"
        case .reject(let code, let isReset): ending = isReset ? "reject by reset" : "reject by code \(code ?? 255)"
        case .unknown(let what): ending = "unknown \(what)"
        }
        (counters, policers) = ([:], [:])
        for (label, count) in packet.outcome.counters {
            var parts = label.split(separator: "/").map { unescaped($0) }
            let isPolicer = parts[0] == "policer"
            if isPolicer { parts.removeFirst() }
            if parts[2] == "__implicit-discard" { continue }
            let second = parts.count > 5 ? "@\(parts[5])" : ""
            let key = "\(parts[0]):\(parts[1])/\(parts[2])" + (plain ? "" : "-\(parts[3])-\(parts[4])\(second)")
            if isPolicer { policers[key] = count } else { counters[key] = count }
        }
        logs = packet.outcome.logs
        forwardingClass = Int(packet.mark >> 24 & 15)
        lossPriority = Int(packet.mark >> 28 & 3)
        self.dscp = Int(packet.outcome.dscp ?? dscp)
    }

    /// An answer; codes of messages as the configuration has them.
    init(_ answer: PacketAnswer, _ configuration: JunosConfiguration, _ version: AddressFamily) {
        switch answer.rejectWith {
        case nil: ending = answer.verdict.rawValue
        case "tcp-reset": ending = "reject by reset"
        case "port-unreachable": ending = "reject by code \(version == .inet ? 3 : 4)"
        default: ending = "reject by code \(version == .inet ? 13 : 1)"
        }
        counters = answer.counters.mapValues { Int($0) }
        policers = answer.policers.mapValues { Int($0) }
        logs = answer.logs.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        forwardingClass = configuration.forwardingClasses.firstIndex(of: answer.forwardingClass) ?? -1
        lossPriority = Int(answer.lossPriority.rawValue)
        dscp = Int(answer.dscp)
    }

    var description: String {
        "\(ending), counters \(counters), policers \(policers), logs \(logs), class \(forwardingClass), "
            + "priority \(lossPriority), dscp \(dscp)"
    }
}

/// A component of a label with its octets back.
private func unescaped(_ part: Substring) -> String {
    var octets: [UInt8] = []
    var rest = part.utf8[...]
    while let octet = rest.popFirst() {
        if octet == UInt8(ascii: "_"), let value = UInt8(Substring(rest.prefix(2)), radix: 16) {
            octets.append(value)
            rest = rest.dropFirst(2)
        } else {
            octets.append(octet)
        }
    }
    return String(decoding: octets, as: UTF8.self)
}

extension Packet {
    /// The octets as hex, for messages.
    var hex: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

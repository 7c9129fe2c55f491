// SPDX-License-Identifier: Apache-2.0
// Where rules send packets, and what they do to them on the way.
import DecisionDiagrams
import NetworkTypes
import NftablesIR

extension ProgramLifter {
    /// What an expression does without asking anything; false if it is none of those.
    func apply(
        _ expression: Expression,
        _ scope: LiftingScope,
        _ effects: inout StageOutcome,
        _ registers: inout RegisterContents,
        _ semantics: Semantics
    ) -> Bool {
        switch expression {
        case .object(let key) where key.kind == .counter && table.objects[key] == .counter:
            effects.counters[key.name, default: 0] += 1
        case .log(let parameters):
            effects.logs[parameters.prefix, default: 0] += 1
        case .notrack:
            effects.isUntracked = true
        case .metaStore(.mark, let register):
            guard let bits = registers.bits(register, 4), setMark(bits, scope, &effects) else { return false }
            registers.forget(scope.space.variables(.mark))
        case .conntrackStore(.mark, let register):
            guard let bytes = registers.bits(register, 4).flatMap(constantBytes) else { return false }
            effects.owner = UInt32(truncatingIfNeeded: number(bytes.reversed()))
        case .payloadStore(.network, 0, 2, let register, let checksumType, let checksumOffset, _):
            // The six bits of the DSCP; a checksum that is not mended would make another packet.
            let isMended = scope.space.version == .inet ? checksumType == 1 && checksumOffset == 10 : checksumType == 0
            guard isMended, let dscp = registers.bits(register, 2).flatMap({ codePoint($0, scope.space) }) else {
                return false
            }
            effects.dscp = dscp
            registers.forget(scope.space.variables(.trafficClass))
        default: return false
        }
        return true
    }

    /// Bits in memory order: each must be what it was, or a constant.
    private func setMark(_ bits: [Bit], _ scope: LiftingScope, _ effects: inout StageOutcome) -> Bool {
        let own = scope.space.bits(.mark)
        for byte in 0..<4 {
            for bit in 0..<8 {
                // Memory has the lowest byte first.
                let place = (3 - byte) * 8 + bit
                let weight = UInt32(1) << UInt32(31 - place)
                switch bits[byte * 8 + bit] {
                case .constant(let value):
                    effects.markMask |= weight
                    effects.markValue = value ? effects.markValue | weight : effects.markValue & ~weight
                case let bit where bit == own[place]:
                    // Unchanged; after an earlier change in this rule the register would have been forgotten.
                    continue
                default: return false
                }
            }
        }
        return true
    }

    /// The code point that a store of the first two octets writes, if it changes nothing else.
    private func codePoint(_ bits: [Bit], _ space: PacketSpace) -> UInt8? {
        let start = space.version == .inet ? 8 : 4
        var result: UInt8 = 0
        for bit in bits[start..<start + 6] {
            guard case .constant(let value) = bit else { return nil }
            result = result << 1 | (value ? 1 : 0)
        }
        let trafficClass = space.bits(.trafficClass)
        guard Array(bits[start + 6..<start + 8]) == Array(trafficClass.suffix(2)) else { return nil }
        if space.version == .inet {
            guard Array(bits[4..<8]) == space.bits(.headerWords) else { return nil }
        }
        return result
    }

    func ending(_ kind: RejectKind, _ scope: LiftingScope) -> StageEnding {
        switch kind {
        case .icmp(let code): .reject(code: code, isReset: false)
        case .tcpReset: .reject(code: nil, isReset: true)
        // Codes of the family-independent form: no route, port, host, administratively (NFT_REJECT_ICMPX_*).
        case .icmpx(let code):
            scope.space.version == .inet
                ? .reject(code: [0: 0, 1: 3, 2: 1, 3: 13][code], isReset: false)
                : .reject(code: [0: 0, 1: 4, 2: 3, 3: 1][code], isReset: false)
        }
    }

    /// Follows a verdict for the packets that reached it.
    fileprivate mutating func target(
        _ verdict: Verdict,
        _ scope: LiftingScope,
        depth: Int,
        _ semantics: inout Semantics
    ) -> Diagram {
        switch verdict {
        case .accept: return semantics.terminal(StageOutcome(.acceptForGood))
        case .drop: return semantics.terminal(StageOutcome(.drop))
        case .continue: return semantics.terminal(StageOutcome())
        case .return: return semantics.terminal(StageOutcome(.accept))
        case .goto(let chain):
            if let lastTarget, lastTarget.chain == chain { return lastTarget.function }
            // A chain that reads headers is another form of this one for some of its packets: their questions to
            // buckets are the same ones.
            let asked = evaluations
            let result = function(chain, scope, depth: depth + 1, &semantics)
            if dependsOnScope(chain) {
                evaluations = asked
            } else {
                lastTarget = (chain, result)
            }
            return result
        case .jump(let chain):
            if visited.contains(chain) { return semantics.terminal(StageOutcome(visits: [chain])) }
            let inner = function(chain, scope, depth: depth + 1, &semantics)
            // Who returns goes on with the next rule.
            return semantics.mapOutcomes(inner) { outcome in
                var outcome = outcome
                if outcome.ending == .accept { outcome.ending = .proceed }
                return outcome
            }
        }
    }

    mutating func follow(
        _ verdict: Verdict,
        _ scope: LiftingScope,
        depth: Int,
        followsLong: Bool,
        _ condition: Diagram,
        _ effects: StageOutcome,
        _ lifting: inout RuleLifting,
        _ semantics: inout Semantics
    ) {
        guard condition != .no else { return }
        var inner = scope
        if case .goto(let chain) = verdict {
            if !followsLong, effects == StageOutcome(), isLong(chain) {
                lifting.branches.append((condition, chain))
                return
            }
            if dependsOnScope(chain) {
                inner = semantics.narrowed(scope, to: condition)
                let ended = lifting.narrowing ?? .no
                lifting.narrowing = semantics.store.or(ended, condition)
            }
        }
        let outcome = target(verdict, inner, depth: depth, &semantics)
        let whole =
            effects == StageOutcome() ? outcome : semantics.mapOutcomes(outcome) { effects.followed(by: $0) }
        lifting.entries.append(ListEntry(match: condition, outcome: whole, origin: lifting.origin))
    }
}

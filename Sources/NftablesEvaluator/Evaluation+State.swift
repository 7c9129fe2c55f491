// SPDX-License-Identifier: Apache-2.0
// Counters, limits, logs: what a packet leaves behind.
import NftablesIR

extension Evaluation {
    /// Uses a named object.
    mutating func charge(_ machine: Machine, _ index: Int, _ state: inout MachineState) -> StepResult {
        let object = machine.objects[index]
        switch object.kind {
        case .counter:
            state.counters[object.key, default: CounterValue()].add(bytes: bytes.count)
            effects.append(.counted(object.key))
            return .next
        case .limit(let shape):
            let exceeded = state.limits[object.key, default: TokenBucket(tokens: shape.depth, last: now)]
                .exceeds(shape, bytes: bytes.count, at: now)
            effects.append(.limited(object.key, exceeded: exceeded))
            return exceeded == shape.matchesOver ? .next : .nextRule
        case .conntrackTimeout(let timeout): return setTimeout(timeout)
        case .refuse(let refusal):
            return .fail(machine.refusals[refusal].reason)
        }
    }

    /// Holds for a connection that begins; packets without an entry, or of another protocol, go on unchanged (kernel:
    /// nft_ct_timeout_obj_eval).
    private mutating func setTimeout(_ timeout: ConntrackTimeout) -> StepResult {
        guard case .tracked(let entry) = conntrack, walk.transportProtocol == timeout.protocolNumber else {
            return .next
        }
        // The kernel cannot extend an entry that others may already see.
        guard entry.status & ConntrackEntry.confirmed == 0 else {
            return .fail(.unsupported("a ct timeout for a connection that is known already"))
        }
        effects.append(.setTimeout(timeout))
        return .next
    }

    mutating func countAnonymously(_ machine: Machine) -> StepResult {
        effects.append(.countedAnonymously(position(machine)))
        return .next
    }

    mutating func limitAnonymously(
        _ machine: Machine,
        _ shape: LimitShape,
        _ expression: Int,
        _ state: inout MachineState
    ) -> StepResult {
        let place = position(machine)
        let exceeded = state.anonymousLimits[place, default: [:]][
            expression,
            default: TokenBucket(tokens: shape.depth, last: now)
        ].exceeds(shape, bytes: bytes.count, at: now)
        effects.append(.limitedAnonymously(place, exceeded: exceeded))
        return exceeded == shape.matchesOver ? .next : .nextRule
    }

    mutating func log(_ parameters: LogParameters) -> StepResult {
        effects.append(.logged(parameters))
        return .next
    }
}

extension CounterValue {
    /// Counts one packet; wraps as the kernel's 64-bit readings do.
    fileprivate mutating func add(bytes count: Int) {
        packets &+= 1
        bytes &+= UInt64(count)
    }
}

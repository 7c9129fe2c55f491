// SPDX-License-Identifier: Apache-2.0
// Look-ups in sets, maps, verdict maps.
import NftablesIR

extension Evaluation {
    /// A catch-all element counts as found, also for an inverted look-up (measured on 6.18: `!= @s` never holds then).
    mutating func lookup(
        _ machine: Machine,
        _ set: Int,
        _ slot: Int,
        _ destination: Int?,
        _ inverted: Bool
    ) -> StepResult {
        switch machine.sets[set].find(registers, slot) {
        case .broken(let why): return .fail(.set(machine.sets[set].name, why))
        case .absent: return inverted ? .next : .nextRule
        case .found(let value):
            if inverted { return .nextRule }
            switch value {
            case .value(let data):
                if let destination { registers.store(destination, Int(data.count), data.bits) }
                return .next
            case .refuse(let index): return .fail(machine.refusals[index].reason)
            case .none, .verdict, .object: return .next
            }
        }
    }

    func lookupVerdict(_ machine: Machine, _ set: Int, _ slot: Int) -> StepResult {
        switch machine.sets[set].find(registers, slot) {
        case .broken(let why): .fail(.set(machine.sets[set].name, why))
        case .absent: .nextRule
        case .found(.verdict(let verdict)): .verdict(verdict)
        case .found(.refuse(let index)): .fail(machine.refusals[index].reason)
        case .found: .fail(.set(machine.sets[set].name, "an element without a verdict"))
        }
    }

    mutating func lookupObject(
        _ machine: Machine,
        _ set: Int,
        _ slot: Int,
        _ state: inout MachineState
    ) -> StepResult {
        switch machine.sets[set].find(registers, slot) {
        case .broken(let why): .fail(.set(machine.sets[set].name, why))
        case .absent: .nextRule
        case .found(.object(let index)): charge(machine, index, &state)
        case .found(.refuse(let index)): .fail(machine.refusals[index].reason)
        case .found: .fail(.set(machine.sets[set].name, "an element without an object"))
        }
    }
}

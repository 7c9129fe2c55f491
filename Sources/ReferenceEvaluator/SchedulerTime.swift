// SPDX-License-Identifier: Apache-2.0
// When schedulers are on, read beside flow reference §6.4.
import JunosModel

extension Scheduler {
    /// Whether the scheduler is on.
    func isOn(at time: LocalTime) -> Bool {
        // With date slots, it is off outside of all of them.
        if !dates.isEmpty, !dates.contains(where: { $0.contains(time) }) { return false }
        // A weekday's entry replaces `daily` for that day.
        switch days[time.weekday] ?? daily {
        // Without any day rule the whole date slot counts; rules for other days alone leave this one out.
        case nil: return days.isEmpty && !dates.isEmpty
        case .allDay: return true
        case .excluded: return false
        case .slots(let slots): return slots.contains { $0.start <= time.secondOfDay && time.secondOfDay < $0.stop }
        }
    }
}

extension Scheduler.DateSlot {
    /// The start belongs to the slot, the stop does not; without years it is every year's.
    fileprivate func contains(_ time: LocalTime) -> Bool {
        let first = start.time(inYear: start.year ?? time.year)
        let last = stop.time(inYear: stop.year ?? time.year)
        return first <= time && time < last
    }
}

extension PreparedPolicy {
    /// Whether the policy is there at all.
    func isActive(at time: LocalTime) -> Bool { scheduler?.isOn(at: time) ?? true }
}

extension ReferenceEvaluator {
    /// Moves the clock on the wall; sessions of policies that are switched off end (flow reference §6.4).
    mutating func advanceSchedulers(to seconds: Double) {
        guard !configuration.schedulers.isEmpty, let table = policies else { return }
        let now = configuration.circumstances.localTime.adding(seconds: Int(seconds))
        guard now != table.now else { return }
        let before = table.activeKeys
        policies?.now = now
        let ended = before.subtracting(policies?.activeKeys ?? [])
        if !ended.isEmpty { sessions.close(ownedBy: ended) }
    }
}

extension PolicyTable {
    /// Keys of scheduled policies that are on.
    fileprivate var activeKeys: Set<String> {
        var keys: Set<String> = []
        for policies in contexts.values {
            for policy in policies where policy.scheduler != nil && policy.isActive(at: now) {
                keys.insert(policy.hitKey)
            }
        }
        for global in globals where global.policy.scheduler != nil && global.policy.isActive(at: now) {
            keys.insert(global.policy.hitKey)
        }
        return keys
    }
}

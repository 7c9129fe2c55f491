// SPDX-License-Identifier: Apache-2.0
// `schedulers`: flow reference §6.4.
import Diagnostics
public import JunosSyntax

private let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

/// Extracts all schedulers.
func extractSchedulers(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [String: Scheduler] {
    var result: [String: Scheduler] = [:]
    for child in statement.statements where !wordsAllowedEverywhere.contains(child.word) {
        guard child.word == "scheduler" else {
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'schedulers'")
            continue
        }
        for entry in child.statements { result[entry.word] = extractScheduler(entry, &diagnostics) }
    }
    return result
}

private func extractScheduler(_ entry: Statement, _ diagnostics: inout [Diagnostic]) -> Scheduler {
    checkSecurityName(entry, "a scheduler", &diagnostics)
    var scheduler = Scheduler(name: entry.word)
    for child in entry.statements {
        switch child.word {
        case "description": break
        case "start-date":
            scheduler.dates = child.statements.compactMap { dateSlot($0, &diagnostics) }
            if child.children.count > 2 {
                diagnostics.error("too-many-slots", child, "a scheduler has at most 2 date slots")
            }
        case "daily": scheduler.daily = dayRule(child, &diagnostics)
        case let word where weekdays.contains(word):
            scheduler.days[weekdays.firstIndex(of: word) ?? 0] = dayRule(child, &diagnostics)
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'scheduler'")
        }
    }
    if entry.child("start-date") == nil, scheduler.daily == nil, scheduler.days.isEmpty {
        diagnostics.error("incomplete-scheduler", entry, "a scheduler needs a date slot, 'daily' or a weekday")
    }
    return scheduler
}

/// `start-date A stop-date B`; nil with an error where it is none.
private func dateSlot(_ start: Statement, _ diagnostics: inout [Diagnostic]) -> Scheduler.DateSlot? {
    guard let first = date(start.word), let word = start.child("stop-date")?.value?.word, let last = date(word) else {
        diagnostics.error(
            "invalid-value",
            start,
            "expects 'start-date [YYYY-]MM-DD.hh:mm stop-date [YYYY-]MM-DD.hh:mm'"
        )
        return nil
    }
    guard (first.year == nil) == (last.year == nil),
        first.time(inYear: first.year ?? 0) < last.time(inYear: last.year ?? 0)
    else {
        diagnostics.error(
            "invalid-value",
            start,
            "the stop date must lie behind the start date, and both or none have a year"
        )
        return nil
    }
    return Scheduler.DateSlot(start: first, stop: last)
}

/// `[YYYY-]MM-DD.hh:mm`.
private func date(_ text: String) -> Scheduler.Date? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let second = secondOfDay(parts[1]) else { return nil }
    let numbers = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2 || numbers.count == 3, let day = numbers[numbers.count - 1],
        let month = numbers[numbers.count - 2], (1...12).contains(month), day >= 1
    else { return nil }
    var year: Int?
    if numbers.count == 3 {
        guard let written = numbers[0], (1970...9999).contains(written) else { return nil }
        year = written
    }
    // The calendar tells whether the month has that day; without a year the leap day is one.
    let time = LocalTime(year: year ?? 2000, month: month, day: day)
    guard LocalTime(dayNumber: time.dayNumber, secondOfDay: 0) == time else { return nil }
    return Scheduler.Date(year: year, month: month, day: day, secondOfDay: second)
}

/// What holds on a day; nil with an error where that is not understood.
private func dayRule(_ day: Statement, _ diagnostics: inout [Diagnostic]) -> Scheduler.DayRule {
    var rule: Scheduler.DayRule?
    for child in day.statements where !wordsAllowedEverywhere.contains(child.word) {
        switch child.word {
        case "all-day": rule = .allDay
        case "exclude": rule = .excluded
        case "start-time":
            rule = .slots(child.statements.compactMap { timeSlot($0, &diagnostics) })
            if child.children.count > 2 {
                diagnostics.error("too-many-slots", child, "a day has at most 2 slots")
            }
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under '\(day.word)'")
        }
    }
    if rule == nil {
        diagnostics.error("missing-value", day, "expects 'all-day', 'exclude' or 'start-time A stop-time B'")
    }
    if day.children.contains(where: { $0.word == "start-time" }), day.children.count > 1 {
        diagnostics.error("conflicting-statements", day, "slots cannot be combined with 'all-day' or 'exclude'")
    }
    // What is not understood is off.
    return rule ?? .excluded
}

/// `start-time A stop-time B`.
private func timeSlot(_ start: Statement, _ diagnostics: inout [Diagnostic]) -> Scheduler.TimeSlot? {
    guard let first = secondOfDay(start.word[...]), let word = start.child("stop-time")?.value?.word,
        let last = secondOfDay(word[...])
    else {
        diagnostics.error("invalid-value", start, "expects 'start-time hh:mm stop-time hh:mm'")
        return nil
    }
    guard first < last else {
        diagnostics.error(
            "invalid-value",
            start,
            "the stop time must lie behind the start time: a slot ends at midnight"
        )
        return nil
    }
    return Scheduler.TimeSlot(start: first, stop: last)
}

/// `hh:mm` or `hh:mm:ss` as seconds; `24:00` is the end of the day.
private func secondOfDay(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.count == 2 ? Int($0) : nil }
    guard numbers.count == parts.count, (2...3).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }),
        numbers[0] <= 24, numbers.dropFirst().allSatisfy({ $0 < 60 })
    else { return nil }
    let seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
    return seconds <= 86_400 ? seconds : nil
}

/// The policies that a text takes out of force by `inactive:`, itself or with its context.
///
/// The tree must not be expanded: expansion takes inactive statements away.
public func deactivatedPolicies(_ tree: ConfigurationTree) -> Set<DeactivatedPolicy> {
    var result: Set<DeactivatedPolicy> = []
    for policies in tree.root.child("security")?.children.filter({ $0.word == "policies" }) ?? [] {
        for from in policies.child("from-zone")?.children ?? [] {
            for to in from.child("to-zone")?.children ?? [] {
                let isOff = from.isInactive || to.isInactive
                for policy in to.child("policy")?.children ?? [] where isOff || policy.isInactive {
                    result.insert(DeactivatedPolicy(from: from.word, to: to.word, name: policy.word))
                }
            }
        }
        for policy in policies.child("global")?.child("policy")?.children ?? [] where policy.isInactive {
            result.insert(DeactivatedPolicy(from: "junos-global", to: "junos-global", name: policy.word))
        }
    }
    return result
}

// SPDX-License-Identifier: Apache-2.0
// Schedulers as spans of a day: which are on, and when that changes next (flow reference §6.4).
public import JunosModel

/// The schedulers that are on at a time.
public func activeSchedulers(_ schedulers: [String: Scheduler], at time: LocalTime) -> Set<String> {
    Set(
        schedulers.filter { _, scheduler in
            spans(scheduler, onDay: time.dayNumber).contains { $0.contains(time.secondOfDay) }
        }.keys
    )
}

/// The next time behind a given one at which a scheduler may be switched; nil if there is none for more than a year.
public func nextSchedulerBorder(_ schedulers: [String: Scheduler], after time: LocalTime) -> LocalTime? {
    // Eight years hold every date of a leap day, but a daemon that looks once a year is served as well.
    for day in time.dayNumber...time.dayNumber + 367 {
        let border = schedulers.values.flatMap { spans($0, onDay: day) }
            .flatMap { [$0.lowerBound, $0.upperBound] }
            .filter { day > time.dayNumber || $0 > time.secondOfDay }
            .min()
        guard let border else { continue }
        return border == 86_400
            ? LocalTime(dayNumber: day + 1, secondOfDay: 0) : LocalTime(dayNumber: day, secondOfDay: border)
    }
    return nil
}

/// Seconds of a day during which a scheduler is on.
private func spans(_ scheduler: Scheduler, onDay day: Int) -> [Range<Int>] {
    let date = LocalTime(dayNumber: day, secondOfDay: 0)
    var open: [Range<Int>]
    switch scheduler.days[date.weekday] ?? scheduler.daily {
    case .allDay: open = [0..<86_400]
    case .excluded: open = []
    case .slots(let slots): open = slots.map { $0.start..<$0.stop }
    // Day rules for other days only say nothing of this one; without any, date slots decide alone.
    case nil: open = scheduler.days.isEmpty && !scheduler.dates.isEmpty ? [0..<86_400] : []
    }
    guard !scheduler.dates.isEmpty else { return open }
    let allowed = scheduler.dates.map { slot in
        seconds(slot.start, relativeTo: day, year: date.year)..<seconds(slot.stop, relativeTo: day, year: date.year)
    }
    return open.flatMap { span in allowed.map { $0.clamped(to: span) } }.filter { !$0.isEmpty }
}

/// A date as seconds from a day's midnight.
private func seconds(_ date: Scheduler.Date, relativeTo day: Int, year: Int) -> Int {
    (LocalTime(year: date.year ?? year, month: date.month, day: date.day).dayNumber - day) * 86_400 + date.secondOfDay
}

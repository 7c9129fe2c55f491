// SPDX-License-Identifier: Apache-2.0
// `schedulers`: when policies hold (flow reference §6.4), and the clock on the wall that they are read by.
public import NetworkTypes

/// A moment as the device's own clock shows it, without a time zone.
public struct LocalTime: Hashable, Sendable, Comparable, Codable {
    /// The year.
    public var year: Int
    /// The month, 1 to 12.
    public var month: Int
    /// The day, 1 to 31.
    public var day: Int
    /// Seconds since midnight, 0 to 86399.
    public var secondOfDay: Int

    /// Makes a time.
    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        secondOfDay = hour * 3600 + minute * 60 + second
    }

    /// Days since 1970-01-01 in the Gregorian calendar.
    public var dayNumber: Int {
        // Years begin in March, so that the leap day is the last of them; 400 years repeat.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The time so many days after 1970-01-01, at a second of the day.
    public init(dayNumber: Int, secondOfDay: Int) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        self.secondOfDay = secondOfDay
    }

    /// The day of the week: 0 is Sunday.
    public var weekday: Int { ((dayNumber + 4) % 7 + 7) % 7 }

    /// The time so many seconds later.
    public func adding(seconds: Int) -> LocalTime {
        let total = secondOfDay + seconds
        let days = total >= 0 ? total / 86_400 : (total - 86_399) / 86_400
        return LocalTime(dayNumber: dayNumber + days, secondOfDay: total - days * 86_400)
    }

    /// Earlier in the calendar, then in the day.
    public static func < (left: LocalTime, right: LocalTime) -> Bool {
        (left.year, left.month, left.day, left.secondOfDay) < (right.year, right.month, right.day, right.secondOfDay)
    }
}

/// `schedulers scheduler NAME`.
public struct Scheduler: Hashable, Sendable {
    /// `[YYYY-]MM-DD.hh:mm`.
    public struct Date: Hashable, Sendable {
        /// The year; nil for every year.
        public var year: Int?
        /// The month.
        public var month: Int
        /// The day.
        public var day: Int
        /// Seconds since midnight.
        public var secondOfDay: Int

        /// The date in a year.
        public func time(inYear year: Int) -> LocalTime {
            LocalTime(
                year: year,
                month: month,
                day: day,
                hour: secondOfDay / 3600,
                minute: secondOfDay / 60 % 60,
                second: secondOfDay % 60
            )
        }
    }

    /// `start-date A stop-date B`.
    public struct DateSlot: Hashable, Sendable {
        /// Its beginning.
        public var start: Date
        /// Its end, which it does not contain.
        public var stop: Date
    }

    /// `start-time A stop-time B`, seconds since midnight.
    public struct TimeSlot: Hashable, Sendable {
        /// Its beginning.
        public var start: Int
        /// Its end, which it does not contain.
        public var stop: Int
    }

    /// What holds on a day.
    public enum DayRule: Hashable, Sendable {
        case allDay
        /// `exclude`.
        case excluded
        case slots([TimeSlot])
    }

    /// Its name.
    public var name: String
    /// Date slots; empty for none.
    public var dates: [DateSlot] = []
    /// `daily`.
    public var daily: DayRule?
    /// Weekdays with rules of their own, 0 is Sunday.
    public var days: [Int: DayRule] = [:]

    /// Makes a scheduler without times, which is always off.
    public init(name: String) { self.name = name }
}

/// What a configuration refers to and does not say.
public struct Circumstances: Hashable, Sendable {
    /// The clock on the wall, for schedulers.
    public var localTime: LocalTime
    /// Addresses of names of hosts, for `dns-name`; a name that is absent is not resolved.
    public var hostAddresses: [String: [IPAddress]]

    /// Makes circumstances; without arguments it is midnight on 1970-01-01 and no name is known.
    public init(
        localTime: LocalTime = LocalTime(year: 1970, month: 1, day: 1),
        hostAddresses: [String: [IPAddress]] = [:]
    ) {
        self.localTime = localTime
        self.hostAddresses = hostAddresses
    }
}

/// A policy that `inactive:` takes out.
public struct DeactivatedPolicy: Hashable, Sendable {
    /// The from-zone, or `junos-global`.
    public var from: String
    /// The to-zone, or `junos-global`.
    public var to: String
    /// Its name.
    public var name: String
}

// SPDX-License-Identifier: Apache-2.0
// When policies hold: the table of the flow reference, §6.4, in the model and on the way to the kernel, and both against
// each other at random times.
import JunosLowering
import JunosModel
import JunosSyntax
import NetworkTypes
import PolicyModel
import ReferenceEvaluator
import TestSupport
import Testing

/// A configuration with one policy under a scheduler.
private func configuration(_ scheduler: String, at time: LocalTime) -> JunosConfiguration {
    let text = """
        interfaces {
            t0 { unit 0 { family inet { address 10.1.0.1/16; } } }
            u0 { unit 0 { family inet { address 203.0.113.1/24; } } }
        }
        schedulers { scheduler S { \(scheduler) } }
        security {
            zones {
                security-zone trust { interfaces { t0.0; } }
                security-zone untrust { interfaces { u0.0; } }
            }
            policies { from-zone trust to-zone untrust { policy P {
                match { source-address any; destination-address any; application any; }
                scheduler-name S;
                then { permit; }
            } } }
        }
        """
    var result = extractConfiguration(expandConfiguration(readConfiguration([("test", text)]).tree).tree).configuration
    result.circumstances = Circumstances(localTime: time)
    return result
}

/// Whether the model holds the policy to be there.
private func modelHasPolicy(_ configuration: JunosConfiguration) throws -> Bool {
    let packet = try PacketFields(
        17,
        from: try #require(IPAddress("10.1.0.5")),
        to: try #require(IPAddress("203.0.113.9"))
    ).build()
    let decision = ReferenceEvaluator(configuration).lookUpPolicy(from: "trust", to: "untrust", packet)
    return try #require(decision).action == .permit
}

/// `2026-12-01 17:59`, a Tuesday.
private func time(_ text: String) -> LocalTime {
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    return LocalTime(
        year: numbers[0],
        month: numbers[1],
        day: numbers[2],
        hour: numbers[3],
        minute: numbers[4],
        second: numbers.count > 5 ? numbers[5] : 0
    )
}

/// A scheduler with times at which it is on, and times at which it is off.
private struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var scheduler: String
    var on: [String]
    var off: [String]
    var testDescription: String { name }
}

private let officeHours = "daily { start-time 08:00 { stop-time 18:00; } }"

private let rows: [Row] = [
    Row(
        name: "daily: the start is inside, the stop is not",
        scheduler: officeHours,
        on: ["2026-12-01 08:00", "2026-12-01 17:59:59", "2026-12-06 12:00"],
        off: ["2026-12-01 07:59:59", "2026-12-01 18:00", "2026-12-01 00:00"]
    ),
    Row(
        name: "two slots",
        scheduler: "daily { start-time 08:00 { stop-time 12:00; } start-time 13:00 { stop-time 18:00; } }",
        on: ["2026-12-01 11:59", "2026-12-01 13:00"],
        off: ["2026-12-01 12:00", "2026-12-01 12:59"]
    ),
    Row(
        name: "a weekday replaces daily",
        scheduler: officeHours + " saturday { start-time 10:00 { stop-time 12:00; } } sunday { exclude; }",
        on: ["2026-12-05 10:00", "2026-12-04 08:00"],
        off: ["2026-12-05 08:00", "2026-12-06 10:00"]
    ),
    Row(
        name: "all-day to the end of the day",
        scheduler: "monday { all-day; }",
        on: ["2026-11-30 00:00", "2026-11-30 23:59:59"],
        off: ["2026-12-01 00:00", "2026-11-29 23:59:59"]
    ),
    Row(
        name: "a stop at the end of the day",
        scheduler: "daily { start-time 20:00 { stop-time 24:00; } }",
        on: ["2026-12-01 23:59:59"],
        off: ["2026-12-02 00:00"]
    ),
    Row(
        name: "a date slot alone",
        scheduler: "start-date 2026-12-24.12:00 { stop-date 2027-01-02.08:00; }",
        on: ["2026-12-24 12:00", "2026-12-31 23:59", "2027-01-02 07:59"],
        off: ["2026-12-24 11:59", "2027-01-02 08:00", "2025-12-25 12:00"]
    ),
    Row(
        name: "a date slot without years is every year's",
        scheduler: "start-date 12-24.12:00 { stop-date 12-27.00:00; }",
        on: ["2026-12-25 00:00", "2031-12-25 00:00"],
        off: ["2026-12-27 00:00"]
    ),
    Row(
        name: "both: only inside both",
        scheduler: "start-date 2026-12-01.12:00 { stop-date 2026-12-03.09:00; } " + officeHours,
        on: ["2026-12-01 12:00", "2026-12-02 08:00", "2026-12-03 08:59"],
        off: ["2026-12-01 11:59", "2026-12-02 07:00", "2026-12-03 09:00", "2026-12-04 12:00"]
    ),
    Row(
        name: "rules for other days alone leave a day out, date slot or not",
        scheduler: "start-date 2026-12-01.00:00 { stop-date 2026-12-31.00:00; } friday { all-day; }",
        on: ["2026-12-04 12:00"],
        off: ["2026-12-03 12:00"]
    ),
]

@Suite struct SchedulerTests {
    @Test(arguments: rows)
    fileprivate func `a scheduler is on when the reference says so`(row: Row) throws {
        for (text, isOn) in row.on.map({ ($0, true) }) + row.off.map({ ($0, false) }) {
            let configuration = configuration(row.scheduler, at: time(text))
            #expect(try modelHasPolicy(configuration) == isOn, "model at \(text)")
            let active = activeSchedulers(configuration.schedulers, at: time(text))
            #expect(active.contains("S") == isOn, "lowering at \(text)")
            let rules = lowerConfiguration(configuration).policy.flow?.contexts.values.first ?? []
            #expect(rules.map(\.isDormant) == [!isOn], "rules at \(text)")
        }
    }

    @Test(arguments: rows)
    fileprivate func `nothing changes before the next border`(row: Row) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let start = time("2026-11-25 00:00")
        let configuration = configuration(row.scheduler, at: start)
        for _ in 0..<100 {
            let moment = start.adding(seconds: Int.random(in: 0..<86_400 * 45, using: &generator))
            func isOn(_ time: LocalTime) throws -> Bool {
                var changed = configuration
                changed.circumstances.localTime = time
                return try modelHasPolicy(changed)
            }
            let now = try isOn(moment)
            let border = nextSchedulerBorder(configuration.schedulers, after: moment)
            let end = border ?? moment.adding(seconds: 86_400 * 30)
            #expect(end > moment, "seed \(seed), \(moment)")
            let span = (end.dayNumber - moment.dayNumber) * 86_400 + end.secondOfDay - moment.secondOfDay
            for _ in 0..<5 {
                let other = moment.adding(seconds: Int.random(in: 0..<span, using: &generator))
                #expect(try isOn(other) == now, "seed \(seed), between \(moment) and \(other)")
            }
            let atBorder = activeSchedulers(configuration.schedulers, at: end).contains("S")
            #expect(try isOn(end) == atBorder, "seed \(seed), at \(end)")
        }
    }

    @Test func `calendar days follow each other`() {
        var day = LocalTime(year: 1999, month: 12, day: 30)
        #expect(day.weekday == 4)
        for _ in 0..<3000 {
            let next = day.adding(seconds: 86_400)
            #expect(next.dayNumber == day.dayNumber + 1 && next.weekday == (day.weekday + 1) % 7 && next > day)
            #expect(LocalTime(dayNumber: day.dayNumber, secondOfDay: 0) == day)
            #expect(day.adding(seconds: 86_399).adding(seconds: -86_399) == day)
            day = next
        }
        #expect(day == LocalTime(year: 2008, month: 3, day: 17))
    }

    @Test func `trap 53: at the stop time the session ends and the next SYN falls through`() throws {
        let configuration = configuration(
            "monday { all-day; } tuesday { start-time 08:00 { stop-time 18:00; } }",
            at: time("2026-12-01 17:59")
        )
        var model = ReferenceEvaluator(configuration)
        func vector(_ flags: UInt8, port: UInt16, at seconds: Double) throws -> PacketVector {
            var fields = PacketFields(
                6,
                from: try #require(IPAddress("10.1.0.5")),
                to: try #require(IPAddress("203.0.113.9")),
                sourcePort: port,
                destinationPort: 80
            )
            fields.tcpFlags = flags
            return PacketVector(
                id: "\(port)",
                time: seconds,
                inputInterface: "t0.0",
                outputInterface: "u0.0",
                packet: try fields.build()
            )
        }
        #expect(try model.evaluate(try vector(2, port: 4000, at: 0)).session == .create)
        #expect(try model.evaluate(try vector(2, port: 4000, at: 1)).session == .match)
        #expect(model.sessionCount == 1)
        let late = try model.evaluate(try vector(2, port: 4000, at: 60))
        #expect(late.verdict == .discard && late.decidedBy == "security policies default-policy")
        #expect(model.sessionCount == 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Which hit counts a command means, and in which order (flow reference §9.2).

/// A choice of hit counts.
struct HitCountSelection {
    private var fromZone: String?
    private var toZone: String?
    private var policyName: String?
    private var least: UInt64?
    private var most: UInt64?
    /// Nil for the order of look-up.
    private var isAscending: Bool?

    /// What may follow `show security policies hit-count`.
    static let options: [OperationalCommand.Option] = [
        .init(keyword: "from-zone", value: "ZONE"), .init(keyword: "to-zone", value: "ZONE"),
        .init(keyword: "policy-name", value: "POLICY"), .init(keyword: "greater-than", value: "NUMBER"),
        .init(keyword: "less-than", value: "NUMBER"), .init(keyword: "ascending"), .init(keyword: "descending"),
    ]

    init(_ arguments: CommandArguments) throws(OperationalProblem) {
        fromZone = arguments.values["from-zone"]
        toZone = arguments.values["to-zone"]
        policyName = arguments.values["policy-name"]
        func number(_ keyword: String) throws(OperationalProblem) -> UInt64? {
            guard let text = arguments.values[keyword] else { return nil }
            guard let number = UInt64(text) else {
                throw OperationalProblem("syntax error: '\(keyword)' takes a number, not '\(text)'")
            }
            return number
        }
        least = try number("greater-than")
        most = try number("less-than")
        if arguments.flags.contains("ascending") { isAscending = true }
        if arguments.flags.contains("descending") {
            guard isAscending == nil else {
                throw OperationalProblem("syntax error: 'ascending' and 'descending' exclude each other")
            }
            isAscending = false
        }
    }

    /// The chosen rows in the chosen order; equal counts stay in the order of look-up.
    func choose(_ rows: [PolicyHitCounts.Row]) -> [PolicyHitCounts.Row] {
        let chosen = rows.filter { row in
            row.fromZone == fromZone ?? row.fromZone && row.toZone == toZone ?? row.toZone
                && row.name == policyName ?? row.name && least.map { row.hits > $0 } ?? true
                && most.map { row.hits < $0 } ?? true
        }
        guard let isAscending else { return chosen }
        return chosen.enumerated().sorted { left, right in
            if left.element.hits == right.element.hits { return left.offset < right.offset }
            return isAscending == (left.element.hits < right.element.hits)
        }.map(\.element)
    }
}

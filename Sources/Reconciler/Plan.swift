// SPDX-License-Identifier: Apache-2.0
// The transaction between what should be and what is, in three steps of which only one changes meaning.
public import NftablesIR

/// How to come from the observed to the desired table (DESIGN §4, "Prepare, switch, sweep").
///
/// Each step is one batch. A packet in flight may see the old and the new content of different things (kernel facts T15),
/// so what a step leads packets to must have been there before the step.
public struct Plan: Hashable, Sendable {
    /// Adds what nothing reaches yet.
    ///
    /// No verdict changes.
    public var prepare: [Change]
    /// Changes meaning; to be guarded by the generation id of the observation.
    public var switchOver: [Change]
    /// Takes away what nothing reaches any longer.
    ///
    /// No verdict changes.
    public var sweep: [Change]
    /// What is different, for people; empty exactly if the plan is.
    public var differences: [Difference]

    /// Whether there is nothing to do.
    public var isEmpty: Bool { prepare.isEmpty && switchOver.isEmpty && sweep.isEmpty }
}

/// One way in which the observed table is not the desired one.
public struct Difference: Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing differs.
    public enum Kind: String, Hashable, Sendable {
        case table
        case baseChain = "base chain"
        case chain
        case set
        case counter
        case limit
        case object
    }

    /// How it differs.
    public enum Change: String, Hashable, Sendable {
        case missing
        case unexpected
        case different
    }

    /// What kind of thing differs.
    public var kind: Kind
    /// Its name.
    public var name: String
    /// How it differs.
    public var change: Change
    /// More, in words; may be empty.
    public var detail: String

    /// Makes a difference.
    public init(_ kind: Kind, _ name: String, _ change: Change, _ detail: String = "") {
        self.kind = kind
        self.name = name
        self.change = change
        self.detail = detail
    }

    /// One line for people.
    public var description: String {
        "\(kind.rawValue) \(name): \(change.rawValue)" + (detail.isEmpty ? "" : " (\(detail))")
    }
}

/// Plans the way from one table to another.
///
/// Regular chains and constant sets are expected to be named after their content; one that differs under its name is drift
/// and is repaired by the switch. Things that the desired table does not have are drift or left over, and are swept; a base
/// chain among them goes with the switch, since packets meet it. Counters that are in both are never touched. Limits are
/// taken away and made anew only if their parameters differ, since the kernel would keep the old ones (kernel facts T4).
///
/// Cost is linear in both tables, but for sorting.
///
/// - Parameters:
///   - desired: The table that should be.
///   - observed: The table as read from the kernel, of the same family and name; nil if there is none.
/// - Returns: The plan; empty if the tables are equal.
public func plan(desired: Table, observed: Table?) -> Plan {
    var planner = Planner(desired: desired, observed: observed)
    return planner.plan()
}

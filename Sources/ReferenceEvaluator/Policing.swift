// SPDX-License-Identifier: Apache-2.0
// What policers and arrays of them do with a packet (filters reference §4.3 to §4.5).
import JunosModel
import NetworkTypes

/// A policer as the terms of a body name it.
struct FilterBodyPolicer: Sendable {
    /// How it judges.
    enum Scheme: Sendable {
        /// Beyond the rate: red (§4.4).
        case twoColor(RateParameters, discards: Bool, lossPriority: LossPriority?, forwardingClass: Int?)
        /// Beyond the outer rate: red; beyond the committed one: yellow (§4.5).
        case threeColor(outer: RateParameters, committed: RateParameters, isColorAware: Bool, discardsRed: Bool)
    }

    let scheme: Scheme
    /// `POLICER-TERM`, or `POLICER` where all terms share it (§4.4, §5.5).
    let name: String
    /// Tells buckets of one instance apart.
    let scope: String
    /// Whether the whole physical interface shares the buckets, whatever filter asks them (§5.5).
    var isOfPhysicalInterface = false
    /// How many of it there are: one, or the members of a prefix action.
    var count = 1

    /// The buckets of one of it, in the order in which they are asked.
    var rates: [RateParameters] {
        switch scheme {
        case .twoColor(let rate, _, _, _): [rate]
        case .threeColor(let outer, let committed, _, _): [outer, committed]
        }
    }

    /// Whether it may leave another loss priority.
    var changesLossPriority: Bool {
        switch scheme {
        case .twoColor(_, _, let level, _): level != nil
        case .threeColor: true
        }
    }

    /// Whether it may leave another forwarding class.
    var changesForwardingClass: Bool {
        switch scheme {
        case .twoColor(_, _, _, let number): number != nil
        case .threeColor: false
        }
    }
}

/// A prefix action as the terms of a body name it (§4.3).
struct FilterBodyPrefixAction: Sendable {
    let field: AddressField
    /// Bits behind the longer prefix.
    let shift: UInt128
    /// How many members there are, a power of two.
    let count: Int
    let counts: Bool
    /// Index among the body's policers.
    let policer: Int?
    /// `ACTION-TERM`, or `ACTION` where all terms share it.
    let name: String

    /// The member that a packet charges: the address bits between the two lengths as a number.
    func member(_ header: PacketHeader) -> Int {
        let address = field == .source ? header.source : header.destination
        return Int(truncatingIfNeeded: address >> shift) & (count - 1)
    }
}

/// What colour a packet has.
private enum Color {
    case green
    case yellow
    case red

    /// The colour a packet arrives with (§4.5).
    init(_ level: LossPriority) {
        switch level {
        case .low: self = .green
        case .mediumLow, .mediumHigh: self = .yellow
        case .high: self = .red
        }
    }
}

extension FilterInstances {
    /// Charges a policer of a term, or a member of an array of it; whether the packet is dropped.
    mutating func police(
        _ index: Int,
        member: Int = 0,
        of instance: FilterInstance,
        named name: String,
        _ term: FilterBodyTerm,
        _ passage: inout Passage,
        stage: Stage,
        _ record: inout PacketRecord
    ) -> Bool {
        let policer = instance.body.policers[index]
        let bucket = instance.buckets[index] + member * policer.rates.count
        let length = passage.header.totalLength
        func exceeded() {
            record.charge(.policer, instance.key(name, secondPass: false), stage, passage.header)
            record.note(stage, term.path, "policer \(name) exceeded by \(length) octets")
        }
        switch policer.scheme {
        case .twoColor(_, let discards, let level, let number):
            if admits(bucket: bucket, length: length, nanoseconds: passage.nanoseconds) { return false }
            exceeded()
            // Discard dominates, and ends evaluation even in a term with `next term` (§1.2, §4.4).
            if discards { return true }
            if let level { passage.context.lossPriority = level }
            if let number { passage.context.forwardingClass = number }
            return false
        case .threeColor(_, _, let isColorAware, let discardsRed):
            let before = isColorAware ? Color(passage.context.lossPriority) : .green
            let color = color(before, bucket, length, passage.nanoseconds)
            if color == .red { exceeded() }
            record.note(stage, term.path, "policer \(name): \(color)")
            switch color {
            case .green: passage.context.lossPriority = .low
            case .yellow: passage.context.lossPriority = .mediumHigh
            case .red: passage.context.lossPriority = .high
            }
            return color == .red && discardsRed
        }
    }

    /// RFC 2698, and RFC 2697 with its two buckets as the inner one and the sum of both (§4.5).
    private mutating func color(_ before: Color, _ bucket: Int, _ length: Int, _ now: UInt64) -> Color {
        if before == .red { return .red }
        guard admits(bucket: bucket, length: length, nanoseconds: now) else { return .red }
        if before == .yellow { return .yellow }
        return admits(bucket: bucket + 1, length: length, nanoseconds: now) ? .green : .yellow
    }
}

// SPDX-License-Identifier: Apache-2.0
// Kernel counters by what they count: their names taken apart again (DESIGN §4, state outlives programs).
import NftablesCompiler
public import NftablesIR

/// One counter of a filter instance, or the exceeded packets of one of its policers.
public struct FilterStatistic: Hashable, Sendable {
    /// What is counted.
    public enum Kind: Hashable, Sendable {
        case counter
        case policer
        case implicitDiscard
    }

    /// What is counted.
    public var kind: Kind
    /// `inet`, `inet6` or `any`.
    public var family: String
    /// The filter's name; of a list the name of its instance.
    public var filter: String
    /// The counter's or policer's name; empty for the implicit discard.
    public var name: String
    /// The logical interface.
    public var interface: String
    /// `i` or `o`.
    public var direction: String
    /// Whether it belongs to the second evaluation of packets to the router.
    public var isSecondPass: Bool
    /// The reading.
    public var value: CounterValue
}

/// All readings of one table, by what they count.
public struct Statistics: Hashable, Sendable {
    /// Filters, in order of family, filter, name, interface.
    public var filters: [FilterStatistic] = []
    /// Hits of policies by from-zone, to-zone and name.
    public var policies: [[String]: CounterValue] = [:]
    /// Packets dropped in front of policies, by reason.
    public var drops: [String: CounterValue] = [:]

    /// Takes the names of counters apart; names that are not ours are left out.
    public init(_ counters: [String: CounterValue]) {
        for (name, value) in counters {
            guard var parts = stateNameComponents(name), let first = parts.first else { continue }
            if first == "flow", parts.count == 2 {
                drops[parts[1]] = value
            } else if first == "policy", parts.count == 4 {
                policies[Array(parts.dropFirst())] = value
            } else {
                let isPolicer = first == "policer" && parts.count > 5
                if isPolicer { parts.removeFirst() }
                let isSecondPass = parts.count == 6 && parts[5] == "routing-engine"
                guard parts.count == 5 || isSecondPass else { continue }
                let isImplicit = parts[2] == implicitDiscardName
                filters.append(
                    FilterStatistic(
                        kind: isPolicer ? .policer : isImplicit ? .implicitDiscard : .counter,
                        family: parts[0],
                        filter: parts[1],
                        name: isImplicit ? "" : parts[2],
                        interface: parts[3],
                        direction: parts[4],
                        isSecondPass: isSecondPass,
                        value: value
                    )
                )
            }
        }
        filters.sort { ($0.family, $0.filter, $0.name, $0.interface) < ($1.family, $1.filter, $1.name, $1.interface) }
    }
}

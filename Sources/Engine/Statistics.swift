// SPDX-License-Identifier: Apache-2.0
// Kernel counters by what they count: their names taken apart again (DESIGN §4, state outlives programs).
import NftablesCompiler
public import NftablesIR
public import OperationalMode

extension Statistics {
    /// Takes the names of counters apart; names that are not ours are left out.
    public init(_ counters: [String: CounterValue]) {
        self.init()
        for (key, reading) in counters {
            let value = TrafficCount(packets: reading.packets, bytes: reading.bytes)
            guard var parts = stateNameComponents(key), let first = parts.first else { continue }
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
                        value: value,
                        key: key
                    )
                )
            }
        }
        filters.sort { ($0.family, $0.filter, $0.name, $0.interface) < ($1.family, $1.filter, $1.name, $1.interface) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Outcomes in words, for counterexamples.

extension StageOutcome: CustomStringConvertible {
    /// `drop; counts inet/F/c/eth1.0/i`.
    public var description: String {
        var words: [String] = []
        switch ending {
        case .proceed: words.append("goes on")
        case .accept, .acceptForGood: words.append("accept")
        case .drop: words.append("drop")
        case .reject(_, true): words.append("reject with a TCP reset")
        case .reject(let code, false): words.append("reject with ICMP code \(code.map(String.init) ?? "?")")
        case .unknown(let what): words.append("unknown: \(what)")
        }
        if !visits.isEmpty { words.append("passes \(visits.joined(separator: ", "))") }
        for (name, count) in counters.sorted(by: { $0.key < $1.key }) {
            words.append("counts \(name)" + (count > 1 ? " \(count) times" : ""))
        }
        for (name, count) in logs.sorted(by: { $0.key < $1.key }) {
            words.append("logs for \(name)" + (count > 1 ? " \(count) times" : ""))
        }
        if markMask != 0 {
            words.append("sets meta mark bits 0x\(String(markMask, radix: 16)) to 0x\(String(markValue, radix: 16))")
        }
        if let dscp { words.append("writes DSCP \(dscp)") }
        if isUntracked { words.append("is not tracked") }
        if let owner { words.append("owner \(owner)") }
        return words.joined(separator: "; ")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Names of kernel objects read back into what answers call them. Written apart from the compiler, which makes the names
// (DESIGN §4, state outlives programs): if both shared this, a wrong name would agree with itself.

/// What a kernel counter counts.
enum ObservedCounter: Hashable {
    /// `FAMILY:FILTER/COUNTER-IFL-i`, with `@routing-engine` for the second pass.
    case counter(String)
    /// The same for a filter's implicit discard.
    case implicitDiscard(String)
    /// `FAMILY:FILTER/POLICER-TERM-IFL-i`.
    case policer(String)
    /// `FROM/TO/NAME`.
    case policy(String)
    /// First packets of the default policy.
    case defaultPolicy
    /// Packets dropped in front of policies, by reason.
    case flow(String)
    /// None of ours.
    case other(String)

    init(object name: String) {
        guard let parts = components(name) else {
            self = .other(name)
            return
        }
        switch (parts.first, parts.count) {
        case ("policy", 4):
            self =
                parts[3] == "default-policy" && parts[1] == "all-zone"
                ? .defaultPolicy : .policy(parts[1...].joined(separator: "/"))
        case ("flow", 2): self = .flow(parts[1])
        case ("policer", 6...7):
            guard let key = instanceKey(parts.dropFirst()) else { fallthrough }
            self = .policer(key)
        case ("inet", 5...6), ("inet6", 5...6), ("any", 5...6):
            guard let key = instanceKey(parts[...]) else { fallthrough }
            self = parts[2] == "__implicit-discard" ? .implicitDiscard(key) : .counter(key)
        default: self = .other(name)
        }
    }
}

/// `FAMILY, FILTER, NAME, IFL, i|o` and perhaps `routing-engine`.
private func instanceKey(_ parts: ArraySlice<String>) -> String? {
    let parts = Array(parts)
    guard parts.count == 5 || parts.count == 6 && parts[5] == "routing-engine", ["i", "o"].contains(parts[4]) else {
        return nil
    }
    return "\(parts[0]):\(parts[1])/\(parts[2])-\(parts[3])-\(parts[4])" + (parts.count == 6 ? "@routing-engine" : "")
}

/// The parts of a name, with `_hh` read as the byte it stands for; nil where that is no text.
private func components(_ name: String) -> [String]? {
    var parts: [String] = []
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "_") {
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        parts.append(text)
    }
    return parts
}

/// Charges by what they count.
struct ObservedCounters: Hashable {
    var counters: [String: UInt64] = [:]
    var policers: [String: UInt64] = [:]
    var policies: [String: UInt64] = [:]
    var implicitDiscards: UInt64 = 0
    var defaultPolicies: UInt64 = 0
    /// Packets dropped by mode, session state, zone or host-inbound-traffic, by reason.
    var drops: [String: UInt64] = [:]

    init(_ objects: [String: UInt64]) {
        for (name, packets) in objects where packets > 0 {
            switch ObservedCounter(object: name) {
            case .counter(let key): counters[key, default: 0] += packets
            case .policer(let key): policers[key, default: 0] += packets
            case .policy(let key): policies[key, default: 0] += packets
            case .implicitDiscard: implicitDiscards += packets
            case .defaultPolicy: defaultPolicies += packets
            case .flow(let reason): drops[reason, default: 0] += packets
            case .other: break
            }
        }
    }
}

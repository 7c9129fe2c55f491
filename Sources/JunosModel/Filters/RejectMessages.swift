// SPDX-License-Identifier: Apache-2.0
// The messages of `reject`: filters reference §4.2.

/// Codes of ICMP type 3 by keyword (family inet).
let inetRejectCodes: [String: UInt8] = [
    "network-unreachable": 0, "host-unreachable": 1, "protocol-unreachable": 2, "port-unreachable": 3,
    "fragmentation-needed": 4, "source-route-failed": 5, "network-unknown": 6, "host-unknown": 7,
    "source-host-isolated": 8, "network-prohibited": 9, "host-prohibited": 10, "bad-network-tos": 11,
    "bad-host-tos": 12, "administratively-prohibited": 13, "precedence-violation": 14, "precedence-cutoff": 15,
]

/// Codes of ICMPv6 type 1 by keyword (family inet6).
let inet6RejectCodes: [String: UInt8] = [
    "no-route": 0, "administratively-prohibited": 1, "beyond-scope": 2, "address-unreachable": 3,
    "port-unreachable": 4, "policy-failed": 5, "reject-route": 6,
]

/// The message for a keyword; nil where the family has none of that name.
func rejectMessage(_ keyword: String?, family: FilterFamily) -> RejectMessage? {
    let codes = family == .inet6 ? inet6RejectCodes : inetRejectCodes
    guard let fallback = codes["administratively-prohibited"] else { return nil }
    switch keyword {
    // Without a message: administratively-prohibited (DESIGN §3.6).
    case nil: return RejectMessage(keyword: "administratively-prohibited", code: fallback)
    case "tcp-reset": return RejectMessage(keyword: "tcp-reset", code: fallback, isTCPReset: true)
    case let word?: return codes[word].map { RejectMessage(keyword: word, code: $0) }
    }
}

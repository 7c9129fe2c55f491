// SPDX-License-Identifier: Apache-2.0
// Names of IP protocols: filters reference §3.4.

/// Protocol numbers by name, for filters of both families and for applications.
let protocolNumbers: [String: UInt32] = [
    "ah": 51, "dstopts": 60, "egp": 8, "esp": 50, "fragment": 44, "gre": 47, "hop-by-hop": 0, "icmp": 1, "icmp6": 58,
    "icmpv6": 58, "igmp": 2, "ipip": 4, "ipv6": 41, "no-next-header": 59, "ospf": 89, "pim": 103, "routing": 43,
    "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "vrrp": 112,
]

/// Further names that inet6 filters know.
let inet6ProtocolNumbers: [String: UInt32] = protocolNumbers.merging(["mobility": 135, "dstops": 60]) { old, _ in old }

/// Names of IPv6 extension headers (filters reference §3.3).
let extensionHeaderNumbers: [String: UInt32] = [
    "ah": 51, "destination": 60, "dstopts": 60, "esp": 50, "fragment": 44, "hop-by-hop": 0, "mobility": 135,
    "routing": 43,
]

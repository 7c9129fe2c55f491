// SPDX-License-Identifier: Apache-2.0
// Names of ICMP types and codes: filters reference §3.6. A code's name is only a number, whatever the type.

/// ICMP types by name (family inet).
let icmpTypeNumbers: [String: UInt32] = [
    "echo-reply": 0, "echo-request": 8, "info-reply": 16, "info-request": 15, "mask-reply": 18, "mask-request": 17,
    "parameter-problem": 12, "redirect": 5, "router-advertisement": 9, "router-solicit": 10, "source-quench": 4,
    "time-exceeded": 11, "timestamp": 13, "timestamp-reply": 14, "unreachable": 3,
]

/// ICMPv6 types by name (family inet6).
let icmp6TypeNumbers: [String: UInt32] = [
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "private-experimentation-100": 100, "private-experimentation-101": 101, "private-experimentation-200": 200,
    "private-experimentation-201": 201, "echo-request": 128, "echo-reply": 129, "membership-query": 130,
    "membership-report": 131, "membership-termination": 132, "router-solicit": 133, "router-advertisement": 134,
    "neighbor-solicit": 135, "neighbor-advertisement": 136, "redirect": 137, "router-renumbering": 138,
    "node-information-request": 139, "node-information-reply": 140, "inverse-neighbor-discovery-solicitation": 141,
    "inverse-neighbor-discovery-advertisement": 142, "home-agent-address-discovery-request": 144,
    "home-agent-address-discovery-reply": 145, "mobile-prefix-solicitation": 146,
    "mobile-prefix-advertisement-reply": 147, "certificate-path-solicitation": 148,
    "certificate-path-advertisement": 149,
]

/// ICMP codes by name (family inet); `-for-TOS` in either case.
let icmpCodeNumbers: [String: UInt32] = [
    "ip-header-bad": 0, "required-option-missing": 1, "redirect-for-network": 0, "redirect-for-host": 1,
    "redirect-for-tos-and-net": 2, "redirect-for-tos-and-host": 3, "ttl-eq-zero-during-transit": 0,
    "ttl-eq-zero-during-reassembly": 1, "network-unreachable": 0, "host-unreachable": 1, "protocol-unreachable": 2,
    "port-unreachable": 3, "fragmentation-needed": 4, "source-route-failed": 5, "destination-network-unknown": 6,
    "destination-host-unknown": 7, "source-host-isolated": 8, "destination-network-prohibited": 9,
    "destination-host-prohibited": 10, "network-unreachable-for-TOS": 11, "network-unreachable-for-tos": 11,
    "host-unreachable-for-TOS": 12, "host-unreachable-for-tos": 12, "communication-prohibited-by-filtering": 13,
    "host-precedence-violation": 14, "precedence-cutoff-in-effect": 15,
]

/// ICMPv6 codes by name (family inet6).
let icmp6CodeNumbers: [String: UInt32] = [
    "ip6-header-bad": 0, "unrecognized-next-header": 1, "unrecognized-option": 2, "ttl-eq-zero-during-transit": 0,
    "ttl-eq-zero-during-reassembly": 1, "no-route-to-destination": 0, "administratively-prohibited": 1,
    "address-unreachable": 3, "port-unreachable": 4,
]

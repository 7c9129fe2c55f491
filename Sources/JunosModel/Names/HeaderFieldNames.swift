// SPDX-License-Identifier: Apache-2.0
// Names of DSCP values, precedences, IP options and header bits: filters reference §3.2, §3.7, §3.8.

/// DSCP values by name, for conditions and actions alike.
let dscpNumbers: [String: UInt32] = [
    "ef": 46, "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28,
    "af33": 30, "af41": 34, "af42": 36, "af43": 38, "be": 0, "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32,
    "cs5": 40, "cs6": 48, "cs7": 56,
]

/// The three-bit precedences by name.
let precedenceNumbers: [String: UInt32] = [
    "routine": 0, "priority": 1, "immediate": 2, "flash": 3, "flash-override": 4, "critical-ecp": 5,
    "internet-control": 6, "net-control": 7,
]

/// Option type octets by name.
let ipOptionNumbers: [String: UInt32] = [
    "loose-source-route": 131, "route-record": 7, "record-route": 7, "router-alert": 148, "security": 130,
    "stream-id": 136, "strict-source-route": 137, "timestamp": 68,
]

/// The six TCP flags that Junos knows.
let tcpFlagBits: [String: UInt8] = [
    "fin": 0x01, "syn": 0x02, "rst": 0x04, "push": 0x08, "ack": 0x10, "urgent": 0x20,
]

/// The top nibble of the fragment word.
let fragmentFlagBits: [String: UInt8] = ["more-fragments": 0x2, "dont-fragment": 0x4, "reserved": 0x8]

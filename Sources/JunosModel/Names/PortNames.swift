// SPDX-License-Identifier: Apache-2.0
// Names of ports: filters reference §3.5, flow reference §5.1. Names say nothing about the protocol.

/// Port numbers by name, as filters know them; `mobilip-mn` is really spelt that way.
let portNumbers: [String: UInt32] = [
    "afs": 1483, "bgp": 179, "biff": 512, "bootpc": 68, "bootps": 67, "cmd": 514, "cvspserver": 2401, "dhcp": 67,
    "domain": 53, "eklogin": 2105, "ekshell": 2106, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20, "http": 80,
    "https": 443, "ident": 113, "imap": 143, "kerberos-sec": 88, "klogin": 543, "kpasswd": 761, "krb-prop": 754,
    "krbupdate": 760, "kshell": 544, "ldap": 389, "ldp": 646, "login": 513, "mobileip-agent": 434, "mobilip-mn": 435,
    "msdp": 639, "netbios-dgm": 138, "netbios-ns": 137, "netbios-ssn": 139, "nfsd": 2049, "nntp": 119, "ntalk": 518,
    "ntp": 123, "pop3": 110, "pptp": 1723, "printer": 515, "radacct": 1813, "radius": 1812, "rip": 520, "rkinit": 2108,
    "smtp": 25, "snmp": 161, "snmptrap": 162, "snpp": 444, "socks": 1080, "ssh": 22, "sunrpc": 111, "syslog": 514,
    "tacacs": 49, "tacacs-ds": 65, "talk": 517, "telnet": 23, "tftp": 69, "timed": 525, "who": 513, "xdmcp": 177,
]

/// Port numbers by name, as applications know them: `kpasswd` differs (flow reference §5.1).
let applicationPortNumbers: [String: UInt32] = portNumbers.merging(
    ["kpasswd": 464, "zephyr-srv": 2102, "zephyr-clt": 2103, "zephyr-hm": 2104]
) { _, new in new }

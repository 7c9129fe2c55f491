// SPDX-License-Identifier: Apache-2.0
// The applications that every device knows: flow reference §5.2.

/// Predefined applications by name.
///
/// Those that need an RPC gateway to know their ports have no terms and match nothing.
public let predefinedApplications: [String: Application] = {
    var table: [String: Application] = [:]
    func enter(_ name: String, _ terms: [ApplicationTerm], timeout: UInt32? = nil) {
        let full = "junos-" + name
        table[full] = Application(name: full, terms: terms, inactivityTimeout: timeout)
    }
    for (name, ports) in tcpApplications { enter(name, ports.map { term(6, $0) }, timeout: idleTimes[name]) }
    for (name, ports) in udpApplications { enter(name, ports.map { term(17, $0) }) }
    for (name, port) in udpAndTCPApplications { enter(name, [term(17, port), term(6, port)]) }
    for (name, number) in protocolApplications {
        enter(name, [ApplicationTerm(protocolNumber: number)], timeout: idleTimes[name])
    }
    for (name, type) in icmp6Applications {
        enter(name, [ApplicationTerm(protocolNumber: 58, icmpType: type.type, icmpCode: type.code)])
    }
    enter("icmp-ping", [ApplicationTerm(protocolNumber: 1, icmpType: 8)])
    enter("ymsg", [term(6, 5000...5010), term(6, 5050...5050), term(17, 5000...5010), term(17, 5050...5050)])
    enter(
        "h323",
        [
            term(6, 1720...1720), term(17, 1719...1719), term(6, 1503...1503), term(6, 389...389), term(6, 522...522),
            term(6, 1731...1731),
        ]
    )
    enter("persistent-nat", [term(255, 65535...65535)])
    for name in remoteProcedureApplications { enter(name, []) }
    return table
}()

/// Predefined applications whose ports only an RPC gateway could know; policies that name them get a warning.
let remoteProcedureApplications: [String] =
    [
        "ms-rpc-epm", "ms-rpc-msexchange-directory-rfr", "ms-rpc-msexchange-directory-nsp",
        "ms-rpc-msexchange-info-store", "ms-rpc-wmic-admin", "ms-rpc-wmic-admin2", "ms-rpc-wmic-mgmt",
        "ms-rpc-wmic-webm-callresult", "ms-rpc-wmic-webm-classobject", "ms-rpc-wmic-webm-level1login",
        "ms-rpc-wmic-webm-login-clientid", "ms-rpc-wmic-webm-login-helper", "ms-rpc-wmic-webm-objectsink",
        "ms-rpc-wmic-webm-refreshing-services", "ms-rpc-wmic-webm-remote-refresher", "ms-rpc-wmic-webm-services",
        "ms-rpc-wmic-webm-shutdown", "ms-rpc-iis-com-1", "ms-rpc-iis-com-adminbase", "ms-rpc-uuid-any-tcp",
        "ms-rpc-uuid-any-udp",
    ]
    + remoteProcedurePrograms.flatMap { ["sun-rpc-\($0)-tcp", "sun-rpc-\($0)-udp"] }

/// The ONC RPC programs that have an application a protocol.
let remoteProcedurePrograms = [
    "portmap", "nfs", "mountd", "ypbind", "ypserv", "status", "rquotad", "nlockmgr", "ruserd", "sadmind", "sprayd",
    "walld", "any",
]

/// One alternative with destination ports.
///
/// TCP and UDP cover source ports from 1 (flow reference §5.1).
private func term(_ protocolNumber: UInt8, _ ports: ClosedRange<UInt16>) -> ApplicationTerm {
    ApplicationTerm(protocolNumber: protocolNumber, sourcePorts: 1...65535, destinationPorts: ports)
}

/// Idle times that differ from the protocol's.
private let idleTimes: [String: UInt32] = ["http": 300, "http-ext": 300, "ospf": 60]

private let tcpApplications: [String: [ClosedRange<UInt16>]] = [
    "tcp-any": [0...65535], "ftp": [21...21], "ftp-data": [20...20], "ssh": [22...22], "telnet": [23...23],
    "finger": [79...79], "gopher": [70...70], "ident": [113...113], "whois": [43...43], "http": [80...80],
    "http-ext": [7001...7001], "https": [443...443], "smtp": [25...25], "mail": [25...25],
    "smtps": [587...587, 465...465], "pop3": [110...110], "pop3s": [995...995], "imap": [143...143],
    "imaps": [993...993], "nntp": [119...119], "dns-tcp": [53...53], "rsh": [514...514], "printer": [515...515],
    "lpr": [515...515], "tacacs": [49...49], "tacacs-ds": [65...65], "ldap": [389...389],
    "internet-locator-service": [389...389], "snpp": [444...444], "bgp": [179...179], "ldp-tcp": [646...646],
    "snmp-agentx": [705...705], "xnm-ssl": [3220...3220], "xnm-clear-text": [3221...3221], "twamp": [862...862],
    "pptp": [1723...1723], "nfsd-tcp": [2049...2049], "netbios-session": [139...139], "smb-session": [445...445],
    "smb": [139...139, 445...445], "ms-sql": [1433...1433], "sqlnet-v1": [1525...1525], "sqlnet-v2": [1521...1521],
    "rdp": [3389...3389], "vnc": [5800...5800], "winframe": [1494...1494], "x-windows": [6000...6063],
    "sccp": [2000...2000], "rtsp": [554...554], "realaudio": [554...554], "stun-tcp": [3478...3479],
    "aol": [5190...5193], "msn": [1863...1863], "irc": [6660...6669], "wais": [210...210], "cvspserver": [2401...2401],
    "wxcontrol": [3578...3578], "ns-global": [15397...15397], "ns-global-pro": [15397...15397],
    "gprs-gtp-c-tcp": [2123...2123], "gprs-gtp-u-tcp": [2152...2152], "gprs-gtp-v0-tcp": [3386...3386],
    "ms-rpc-tcp": [135...135], "sun-rpc-tcp": [111...111],
]

private let udpApplications: [String: [ClosedRange<UInt16>]] = [
    "udp-any": [0...65535], "tftp": [69...69], "dns-udp": [53...53], "dhcp-client": [68...68], "bootpc": [68...68],
    "dhcp-server": [67...67], "dhcp-relay": [67...67], "bootps": [67...67], "ntp": [123...123], "syslog": [514...514],
    "rip": [520...520], "who": [513...513], "biff": [512...512], "echo": [7...7], "discard": [9...9],
    "chargen": [19...19], "uucp": [540...540], "radius": [1812...1812], "radacct": [1813...1813],
    "ldp-udp": [646...646], "ike": [500...500], "ike-nat": [4500...4500], "l2tp": [1701...1701], "nfs": [111...111],
    "nfsd-udp": [2049...2049], "nbname": [137...137], "nbds": [138...138], "sql-monitor": [1434...1434],
    "pc-anywhere": [5632...5632], "mgcp-ua": [2427...2427], "mgcp-ca": [2727...2727], "vdo-live": [7000...7010],
    "stun-udp": [3478...3479], "gnutella": [6346...6347], "vxlan": [4789...4789], "geneve": [6081...6081],
    "nsm": [69...69],
    "r2cp": [28672...28672], "gtp": [2123...2123], "gprs-gtp-c-udp": [2123...2123], "gprs-gtp-u-udp": [2152...2152],
    "gprs-gtp-v0-udp": [3386...3386], "ms-rpc-udp": [135...135], "sun-rpc-udp": [111...111],
]

private let udpAndTCPApplications: [String: ClosedRange<UInt16>] = [
    "talk": 517...517, "ntalk": 518...518, "sip": 5060...5060, "stun": 3478...3479, "gprs-gtp-c": 2123...2123,
    "gprs-gtp-u": 2152...2152, "gprs-gtp-v0": 3386...3386,
]

private let protocolApplications: [String: UInt8] = [
    "ospf": 89, "gre": 47, "sctp-any": 132, "gprs-sctp": 132, "icmp-all": 1, "ping": 1, "icmp6-all": 58, "pingv6": 58,
]

private let icmp6Applications: [String: (type: UInt8, code: UInt8?)] = [
    "icmp6-echo-request": (128, nil), "icmp6-echo-reply": (129, nil), "icmp6-packet-too-big": (2, nil),
    "icmp6-dst-unreach-route": (1, 0), "icmp6-dst-unreach-admin": (1, 1), "icmp6-dst-unreach-beyond": (1, 2),
    "icmp6-dst-unreach-addr": (1, 3), "icmp6-dst-unreach-port": (1, 4), "icmp6-time-exceed-transit": (3, 0),
    "icmp6-time-exceed-reassembly": (3, 1), "icmp6-param-prob-header": (4, 0), "icmp6-param-prob-nexthdr": (4, 1),
    "icmp6-param-prob-option": (4, 2),
]

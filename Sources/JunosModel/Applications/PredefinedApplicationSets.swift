// SPDX-License-Identifier: Apache-2.0
// The application sets that every device knows: flow reference §5.3.

/// Members of the predefined application sets.
///
/// `junos-stun` is an application here, which matches the same packets.
public let predefinedApplicationSets: [String: [String]] = {
    var table: [String: [String]] = [:]
    func enter(_ name: String, _ members: [String]) {
        table["junos-" + name] = members.map { "junos-" + $0 }
    }
    func pair(_ name: String) -> [String] { ["\(name)-tcp", "\(name)-udp"] }
    enter("routing-inbound", ["bgp", "rip", "ldp-tcp", "ldp-udp"])
    enter("cifs", ["netbios-session", "smb-session"])
    enter("mgcp", ["mgcp-ua", "mgcp-ca"])
    enter("ms-rpc", pair("ms-rpc"))
    enter("ms-rpc-any", pair("ms-rpc") + pair("ms-rpc-uuid-any"))
    enter(
        "ms-rpc-msexchange",
        pair("ms-rpc") + [
            "ms-rpc-epm", "ms-rpc-msexchange-directory-rfr", "ms-rpc-msexchange-directory-nsp",
            "ms-rpc-msexchange-info-store",
        ]
    )
    enter(
        "ms-rpc-wmic",
        ["ms-rpc-tcp", "ms-rpc-wmic-admin", "ms-rpc-wmic-admin2", "ms-rpc-wmic-webm-level1login", "ms-rpc-wmic-mgmt"]
    )
    enter("ms-rpc-iis-com", ["ms-rpc-tcp", "ms-rpc-iis-com-1", "ms-rpc-iis-com-adminbase"])
    enter("sun-rpc", pair("sun-rpc"))
    enter("sun-rpc-any", pair("sun-rpc") + pair("sun-rpc-any"))
    enter("sun-rpc-portmap", pair("sun-rpc") + pair("sun-rpc-portmap"))
    for program in [
        "nfs", "mountd", "ypbind", "status", "ypserv", "rquotad", "nlockmgr", "ruserd", "sadmind", "sprayd", "walld",
    ] {
        enter("sun-rpc-\(program)", pair("sun-rpc") + pair("sun-rpc-portmap") + pair("sun-rpc-\(program)"))
    }
    enter(
        "sun-rpc-nfs-access",
        pair("sun-rpc") + pair("sun-rpc-portmap") + pair("sun-rpc-nfs") + pair("sun-rpc-mountd")
    )
    return table
}()

// SPDX-License-Identifier: Apache-2.0
// Devices, addresses and policy rules of a sandbox, set over rtnetlink.
import CNetfilterShims
import Glibc
import Netlink
import NetworkTypes

/// The rtnetlink connection of a sandbox, in the namespace of the thread that made it.
struct Links: ~Copyable {
    var socket: NetlinkSocket

    /// Route types of the router's own addresses; one that is also its subnet's router-anycast address has the second.
    private static let ownTypes = [UInt8(RTN_LOCAL), UInt8(RTN_ANYCAST)]

    init() throws(NetlinkError) { socket = try NetlinkSocket(.route, bufferSize: 1 << 20) }

    /// Sets a device up, with an MTU if one is given.
    mutating func setUp(_ name: String, index: UInt32, mtu: Int?) throws(NetlinkError) {
        var payload = AttributeWriter()
        let up = UInt32(1)
        // struct ifinfomsg: family, type, index, flags, and which flags are meant.
        payload.raw([0, 0, 0, 0] + hostOrder(index) + hostOrder(up) + hostOrder(up))
        if let mtu { payload.put(UInt32(IFLA_MTU), host32: UInt32(clamping: mtu)) }
        try ask(RTM_NEWLINK, payload, "set up the device \(name)")
    }

    /// Gives a device an address, without looking for duplicates.
    mutating func add(_ prefix: Prefix, to name: String, index: UInt32) throws(NetlinkError) {
        var payload = AttributeWriter()
        let octets = prefix.address.octets
        // struct ifaddrmsg: family, prefix length, flags (IFA_F_NODAD), scope, index.
        payload.raw([number(prefix.family), UInt8(prefix.length), 0x02, 0] + hostOrder(index))
        payload.put(UInt32(IFA_LOCAL), octets)
        payload.put(UInt32(IFA_ADDRESS), octets)
        try ask(RTM_NEWADDR, payload, "give \(name) the address \(prefix)", flags: NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Waits until an address is the router's own: for IPv6 the kernel makes its route in the background.
    ///
    /// Link-local addresses are passed over: without a device they have no route to ask for.
    mutating func waitUntilLocal(_ address: IPAddress) throws {
        guard address.family == .inet || address.value >> 118 != 0x3fa else { return }
        var payload = AttributeWriter()
        payload.raw([number(address.family), UInt8(address.family.bits)] + [UInt8](repeating: 0, count: 10))
        payload.put(UInt32(RTA_DST.rawValue), address.octets)
        let operation = "wait until \(address) is an address of the sandbox"
        for _ in 0..<5000 {
            // While there is no route at all, the kernel refuses the question.
            let answers = try? socket.request(
                type: UInt16(RTM_GETROUTE),
                payload: payload.bytes,
                operation: operation
            )
            // The route's type is the eighth octet of struct rtmsg.
            if let route = answers?.first?.bytes, route.count > 7, Self.ownTypes.contains(route[7]) { return }
            usleep(1000)
        }
        throw LaboratoryError(.lost, operation)
    }

    /// Adds or deletes the policy rule that sends every look-up of a family to a table.
    mutating func rule(_ family: AddressFamily, priority: UInt32, table: UInt32, adds: Bool) throws(NetlinkError) {
        var payload = AttributeWriter()
        let small = table < 256 ? UInt8(table) : UInt8(RT_TABLE_UNSPEC.rawValue)
        // struct fib_rule_hdr: family, prefix lengths, TOS, table, two reserved, action, flags.
        payload.raw([number(family), 0, 0, 0, small, 0, 0, UInt8(FR_ACT_TO_TBL)] + hostOrder(0))
        payload.put(UInt32(FRA_PRIORITY), host32: priority)
        payload.put(UInt32(FRA_TABLE), host32: table)
        let verb = adds ? "add" : "delete"
        try ask(
            adds ? RTM_NEWRULE : RTM_DELRULE,
            payload,
            "\(verb) the \(family) policy rule \(priority)",
            flags: adds ? NLM_F_CREATE | NLM_F_EXCL : 0
        )
    }

    /// Sets or deletes the route to one host in a table: by a device, or to the router itself.
    mutating func route(
        to address: IPAddress,
        by index: UInt32,
        isLocal: Bool,
        table: UInt32,
        adds: Bool
    ) throws(NetlinkError) {
        var payload = AttributeWriter()
        let scope = isLocal ? RT_SCOPE_HOST.rawValue : RT_SCOPE_LINK.rawValue
        // struct rtmsg: family, prefix lengths, TOS, table, protocol, scope, type, flags.
        payload.raw(
            [
                number(address.family), UInt8(address.family.bits), 0, 0, UInt8(RT_TABLE_UNSPEC.rawValue),
                UInt8(RTPROT_STATIC), address.family == .inet ? UInt8(scope) : UInt8(RT_SCOPE_UNIVERSE.rawValue),
                UInt8(isLocal ? RTN_LOCAL : RTN_UNICAST),
            ] + hostOrder(0)
        )
        payload.put(UInt32(RTA_DST.rawValue), address.octets)
        payload.put(UInt32(RTA_OIF.rawValue), host32: index)
        payload.put(UInt32(RTA_TABLE.rawValue), host32: table)
        let verb = adds ? "set" : "delete"
        try ask(
            adds ? RTM_NEWROUTE : RTM_DELROUTE,
            payload,
            "\(verb) the route to \(address)",
            flags: adds ? NLM_F_CREATE | NLM_F_REPLACE : 0
        )
    }

    private mutating func ask(
        _ type: Int,
        _ payload: AttributeWriter,
        _ operation: String,
        flags: Int32 = 0
    ) throws(NetlinkError) {
        _ = try socket.request(
            type: UInt16(type),
            flags: UInt16(flags),
            payload: payload.bytes,
            operation: operation
        )
    }

    private func hostOrder(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number.littleEndian >> (8 * $0)) }
    }

    private func number(_ family: AddressFamily) -> UInt8 { UInt8(family == .inet ? AF_INET : AF_INET6) }
}

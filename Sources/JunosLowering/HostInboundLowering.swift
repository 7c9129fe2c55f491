// SPDX-License-Identifier: Apache-2.0
// `host-inbound-traffic`: service and protocol names as protocol and port alternatives (flow reference §3.3).
import JunosModel
import NetworkTypes
import PolicyModel

private typealias Service = HostInboundPolicy.Service

/// Lowers what an interface lets in; `except` subtracts from `all` on the same level.
func lowerHostInbound(_ traffic: HostInboundTraffic, origin: String) -> HostInboundPolicy {
    var services: [Service] = []
    if traffic.systemServices.contains("any-service") {
        services += [ports(6, 0...65535), ports(17, 0...65535)]
    }
    let isAll = traffic.systemServices.contains("all")
    let names = isAll ? systemServiceNames : traffic.systemServices
    services += except(names.flatMap(systemService), isAll ? traffic.exceptedServices.flatMap(systemService) : [])
    let isAllProtocols = traffic.protocols.contains("all")
    let protocols = isAllProtocols ? routingProtocolNames : traffic.protocols
    services += except(
        protocols.flatMap(routingProtocol),
        isAllProtocols ? traffic.exceptedProtocols.flatMap(routingProtocol) : []
    )
    var seen: Set<Service> = []
    return HostInboundPolicy(services: services.filter { seen.insert($0).inserted }, origin: origin)
}

/// What an excepted name opens is taken away, even where another name opens it too (IGMP and DVMRP are one protocol).
private func except(_ services: [Service], _ excepted: [Service]) -> [Service] {
    let excepted = Set(excepted)
    return services.filter { !excepted.contains($0) }
}

private func ports(_ protocolNumber: UInt8, _ range: ClosedRange<UInt128>, _ version: AddressFamily? = nil) -> Service {
    Service(
        version: version,
        service: ServiceMatch(
            protocolNumber: protocolNumber,
            match: MatchExpression([[.field(.destinationPort, mask: nil, IntervalSet([range]))]])
        )
    )
}

private func tcp(_ port: UInt128) -> Service { ports(6, port...port) }

private func udp(_ port: UInt128, _ version: AddressFamily? = nil) -> Service { ports(17, port...port, version) }

private func whole(_ protocolNumber: UInt8, _ version: AddressFamily? = nil) -> Service {
    Service(version: version, service: ServiceMatch(protocolNumber: protocolNumber))
}

private func icmp(_ type: UInt128) -> Service { icmpTypes(1, type...type, .inet) }

private func icmpTypes(_ number: UInt8, _ types: ClosedRange<UInt128>, _ version: AddressFamily) -> Service {
    Service(
        version: version,
        service: ServiceMatch(
            protocolNumber: number,
            match: MatchExpression([[.field(.icmpType, mask: nil, IntervalSet([types]))]])
        )
    )
}

/// The names that `system-services all` stands for.
private let systemServiceNames = [
    "ssh", "telnet", "ftp", "finger", "netconf", "rlogin", "rsh", "reverse-ssh", "reverse-telnet", "xnm-ssl",
    "xnm-clear-text", "http", "https", "dns", "ntp", "snmp", "snmp-trap", "tftp", "dhcp", "bootp", "dhcpv6", "ike",
    "ping", "traceroute", "ident-reset", "sip", "lsping", "lsselfping", "r2cp",
]

private func systemService(_ name: String) -> [Service] {
    switch name {
    case "ssh": [tcp(22)]
    case "telnet": [tcp(23)]
    case "ftp": [tcp(21)]
    case "finger": [tcp(79)]
    case "netconf": [tcp(830)]
    case "rlogin": [tcp(513)]
    case "rsh": [tcp(514)]
    case "reverse-ssh": [tcp(2901)]
    case "reverse-telnet": [tcp(2900)]
    case "xnm-ssl": [tcp(3220)]
    case "xnm-clear-text": [tcp(3221)]
    case "http", "webapi-clear-text": [tcp(80)]
    case "https", "webapi-ssl": [tcp(443)]
    case "dns": [udp(53), tcp(53)]
    case "ntp": [udp(123)]
    case "snmp": [udp(161)]
    case "snmp-trap": [udp(162)]
    case "tftp": [udp(69)]
    case "dhcp", "bootp": [udp(67, .inet), udp(68, .inet)]
    case "dhcpv6": [udp(546, .inet6), udp(547, .inet6)]
    case "ike": [udp(500), udp(4500)]
    case "ping": [icmp(8), icmpTypes(58, 128...128, .inet6)]
    case "traceroute": [ports(17, 33434...33523)]
    case "ident-reset": [Service(version: nil, service: tcp(113).service, isReset: true)]
    case "sip": [udp(5060), tcp(5060)]
    case "lsping": [udp(3503)]
    case "lsselfping": [udp(8503)]
    case "r2cp": [udp(28672)]
    default: []
    }
}

/// The names that `protocols all` stands for.
private let routingProtocolNames = [
    "bgp", "msdp", "ldp", "rip", "ripng", "bfd", "sap", "ospf", "ospf3", "igmp", "dvmrp", "pim", "vrrp", "nhrp", "rsvp",
    "pgm", "router-discovery", "ndp",
]

private func routingProtocol(_ name: String) -> [Service] {
    switch name {
    case "bgp": [tcp(179)]
    case "msdp": [tcp(639)]
    case "ldp": [udp(646), tcp(646)]
    case "rip": [udp(520, .inet)]
    case "ripng": [udp(521, .inet6)]
    case "bfd": [udp(3784), udp(3785), udp(4784)]
    case "sap": [udp(9875)]
    case "ospf": [whole(89, .inet)]
    case "ospf3": [whole(89, .inet6)]
    case "igmp", "dvmrp": [whole(2)]
    case "pim": [whole(103)]
    case "vrrp": [whole(112)]
    case "nhrp": [whole(54)]
    case "rsvp": [whole(46), whole(134)]
    case "pgm": [whole(113)]
    case "router-discovery": [icmp(9), icmp(10)]
    case "ndp": [icmpTypes(58, 133...137, .inet6)]
    default: []
    }
}

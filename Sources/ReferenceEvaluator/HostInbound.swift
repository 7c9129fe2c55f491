// SPDX-License-Identifier: Apache-2.0
// `host-inbound-traffic`: what may be sent to the router itself (flow reference §3.3).
import JunosModel
import NetworkTypes

/// What happens to a packet for the router before policies are asked.
enum HostInboundDecision: Sendable {
    case allowed
    case refused
    /// `ident-reset`: answered with a TCP reset, never delivered.
    case reset
}

extension HostInboundTraffic {
    /// Decides a first packet (flow reference §3.3 rules 1, 3, 4, 5).
    func decide(_ header: PacketHeader) -> HostInboundDecision {
        let packet = ServicePacket(header)
        if systemServices.contains("any-service"), packet.isTCPorUDP { return .allowed }
        let isAllServices = systemServices.contains("all")
        let services =
            systemServices.filter { $0 != "all" && $0 != "any-service" } + (isAllServices ? systemServiceNames : [])
        if services.contains(where: { packet.isService($0) }),
            // `except` subtracts from `all`, and does nothing without it.
            !isAllServices || !exceptedServices.contains(where: { packet.isService($0) })
        {
            return packet.isService("ident-reset") ? .reset : .allowed
        }
        let isAllProtocols = protocols.contains("all")
        let listed = protocols.filter { $0 != "all" } + (isAllProtocols ? routingProtocolNames : [])
        if listed.contains(where: { packet.isRoutingProtocol($0) }),
            !isAllProtocols || !exceptedProtocols.contains(where: { packet.isRoutingProtocol($0) })
        {
            return .allowed
        }
        return .refused
    }
}

/// What the two tables ask of a packet.
private struct ServicePacket {
    private let family: AddressFamily
    private let number: UInt8?
    private let port: UInt16?
    private let icmpType: UInt8?

    init(_ header: PacketHeader) {
        family = header.family
        number = header.upperProtocol
        port = header.destinationPort
        icmpType = header.icmpType
    }

    var isTCPorUDP: Bool { number == ProtocolNumber.tcp || number == ProtocolNumber.udp }

    private func tcp(_ ports: UInt16...) -> Bool {
        number == ProtocolNumber.tcp && port.map(ports.contains) ?? false
    }

    private func udp(_ ports: UInt16...) -> Bool {
        number == ProtocolNumber.udp && port.map(ports.contains) ?? false
    }

    private func icmp(_ family: AddressFamily, _ types: ClosedRange<UInt8>) -> Bool {
        self.family == family && number == (family == .inet ? ProtocolNumber.icmp : ProtocolNumber.icmp6)
            && icmpType.map { types.contains($0) } ?? false
    }

    /// One row of the table of system services.
    func isService(_ name: String) -> Bool {
        switch name {
        case "ssh": tcp(22)
        case "telnet": tcp(23)
        case "ftp": tcp(21)
        case "finger": tcp(79)
        case "netconf": tcp(830)
        case "rlogin": tcp(513)
        case "rsh": tcp(514)
        case "reverse-ssh": tcp(2901)
        case "reverse-telnet": tcp(2900)
        case "xnm-ssl": tcp(3220)
        case "xnm-clear-text": tcp(3221)
        case "http", "webapi-clear-text": tcp(80)
        case "https", "webapi-ssl": tcp(443)
        case "dns": tcp(53) || udp(53)
        case "ntp": udp(123)
        case "snmp": udp(161)
        case "snmp-trap": udp(162)
        case "tftp": udp(69)
        case "dhcp", "bootp": family == .inet && udp(67, 68)
        case "dhcpv6": family == .inet6 && udp(546, 547)
        case "ike": udp(500, 4500)
        case "ping": icmp(.inet, 8...8) || icmp(.inet6, 128...128)
        case "traceroute": number == ProtocolNumber.udp && port.map { (33434...33523).contains($0) } ?? false
        case "ident-reset": tcp(113)
        case "sip": tcp(5060) || udp(5060)
        case "lsping": udp(3503)
        case "lsselfping": udp(8503)
        case "r2cp": udp(28672)
        default: false
        }
    }

    /// One row of the table of protocols.
    func isRoutingProtocol(_ name: String) -> Bool {
        switch name {
        case "bgp": tcp(179)
        case "msdp": tcp(639)
        case "ldp": tcp(646) || udp(646)
        case "rip": family == .inet && udp(520)
        case "ripng": family == .inet6 && udp(521)
        case "bfd": udp(3784, 3785, 4784)
        case "sap": udp(9875)
        case "ospf": family == .inet && number == 89
        case "ospf3": family == .inet6 && number == 89
        case "igmp", "dvmrp": number == 2
        case "pim": number == 103
        case "vrrp": number == 112
        case "nhrp": number == 54
        case "rsvp": number == 46 || number == 134
        case "pgm": number == 113
        case "router-discovery": icmp(.inet, 9...10)
        case "ndp": icmp(.inet6, 133...137)
        default: false
        }
    }
}

/// What `system-services all` stands for.
private let systemServiceNames = [
    "ssh", "telnet", "ftp", "finger", "netconf", "rlogin", "rsh", "reverse-ssh", "reverse-telnet", "xnm-ssl",
    "xnm-clear-text", "http", "https", "dns", "ntp", "snmp", "snmp-trap", "tftp", "dhcp", "bootp", "dhcpv6", "ike",
    "ping", "traceroute", "ident-reset", "sip", "lsping", "lsselfping", "r2cp",
]

/// What `protocols all` stands for.
private let routingProtocolNames = [
    "bgp", "msdp", "ldp", "rip", "ripng", "bfd", "sap", "ospf", "ospf3", "igmp", "dvmrp", "pim", "vrrp", "nhrp",
    "rsvp", "pgm", "router-discovery", "ndp",
]

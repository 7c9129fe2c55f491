// SPDX-License-Identifier: Apache-2.0
// What the log of filters keeps of a packet (filters reference §4.3, §6.1).
public import NetworkTypes

/// A moment as a clock on the wall shows it.
public struct CivilTime: Hashable, Sendable {
    /// The year.
    public var year: Int
    /// The month, 1 to 12.
    public var month: Int
    /// The day, 1 to 31.
    public var day: Int
    /// The hour, 0 to 23.
    public var hour: Int
    /// The minute.
    public var minute: Int
    /// The second.
    public var second: Int
    /// The time zone's abbreviation.
    public var zone: String

    /// Makes a time.
    public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, zone: String) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.zone = zone
    }

    /// `10:28:22`.
    var clock: String { [hour, minute, second].map(twoDigits).joined(separator: ":") }

    /// `2026-03-29 10:28:22 UTC`.
    var text: String { "\(year)-\(twoDigits(month))-\(twoDigits(day)) \(clock) \(zone)" }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

/// One packet that a term with `log` or `syslog` matched.
public struct FirewallLogEntry: Hashable, Sendable {
    /// How the term ends; `next term` decides nothing against the packet and shows as accept.
    public enum Action: String, Hashable, Sendable {
        case accept
        case discard
        case reject

        /// `A`, `D`, `R`.
        public var letter: String { String(rawValue.prefix(1).uppercased()) }
    }

    /// What the transport header says, as far as the packet has one.
    public enum Transport: Hashable, Sendable {
        /// TCP, UDP and the like.
        case ports(source: UInt16, destination: UInt16)
        /// ICMP, or ICMPv6 with IPv6.
        case icmp(type: UInt8, code: UInt8)
        /// Another protocol, a later fragment, or too few bytes.
        case none
    }

    /// When it was reported.
    public var time: CivilTime
    /// `pfe` where packets pass interfaces; for the routing engine's filter its name as shown.
    public var filter: String
    /// How the term ends.
    public var action: Action
    /// The interface at which the filter stands, or where a packet to the router arrived; `local` for packets that the
    /// router sends.
    public var interface: String
    /// The protocol; nil where the header chain does not tell.
    public var protocolNumber: UInt8?
    /// The source address.
    public var source: IPAddress
    /// The destination address.
    public var destination: IPAddress
    /// Ports or ICMP type.
    public var transport: Transport
    /// The length field: bytes of the whole IP packet.
    public var packetLength: Int

    /// Makes an entry.
    public init(
        time: CivilTime,
        filter: String,
        action: Action,
        interface: String,
        protocolNumber: UInt8?,
        source: IPAddress,
        destination: IPAddress,
        transport: Transport,
        packetLength: Int
    ) {
        self.time = time
        self.filter = filter
        self.action = action
        self.interface = interface
        self.protocolNumber = protocolNumber
        self.source = source
        self.destination = destination
        self.transport = transport
        self.packetLength = packetLength
    }

    /// The protocol's name in small letters, or its number.
    var protocolName: String {
        guard let number = protocolNumber else { return "unknown" }
        return switch number {
        case ProtocolNumber.icmp: "icmp"
        case ProtocolNumber.igmp: "igmp"
        case ProtocolNumber.tcp: "tcp"
        case ProtocolNumber.udp: "udp"
        case ProtocolNumber.gre: "gre"
        case ProtocolNumber.esp: "esp"
        case ProtocolNumber.ah: "ah"
        case ProtocolNumber.icmp6: "icmpv6"
        case ProtocolNumber.sctp: "sctp"
        case 46: "rsvp"
        case 89: "ospf"
        case 103: "pim"
        case 112: "vrrp"
        default: String(number)
        }
    }

    /// The message of the `syslog` action (filters reference §6.1), for so many packets alike.
    ///
    /// IPv6 has three shapes: with ports, with the ICMPv6 type, and the general one.
    public func syslogMessage(packets: UInt64) -> String {
        let tail = "(\(packets) packets)"
        switch (source.family, transport) {
        case (.inet, .ports(let from, let to)):
            return "PFE_FW_SYSLOG_IP: FW: \(interface)  \(action.letter)  \(protocolName) \(source) \(destination)  "
                + "\(from) \(to) \(tail)"
        case (.inet, _):
            return "PFE_FW_SYSLOG_IP: FW: \(interface)  \(action.letter)  \(protocolName) \(source) \(destination)  "
                + "0 0 \(tail)"
        case (.inet6, .ports(let from, let to)):
            return "PFE_FW_SYSLOG_IP6_TCP_UDP: FW: \(interface) \(action.letter) \(protocolName) "
                + "SA \(source) DA \(destination) sport \(from) dport \(to) \(tail)"
        case (.inet6, .icmp(let type, let code)):
            return "PFE_FW_SYSLOG_IP6_ICMP: FW: \(interface) \(action.letter) \(protocolName) "
                + "SA \(source) DA \(destination) type \(type) code \(code) \(tail)"
        case (.inet6, .none):
            return "PFE_FW_SYSLOG_IP6_GEN: FW: \(interface) \(action.letter) \(protocolName) "
                + "SA \(source) DA \(destination) \(tail)"
        }
    }
}

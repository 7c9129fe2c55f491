// SPDX-License-Identifier: Apache-2.0
// The log of filters in all its forms, and the lines of `syslog` (filters reference §6.1, §6.3).
import NetworkTypes
import OperationalMode
import Testing

@Suite struct `The log of filters` {
    @Test func `is shown as the reference shows it`() throws {
        let entries = [
            try entry(
                (10, 28, 22),
                .discard,
                ProtocolNumber.tcp,
                "10.70.0.2",
                "10.70.0.1",
                .ports(source: 1, destination: 2)
            ),
            try entry(
                (9, 5, 1),
                .reject,
                ProtocolNumber.icmp6,
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
                "2001:db8::1",
                .icmp(type: 128, code: 0),
                filter: "protect-re",
                interface: "local"
            ),
            try entry((0, 0, 0), .accept, 200, "10.0.0.1", "10.0.0.2", .none),
        ]
        #expect(
            try ask("show firewall log", log: entries).text == """
                Log :
                Time      Filter    Action Interface     Protocol        Src Addr                         Dest Addr
                10:28:22  pfe       D      ge-0/0/0.0    TCP             10.70.0.2                        10.70.0.1
                09:05:01  protect-re R      local         ICMPV6          2001:db8:aaaa:bbbb:cccc:dddd:eeee:1 2001:db8::1
                00:00:00  pfe       A      ge-0/0/0.0    200             10.0.0.1                         10.0.0.2

                """
        )
        #expect(
            try ask("show firewall log detail", log: entries).text == """
                Time of Log: 2026-03-09 10:28:22 UTC, Filter: pfe, Filter action: discard, Name of interface: ge-0/0/0.0
                Name of protocol: TCP, Packet Length: 60, Source address: 10.70.0.2:1, Destination address: 10.70.0.1:2
                Time of Log: 2026-03-09 09:05:01 UTC, Filter: protect-re, Filter action: reject, Name of interface: local
                Name of protocol: ICMPV6, Packet Length: 60, Source address: 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1, \
                Destination address: 2001:db8::1
                ICMP type: 128, ICMP code: 0
                Time of Log: 2026-03-09 00:00:00 UTC, Filter: pfe, Filter action: accept, Name of interface: ge-0/0/0.0
                Name of protocol: 200, Packet Length: 60, Source address: 10.0.0.1, Destination address: 10.0.0.2

                """
        )
        #expect(
            try ask("show firewall log interface local", log: entries).element?.elements("log-information").count == 1
        )
        #expect(try ask("show firewall log").text.split(separator: "\n").count == 2)
    }

    @Test func `has the tags of devices`() throws {
        let entries = [
            try entry((1, 2, 3), .discard, ProtocolNumber.icmp, "10.0.0.1", "10.0.0.2", .icmp(type: 8, code: 0))
        ]
        func tags(_ command: String) throws -> [String] {
            let root = try #require(try ask(command, log: entries).element)
            #expect(root.tag == "firewall-log-information")
            guard case .elements(let leaves) = root.elements("log-information").first?.content else { return [] }
            return leaves.map { "\($0.tag)=\($0.text ?? "?")" }
        }
        #expect(
            try tags("show firewall log") == [
                "time=01:02:03", "filter-name=pfe", "action-name=D", "interface-name=ge-0/0/0.0",
                "protocol-name=ICMP", "source-address=10.0.0.1", "destination-address=10.0.0.2",
            ]
        )
        #expect(
            try tags("show firewall log detail") == [
                "time=2026-03-09 01:02:03 UTC", "filter-name=pfe", "action-name=discard", "interface-name=ge-0/0/0.0",
                "protocol-name=ICMP", "packet-length=60", "source-address=10.0.0.1", "destination-address=10.0.0.2",
                "icmp-type=8", "icmp-code=0",
            ]
        )
    }

    @Test func `is cleared`() throws {
        let effects = Effects()
        #expect(try ask("clear firewall log", effects: effects).text.isEmpty)
        #expect(effects.isLogCleared)
        #expect(effects.cleared.isEmpty)
    }

    @Test func `goes to syslog in the shapes of devices`() throws {
        func message(
            _ number: UInt8?,
            _ source: String,
            _ destination: String,
            _ transport: FirewallLogEntry.Transport,
            _ interface: String = "ge-1/0/10.0"
        ) throws -> String {
            try entry((0, 0, 0), .accept, number, source, destination, transport, interface: interface)
                .syslogMessage(packets: 2)
        }
        #expect(
            try message(ProtocolNumber.tcp, "10.0.0.1", "10.0.0.2", .ports(source: 8082, destination: 43206))
                == "PFE_FW_SYSLOG_IP: FW: ge-1/0/10.0  A  tcp 10.0.0.1 10.0.0.2  8082 43206 (2 packets)"
        )
        #expect(
            try message(ProtocolNumber.icmp, "10.0.0.1", "10.0.0.2", .icmp(type: 8, code: 0))
                == "PFE_FW_SYSLOG_IP: FW: ge-1/0/10.0  A  icmp 10.0.0.1 10.0.0.2  0 0 (2 packets)"
        )
        #expect(
            try message(ProtocolNumber.udp, "2001:db8::1", "2001:db8::2", .ports(source: 1, destination: 2))
                == "PFE_FW_SYSLOG_IP6_TCP_UDP: FW: ge-1/0/10.0 A udp SA 2001:db8::1 DA 2001:db8::2 sport 1 dport 2 "
                + "(2 packets)"
        )
        #expect(
            try message(ProtocolNumber.icmp6, "2001:db8::1", "2001:db8::2", .icmp(type: 128, code: 0))
                == "PFE_FW_SYSLOG_IP6_ICMP: FW: ge-1/0/10.0 A icmpv6 SA 2001:db8::1 DA 2001:db8::2 type 128 code 0 "
                + "(2 packets)"
        )
        #expect(
            try message(nil, "2001:db8::1", "2001:db8::2", .none)
                == "PFE_FW_SYSLOG_IP6_GEN: FW: ge-1/0/10.0 A unknown SA 2001:db8::1 DA 2001:db8::2 (2 packets)"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Every text synonym of filters reference §3.4 to §3.7, copied from there.
import Diagnostics
import JunosModel
import Testing

/// A keyword, the family, and its names with their numbers.
private let synonyms: [(keyword: String, families: [String], names: String)] = [
    (
        "protocol", ["inet"],
        """
        ah 51, dstopts 60, egp 8, esp 50, fragment 44, gre 47, hop-by-hop 0, icmp 1, icmp6 58, icmpv6 58, igmp 2, ipip 4,
        ipv6 41, no-next-header 59, ospf 89, pim 103, routing 43, rsvp 46, sctp 132, tcp 6, udp 17, vrrp 112
        """
    ),
    (
        "next-header payload-protocol", ["inet6"],
        """
        ah 51, dstopts 60, egp 8, esp 50, fragment 44, gre 47, hop-by-hop 0, icmp 1, icmp6 58, icmpv6 58, igmp 2, ipip 4,
        ipv6 41, no-next-header 59, ospf 89, pim 103, routing 43, rsvp 46, sctp 132, tcp 6, udp 17, vrrp 112, mobility 135,
        dstops 60
        """
    ),
    (
        "port source-port destination-port", ["inet", "inet6"],
        """
        afs 1483, bgp 179, biff 512, bootpc 68, bootps 67, cmd 514, cvspserver 2401, dhcp 67, domain 53, eklogin 2105,
        ekshell 2106, exec 512, finger 79, ftp 21, ftp-data 20, http 80, https 443, ident 113, imap 143, kerberos-sec 88,
        klogin 543, kpasswd 761, krb-prop 754, krbupdate 760, kshell 544, ldap 389, ldp 646, login 513, mobileip-agent 434,
        mobilip-mn 435, msdp 639, netbios-dgm 138, netbios-ns 137, netbios-ssn 139, nfsd 2049, nntp 119, ntalk 518, ntp 123,
        pop3 110, pptp 1723, printer 515, radacct 1813, radius 1812, rip 520, rkinit 2108, smtp 25, snmp 161, snmptrap 162,
        snpp 444, socks 1080, ssh 22, sunrpc 111, syslog 514, tacacs 49, tacacs-ds 65, talk 517, telnet 23, tftp 69,
        timed 525, who 513, xdmcp 177
        """
    ),
    (
        "icmp-type", ["inet"],
        """
        echo-reply 0, echo-request 8, info-reply 16, info-request 15, mask-reply 18, mask-request 17, parameter-problem 12,
        redirect 5, router-advertisement 9, router-solicit 10, source-quench 4, time-exceeded 11, timestamp 13,
        timestamp-reply 14, unreachable 3
        """
    ),
    (
        "icmp-type", ["inet6"],
        """
        destination-unreachable 1, packet-too-big 2, time-exceeded 3, parameter-problem 4, private-experimentation-100 100,
        private-experimentation-101 101, private-experimentation-200 200, private-experimentation-201 201,
        echo-request 128, echo-reply 129, membership-query 130, membership-report 131, membership-termination 132,
        router-solicit 133, router-advertisement 134, neighbor-solicit 135, neighbor-advertisement 136, redirect 137,
        router-renumbering 138, node-information-request 139, node-information-reply 140,
        inverse-neighbor-discovery-solicitation 141, inverse-neighbor-discovery-advertisement 142,
        home-agent-address-discovery-request 144, home-agent-address-discovery-reply 145, mobile-prefix-solicitation 146,
        mobile-prefix-advertisement-reply 147, certificate-path-solicitation 148, certificate-path-advertisement 149
        """
    ),
    (
        "icmp-code", ["inet"],
        """
        ip-header-bad 0, required-option-missing 1, redirect-for-network 0, redirect-for-host 1, redirect-for-tos-and-net 2,
        redirect-for-tos-and-host 3, ttl-eq-zero-during-transit 0, ttl-eq-zero-during-reassembly 1, network-unreachable 0,
        host-unreachable 1, protocol-unreachable 2, port-unreachable 3, fragmentation-needed 4, source-route-failed 5,
        destination-network-unknown 6, destination-host-unknown 7, source-host-isolated 8,
        destination-network-prohibited 9, destination-host-prohibited 10, network-unreachable-for-TOS 11,
        host-unreachable-for-TOS 12, network-unreachable-for-tos 11, host-unreachable-for-tos 12,
        communication-prohibited-by-filtering 13, host-precedence-violation 14, precedence-cutoff-in-effect 15
        """
    ),
    (
        "icmp-code", ["inet6"],
        """
        ip6-header-bad 0, unrecognized-next-header 1, unrecognized-option 2, ttl-eq-zero-during-transit 0,
        ttl-eq-zero-during-reassembly 1, no-route-to-destination 0, administratively-prohibited 1, address-unreachable 3,
        port-unreachable 4
        """
    ),
    (
        "dscp", ["inet"],
        """
        ef 46, af11 10, af12 12, af13 14, af21 18, af22 20, af23 22, af31 26, af32 28, af33 30, af41 34, af42 36, af43 38,
        be 0, cs0 0, cs1 8, cs2 16, cs3 24, cs4 32, cs5 40, cs6 48, cs7 56
        """
    ),
    (
        "traffic-class", ["inet6"],
        """
        ef 46, af11 10, af12 12, af13 14, af21 18, af22 20, af23 22, af31 26, af32 28, af33 30, af41 34, af42 36, af43 38,
        be 0, cs0 0, cs1 8, cs2 16, cs3 24, cs4 32, cs5 40, cs6 48, cs7 56
        """
    ),
    (
        "precedence", ["inet"],
        """
        routine 0, priority 1, immediate 2, flash 3, flash-override 4, critical-ecp 5, internet-control 6, net-control 7,
        0x20 1, 0xe0 7, 0xc0 6, 192 6, b101 5
        """
    ),
    (
        "ip-options", ["inet"],
        """
        loose-source-route 131, route-record 7, record-route 7, router-alert 148, security 130, stream-id 136,
        strict-source-route 137, timestamp 68
        """
    ),
    (
        "extension-header", ["inet6"],
        "ah 51, destination 60, esp 50, fragment 44, hop-by-hop 0, mobility 135, routing 43"
    ),
]

@Suite
struct NameTests {
    @Test(arguments: synonyms)
    func `a name is its number, in a condition and in its except twin`(
        _ table: (keyword: String, families: [String], names: String)
    ) throws {
        let names = table.names.split { $0 == "," || $0 == "\n" }.map { $0.split(separator: " ") }
        for family in table.families {
            for keyword in table.keyword.split(separator: " ") {
                for pair in names {
                    let number = try #require(UInt32(pair[1]))
                    for word in ["\(keyword)", "\(keyword)-except"] {
                        let result = extract(filter(family, from: "\(word) \(pair[0])"))
                        #expect(result.errors == [], "\(family) \(word) \(pair[0])")
                        #expect(values(result.conditions) == [number...number], "\(family) \(word) \(pair[0])")
                    }
                }
            }
        }
    }

    private func values(_ conditions: [MatchCondition]) -> [ClosedRange<UInt32>]? {
        switch conditions.first {
        case .number(_, let ranges, _), .ipOptions(let ranges, _, _), .extensionHeader(let ranges, _, _): ranges
        default: nil
        }
    }

    @Test
    func `what is not supported is refused with its reason`() {
        let unsupported = matchConditionSupport.compactMap { condition -> (String, FilterFamily, String)? in
            guard case .unsupported(let reason) = condition.state, let family = condition.families.first else {
                return nil
            }
            return (condition.keyword, family, reason)
        }
        #expect(unsupported.count > 20)
        for (keyword, family, reason) in unsupported {
            let result = extract(filter(family.rawValue, from: keyword))
            #expect(result.errors.contains("unsupported-statement"), "\(keyword)")
            #expect(result.diagnostics.contains { $0.text.contains(reason) }, "\(keyword)")
            #expect(result.conditions.contains(.never), "\(keyword)")
        }
    }
}

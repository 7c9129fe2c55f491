// SPDX-License-Identifier: Apache-2.0
// What the stack does around the program: fragments, sessions, packets that it loses by itself.
import Laboratory
import NetworkTypes
import NftablesIR
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct LaboratoryStackTests {
    @Test(arguments: AddressFamily.allCases)
    func `a packet without hops left is lost by the stack behind the first chain`(family: AddressFamily) throws {
        let hosts = Hosts(family: family)
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        var fields = PacketFields(ProtocolNumber.udp, from: hosts.client, to: hosts.server, destinationPort: 1201)
        fields.timeToLive = 1
        let seen = try sandbox.inject(
            Injection(try fields.build(), from: .device("eth1"), to: .device("eth2"))
        )
        #expect(seen.verdict == .accept)
        #expect(seen.isLostByStack)
        #expect(seen.lastObserver == "behind-input-filters")
        #expect(seen.answer == .icmp(type: family == .inet ? 11 : 3, code: 0))
        #expect(seen.emittedAnswers.map(\.device) == ["eth1"])
        // The input filter still judges it.
        fields.destinationPort = 1001
        let dropped = try sandbox.inject(
            Injection(try fields.build(), from: .device("eth1"), to: .device("eth2"))
        )
        #expect(dropped.verdict == .discard)
        #expect(!dropped.isLostByStack)
    }

    @Test func `a malformed header never reaches the first hook`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let good = try Hosts(family: .inet).udp(80)
        for (offset, value) in [(0, UInt8(0x55)), (0, 0x43), (2, 0x7f), (10, good.bytes[10] ^ 1)] {
            var bytes = good.bytes
            bytes[offset] = value
            let packet = Packet(family: .inet, bytes: bytes)
            let seen = try sandbox.inject(Injection(packet, from: .device("eth1"), to: .device("eth2")))
            #expect(seen.passages.isEmpty && seen.isLostByStack && seen.emitted.isEmpty)
        }
        let after = try sandbox.inject(Injection(good, from: .device("eth1"), to: .device("eth2")))
        #expect(after.emitted.count == 1)
    }

    @Test func `without a route the stack loses the packet, and with forwarding off it does too`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let hosts = Hosts(family: .inet)
        let elsewhere = try hosts.udp(80, to: IPAddress(.inet, 0x0808_0808))
        let seen = try sandbox.inject(Injection(elsewhere, from: .device("eth1"), to: .routed))
        #expect(seen.isLostByStack && seen.lastObserver == "behind-input-filters")
        let connected = try sandbox.inject(Injection(try hosts.udp(80), from: .device("eth1"), to: .routed))
        #expect(connected.emitted.map(\.device) == ["eth2"])
        let own = try sandbox.inject(
            Injection(try hosts.udp(80, to: hosts.router), from: .device("eth1"), to: .routed)
        )
        #expect(own.isDeliveredLocally)

        let closed = try Sandbox(interfaces: threeInterfaces, forwardsIPv4: false)
        let stuck = try closed.inject(Injection(try hosts.udp(80), from: .device("eth1"), to: .device("eth2")))
        #expect(stuck.isLostByStack)
        let six = Injection(try Hosts(family: .inet6).udp(80), from: .device("eth1"), to: .device("eth2"))
        #expect(try closed.inject(six).emitted.count == 1)
    }

    @Test(arguments: AddressFamily.allCases)
    func `fragments pass one by one without conntrack and as one datagram with it`(family: AddressFamily) throws {
        let whole = try Hosts(family: family).udp(80, payload: 1200)
        let fragments = whole.fragmented(payload: 600)
        #expect(fragments.count == 3)
        let injections = fragments.map { Injection($0, from: .device("eth1"), to: .device("eth2")) }
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        for seen in try sandbox.inject(injections) {
            #expect(seen.verdict == .accept && seen.emitted.count == 1)
            #expect(seen.lastObserver == "behind-output-filters")
        }
        let tracking = try Sandbox(interfaces: threeInterfaces)
        try tracking.load(stateful)
        let seen = try tracking.inject(injections)
        for held in seen[..<2] {
            #expect(held.isLostByStack && held.verdict == .accept && held.emitted.isEmpty)
        }
        #expect(seen[2].emitted.count == 3)
        #expect(seen[2].passages.filter { $0.observer == "behind-transit" }.count == 1)
        #expect(seen[2].lastObserver == "at-postrouting")
        #expect(try tracking.counters()["transit-new"]?.packets == 1)
    }

    @Test(arguments: AddressFamily.allCases)
    func `a session forms, carries its replies, and is gone when flushed`(family: AddressFamily) throws {
        let hosts = Hosts(family: family)
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(stateful)
        #expect(try sandbox.sessions() == 0)
        func segment(_ flags: UInt8, _ sequence: UInt32, _ acknowledgment: UInt32, isReply: Bool) throws -> Injection {
            var fields = PacketFields(
                ProtocolNumber.tcp,
                from: isReply ? hosts.server : hosts.client,
                to: isReply ? hosts.client : hosts.server,
                sourcePort: isReply ? 80 : 40000,
                destinationPort: isReply ? 40000 : 80
            )
            fields.tcpFlags = flags
            fields.tcpSequence = sequence
            fields.tcpAcknowledgment = acknowledgment
            let (arrival, departure) = isReply ? ("eth2", "eth1") : ("eth1", "eth2")
            return Injection(try fields.build(), from: .device(arrival), to: .device(departure))
        }
        let unsolicited = try sandbox.inject(try segment(0x12, 1, 1, isReply: true))
        #expect(unsolicited.verdict == .discard && unsolicited.droppingChain == "transit")
        let seen = try sandbox.inject(
            [
                try segment(0x02, 100, 0, isReply: false), try segment(0x12, 500, 101, isReply: true),
                try segment(0x10, 101, 501, isReply: false),
            ],
            readsCounters: true
        )
        #expect(seen.map(\.verdict) == [.accept, .accept, .accept])
        #expect(
            seen.map { $0.counters?.keys.sorted() } == [
                ["transit-new"], ["transit-established"], ["transit-established"],
            ]
        )
        #expect(try sandbox.sessions() == 1)
        try sandbox.flushSessions()
        #expect(try sandbox.sessions() == 0)
        // Mid-stream is new while tcp_loose holds.
        let again = try sandbox.inject([try segment(0x10, 101, 501, isReply: false)], readsCounters: true)[0]
        #expect(again.counters?.keys.sorted() == ["transit-new"])
    }

    @Test func `a session to the router itself is kept although nobody answers, also after a program is replaced`()
        throws
    {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        let hosts = Hosts(family: .inet)
        for _ in 0..<2 {
            try sandbox.load(stateful)
            try sandbox.flushSessions()
            let packet = try hosts.tcp(22, to: hosts.router)
            let seen = try sandbox.inject(Injection(packet, from: .device("eth1"), to: .local))
            #expect(seen.isDeliveredLocally && seen.emittedAnswers.isEmpty)
            #expect(try sandbox.sessions() == 1)
            let second = try sandbox.inject(
                [Injection(try hosts.tcp(22, flags: 0x02, to: hosts.router), from: .device("eth1"), to: .local)],
                readsCounters: true
            )[0]
            #expect(second.isDeliveredLocally)
            #expect(try sandbox.sessions() == 1)
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func `what the router sends to itself is delivered`(family: AddressFamily) throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let hosts = Hosts(family: family)
        let fields = PacketFields(ProtocolNumber.udp, from: hosts.router, to: hosts.router, destinationPort: 53)
        let seen = try sandbox.inject(Injection(try fields.build(), from: .router, to: .local))
        #expect(seen.isDeliveredLocally && seen.verdict == .accept)
        #expect(seen.passages.first?.observer == "before-from-routing-engine")
        #expect(seen.passages.contains { $0.observer == "before-input-filters" && $0.input == "lo" })
    }

    @Test func `settings of conntrack take effect with the program that loads it`() throws {
        let sandbox = try Sandbox(
            interfaces: threeInterfaces,
            sysctls: ["net/netfilter/nf_conntrack_tcp_loose": "0", "net/ipv4/no_such_setting": "1"]
        )
        try sandbox.load(stateful)
        #expect(try sandbox.unknownSysctls() == ["net/ipv4/no_such_setting"])
        let middle = try Hosts(family: .inet).tcp(80, flags: 0x10)
        let seen = try sandbox.inject(Injection(middle, from: .device("eth1"), to: .device("eth2")))
        #expect(seen.verdict == .discard)
    }
}

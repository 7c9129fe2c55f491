// SPDX-License-Identifier: Apache-2.0
// The eyes of a sandbox: complete, in order, never in the way, and quick enough to be used for every packet.
import Foundation
import Laboratory
import NetworkTypes
import NftablesIR
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct LaboratoryObserverTests {
    @Test func `a forwarded packet is seen before and behind every base chain in order`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let seen = try sandbox.inject(
            Injection(try Hosts(family: .inet).udp(80), from: .device("eth1"), to: .device("eth1.100"))
        )
        let expected = ["input-filters", "transit", "output-filters"].flatMap { ["before-\($0)", "behind-\($0)"] }
        #expect(seen.passages.map(\.observer) == expected)
        #expect(seen.passages.first?.input == "eth1")
        #expect(seen.passages.last?.output == "eth1.100")
        #expect(seen.emitted.map(\.device) == ["eth1.100"])
        let counters = try sandbox.observerCounters()
        for name in expected { #expect(counters[name]?.packets == 1) }
        #expect(counters["before-to-routing-engine"]?.packets == 0)
        #expect(counters["delivered"]?.packets == 0)
    }

    @Test func `observers do not change the program, and no other packet is there`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        #expect(try sandbox.read() == gate)
        // Long enough for the stack to announce its multicast groups, were it let.
        Thread.sleep(forTimeInterval: 1.2)
        #expect(try sandbox.counters().values.allSatisfy { $0.packets == 0 })
        #expect(try sandbox.observerCounters().values.allSatisfy { $0.packets == 0 })
    }

    @Test func `marks and log prefixes are seen where they are set`() throws {
        let chain = Chain(
            name: "marks",
            base: BaseChain(hook: .prerouting, priority: -450),
            rules: [
                Rule([.immediate(.one, RegisterValue(host: 0x0500_0000)), .metaStore(.mark, from: .one)]),
                Rule([.log(LogParameters(group: 21_324, prefix: "Sterm:7", snapLength: 128, queueThreshold: 20))]),
                Rule([.verdict(.accept)]),
            ]
        )
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(Table(family: .inet, name: "marks", chains: [chain.name: chain]))
        let seen = try sandbox.inject(
            Injection(try Hosts(family: .inet6).udp(80), from: .device("eth1"), to: .device("eth2"))
        )
        #expect(seen.passages.map(\.mark) == [0, 0x0500_0000, 0x0500_0000, 0x0500_0000])
        #expect(seen.logs.map(\.prefix) == ["Sterm:7"] && seen.logs.map(\.group) == [21_324])
    }

    @Test func `a table whose chains leave no room for observers is refused and the old one stays`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        var crowded = gate
        crowded.chains["close"] = Chain(name: "close", base: BaseChain(hook: .forward, priority: 1))
        #expect(throws: LaboratoryError.self) { try sandbox.load(crowded) }
        #expect(try sandbox.read() == gate)
    }

    @Test func `addresses of every kind can be given to devices`() throws {
        let addresses = prefixes(
            "fe80::1/64",
            "2001:db8:7::/64",
            "2001:db8:8::1/128",
            "10.0.0.0/24",
            "10.1.0.1/32",
            "10.2.0.1/31"
        )
        let sandbox = try Sandbox(interfaces: [SandboxInterface(name: "eth1", addresses: addresses, mtu: 9000)])
        try sandbox.load(gate)
        for address in addresses.map(\.address) where address.value >> 118 != 0x3fa {
            let packet = try Hosts(family: address.family).udp(80, to: address)
            let seen = try sandbox.inject(Injection(packet, from: .device("eth1"), to: .routed))
            #expect(seen.isDeliveredLocally, "\(address)")
        }
    }

    @Test func `an unknown device is refused by name`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        let packet = try Hosts(family: .inet).udp(80)
        let error = #expect(throws: LaboratoryError.self) {
            try sandbox.inject(Injection(packet, from: .device("eth9"), to: .local))
        }
        #expect(error?.description.contains("eth9") == true)
        #expect(throws: LaboratoryError.self) {
            try Sandbox(interfaces: [SandboxInterface(name: "a-name-that-is-too-long")])
        }
    }

    @Test func `sixteen devices send every packet out by the one that was asked for`() throws {
        let interfaces = (0..<16).map { number in
            let name = number % 2 == 0 ? "eth\(number)" : "eth\(number - 1).\(100 + number)"
            return SandboxInterface(name: name, addresses: prefixes("10.\(number).0.1/24", "2001:db8:\(number)::1/64"))
        }
        let sandbox = try Sandbox(interfaces: interfaces)
        try sandbox.load(gate)
        for family in AddressFamily.allCases {
            let packet = try Hosts(family: family).udp(80)
            for input in interfaces {
                let injections = interfaces.map {
                    Injection(packet, from: .device(input.name), to: .device($0.name))
                }
                let seen = try sandbox.inject(injections)
                #expect(seen.map { $0.emitted.map(\.device) } == interfaces.map { [$0.name] })
                #expect(seen.allSatisfy { $0.passages.first?.input == input.name })
            }
        }
    }

    @Test func `ten thousand packets give ten thousand results, none lost and none late`() throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let ports: [UInt16] = [80, 1001, 1002, 1201, 1202, 1401]
        var injections: [Injection] = []
        for number in 0..<10_000 {
            let hosts = Hosts(family: number % 3 == 0 ? .inet6 : .inet)
            let source = IPAddress(hosts.family, hosts.client.value + UInt128(number / 50))
            var fields = PacketFields(
                ProtocolNumber.udp,
                from: source,
                to: hosts.server,
                sourcePort: UInt16(10_000 + number),
                destinationPort: ports[number % ports.count]
            )
            fields.payloadLength = 8
            injections.append(Injection(try fields.build(), from: .device("eth1"), to: .device("eth2")))
        }
        let clock = ContinuousClock()
        var observations: [Observation] = []
        let duration = try clock.measure { observations = try sandbox.inject(injections) }
        let rate =
            Double(injections.count)
            / (Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18)
        print("laboratory: \(Int(rate)) packets a second with observers")
        #expect(observations.count == injections.count)
        for (injection, seen) in zip(injections, observations) {
            let port = injection.packet.header.destinationPort
            let isOwn = seen.emitted.allSatisfy { $0.packet.header.sourcePort == injection.packet.header.sourcePort }
            guard isOwn else {
                Issue.record("a packet came out that was not the one that went in")
                return
            }
            switch port {
            case 80: #expect(seen.verdict == .accept && seen.emitted.count == 1)
            case 1002, 1202: #expect(seen.answer != nil && seen.emittedAnswers.count == 1 && seen.emitted.isEmpty)
            default: #expect(seen.verdict == .discard && seen.emitted.isEmpty && seen.answer == nil)
            }
        }
        let counters = try sandbox.observerCounters()
        #expect(counters["before-input-filters"]?.packets == 10_000)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Small programs and packets with a known fate, for the tests of the laboratory.
import Laboratory
import NetworkTypes
import NftablesIR

/// Fates by destination port: every base chain of `gate` decides about its own hundred.
enum Fate: UInt16, CaseIterable {
    case pass = 0
    case drop = 1
    case reject = 2
    case reset = 3
}

/// A base chain that judges by destination port: `hundred` + fate.
private func gateChain(_ name: String, _ hook: BaseChain.Hook, _ priority: Int32, hundred: UInt16) -> Chain {
    func port(_ fate: Fate) -> [Expression] {
        let port = hundred + fate.rawValue
        return [
            .metaLoad(.transportProtocol, into: .one), .compare(.greaterOrEqual, .one, RegisterValue([6])),
            .payloadLoad(.transport, offset: 2, length: 2, into: .one),
            .compare(.equal, .one, RegisterValue(network: UInt128(port), count: 2)),
        ]
    }
    var rules = [Rule([.object(.counter(name))])]
    rules.append(Rule(port(.drop) + [.object(.counter("\(name)-dropped")), .verdict(.drop)]))
    if hook != .postrouting {
        rules.append(Rule(port(.reject) + [.reject(.icmp(code: hook == .input ? 3 : 1))]))
        rules.append(
            Rule(
                [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, RegisterValue([6]))] + port(.reset)
                    + [.reject(.tcpReset)]
            )
        )
    }
    rules.append(Rule([.verdict(.accept)]))
    return Chain(name: name, base: BaseChain(hook: hook, priority: priority), rules: rules)
}

/// A table with the base chains of DESIGN §4 that packets of every kind meet; without conntrack.
let gate: Table = {
    let chains = [
        gateChain("input-filters", .prerouting, -450, hundred: 1000),
        gateChain("to-routing-engine", .input, 0, hundred: 1100),
        gateChain("transit", .forward, 0, hundred: 1200),
        gateChain("from-routing-engine", .output, 0, hundred: 1300),
        gateChain("output-filters", .postrouting, 300, hundred: 1400),
    ]
    var table = Table(family: .inet, name: "gate")
    for chain in chains {
        table.chains[chain.name] = chain
        table.objects[.counter(chain.name)] = .counter
        table.objects[.counter("\(chain.name)-dropped")] = .counter
    }
    return table
}()

/// The same with a forward chain that accepts established sessions and those begun by a SYN, and nothing else.
let stateful: Table = {
    func state(_ bits: UInt32) -> [Expression] {
        [
            .conntrackLoad(.state, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: bits), xor: RegisterValue(host: 0)),
            .compare(.notEqual, .one, RegisterValue(host: 0)),
        ]
    }
    func base(_ hook: BaseChain.Hook) -> BaseChain { BaseChain(hook: hook, priority: 0) }
    var table = Table(family: .inet, name: "stateful")
    for (name, hook) in [("transit", BaseChain.Hook.forward), ("to-routing-engine", .input)] {
        for counter in ["established", "new"] { table.objects[.counter("\(name)-\(counter)")] = .counter }
        table.chains[name] = Chain(
            name: name,
            base: base(hook),
            rules: [
                Rule(state(2) + [.object(.counter("\(name)-established")), .verdict(.accept)]),
                Rule(state(8) + [.object(.counter("\(name)-new")), .verdict(.accept)]),
            ]
        )
    }
    return table
}()

/// The devices of most tests.
let threeInterfaces = [
    SandboxInterface(name: "eth1", addresses: prefixes("192.0.2.254/24", "2001:db8:1::fe/64")),
    SandboxInterface(name: "eth2", addresses: prefixes("198.51.100.254/24", "2001:db8:2::fe/64")),
    SandboxInterface(name: "eth1.100", addresses: prefixes("203.0.113.254/24", "2001:db8:3::fe/64")),
]

/// Prefixes from text.
func prefixes(_ texts: String...) -> [Prefix] { texts.compactMap { Prefix($0) } }

/// The addresses of one family that most tests use.
struct Hosts {
    let family: AddressFamily
    /// Behind eth1.
    var client: IPAddress { address("192.0.2.1", "2001:db8:1::1") }
    /// Behind eth2.
    var server: IPAddress { address("198.51.100.1", "2001:db8:2::1") }
    /// The router's own on eth1.
    var router: IPAddress { address("192.0.2.254", "2001:db8:1::fe") }

    private func address(_ inet: String, _ inet6: String) -> IPAddress {
        IPAddress(family == .inet ? inet : inet6) ?? IPAddress(family, 0)
    }

    /// A UDP datagram from client to server.
    func udp(_ port: UInt16, to destination: IPAddress? = nil, payload: Int = 8) throws -> Packet {
        var fields = PacketFields(ProtocolNumber.udp, from: client, to: destination ?? server, destinationPort: port)
        fields.payloadLength = payload
        return try fields.build()
    }

    /// A TCP segment from client to server.
    func tcp(_ port: UInt16, flags: UInt8 = 0x02, to destination: IPAddress? = nil) throws -> Packet {
        var fields = PacketFields(ProtocolNumber.tcp, from: client, to: destination ?? server, destinationPort: port)
        fields.tcpFlags = flags
        return try fields.build()
    }
}

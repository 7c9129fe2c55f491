// SPDX-License-Identifier: Apache-2.0
// Packets and small tables for the tests of this module, written out by hand so that no code under test makes them.
import NftablesEvaluator
import NftablesIR

/// Where IPv4 test packets come from and go to.
let source4: [UInt8] = [10, 1, 0, 2]
let destination4: [UInt8] = [10, 2, 0, 2]
let source6: [UInt8] = [0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
let destination6: [UInt8] = [0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]

func big(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

/// The Internet checksum, computed plainly.
func checksum(_ bytes: [UInt8]) -> Int {
    var sum = 0
    for (index, byte) in bytes.enumerated() { sum += index % 2 == 0 ? Int(byte) << 8 : Int(byte) }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~sum & 0xffff
}

func ipv4Bytes(
    _ payload: [UInt8],
    protocol number: UInt8 = 17,
    options: [UInt8] = [],
    fragment: Int = 0,
    tos: UInt8 = 0,
    ttl: UInt8 = 64
) -> [UInt8] {
    var header: [UInt8] = [0x40 | UInt8(5 + options.count / 4), tos]
    header += big(20 + options.count + payload.count) + [0, 1] + big(fragment) + [ttl, number, 0, 0]
    header += source4 + destination4 + options
    let sum = big(checksum(header))
    header[10] = sum[0]
    header[11] = sum[1]
    return header + payload
}

func ipv4(
    _ payload: [UInt8],
    protocol number: UInt8 = 17,
    options: [UInt8] = [],
    fragment: Int = 0,
    input: String? = "in0",
    output: String? = nil,
    mark: UInt32 = 0,
    conntrack: Conntrack = .none
) -> Packet {
    Packet(
        ipv4Bytes(payload, protocol: number, options: options, fragment: fragment),
        family: .ipv4,
        input: input.flatMap { InterfaceName($0) },
        output: output.flatMap { InterfaceName($0) },
        mark: mark,
        conntrack: conntrack
    )
}

func ipv6Bytes(_ next: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0x60, 0, 0, 0] + big(payload.count) + [next, 64] + source6 + destination6 + payload
}

func ipv6(_ next: UInt8, _ payload: [UInt8]) -> Packet {
    Packet(ipv6Bytes(next, payload), family: .ipv6, input: InterfaceName("in0"))
}

func udp(_ source: Int = 40000, _ destination: Int = 7777, data: [UInt8] = []) -> [UInt8] {
    big(source) + big(destination) + big(8 + data.count) + [0, 0] + data
}

func tcp(_ source: Int = 40000, _ destination: Int = 80, flags: UInt8 = 2, options: [UInt8] = []) -> [UInt8] {
    var header = big(source) + big(destination) + [0, 0, 0, 1, 0, 0, 0, 0]
    header += [UInt8(5 + options.count / 4) << 4, flags] + big(65535) + [0, 0, 0, 0]
    return header + options
}

/// A table with one forward chain, policy drop, whose only rule accepts if the expressions let it.
func table(
    _ expressions: [Expression],
    sets: [NamedSet] = [],
    objects: [ObjectKey: StatefulObject] = [:],
    chains: [Chain] = []
) -> Table {
    var table = Table(family: .inet, name: "t", objects: objects)
    let base = Chain(
        name: "base",
        base: BaseChain(hook: .forward, priority: 0),
        rules: [Rule(expressions + [.verdict(.accept)])]
    )
    for chain in chains + [base] { table.chains[chain.name] = chain }
    for set in sets { table.sets[set.name] = set }
    return table
}

/// A value of bytes in memory order.
func value(_ bytes: UInt8...) -> RegisterValue { RegisterValue(bytes) }

/// Runs `base` of a table.
func run(
    _ table: Table,
    _ packet: Packet,
    at now: UInt64 = 0,
    chain: String = "base"
) throws -> Outcome {
    var state = MachineState()
    return try Machine(table).run(chain: chain, packet, at: now, state: &state)
}

/// A seeded source of numbers (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

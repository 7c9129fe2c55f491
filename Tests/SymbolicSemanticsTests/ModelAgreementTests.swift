// SPDX-License-Identifier: Apache-2.0
// The lifted model says about each packet what the reference evaluator says. About 8,000 packets, 40 s in all.
import DecisionDiagrams
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import SymbolicSemantics
import TestSupport
import Testing

@Suite struct ModelAgreementTests {
    private static let interfaces = """
        interfaces {
            ge-0/0/0 { apply-macro linux { device eth0; } unit 0 { FAMILIES } }
            ge-1/0/0 { apply-macro linux { device eth1; } unit 0 {
                family inet { filter { group 3; } } family inet6 { filter { group 8; } } } }
        }
        """

    @Test(.timeLimit(.minutes(5)), arguments: [UInt64](1...24)) func `one filter agrees`(seed: UInt64) throws {
        let version: AddressFamily = seed.isMultiple(of: 2) ? .inet : .inet6
        let family: FilterFamily = seed.isMultiple(of: 5) ? .any : version == .inet ? .inet : .inet6
        var filters = RandomFilters(family: family.rawValue, generator: SeededGenerator(seed: seed))
        let polices = seed.isMultiple(of: 3)
        let inner = filters.filter("G", terms: 3)
        let outer = filters.filter("F", terms: 8, nesting: "G", polices: polices)
        let text =
            RandomFilters.surroundings + "firewall { family \(family) { \(inner) \(outer) } }"
            + Self.interfaces.replacing("FAMILIES", with: "family \(family) { filter { input F; } }")
        let configuration = try model(text)
        var semantics = Semantics()
        let place = FilterPlace(interface: "ge-0/0/0.0", direction: .input, family: family, version: version)
        let lifted = try #require(ModelLifting(configuration).lift(place, into: &semantics))
        let space = PacketSpace(version)
        let whole = semantics.function(lifted.list, space)
        let buckets = semantics.store.variables(whole).filter { semantics.name(of: $0) != nil }

        var evaluator = ReferenceEvaluator(configuration)
        var packets = RandomPackets(version: version, generator: SeededGenerator(seed: seed &+ 1000))
        for index in 0..<200 {
            let packet = packets.packet()
            var vector = PacketVector(id: "p", time: Double(index) * 0.01, packet: packet)
            vector.inputInterface = "ge-0/0/0.0"
            let answer = try evaluator.evaluate(filter: FilterName(family, "F"), vector)
            let told = Told(answer, configuration, version)
            var seen: Set<Told> = []
            for choice in choices(buckets, semantics) {
                var run = SymbolicPacket(packet)
                run.values.merge(choice) { $1 }
                let value = semantics.store.value(whole, run.values)
                run.run(lifted.list, semantics)
                seen.insert(Told(run, dscp: packet.header.dscp, plain: true))
                // The list as one function says the same.
                #expect(semantics.outcome(value) == run.outcome, "seed \(seed), \(packet.hex)")
            }
            #expect(seen.contains(told), "seed \(seed), \(packet.hex)\n\(told)\n\(seen)\n\(text)")
            if buckets.isEmpty { #expect(seen.count == 1) }
        }
    }

    /// Every choice of buckets' decisions: each evaluation is exceeded by its first token, or by none.
    private func choices(_ buckets: [UInt32], _ semantics: Semantics) -> [Assignment] {
        let first = buckets.filter { semantics.name(of: $0)?.hasSuffix(" 0") ?? false }.prefix(8)
        return (0..<(1 << first.count)).map { choice in
            var values: Assignment = [:]
            for (index, bucket) in first.enumerated() { values[bucket] = choice >> index & 1 == 1 }
            return values
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [UInt64](1...20)) func `a packet's way agrees`(seed: UInt64) throws {
        let version: AddressFamily = seed.isMultiple(of: 2) ? .inet : .inet6
        let family: FilterFamily = version == .inet ? .inet : .inet6
        let way = try Way(seed, family)
        var semantics = Semantics()
        let lifting = ModelLifting(way.configuration)
        var evaluator = ReferenceEvaluator(way.configuration)
        var packets = RandomPackets(version: version, generator: SeededGenerator(seed: seed &+ 2000))
        var judged = 0
        for index in 0..<160 {
            let packet = packets.packet()
            let vector = way.vector(packet, index)
            let answer = try evaluator.evaluate(vector)
            if answer.stackReach == .nothing || answer.stage == .reassembly { continue }
            judged += 1
            var run = SymbolicPacket(packet)
            way.run(&run, vector, lifting, &semantics)
            let told = Told(answer, way.configuration, version)
            let symbolic = Told(run, dscp: packet.header.dscp)
            #expect(symbolic == told, "seed \(seed), \(vector)\n\(way.text)")
        }
        #expect(judged > 60)
    }

    /// A plain router with filters everywhere, and the order in which a packet meets them.
    private struct Way {
        let text: String
        let configuration: JunosConfiguration

        init(_ seed: UInt64, _ family: FilterFamily) throws {
            var own = RandomFilters(family: family.rawValue, generator: SeededGenerator(seed: seed))
            var any = RandomFilters(family: "any", generator: SeededGenerator(seed: seed &+ 500))
            let ownFilters = ["A", "B", "C", "D"].map { own.filter($0, terms: 4) }.joined(separator: " ")
            let anyFilters = ["X", "Y"].map { any.filter($0, terms: 2) }.joined(separator: " ")
            text =
                RandomFilters.surroundings
                    + """
                    firewall { family \(family) { \(ownFilters) } family any { \(anyFilters) } }
                    interfaces {
                        ge-0/0/0 { apply-macro linux { device eth0; } unit 0 {
                            family any { filter { input X; } }
                            family \(family) { filter { input-list [ A B ]; group 7; } } } }
                        ge-1/0/0 { apply-macro linux { device eth1; } unit 0 {
                            family any { filter { output Y; } }
                            family \(family) { filter { output C; input A; group 3; } } } }
                        lo0 { unit 0 { family \(family) { filter { input D; output B; } } } }
                    }
                    """
            configuration = try model(text)
        }

        func vector(_ packet: Packet, _ index: Int) -> PacketVector {
            var vector = PacketVector(id: "p\(index)", packet: packet)
            vector.inputInterface = ["ge-0/0/0.0", "ge-0/0/0.0", "ge-1/0/0.0", "local"][index % 4]
            vector.outputInterface = ["ge-1/0/0.0", "local", "ge-1/0/0.0", "ge-1/0/0.0"][index % 4]
            return vector
        }

        func run(
            _ run: inout SymbolicPacket,
            _ vector: PacketVector,
            _ lifting: ModelLifting,
            _ semantics: inout Semantics
        ) {
            let version = vector.packet.family
            let devices = ["ge-0/0/0.0": "eth0", "ge-1/0/0.0": "eth1"]
            var places: [FilterPlace] = []
            func add(_ interface: String, _ direction: FilterDirection, _ pass: FilterPass = .packetForwardingEngine) {
                places += lifting.places(interface: interface, direction: direction, version: version, pass: pass)
            }
            let input = vector.inputInterface ?? ""
            let output = vector.outputInterface ?? ""
            if input == "local" { add("lo0.0", .output) } else { add(input, .input) }
            let received = places.count
            if output == "local" {
                add(input, .input, .routingEngine)
                add("lo0.0", .input)
            } else {
                add(output, .output)
            }
            for (index, place) in places.enumerated() {
                if index == received { arrive(&run, vector, devices[input], output, &semantics) }
                guard let lifted = lifting.lift(place, into: &semantics) else { continue }
                run.run(lifted.list, semantics)
                guard run.outcome.ending == .accept else { return }
                run.outcome.ending = .proceed
            }
        }

        /// What changes between the filters of the two ends: the device becomes a variable, the TTL one less.
        private func arrive(
            _ run: inout SymbolicPacket,
            _ vector: PacketVector,
            _ device: String?,
            _ output: String,
            _ semantics: inout Semantics
        ) {
            if let device { run.values[semantics.variable(named: "input \(device)")] = true }
            guard device != nil, output != "local" else { return }
            let timeToLive = vector.packet.forwarded().header.timeToLive
            for (bit, variable) in run.space.variables(.timeToLive).reversed().enumerated() {
                run.values[variable] = timeToLive >> UInt8(bit) & 1 == 1
            }
        }
    }
}

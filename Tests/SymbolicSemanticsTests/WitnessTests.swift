// SPDX-License-Identifier: Apache-2.0
// From conditions to packets and back: what the domain says, what a witness is. 20 s in all.
import DecisionDiagrams
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import SymbolicSemantics
import TestSupport
import Testing

@Suite struct WitnessTests {
    /// Every variable of the space.
    private static func variables(_ space: PacketSpace) -> [UInt32] {
        var fields: [SpaceField] = [
            .fragmentWord, .upperProtocol, .destination, .source, .trafficClass, .timeToLive, .lengthField, .mark,
        ]
        fields.append(space.version == .inet ? .headerWords : .nextHeader)
        fields += (0..<64).map { .transportOctet($0) }
        var properties = (1...64).map { SpaceProperty.transportReaches($0) }
        properties += space.version == .inet ? [7, 131, 137, 148].map { .ipv4Option($0) } : [.hasUpperProtocol]
        if space.version == .inet6 { properties += [0, 43, 44, 60, 135].map { .extensionHeader($0) } }
        return fields.flatMap(space.variables) + properties.map(space.variable)
    }

    @Test(.timeLimit(.minutes(2)), arguments: AddressFamily.allCases) func `every packet is in the domain`(
        version: AddressFamily
    ) {
        let seed: UInt64 = 77
        var packets = RandomPackets(version: version, generator: SeededGenerator(seed: seed))
        var semantics = Semantics()
        let space = PacketSpace(version)
        let all = Self.variables(space)
        let few = all.filter { variable in
            ![11, 13, 17, 25].contains { space.variable(.transportReaches($0)) == variable }
                && !space.variables(.lengthField).contains(variable)
        }
        let everything = PacketDomain(space).region(all, &semantics)
        let less = PacketDomain(space).region(few, &semantics)
        let whole = PacketDomain(space, wholeDatagrams: true).region(all, &semantics)
        // Small, also where every octet counts.
        #expect(semantics.store.size(everything) < 40000 && semantics.store.size(less) < 4000)
        for _ in 0..<1000 {
            let packet = packets.packet()
            guard packet.header.isWellFormed else { continue }
            let values = space.assignment(of: packet)
            #expect(semantics.store.value(everything, values) == 1, "seed \(seed), \(packet.hex)")
            #expect(semantics.store.value(less, values) == 1, "seed \(seed), \(packet.hex)")
            #expect((semantics.store.value(whole, values) == 1) != packet.header.isFragment, "\(packet.hex)")
        }
    }

    @Test(.timeLimit(.minutes(3)), arguments: [UInt64](1...24)) func `a term has a packet, and one beside it`(
        seed: UInt64
    ) throws {
        let version: AddressFamily = seed.isMultiple(of: 2) ? .inet : .inet6
        let family: FilterFamily = version == .inet ? .inet : .inet6
        var filters = RandomFilters(family: family.rawValue, generator: SeededGenerator(seed: seed &+ 4000))
        let names = (0..<10).map { "F\($0)" }
        let texts = names.map { filters.filter($0, terms: 1) }.joined(separator: "\n")
        let interfaces = names.enumerated().map { index, name in
            "ge-0/0/\(index) { apply-macro linux { device eth\(index); } unit 0 { family \(family) "
                + "{ filter { input \(name); } } } }"
        }
        let configuration = try model(
            RandomFilters.surroundings + "firewall { family \(family) { \(texts) } }"
                + "interfaces { \(interfaces.joined(separator: " ")) }"
        )
        let lifting = ModelLifting(configuration)
        var evaluator = ReferenceEvaluator(configuration)
        let space = PacketSpace(version)
        for (index, name) in names.enumerated() {
            var semantics = Semantics()
            let interface = "ge-0/0/\(index).0"
            let place = FilterPlace(interface: interface, direction: .input, family: family, version: version)
            let list = try #require(lifting.lift(place, into: &semantics)).list
            // A packet arrives with no class and no priority.
            let unmarked = Assignment(uniqueKeysWithValues: space.variables(.mark).map { ($0, false) })
            let match = semantics.store.fixing(list.entries[0].match, unmarked)
            let domain = PacketDomain(space).region(semantics.store.variables(match), &semantics)
            for (isMeant, region) in [(true, match), (false, semantics.store.not(match))] {
                let possible = semantics.store.and(region, domain)
                guard let witness = semantics.store.witness(possible) else { continue }
                let found = try semantics.packet(for: witness, space)
                let header = found.packet.header
                #expect(header.isWellFormed && header.hasValidHeaderChecksum, "\(found.packet.hex)")
                var vector = PacketVector(id: "p", packet: found.packet)
                vector.inputInterface = interface
                let answer = try evaluator.evaluate(filter: FilterName(family, name), vector)
                let isMatched = answer.decidedBy?.hasSuffix("implicit-discard") == false
                #expect(isMatched == isMeant, "seed \(seed), \(name), \(found.packet.hex)\n\(texts)")
            }
        }
    }

    @Test func `a witness honours what is decided, and reads well`() throws {
        let space = PacketSpace(.inet)
        var semantics = Semantics()
        var region = semantics.store.isEqual(space.bits(.upperProtocol), 6)
        let port = [2, 3].flatMap { space.bits(.transportOctet($0)) }
        region = semantics.store.and(region, semantics.store.isEqual(port, 443))
        region = semantics.store.and(region, semantics.store.variable(space.variable(.transportReaches(4))))
        region = semantics.store.and(region, semantics.store.variable(semantics.variable(named: "input eth3")))
        let found = try semantics.packet(for: #require(semantics.store.witness(region)), space)
        var plain = PacketFields(
            6,
            from: try #require(IPAddress("192.0.2.1")),
            to: try #require(IPAddress("198.51.100.1")),
            sourcePort: 40000,
            destinationPort: 443
        )
        plain.identification = 0
        #expect(found.packet == (try plain.build()))
        #expect(found.inputDevice == "eth3")
    }

    @Test func `what contradicts itself has no witness`() throws {
        var semantics = Semantics()
        let space = PacketSpace(.inet)
        var values = space.variables(.lengthField).reduce(into: Assignment()) { $0[$1] = false }
        values[space.variable(.transportReaches(4))] = true
        #expect(throws: WitnessProblem.self) { try semantics.packet(for: values, space) }
        let devices = [semantics.variable(named: "input a"): true, semantics.variable(named: "input b"): true]
        #expect(throws: WitnessProblem.severalDevices(["a", "b"])) { try semantics.packet(for: devices, space) }
        // The domain says so, too.
        let length = semantics.store.isEqual(space.bits(.lengthField), 23)
        let reaching = semantics.store.variable(space.variable(.transportReaches(4)))
        let both = semantics.store.and(length, reaching)
        let domain = PacketDomain(space).region(semantics.store.variables(both) + devices.keys, &semantics)
        #expect(semantics.store.and(both, domain) == .no)
        var together = Diagram.yes
        for device in devices.keys { together = semantics.store.and(together, semantics.store.variable(device)) }
        #expect(semantics.store.and(together, domain) == .no)
    }

    /// Values of an IPv6 packet that only some chain of headers has.
    @Test(
        arguments: [
            ([SpaceProperty.extensionHeader(60)], 17, false, "a destination header before UDP"),
            ([.extensionHeader(0), .extensionHeader(44)], 6, false, "a first fragment behind hop-by-hop options"),
            ([.extensionHeader(44)], 17, true, "a later fragment of UDP"), ([], 135, false, "mobility"),
        ] as [([SpaceProperty], Int, Bool, String)]
    ) func `chains of headers are built`(
        headers: [SpaceProperty],
        upper: Int,
        isLater: Bool,
        what: String
    ) throws {
        let space = PacketSpace(.inet6)
        var semantics = Semantics()
        var region = semantics.store.isEqual(space.bits(.upperProtocol), UInt128(upper))
        for header in headers + [.hasUpperProtocol] {
            region = semantics.store.and(region, semantics.store.variable(space.variable(header)))
        }
        if isLater { region = semantics.store.and(region, semantics.store.isEqual(space.bits(.fragmentWord), 0x0140)) }
        let found = try semantics.packet(for: #require(semantics.store.witness(region)), space)
        let header = found.packet.header
        #expect(header.isWellFormed && Int(header.upperProtocol ?? 0) == upper, "\(what): \(found.packet.hex)")
        #expect(header.extensionHeaders.count == headers.count, "\(what): \(found.packet.hex)")
        #expect(header.fragmentOffset == (isLater ? 0x28 : 0), "\(what)")
    }
}

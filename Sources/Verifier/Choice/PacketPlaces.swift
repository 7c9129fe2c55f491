// SPDX-License-Identifier: Apache-2.0
// Where packets can enter and leave a configured router, and what an ordinary packet there looks like.
import JunosModel
import NetworkTypes

/// One way through the router.
struct PacketPlace: Hashable {
    /// A logical interface or `local`.
    var input: String
    /// A logical interface or `local`.
    var output: String
    /// The packets' version.
    var version: AddressFamily
}

/// Interfaces of a configuration and ordinary packets between them; hands out ports that no other packet has.
struct PacketPlaces {
    let configuration: JunosConfiguration
    /// Logical interfaces with a device, in order.
    let interfaces: [LogicalInterface]
    private var positions: [String: Int] = [:]
    private var zones: [String: String] = [:]
    private var ownAddresses: Set<IPAddress> = []
    private var port: UInt16 = 32768
    private var identification: UInt32 = 1
    var random: SeededGenerator

    init(_ configuration: JunosConfiguration, seed: UInt64) {
        self.configuration = configuration
        interfaces = configuration.interfaces.filter { !$0.isRoutingEngine && $0.device != nil }
        for (index, interface) in interfaces.enumerated() { positions[interface.name] = index }
        for zone in configuration.security?.zones ?? [] {
            for member in zone.interfaces { zones[member.name] = zone.name }
        }
        for interface in configuration.interfaces {
            ownAddresses.formUnion(interface.families.values.flatMap(\.addresses).map(\.address))
        }
        random = SeededGenerator(seed: seed)
    }

    /// Whether the address is the router's: as a source the stack drops it.
    func isOwn(_ address: IPAddress) -> Bool { ownAddresses.contains(address) }

    /// The zone of an interface; nil for the null zone.
    func zone(of interface: String) -> String? { zones[interface] }

    /// Whether packets of a version make sense there.
    func carries(_ interface: LogicalInterface, _ version: AddressFamily) -> Bool {
        let configured = interface.families.keys.filter { $0 != .any }
        return configured.isEmpty || configured.contains(version == .inet ? .inet : .inet6)
    }

    /// Interfaces that carry a version.
    func interfaces(_ version: AddressFamily) -> [LogicalInterface] { interfaces.filter { carries($0, version) } }

    /// A source port that no chosen packet has yet, high enough to be nobody's service.
    mutating func freshPort() -> UInt16 {
        port = port == 60999 ? 32768 : port + 1
        return port
    }

    /// A datagram identification that no chosen packet has yet.
    mutating func freshIdentification() -> UInt32 {
        identification = identification % 65535 + 1
        return identification
    }

    /// An ordinary SYN on its way.
    mutating func draft(_ place: PacketPlace) -> Draft {
        var fields = PacketFields(
            ProtocolNumber.tcp,
            from: place.input == PacketVector.local
                ? own(place.output, place.version) : neighbour(place.input, place.version),
            to: place.output == PacketVector.local
                ? own(place.input, place.version) : neighbour(place.output, place.version),
            sourcePort: freshPort(),
            destinationPort: 80
        )
        fields.identification = freshIdentification()
        return Draft(input: place.input, output: place.output, fields: fields)
    }

    /// Somebody on the far side of an interface.
    mutating func neighbour(_ interface: String, _ version: AddressFamily) -> IPAddress {
        let index = UInt128(positions[interface] ?? 0)
        let host = UInt128(random.next() % 199) + 17
        guard let prefix = prefix(interface, version) else {
            // Documentation addresses where the configuration names none (RFC 5737, RFC 3849).
            return version == .inet
                ? IPAddress(.inet, 0xc612_0000 + (index % 512) << 8 + host)
                : IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | (0x1000 + index) << 64 | host)
        }
        let room = UInt128(1) << UInt128(min(version.bits - prefix.length, 16))
        guard room > 3 else { return IPAddress(version, prefix.address.value ^ 1) }
        let address = IPAddress(version, prefix.first.value + 1 + host % (room - 2))
        guard address == prefix.address else { return address }
        return IPAddress(version, prefix.first.value + 1 + (host + 1) % (room - 2))
    }

    /// The router's own address on an interface.
    func own(_ interface: String, _ version: AddressFamily) -> IPAddress {
        prefix(interface, version)?.address
            ?? (version == .inet ? IPAddress(.inet, 0xc000_0201) : IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | 1))
    }

    private func prefix(_ interface: String, _ version: AddressFamily) -> Prefix? {
        guard let position = positions[interface] else { return nil }
        return interfaces[position].families[version == .inet ? .inet : .inet6]?.addresses.first
    }

    /// Ways from an interface, or to it, through the router.
    func places(through interface: LogicalInterface, isInput: Bool, _ version: AddressFamily) -> [PacketPlace] {
        let others = interfaces(version).filter { $0.name != interface.name }
        // Another zone first: between interfaces of one zone often nothing is permitted.
        let zone = zone(of: interface.name)
        let ordered =
            others.filter { self.zone(of: $0.name) != zone } + others.filter { self.zone(of: $0.name) == zone }
        let far = ordered.map(\.name) + (others.isEmpty ? [interface.name] : [])
        let transit = far.map {
            isInput
                ? PacketPlace(input: interface.name, output: $0, version: version)
                : PacketPlace(input: $0, output: interface.name, version: version)
        }
        let local = PacketVector.local
        return transit + [
            isInput
                ? PacketPlace(input: interface.name, output: local, version: version)
                : PacketPlace(input: local, output: interface.name, version: version)
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0
// Packets to the router and through interfaces of no zone: what host-inbound-traffic lets in and what it does not.
import JunosModel
import NetworkTypes

/// A protocol with the port or ICMP type that tells services apart.
private struct Service {
    var number: UInt8
    var value: UInt16?

    init(_ number: UInt8, _ value: UInt16? = nil) {
        self.number = number
        self.value = value
    }
}

/// One packet a service of flow reference §3.3, and those beside ranges.
private let services: [Service] =
    [21, 22, 23, 53, 79, 80, 113, 179, 443, 513, 514, 639, 646, 830, 2900, 2901, 3220, 3221, 5060, 1, 65535, 8080]
    .map { Service(ProtocolNumber.tcp, $0) }
    + [
        53, 67, 68, 69, 123, 161, 162, 500, 520, 521, 546, 547, 646, 3503, 3784, 3785, 4500, 4784, 5060, 8503, 9875,
        28672, 33433, 33434, 33523, 33524, 1, 65535,
    ].map { Service(ProtocolNumber.udp, $0) }
    + ([2, 46, 47, 50, 54, 89, 103, 112, 113, 134, 200] as [UInt8]).map { Service($0) }
    + [0, 8, 9, 10, 11, 13, 15, 17].map { Service(ProtocolNumber.icmp, $0) }
    + [1, 128, 129, 130, 133, 134, 135, 136, 137, 139, 143, 144].map { Service(ProtocolNumber.icmp6, $0) }

/// Chooses packets to the router, from it, and for the null zone.
func chooseHostPackets(_ places: inout PacketPlaces, into collector: inout ChoiceCollector) {
    let local = PacketVector.local
    for version in AddressFamily.allCases {
        let other = version == .inet ? ProtocolNumber.icmp6 : ProtocolNumber.icmp
        for (index, interface) in places.interfaces(version).enumerated() {
            collector.beginGroup()
            let inward = PacketPlace(input: interface.name, output: local, version: version)
            let outward = PacketPlace(input: local, output: interface.name, version: version)
            // Every service on the first interfaces; on many more, a different few on each.
            let chosen = services.indices.filter { index < 16 || ($0 + index) % 8 == 0 }
            for service in chosen.map({ services[$0] }) where service.number != other {
                var draft = places.draft(inward)
                set(service, &draft)
                draft.fields.icmpIdentifier = places.freshPort()
                collector.add(.first, [draft])
            }
            // The router's address on another interface, which that interface's zone has a say in (flow reference §3.4).
            for other in places.interfaces(version) where other.name != interface.name {
                var draft = places.draft(inward)
                draft.fields.destination = places.own(other.name, version)
                draft.fields.destinationPort = 22
                collector.add(index < 16 ? .witness : .variant, [draft])
                set(Service(version == .inet ? 1 : 58, version == .inet ? 8 : 128), &draft)
                draft.fields.icmpIdentifier = places.freshPort()
                collector.add(.variant, [draft])
            }
            // From the router: a session that it opens, and one that it answers.
            let sent = places.draft(outward)
            collector.add(.witness, [sent])
            collector.add(.sequence, Conversation(sent).wholeSession(&places))
            var query = places.draft(outward)
            set(Service(ProtocolNumber.udp, 53), &query)
            collector.add(.sequence, Conversation(query).wholeSession(&places))
            var arrived = places.draft(inward)
            arrived.fields.destinationPort = 22
            collector.add(.sequence, Conversation(arrived).wholeSession(&places))
            for run in Conversation(arrived).strays(&places) { collector.add(.variant, run) }
            var ping = places.draft(inward)
            set(Service(version == .inet ? 1 : 58, version == .inet ? 8 : 128), &ping)
            collector.add(.sequence, Conversation(ping).wholeSession(&places))
        }
    }
    chooseDiscoveryInTransit(&places, &collector)
    chooseUnzoned(&places, &collector)
}

/// Neighbour discovery and MLD that somebody wants forwarded: untracked, so dropped (DESIGN §3.15, §3.16).
private func chooseDiscoveryInTransit(_ places: inout PacketPlaces, _ collector: inout ChoiceCollector) {
    let interfaces = places.interfaces(.inet6).map(\.name)
    guard let input = interfaces.first, let output = interfaces.dropFirst().first else { return }
    collector.beginGroup()
    for type in [130, 133, 135, 137, 143] as [UInt16] {
        var draft = places.draft(PacketPlace(input: input, output: output, version: .inet6))
        set(Service(ProtocolNumber.icmp6, type), &draft)
        collector.add(.witness, [draft])
    }
}

private func set(_ service: Service, _ draft: inout Draft) {
    draft.fields.protocolNumber = service.number
    if service.number == ProtocolNumber.icmp || service.number == ProtocolNumber.icmp6 {
        draft.fields.icmpType = service.value.map { UInt8(truncatingIfNeeded: $0) }
    } else if let port = service.value {
        draft.fields.destinationPort = port
    }
}

/// Interfaces without a zone, paired with one of each zone, the router, and themselves.
private func chooseUnzoned(_ places: inout PacketPlaces, _ collector: inout ChoiceCollector) {
    guard places.configuration.security != nil else { return }
    for version in AddressFamily.allCases {
        let interfaces = places.interfaces(version).map(\.name)
        var zones: Set<String> = []
        let zoned = interfaces.filter { name in places.zone(of: name).map { zones.insert($0).inserted } ?? false }
        for name in interfaces where places.zone(of: name) == nil {
            collector.beginGroup()
            collector.add(.witness, [places.draft(PacketPlace(input: name, output: name, version: version))])
            for other in zoned + [PacketVector.local] {
                collector.add(.witness, [places.draft(PacketPlace(input: name, output: other, version: version))])
                collector.add(.witness, [places.draft(PacketPlace(input: other, output: name, version: version))])
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The packets that a verification sends when nobody gives it any (DESIGN §5).
public import JunosModel
public import NetworkTypes

/// Chooses packets so that every term of every attached filter, every element of every list and every boundary (first,
/// last, one outside) is met wherever a packet of the configuration can meet it.
///
/// The choice depends on the configuration and the seed alone. Every beginning of it is broad: what reaches statements
/// comes first, then first and last values, then values outside, then conversations and datagrams in fragments, then
/// other variants, each round by statement. Its size is linear in the configuration's.
///
/// Ports, ICMP identifiers and datagram identifications differ from packet to packet, so that sessions and reassembly
/// of different vectors never meet. Times rise by a millisecond a packet.
///
/// Token buckets: a real run is quicker than the vectors' times, so buckets must not come near their edge in either. Where
/// filters police, packets are left out as soon as all packets that could be charged to a policer would together take
/// half its depth; every policed packet therefore conforms, at any speed.
///
/// - Parameters:
///   - configuration: The configuration whose statements are to be met.
///   - atLeast: How many packets are wanted even if the statements need fewer; fewer come only where the configuration
///     has no interface with a device.
///   - seed: What repeats the random part.
/// - Returns: Vectors in order of time, with unique ids.
public func choosePackets(
    _ configuration: JunosConfiguration,
    atLeast: Int = 1000,
    seed: UInt64
) -> [PacketVector] {
    var places = PacketPlaces(configuration, seed: seed)
    guard !places.interfaces.isEmpty else { return [] }
    var collector = ChoiceCollector()
    var filters = FilterChoice()
    var probe = PathProbe(configuration)
    filters.choose(&places, &probe, into: &collector)
    PolicyChoice(configuration)?.choose(&places, &probe, into: &collector)
    chooseHostPackets(&places, into: &collector)

    var vectors = VectorList(PolicerBudget(configuration))
    // Small configurations get every variant; beyond, what is essential decides.
    let limit = max(atLeast, collector.essential + collector.essential / 2, 8000)
    for run in collector.inOrder() {
        if vectors.list.count >= limit { break }
        vectors.add(run)
    }
    var misses = 0
    while vectors.list.count < atLeast, misses < 4 * atLeast {
        let before = vectors.list.count
        vectors.add([filler(&places)])
        if vectors.list.count == before { misses += 1 }
    }
    return vectors.list
}

/// A packet of no particular kind between any two places.
private func filler(_ places: inout PacketPlaces) -> Draft {
    let version: AddressFamily =
        places.interfaces(.inet).isEmpty || (!places.interfaces(.inet6).isEmpty && places.random.next() % 4 == 0)
        ? .inet6 : .inet
    let names = places.interfaces(version).map(\.name)
    let input = names.randomElement(using: &places.random) ?? PacketVector.local
    let output = (names.filter { $0 != input } + [PacketVector.local]).randomElement(using: &places.random)
    var draft = places.draft(PacketPlace(input: input, output: output ?? PacketVector.local, version: version))
    let icmp: UInt8 = version == .inet ? 1 : 58
    draft.fields.protocolNumber = ([6, 6, 17, 17, icmp, 47] as [UInt8]).randomElement(using: &places.random)
    draft.fields.destinationPort = UInt16(truncatingIfNeeded: places.random.next())
    draft.fields.icmpIdentifier = places.freshPort()
    draft.fields.dscp = UInt8(places.random.next() % 64)
    draft.fields.payloadLength = Int(places.random.next() % 1200)
    return draft
}

/// Vectors as they are named and timed, without repetitions.
private struct VectorList {
    private(set) var list: [PacketVector] = []
    private var seen: Set<PacketVector> = []
    private var budget: PolicerBudget

    init(_ budget: PolicerBudget) { self.budget = budget }

    /// Adds the packets of a run that describe one and are affordable.
    mutating func add(_ run: [Draft]) {
        for draft in run {
            guard let packet = draft.build() else { continue }
            let isTCP = packet.header.upperProtocol == ProtocolNumber.tcp
            var vector = PacketVector(
                id: "",
                inputInterface: draft.input,
                outputInterface: draft.output,
                packet: packet,
                leavesSequenceOpen: draft.continuesSession && isTCP && draft.ready == nil,
                leavesAcknowledgmentOpen: draft.continuesSession && isTCP && draft.ready == nil
            )
            guard run.count > 1 || seen.insert(vector).inserted, budget.affords(vector) else { continue }
            vector.id = "chosen-\(list.count + 1)"
            vector.time = Double(list.count) / 1000
            list.append(vector)
        }
    }
}

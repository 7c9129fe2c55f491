// SPDX-License-Identifier: Apache-2.0
// A chosen packet before it has a name and a time, and the ranks that decide which ones come first.
import NetworkTypes

/// One packet on its way in and out.
struct Draft {
    /// The logical interface it arrives on, or `local`.
    var input: String
    /// The logical interface it leaves by, or `local`.
    var output: String
    /// What it is built from.
    var fields: PacketFields
    /// Octets written over the upper-layer header, which is made long enough for them.
    var transportPatch: (offset: Int, octets: [UInt8])?
    /// Bits written anywhere into the packet, which is made long enough for them.
    var bitPatch: BitPatch?
    /// The reserved bit of the IPv4 fragment word, which fields cannot say.
    var hasReservedBit = false
    /// A whole packet instead of fields: a fragment of a datagram, or the answer in a conversation.
    var ready: Packet?
    /// Whether TCP numbers continue the session.
    var continuesSession = false

    init(input: String, output: String, fields: PacketFields) {
        self.input = input
        self.output = output
        self.fields = fields
    }

    /// The packet; nil where the fields describe none.
    func build() -> Packet? {
        if let ready { return ready }
        var fields = fields
        if let transportPatch, fields.length == nil {
            fields.payloadLength = max(fields.payloadLength ?? 0, transportPatch.offset + transportPatch.octets.count)
        }
        if let bitPatch, fields.length == nil {
            fields.payloadLength = max(fields.payloadLength ?? 0, bitPatch.payloadLength)
        }
        guard let packet = try? fields.build() else { return nil }
        guard transportPatch != nil || bitPatch != nil || hasReservedBit else { return packet }
        var bytes = packet.bytes
        if let transportPatch, let start = packet.header.transportOffset {
            let place = start + transportPatch.offset
            guard place + transportPatch.octets.count <= bytes.count else { return nil }
            bytes.replaceSubrange(place..<place + transportPatch.octets.count, with: transportPatch.octets)
        }
        if let bitPatch {
            guard let patched = bitPatch.applied(to: Packet(family: packet.family, bytes: bytes)) else { return nil }
            bytes = patched
        }
        guard packet.family == .inet else { return Packet(family: packet.family, bytes: bytes) }
        if hasReservedBit { bytes[6] |= 0x80 }
        // Setting the DSCP that is there already mends the header checksum.
        return Packet(family: .inet, bytes: bytes).settingDSCP(bytes[1] >> 2)
    }
}

/// How much a packet adds to what is covered; lower ones come first in a run.
enum ChoiceRank: Int, CaseIterable, Comparable {
    /// A packet that reaches the statement at all.
    case witness
    /// The first value of an element.
    case first
    /// The last value of an element.
    case last
    /// One beside an element.
    case outside
    /// A conversation or a datagram in fragments.
    case sequence
    /// Something besides: other protocols, fragments, cut headers.
    case variant

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Gathers drafts and hands them out so that every beginning of the run is broad.
struct ChoiceCollector {
    /// Packets that only make sense in this order.
    typealias Run = [Draft]

    private var groups: [ChoiceRank: [Int: [Run]]] = [:]
    private var order: [ChoiceRank: [Int]] = [:]
    private(set) var group = 0
    /// Runs of ranks up to `outside`.
    private(set) var essential = 0

    /// Begins a new group: one statement at one place.
    mutating func beginGroup() { group += 1 }

    /// Adds a run of the current group.
    mutating func add(_ rank: ChoiceRank, _ run: Run) {
        if rank <= .outside { essential += 1 }
        if groups[rank]?[group] == nil { order[rank, default: []].append(group) }
        groups[rank, default: [:]][group, default: []].append(run)
    }

    /// All runs: rank by rank, and within a rank one of each group in turn.
    func inOrder() -> [Run] {
        var result: [Run] = []
        for rank in ChoiceRank.allCases {
            let lists = (order[rank] ?? []).map { groups[rank]?[$0] ?? [] }
            var alive = Array(lists.indices)
            var round = 0
            while !alive.isEmpty {
                alive.removeAll { lists[$0].count <= round }
                for index in alive { result.append(lists[index][round]) }
                round += 1
            }
        }
        return result
    }
}

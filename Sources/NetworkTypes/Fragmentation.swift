// SPDX-License-Identifier: Apache-2.0
// Datagrams into fragments and back, as the kernel's reassembly before conntrack does it (kernel facts §1.2).

extension Packet {
    /// The fragments of a whole datagram, each with at most `payload` octets behind its IP (and fragment) header,
    /// rounded down to a multiple of eight.
    ///
    /// A packet that fits, or is no whole well-formed one, stays as it is.
    public func fragmented(payload: Int, identification: UInt32 = 1) -> [Packet] {
        let header = header
        let step = payload / 8 * 8
        let start = header.headerLength
        guard header.isWellFormed, !header.isFragment, header.fragmentHeaderOffset == nil, step > 0,
            header.end - start > step
        else { return [self] }
        return stride(from: start, to: header.end, by: step).map { first in
            let last = min(first + step, header.end)
            let more = last < header.end
            let offset = UInt16((first - start) / 8)
            var octets = Array(bytes[..<start])
            switch family {
            case .inet:
                octets.replaceSubrange(4..<6, with: halfword(UInt16(truncatingIfNeeded: identification)))
                octets.replaceSubrange(6..<8, with: halfword(offset | (more ? 0x2000 : 0)))
                octets.replaceSubrange(2..<4, with: halfword(UInt16(start + last - first)))
                updateIPv4Checksum(&octets)
            case .inet6:
                octets += [octets[6], 0] + halfword(offset << 3 | (more ? 1 : 0)) + fullword(identification)
                octets[6] = ProtocolNumber.fragment
                octets.replaceSubrange(4..<6, with: halfword(UInt16(8 + last - first)))
            }
            return Packet(family: family, bytes: octets + bytes[first..<last])
        }
    }
}

/// Fragments that wait for the rest of their datagram.
///
/// `Context` is what the caller keeps beside each fragment; a completed datagram carries the first fragment's.
public struct FragmentReassembly<Context: Sendable>: Sendable {
    /// What became of a packet.
    public enum Outcome: Sendable {
        /// It is no fragment.
        case whole
        /// It waits, or repeats what is there already.
        case held
        /// It completed the datagram.
        case complete(Packet, Context)
        /// It does not fit the others; the datagram is given up (overlap, two ends, too long).
        case dropped
    }

    /// What fragments of one datagram share.
    private struct Key: Hashable, Sendable {
        let family: AddressFamily
        let source: UInt128
        let destination: UInt128
        let identification: UInt32
        /// IPv4 only: IPv6 fragments of one datagram may disagree here, and the first decides.
        let protocolNumber: UInt8
    }

    private struct Piece: Sendable {
        let first: Int
        let octets: ArraySlice<UInt8>
    }

    private struct Queue: Sendable {
        var began: Double
        var pieces: [Piece] = []
        var total: Int?
        var covered = 0
        /// The octets before the fragment's payload, without an IPv6 fragment header, and the context.
        var head: (octets: [UInt8], context: Context)?
    }

    private var queues: [Key: Queue] = [:]
    /// Keys in the order in which their queues began, so that old ones are dropped without a search.
    private var order: [(key: Key, began: Double)] = []
    private var orderStart = 0

    /// Makes one that holds nothing.
    public init() {}

    /// How many datagrams are incomplete.
    public var waiting: Int { queues.count }

    /// Takes one packet at a time in seconds.
    ///
    /// Incomplete datagrams are forgotten 30 s (IPv4) or 60 s (IPv6) after their first fragment. An IPv6 packet whose
    /// fragment header says it is whole comes back without that header.
    public mutating func add(_ packet: Packet, _ context: Context, time: Double) -> Outcome {
        let header = packet.header
        guard header.isWellFormed else { return .whole }
        if header.family == .inet, !header.isFragment { return .whole }
        if header.family == .inet6, header.fragmentHeaderOffset == nil { return .whole }
        expire(time)
        let start = header.fragmentHeaderOffset.map { $0 + 8 } ?? header.headerLength
        guard !header.moreFragments || (header.end - start) % 8 == 0, header.end > start else { return .dropped }
        let key = Key(
            family: header.family,
            source: header.source,
            destination: header.destination,
            identification: header.identification,
            protocolNumber: header.family == .inet ? header.firstProtocol : 0
        )
        var queue = queues[key] ?? Queue(began: time)
        if queues[key] == nil { order.append((key, time)) }
        let first = header.fragmentOffset * 8
        guard insert(Piece(first: first, octets: packet.bytes[start..<header.end]), header.moreFragments, &queue)
        else {
            queues[key] = nil
            return .dropped
        }
        if first == 0, queue.head == nil { queue.head = (headOctets(header), context) }
        guard let total = queue.total, let head = queue.head, queue.covered == total else {
            queues[key] = queue
            return .held
        }
        queues[key] = nil
        return join(head, queue.pieces, total, header.family)
    }

    /// Keeps the pieces in order; false where the new one overlaps another or contradicts the end.
    ///
    /// An exact or contained repetition is ignored, as the kernel does.
    private func insert(_ piece: Piece, _ more: Bool, _ queue: inout Queue) -> Bool {
        let last = piece.first + piece.octets.count
        guard last <= 65535 else { return false }
        if more {
            if let total = queue.total, last > total { return false }
        } else {
            if let total = queue.total, total != last { return false }
            if let end = queue.pieces.last, end.first + end.octets.count > last { return false }
            queue.total = last
        }
        var low = 0
        var high = queue.pieces.count
        while low < high {
            let middle = (low + high) / 2
            if queue.pieces[middle].first < piece.first { low = middle + 1 } else { high = middle }
        }
        if low < queue.pieces.count {
            let next = queue.pieces[low]
            if next.first == piece.first, next.octets.count >= piece.octets.count { return true }
            if next.first < last { return false }
        }
        if low > 0 {
            let before = queue.pieces[low - 1]
            let end = before.first + before.octets.count
            if last <= end { return true }
            if piece.first < end { return false }
        }
        queue.pieces.insert(piece, at: low)
        queue.covered += piece.octets.count
        return true
    }

    /// The header of the whole datagram, lengths still open.
    private func headOctets(_ header: PacketHeader) -> [UInt8] {
        guard let offset = header.fragmentHeaderOffset else { return Array(header.bytes[..<header.headerLength]) }
        var octets = Array(header.bytes[..<offset])
        // Whatever pointed to the fragment header now points to what it pointed to.
        var pointer = 6
        var next = 40
        while next < offset {
            pointer = next
            next += (Int(octets[next + 1]) + 1) * 8
        }
        octets[pointer] = header.bytes[offset]
        return octets
    }

    private func join(
        _ head: (octets: [UInt8], context: Context),
        _ pieces: [Piece],
        _ total: Int,
        _ family: AddressFamily
    ) -> Outcome {
        var octets = head.octets
        let length = family == .inet ? octets.count + total : octets.count - 40 + total
        guard length <= 65535 else { return .dropped }
        for piece in pieces { octets += piece.octets }
        switch family {
        case .inet:
            octets.replaceSubrange(2..<4, with: halfword(UInt16(length)))
            // DF of the first fragment stays; MF and the offset go.
            octets.replaceSubrange(6..<8, with: [octets[6] & 0xc0, 0])
            updateIPv4Checksum(&octets)
        case .inet6:
            octets.replaceSubrange(4..<6, with: halfword(UInt16(length)))
        }
        return .complete(Packet(family: family, bytes: octets), head.context)
    }

    private mutating func expire(_ time: Double) {
        while orderStart < order.count, order[orderStart].began + 30 <= time {
            let (key, began) = order[orderStart]
            if let queue = queues[key], queue.began == began {
                guard key.family == .inet || began + 60 <= time else { break }
                queues[key] = nil
            }
            orderStart += 1
        }
        if orderStart > 1024, orderStart * 2 > order.count {
            order.removeFirst(orderStart)
            orderStart = 0
        }
    }
}

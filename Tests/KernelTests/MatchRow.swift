// SPDX-License-Identifier: Apache-2.0
// One row of the table of match conditions: what is written, and packets of which the reference says whether they match.
import JunosModel
import NetworkTypes

/// One packet and what the reference says of it.
struct MatchCase: Sendable {
    /// What is particular about it.
    var name: String
    /// The packet.
    var packet: Packet
    /// Whether the condition holds.
    var matches: Bool
    /// Which of the row's devices it arrives on.
    var device = 0
}

/// One condition in one form.
struct MatchRow: Sendable {
    /// The keyword that the row shows.
    var keyword: String
    /// The family of its filter.
    var family: FilterFamily
    /// What stands under `from`; `@0`, `@1`, … are the row's devices.
    var from: String
    /// Terms in front of the one with the condition.
    var before = ""
    /// One device each, with its `filter group`.
    var groups: [Int?] = [nil]
    /// Packets and what is expected of them.
    var cases: [MatchCase]
}

/// A condition on a number.
struct NumericSpec: Sendable {
    /// How a number comes into packets.
    enum Place: Sendable {
        /// Into the network header.
        case network(@Sendable (AddressFamily, UInt32) -> Packet)
        /// So many octets at an offset of the upper-layer header; the protocol is only what it is usually read for.
        case transport(offset: Int, width: Int, number: UInt8)
        /// Either of the two ports.
        case eitherPort
        /// Packets by hand: those that have the number, and those that have none.
        case own(
            with: @Sendable (AddressFamily, UInt32) -> [(String, Packet)],
            without: @Sendable (AddressFamily) -> [(String, Packet)]
        )
    }

    var keyword: String
    var families: [FilterFamily]
    /// What is written.
    var values: String
    /// What it means (filters reference §3.2 to §3.8).
    var members: [ClosedRange<UInt32>]
    var highest: UInt32
    var place: Place

    /// The condition and its `-except` twin, in each family.
    var rows: [MatchRow] {
        families.flatMap { family in
            [false, true].map { isExcept in
                let keyword = keyword + (isExcept ? "-except" : "")
                return MatchRow(
                    keyword: keyword,
                    family: family,
                    from: "\(keyword) \(values);",
                    cases: versions(family).flatMap { cases($0, isExcept) }
                )
            }
        }
    }

    /// Both ends of every range and what lies beside them.
    private var probes: [UInt32] {
        var result: Set<UInt32> = []
        for range in members {
            result.formUnion([range.lowerBound, range.upperBound])
            if range.lowerBound > 0 { result.insert(range.lowerBound - 1) }
            if range.upperBound < highest { result.insert(range.upperBound + 1) }
        }
        return result.sorted()
    }

    private func isMember(_ value: UInt32) -> Bool { members.contains { $0.contains(value) } }

    private func cases(_ version: AddressFamily, _ isExcept: Bool) -> [MatchCase] {
        var result: [MatchCase] = []
        for value in probes {
            let holds = isMember(value) != isExcept
            switch place {
            case .network(let build):
                result.append(MatchCase(name: "\(value)", packet: build(version, value), matches: holds))
            case .transport(let offset, let width, let number):
                let octets = octets32(value).suffix(width)
                let payload = [UInt8](repeating: 0, count: offset) + octets + [UInt8](repeating: 0, count: 24)
                result += envelopes(version, number, payload).map { name, packet, isRead in
                    MatchCase(name: "\(value) \(name)", packet: packet, matches: isRead && holds)
                }
            case .eitherPort:
                guard let other = [9, 40000, 61000].first(where: { !isMember($0) }) else { continue }
                for payload in [octets16(value) + octets16(other), octets16(other) + octets16(value)] {
                    result += envelopes(version, 17, payload + [0, 0, 0, 0]).map { name, packet, isRead in
                        MatchCase(name: "\(value) \(name)", packet: packet, matches: isRead && holds)
                    }
                }
            case .own(let build, _):
                result += build(version, value).map { MatchCase(name: "\(value) \($0)", packet: $1, matches: holds) }
            }
        }
        // What the packet does not have is false, `-except` too (DESIGN §3.10).
        switch place {
        case .network: break
        case .transport(let offset, let width, let number):
            for count in Set([0, offset + width - 1]).sorted() {
                let payload = [UInt8](repeating: 0, count: count)
                let packet = plain(version, number, payload)
                result.append(MatchCase(name: "cut after \(count) octets", packet: packet, matches: false))
            }
        case .eitherPort:
            result.append(MatchCase(name: "cut", packet: plain(version, 17, [0]), matches: false))
        case .own(_, let build):
            result += build(version).map { MatchCase(name: $0, packet: $1, matches: false) }
        }
        return result
    }
}

/// The versions of the packets that a family's filters see.
func versions(_ family: FilterFamily) -> [AddressFamily] {
    switch family {
    case .inet: [.inet]
    case .inet6: [.inet6]
    case .any: [.inet, .inet6]
    }
}

/// An unfragmented packet without options or extension headers.
func plain(_ version: AddressFamily, _ number: UInt8, _ payload: [UInt8]) -> Packet {
    version == .inet
        ? RawIPv4(number: number, payload: payload).packet : RawIPv6(number: number, payload: payload).packet
}

/// The same upper-layer octets in every kind of packet, and whether conditions read them there: whatever the protocol, at
/// the same distance behind the IP header; in later fragments of IPv4 too, of IPv6 never (filters reference §3.1, §3.3,
/// DESIGN §3.9).
func envelopes(_ version: AddressFamily, _ number: UInt8, _ payload: [UInt8]) -> [(String, Packet, isRead: Bool)] {
    // A fragment that others follow carries a multiple of eight octets.
    let even = payload + [UInt8](repeating: 0, count: (8 - payload.count % 8) % 8)
    var result: [(String, Packet, isRead: Bool)] = [
        ("plain", plain(version, number, payload), true),
        ("of another protocol", plain(version, 253, payload), true),
    ]
    switch version {
    case .inet:
        let padding = [UInt8](repeating: 1, count: 40)
        result.append(("behind options", RawIPv4(number: number, options: padding, payload: payload).packet, true))
        result.append(("first fragment", RawIPv4(fragment: 0x2000, number: number, payload: even).packet, true))
        let later = RawIPv4(fragment: 0x0017, number: number, payload: payload)
        result.append(("last fragment", later.packet, true))
        let middle = RawIPv4(fragment: 0x2017, number: number, options: padding, payload: even)
        result.append(("middle fragment behind options", middle.packet, true))
    case .inet6:
        var packet = RawIPv6(headers: [0, 60, 43].map(paddedHeader), number: number, payload: payload)
        result.append(("behind extension headers", packet.packet, true))
        packet = RawIPv6(headers: [fragmentHeader(offset: 0, more: true)], number: number, payload: even)
        result.append(("first fragment", packet.packet, true))
        packet.headers = [fragmentHeader(offset: 23, more: true)]
        result.append(("middle fragment", packet.packet, false))
        packet.headers = [paddedHeader(0), fragmentHeader(offset: 23, more: false)]
        result.append(("last fragment", packet.packet, false))
    }
    return result
}

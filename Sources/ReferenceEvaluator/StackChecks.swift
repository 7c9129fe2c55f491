// SPDX-License-Identifier: Apache-2.0
// What the stack drops whatever the policy says (kernel facts §10).
import NetworkTypes

/// Where a packet goes.
enum Egress: Sendable, Hashable {
    case router
    case interface(Int)
}

/// Why the stack drops a received packet, and the last hook that sees it; nil where it does not.
func stackDrop(
    _ header: PacketHeader,
    to egress: Egress,
    isOwn: (UInt128) -> Bool
) -> (reason: StackDrop, reach: StackReach)? {
    if !header.isWellFormed { return (.malformedHeader, .nothing) }
    if !header.hasValidHeaderChecksum { return (.badChecksum, .nothing) }
    if header.family == .inet6, let reason = earlyInet6Drop(header) { return (reason, .nothing) }
    let reason = header.family == .inet ? inetDrop(header, egress) : inet6Drop(header, egress)
    if let reason { return (reason, reason == .broadcast ? .input : .inputFilters) }
    if isOwn(header.source) { return (.martianSource, .inputFilters) }
    if case .interface = egress, header.timeToLive <= 1 { return (.timeToLiveExceeded, .inputFilters) }
    return nil
}

/// What IPv6 drops before the first hook.
private func earlyInet6Drop(_ header: PacketHeader) -> StackDrop? {
    if header.source == 1 || header.source >> 120 == 0xff { return .martianSource }
    if header.destination == 1 { return .martianDestination }
    return hasForbiddenOption(header) ? .malformedOptions : nil
}

private func inetDrop(_ header: PacketHeader, _ egress: Egress) -> StackDrop? {
    let source = UInt32(truncatingIfNeeded: header.source)
    let destination = UInt32(truncatingIfNeeded: header.destination)
    let isLimitedBroadcast = destination == .max
    if source >> 28 == 0xe || source == .max || source >> 24 == 127 { return .martianSource }
    // No address as a source: only a host that has none yet, to everybody (RFC 1122 §3.2.1.3).
    if source == 0, !isLimitedBroadcast, destination >> 28 != 0xe { return .martianSource }
    if destination == 0 || destination >> 24 == 127 { return .martianDestination }
    if destination >> 28 == 0xe {
        // All hosts is what everybody listens to; other groups depend on who has joined.
        return egress == .router && destination == 0xe000_0001 ? nil : .multicast
    }
    if !hasReadableOptions(header) { return .malformedOptions }
    // To the router itself, but not at the end of its route: the stack sends it on to the next hop that the option names
    // (net/ipv4/ip_options.c, `ip_options_rcv_srr`).
    guard case .interface = egress else { return hasSourceRouteLeft(header) ? .sourceRoute : nil }
    if isLimitedBroadcast { return .broadcast }
    // A strict source route must name the router itself; a loose one passes on the way (measured).
    return header.optionTypes.contains(137) ? .sourceRoute : nil
}

/// Whether a source route, strict or loose, has hops left: its pointer is not beyond its end.
private func hasSourceRouteLeft(_ header: PacketHeader) -> Bool {
    var offset = 20
    while offset + 2 < header.headerLength, header.bytes[offset] != 0 {
        let isRoute = [131, 137].contains(header.bytes[offset])
        if isRoute { return header.bytes[offset + 2] <= header.bytes[offset + 1] }
        offset += header.bytes[offset] == 1 ? 1 : max(1, Int(header.bytes[offset + 1]))
    }
    return false
}

/// Whether the stack can read every option: the lengths are right, and those that it works with are not there twice and
/// have room for what it would write (kernel facts §10, malformed options).
private func hasReadableOptions(_ header: PacketHeader) -> Bool {
    var offset = 20
    var seen: Set<UInt8> = []
    while offset < header.headerLength {
        let type = header.bytes[offset]
        if type == 0 { return true }
        if type == 1 {
            offset += 1
            continue
        }
        guard offset + 1 < header.headerLength else { return false }
        let length = Int(header.bytes[offset + 1])
        guard length >= 2, offset + length <= header.headerLength else { return false }
        let option = Array(header.bytes[offset..<offset + length])
        // Of the two kinds of source route there may be one.
        let kind: UInt8 = type == 131 ? 137 : type
        if [137, 7, 68].contains(kind), !seen.insert(kind).inserted { return false }
        guard isReadable(type, option) else { return false }
        offset += length
    }
    return true
}

/// Whether one option, its type and length octets among it, is as the stack wants it.
private func isReadable(_ type: UInt8, _ option: [UInt8]) -> Bool {
    switch type {
    case 131, 137: return option.count >= 3 && option[2] >= 4
    case 7:
        guard option.count >= 3, option[2] >= 4 else { return false }
        let pointer = Int(option[2])
        return pointer > option.count || pointer + 3 <= option.count
    case 68:
        guard option.count >= 4, option[2] >= 5 else { return false }
        let pointer = Int(option[2])
        let flag = option[3] & 0x0f
        if pointer > option.count { return flag == 3 || option[3] >> 4 != 15 }
        return pointer + (flag == 1 || flag == 3 ? 7 : 3) <= option.count
    case 148: return option.count >= 4
    default: return true
    }
}

private func inet6Drop(_ header: PacketHeader, _ egress: Egress) -> StackDrop? {
    let source = header.source
    let destination = header.destination
    if destination >> 120 == 0xff {
        // All nodes and the solicited-node groups are what everybody listens to.
        let linkGroups = UInt128(0xff02) << 112
        let solicited = linkGroups | UInt128(1) << 32 | UInt128(0xff) << 24
        let isListened = destination == linkGroups | 1 || destination >> 24 == solicited >> 24
        return egress == .router && isListened ? nil : .multicast
    }
    guard case .interface = egress else { return nil }
    if source == 0 || isLinkLocal(source) { return .martianSource }
    return destination == 0 || isLinkLocal(destination) ? .martianDestination : nil
}

private func isLinkLocal(_ address: UInt128) -> Bool { address >> 118 == 0xfe80 >> 6 }

/// Whether the stack cannot read a hop-by-hop header, or finds an option in it that asks for the packet to be dropped
/// (RFC 8200 §4.2; net/ipv6/exthdrs.c, `ip6_parse_tlv`).
private func hasForbiddenOption(_ header: PacketHeader) -> Bool {
    guard header.firstProtocol == ProtocolNumber.hopByHop else { return false }
    guard header.end >= 48, 48 + Int(header.bytes[41]) * 8 <= header.end else { return true }
    let end = 48 + Int(header.bytes[41]) * 8
    var offset = 42
    var (padding, count) = (0, 0)
    while offset < end {
        let type = header.bytes[offset]
        let size = type == 0 ? 1 : offset + 1 < end ? 2 + Int(header.bytes[offset + 1]) : Int.max / 2
        guard offset + size <= end else { return true }
        if type <= 1 {
            // Padding is for eight octets at most, and of zeros.
            padding += size
            if padding > 7 || header.bytes[offset..<offset + size].dropFirst(2).contains(where: { $0 != 0 }) {
                return true
            }
        } else {
            padding = 0
            count += 1
            if count > 8 || isForbidden(type, size: size) { return true }
        }
        offset += size
    }
    return false
}

/// Whether an option other than padding asks for the packet to be dropped.
private func isForbidden(_ type: UInt8, size: Int) -> Bool {
    switch type {
    case 0x05: size != 4
    // A jumbo payload is longer than any packet here, and one that is not is wrong.
    case 0xc2: true
    // IOAM and CALIPSO are known.
    case 0x31, 0x07: false
    default: type >> 6 != 0
    }
}

// SPDX-License-Identifier: Apache-2.0
// Where the kernel believes the headers of a packet to be, mistakes included.

/// What `nft_pktinfo` holds: computed once when a base chain is entered.
struct HeaderWalk {
    /// The upper-layer protocol; nil where the kernel found none and `meta l4proto` breaks.
    var transportProtocol: UInt8?
    /// Where the transport header is believed to be.
    var transportOffset = 0
    /// Whether the packet is a fragment other than the first.
    var isLaterFragment = false

    /// Walks a packet (kernel facts §1.3).
    init(_ bytes: [UInt8], _ family: PacketFamily) {
        switch family {
        case .ipv4:
            // The stack drops shorter packets before any of these hooks (kernel facts §10).
            guard bytes.count >= 20 else { return }
            transportProtocol = bytes[9]
            transportOffset = Int(bytes[0] & 0x0f) * 4
            isLaterFragment = (UInt16(bytes[6]) << 8 | UInt16(bytes[7])) & 0x1fff != 0
        case .ipv6:
            switch findIPv6Header(bytes, target: nil) {
            case .found(let type, let offset):
                transportProtocol = type
                transportOffset = offset
            case .laterFragment(let type):
                // The walk leaves the offset at zero, so that short aligned transport loads read the IPv6 header
                // itself (measured on 6.18: `@th,0,8 0x60` matches a later fragment).
                transportProtocol = type
                isLaterFragment = true
            case .absent:
                break
            }
        }
    }
}

/// What a walk along IPv6 extension headers comes to.
enum IPv6HeaderSearch: Equatable {
    case found(type: UInt8, offset: Int)
    /// The last header's protocol is known from the fragment header alone.
    case laterFragment(type: UInt8)
    case absent
}

/// Walks IPv6 extension headers as `ipv6_find_hdr` does: to the header of type `target`, or without a target to the first
/// one that is no extension header, stopping at AH.
func findIPv6Header(_ bytes: [UInt8], target: UInt8?) -> IPv6HeaderSearch {
    guard bytes.count >= 40 else { return .absent }
    var offset = 40
    var type = bytes[6]
    while true {
        let isFound = type == target
        guard isExtensionHeader(type) else {
            return target == nil || isFound ? .found(type: type, offset: offset) : .absent
        }
        guard offset + 2 <= bytes.count else { return .absent }
        let next = bytes[offset]
        var length = (Int(bytes[offset + 1]) + 1) * 8
        switch type {
        case 43:
            guard offset + 4 <= bytes.count else { return .absent }
        case 44:
            guard offset + 4 <= bytes.count else { return .absent }
            if (UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3])) & ~7 != 0 {
                if isFound { return .found(type: type, offset: offset) }
                guard target == nil, !isExtensionHeader(next) else { return .absent }
                return .laterFragment(type: next)
            }
            length = 8
        case 51:
            if target == nil { return .found(type: type, offset: offset) }
            length = (Int(bytes[offset + 1]) + 2) * 4
        default:
            break
        }
        if isFound { return .found(type: type, offset: offset) }
        type = next
        offset += length
    }
}

/// Hop-by-hop, routing, fragment, authentication, destination options.
///
/// "No next header" counts as a protocol here.
private func isExtensionHeader(_ type: UInt8) -> Bool {
    type == 0 || type == 43 || type == 44 || type == 51 || type == 60
}

/// What a walk along IPv4 options comes to.
enum IPv4OptionSearch: Equatable {
    case found
    case absent
    /// Holds an option whose check depends on the host and that this walk does not know.
    case undecided(String)
}

/// Finds an IPv4 option as `ipv4_find_option` does: only if all options are well-formed in the eyes of
/// `__ip_options_compile`.
///
/// Unknown options are stepped over (kernel facts §11).
func findIPv4Option(_ bytes: [UInt8], target: UInt8) -> IPv4OptionSearch {
    guard bytes.count >= 20 else { return .absent }
    let end = Int(bytes[0] & 0x0f) * 4
    guard end > 20, end <= bytes.count else { return .absent }
    var offset = 20
    var seen = (route: false, record: false, timestamp: false)
    var result = IPv4OptionSearch.absent
    options: while offset < end {
        let type = bytes[offset]
        if type == 0 { break options }
        if type == 1 {
            offset += 1
            continue
        }
        guard offset + 2 <= end else { return .absent }
        let length = Int(bytes[offset + 1])
        guard length >= 2, offset + length <= end else { return .absent }
        let pointer = length >= 3 ? Int(bytes[offset + 2]) : 0
        switch type {
        case 137, 131:
            // A source route; only one is allowed, and a fresh one only.
            guard pointer == 4, !seen.route, length >= 7, (length - 3) % 4 == 0 else { return .absent }
            seen.route = true
            if type == target { result = .found }
        case 7:
            guard length >= 3, pointer >= 4, !seen.record, pointer > length || pointer + 3 <= length else {
                return .absent
            }
            seen.record = true
            if type == target { result = .found }
        case 68:
            guard !seen.timestamp, timestampIsWellFormed(bytes, offset, length) else { return .absent }
            seen.timestamp = true
        case 148:
            guard length >= 4 else { return .absent }
            if type == target, bytes[offset + 2] == 0, bytes[offset + 3] == 0 { result = .found }
        case 134:
            return .undecided("an IPv4 option in a packet with a CIPSO option")
        default:
            break
        }
        offset += length
    }
    return result
}

/// The kernel's checks of an IPv4 timestamp option.
private func timestampIsWellFormed(_ bytes: [UInt8], _ offset: Int, _ length: Int) -> Bool {
    guard length >= 4 else { return false }
    let pointer = Int(bytes[offset + 2])
    let flags = bytes[offset + 3] & 0x0f
    guard pointer >= 5 else { return false }
    if pointer > length { return flags == 3 || bytes[offset + 3] >> 4 != 15 }
    guard pointer + 3 <= length else { return false }
    return flags == 1 || flags == 3 ? pointer + 7 <= length : true
}

/// Finds a TCP option of at least `needed` bytes as `nft_exthdr_tcp_eval` does; its offset, or nil.
func findTCPOption(_ bytes: [UInt8], _ walk: HeaderWalk, type: UInt8, needed: Int) -> Int? {
    guard walk.transportProtocol == 6, !walk.isLaterFragment, walk.transportOffset + 20 <= bytes.count else {
        return nil
    }
    let start = walk.transportOffset
    let length = Int(bytes[start + 12] >> 4) * 4
    guard length >= 20, start + length <= bytes.count else { return nil }
    var index = 20
    while index < length - 1 {
        let kind = bytes[start + index]
        let stated = Int(bytes[start + index + 1])
        // End-of-options and padding are one byte; a zero length must not stop progress.
        let size = kind <= 1 || stated == 0 ? 1 : stated
        if kind == type { return index + size <= length && needed <= size ? start + index : nil }
        index += size
    }
    return nil
}

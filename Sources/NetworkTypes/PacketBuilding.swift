// SPDX-License-Identifier: Apache-2.0
// From fields to octets: headers, lengths and checksums that the stack and conntrack accept.

extension PacketFields {
    /// Makes the packet.
    ///
    /// Checksums are right for the octets of this packet, so a fragment's transport checksum is that of a datagram
    /// which ends with it (UDP fragments carry none); to fragment a datagram correctly build it whole and use
    /// `Packet.fragmented(payload:)`.
    ///
    /// Later fragments have no transport header: transport fields that are given are written at the offset where
    /// filters look for them (DESIGN §3.9), everything else is zero, and there are at least eight octets of it.
    /// A `length` shorter than the headers cuts them off; it never cuts the network header.
    public func build() throws(PacketFieldError) -> Packet {
        try checkRanges()
        let family = resolvedFamily
        let source = source ?? documentationAddress(family, isSource: true)
        let destination = destination ?? documentationAddress(family, isSource: false)
        var network = networkOctets(family, source: source, destination: destination)
        let room = try length.map { (length) throws(PacketFieldError) -> Int in
            guard length >= network.count, length <= maximumLength(family) else {
                throw .impossibleLength(length)
            }
            return length - network.count
        }
        var payload = transportOctets(family, room: room)
        if let room {
            payload = Array(payload.prefix(room))
            payload += Array(repeating: 0, count: room - payload.count)
        } else if isFragment, payload.count % 8 != 0 || payload.isEmpty {
            // The smallest length of a fragment that can be followed, or is followed, by another.
            payload += Array(repeating: 0, count: max(8, (payload.count + 7) / 8 * 8) - payload.count)
        }
        if moreFragments == true, payload.count % 8 != 0 { throw .unalignedFragment(payload: payload.count) }
        guard network.count + payload.count <= maximumLength(family) else {
            throw .impossibleLength(network.count + payload.count)
        }
        if (fragmentOffset ?? 0) == 0 {
            fillTransportChecksum(&payload, family, source: source, destination: destination)
        }
        fillLength(&network, family, payload: payload.count)
        return Packet(family: family, bytes: network + payload)
    }

    private func checkRanges() throws(PacketFieldError) {
        let families = [family, source?.family, destination?.family].compactMap(\.self)
        guard Set(families).count <= 1 else { throw .mixedFamilies }
        if let dscp, dscp > 63 { throw .outOfRange(field: "dscp", value: Int(dscp)) }
        if let fragmentOffset, !(0...8191).contains(fragmentOffset) {
            throw .outOfRange(field: "fragment-offset", value: fragmentOffset)
        }
        if let payloadLength, !(0...65535).contains(payloadLength) {
            throw .outOfRange(field: "payload-length", value: payloadLength)
        }
        guard ipv4Options.count <= 40 else { throw .outOfRange(field: "options", value: ipv4Options.count) }
    }

    private func maximumLength(_ family: AddressFamily) -> Int { family == .inet ? 65535 : 65575 }

    private func networkOctets(_ family: AddressFamily, source: IPAddress, destination: IPAddress) -> [UInt8] {
        let timeToLive = timeToLive ?? 64
        let trafficClass = (dscp ?? 0) << 2
        let identification = identification ?? (isFragment ? 1 : 0)
        let offset = UInt16(fragmentOffset ?? 0)
        switch family {
        case .inet:
            let options = ipv4Options + Array(repeating: 0, count: (4 - ipv4Options.count % 4) % 4)
            let flags = (doesNotFragment ? 0x4000 : 0) | (moreFragments == true ? 0x2000 : 0) | offset
            var octets: [UInt8] = [0x40 | UInt8(5 + options.count / 4), trafficClass, 0, 0]
            octets += halfword(UInt16(truncatingIfNeeded: identification)) + halfword(flags)
            octets += [timeToLive, resolvedProtocol, 0, 0] + source.octets + destination.octets + options
            return octets
        case .inet6:
            let chain = extensionHeaders + (isFragment ? [ProtocolNumber.fragment] : [])
            let numbers = chain + [resolvedProtocol]
            var octets: [UInt8] = [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0, 0, 0, numbers[0], timeToLive]
            octets += source.octets + destination.octets
            for (index, number) in chain.enumerated() {
                let next = numbers[index + 1]
                switch number {
                case ProtocolNumber.fragment:
                    octets += [next, 0] + halfword(offset << 3 | (moreFragments == true ? 1 : 0))
                    octets += halfword(UInt16(identification >> 16))
                    octets += halfword(UInt16(truncatingIfNeeded: identification))
                case ProtocolNumber.routing: octets += [next, 0, 0, 0, 0, 0, 0, 0]
                default: octets += [next, 0, 1, 4, 0, 0, 0, 0]  // PadN of four octets
                }
            }
            return octets
        }
    }

    private func fillLength(_ network: inout [UInt8], _ family: AddressFamily, payload: Int) {
        switch family {
        case .inet:
            network.replaceSubrange(2..<4, with: halfword(UInt16(network.count + payload)))
            updateIPv4Checksum(&network)
        case .inet6:
            network.replaceSubrange(4..<6, with: halfword(UInt16(network.count - 40 + payload)))
        }
    }

    private func documentationAddress(_ family: AddressFamily, isSource: Bool) -> IPAddress {
        switch family {
        case .inet: IPAddress(.inet, isSource ? 0xc000_0201 : 0xc633_6401)
        case .inet6:
            IPAddress(.inet6, UInt128(0x2001_0db8) << 96 | (isSource ? 0 : UInt128(1) << 80) | 1)
        }
    }
}

/// A 16-bit number in network order.
func halfword(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

/// A 32-bit number in network order.
func fullword(_ value: UInt32) -> [UInt8] {
    halfword(UInt16(value >> 16)) + halfword(UInt16(truncatingIfNeeded: value))
}

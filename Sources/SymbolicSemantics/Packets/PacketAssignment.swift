// SPDX-License-Identifier: Apache-2.0
// From a packet to the values of its variables: what a diagram says about one real packet.
public import DecisionDiagrams
public import NetworkTypes

extension PacketSpace {
    /// The values of all variables of a packet but those that are dynamically named; absent ones are false.
    ///
    /// - Parameters:
    ///   - packet: of this space's version, with a whole network header.
    ///   - mark: `meta mark`.
    ///   - sessionMark: `ct mark`.
    public func assignment(of packet: Packet, mark: UInt32 = 0, sessionMark: UInt32 = 0) -> Assignment {
        var values: Assignment = [:]
        let header = packet.header
        func set(_ field: SpaceField, _ number: UInt128) {
            let variables = variables(field)
            for (index, variable) in variables.enumerated() {
                values[variable] = number >> UInt128(variables.count - 1 - index) & 1 == 1
            }
        }
        func hold(_ property: SpaceProperty) { values[variable(property)] = true }

        set(.destination, header.destination)
        set(.source, header.source)
        set(.trafficClass, UInt128(header.trafficClass))
        set(.timeToLive, UInt128(header.timeToLive))
        set(.mark, UInt128(mark))
        set(.sessionMark, UInt128(sessionMark))
        for offset in 0..<64 {
            guard let octet = header.transportOctet(offset) else { break }
            set(.transportOctet(offset), UInt128(octet))
            hold(.transportReaches(offset + 1))
        }
        switch version {
        case .inet:
            set(.fragmentWord, fragmentWord(packet, at: 6))
            set(.headerWords, UInt128(header.headerLength / 4))
            set(.upperProtocol, UInt128(header.firstProtocol))
            set(.lengthField, UInt128(header.totalLength))
            for type in header.optionTypes { hold(.ipv4Option(type)) }
        case .inet6:
            set(.nextHeader, UInt128(header.firstProtocol))
            set(.lengthField, UInt128(header.totalLength - 40))
            if let offset = header.fragmentHeaderOffset { set(.fragmentWord, fragmentWord(packet, at: offset + 2)) }
            var headers = header.extensionHeaders
            if let number = header.upperProtocol {
                hold(.hasUpperProtocol)
                set(.upperProtocol, UInt128(number))
                // The kernel's walk finds mobility as a header and as the end, where it is not a fragment's (§1.3).
                if number == ProtocolNumber.mobility, header.transportOffset != nil { hold(.extensionHeader(number)) }
            } else if header.isLaterFragment, let behind = headers.popLast() {
                // The kernel's walk ends at the fragment header; of what follows only the number is known.
                set(.upperProtocol, UInt128(behind))
            }
            for number in headers { hold(.extensionHeader(number)) }
        }
        return values
    }

    private func fragmentWord(_ packet: Packet, at offset: Int) -> UInt128 {
        guard offset + 2 <= packet.bytes.count else { return 0 }
        return UInt128(packet.bytes[offset]) << 8 | UInt128(packet.bytes[offset + 1])
    }
}

extension Semantics {
    /// The values of all variables of a packet that arrived on a device; buckets are left out, as if all conformed.
    public mutating func assignment(
        of packet: Packet,
        mark: UInt32 = 0,
        inputDevice: String? = nil
    ) -> Assignment {
        var values = PacketSpace(packet.family).assignment(of: packet, mark: mark)
        if let inputDevice { values[variable(named: inputName(inputDevice))] = true }
        return values
    }
}

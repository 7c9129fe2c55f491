// SPDX-License-Identifier: Apache-2.0
// What loads put into registers, and for which packets they break.
import DecisionDiagrams
import NetworkTypes
import NftablesIR

/// What a load gives.
struct LoadResult {
    /// The value; nil where it has no meaning here.
    var content: RegisterContent?
    /// Which packets it breaks the rule for, complemented.
    var goesOn: Diagram
    /// Which packets it does something for that the lifter does not follow, and what.
    var unknown: (where: Diagram, what: String)?
}

extension Semantics {
    /// Bits as this host's memory has them: of a number in host order the lowest byte first.
    func hostOrder(_ bits: [Bit]) -> [Bit] {
        stride(from: bits.count - 8, through: 0, by: -8).flatMap { bits[$0..<$0 + 8] }
    }

    /// Octets that mean nothing to filters but may be loaded all the same.
    private mutating func opaqueOctet(_ place: String) -> [Bit] {
        (0..<8).map { .variable(variable(named: "octet \(place) bit \(7 - $0)")) }
    }

    /// `meta`.
    mutating func load(meta key: MetaKey, _ scope: LiftingScope) -> LoadResult {
        let space = scope.space
        func constant(_ bytes: [UInt8]) -> LoadResult {
            LoadResult(content: .bits(bytes.flatMap(constantBits)), goesOn: .yes)
        }
        func device(_ device: ScopeDevice, _ which: RegisterContent.Device) -> LoadResult {
            switch device {
            case .known(let name): constant(deviceNameBytes(name))
            case .none: constant([UInt8](repeating: 0, count: 16))
            case .any: LoadResult(content: .device(which), goesOn: .yes)
            }
        }
        switch key {
        case .mark: return LoadResult(content: .bits(hostOrder(space.bits(.mark))), goesOn: .yes)
        case .networkFamily: return constant([space.version == .inet ? 2 : 10])
        case .ethernetProtocol: return constant(space.version == .inet ? [0x08, 0x00] : [0x86, 0xdd])
        case .inputInterfaceName: return device(scope.input, .input)
        case .outputInterfaceName: return device(scope.output, .output)
        case .transportProtocol:
            let bits = RegisterContent.bits(space.bits(.upperProtocol))
            return LoadResult(
                content: bits,
                goesOn: space.version == .inet ? .yes : holds(.hasUpperProtocol, space)
            )
        default: return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "meta key \(key.rawValue)"))
        }
    }

    /// `ct`: exactly one state, and an owner that a packet's session has.
    mutating func load(conntrack key: ConntrackKey, _ scope: LiftingScope) -> LoadResult {
        switch key {
        case .state:
            var bits = [Bit](repeating: .constant(false), count: 32)
            for (number, name) in sessionStates { bits[31 - number] = .variable(variable(named: "ct state \(name)")) }
            return LoadResult(content: .bits(hostOrder(bits)), goesOn: .yes)
        case .mark:
            // Kernel facts T18: on untracked packets the rule breaks.
            let untracked = store.variable(variable(named: "ct state untracked"))
            return LoadResult(
                content: .bits(hostOrder(scope.space.bits(.sessionMark))),
                goesOn: store.not(untracked)
            )
        default: return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "ct key \(key.rawValue)"))
        }
    }

    /// Bytes of the packet.
    mutating func load(
        payload base: PayloadBase,
        offset: Int,
        length: Int,
        _ scope: LiftingScope
    ) -> LoadResult {
        switch base {
        case .network: return loadNetwork(offset, length, scope)
        case .transport:
            guard offset + length <= 64 else { break }
            return loadTransport(offset, length, scope)
        default: break
        }
        return LoadResult(
            content: nil,
            goesOn: .yes,
            unknown: (.yes, "payload load at base \(base.rawValue), offset \(offset)")
        )
    }

    private mutating func loadTransport(_ offset: Int, _ length: Int, _ scope: LiftingScope) -> LoadResult {
        let space = scope.space
        let bits = (offset..<offset + length).flatMap { space.bits(.transportOctet($0)) }
        var goesOn = holds(.transportReaches(offset + length), space)
        if space.version == .inet6 {
            let hasUpper = holds(.hasUpperProtocol, space)
            goesOn = store.and(goesOn, hasUpper)
        }
        // What such a load reads of a later fragment depends on how the kernel holds it (kernel facts T1).
        let isLater = scope.mayBeLaterFragments ? store.and(scope.condition, isLaterFragment(space)) : .no
        return LoadResult(
            content: .bits(bits),
            goesOn: goesOn,
            unknown: isLater == .no ? nil : (isLater, "a transport load on later fragments")
        )
    }

    private mutating func loadNetwork(_ offset: Int, _ length: Int, _ scope: LiftingScope) -> LoadResult {
        let space = scope.space
        let headerLength = space.version == .inet ? 20 : 40
        if offset + length <= headerLength {
            var bits: [Bit] = []
            for octet in offset..<offset + length { bits += headerOctet(octet, space) }
            return LoadResult(content: .bits(bits), goesOn: .yes)
        }
        guard space.version == .inet, offset >= headerLength else {
            return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "a load beyond the IPv6 header"))
        }
        // Behind a header of known length stands the payload, whose octets have names of their own.
        guard scope.headerWords.count == 1, let words = scope.headerWords.first else {
            return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "a load behind a header of unknown length"))
        }
        let start = offset - 4 * words
        guard start >= 0, start + length <= 64 else {
            return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "a load of IPv4 options"))
        }
        return LoadResult(
            content: .bits((start..<start + length).flatMap { space.bits(.transportOctet($0)) }),
            goesOn: holds(.transportReaches(start + length), space)
        )
    }

    private mutating func headerOctet(_ octet: Int, _ space: PacketSpace) -> [Bit] {
        func part(_ field: SpaceField, _ index: Int) -> [Bit] { Array(space.bits(field)[index * 8..<index * 8 + 8]) }
        if space.version == .inet {
            switch octet {
            case 0: return Array(constantBits(0x40).prefix(4)) + space.bits(.headerWords)
            case 1: return space.bits(.trafficClass)
            case 2, 3: return part(.lengthField, octet - 2)
            case 6, 7: return part(.fragmentWord, octet - 6)
            case 8: return space.bits(.timeToLive)
            case 9: return space.bits(.upperProtocol)
            case 12...15: return part(.source, octet - 12)
            case 16...19: return part(.destination, octet - 16)
            default: return opaqueOctet("ip \(octet)")
            }
        }
        let trafficClass = space.bits(.trafficClass)
        switch octet {
        case 0: return Array(constantBits(0x60).prefix(4)) + trafficClass.prefix(4)
        case 1: return trafficClass.suffix(4) + opaqueOctet("ip6 1").suffix(4)
        case 4, 5: return part(.lengthField, octet - 4)
        case 6: return space.bits(.nextHeader)
        case 7: return space.bits(.timeToLive)
        case 8...23: return part(.source, octet - 8)
        case 24...39: return part(.destination, octet - 24)
        default: return opaqueOctet("ip6 \(octet)")
        }
    }

    /// Extension headers and options.
    mutating func load(
        header kind: ExtensionHeaderKind,
        type: UInt8,
        offset: UInt32,
        length: UInt32,
        testsPresence: Bool,
        _ scope: LiftingScope
    ) -> LoadResult {
        let space = scope.space
        let property: SpaceProperty
        switch kind {
        case .ipv6:
            // The kernel breaks for IPv4, also when only asked for presence.
            guard space.version == .inet6 else { return LoadResult(content: .bits([]), goesOn: .no) }
            property = .extensionHeader(type)
        case .ipv4Option:
            guard space.version == .inet else { return LoadResult(content: .bits([]), goesOn: .no) }
            property = .ipv4Option(type)
        case .tcpOption:
            return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "TCP option \(type)"))
        }
        if testsPresence {
            let present = Bit.variable(space.variable(property))
            return LoadResult(
                content: .bits([Bit](repeating: .constant(false), count: 7) + [present]),
                goesOn: .yes
            )
        }
        if kind == .ipv6, type == 44, offset == 2, length == 2 {
            return LoadResult(content: .bits(space.bits(.fragmentWord)), goesOn: holds(property, space))
        }
        return LoadResult(content: nil, goesOn: .yes, unknown: (.yes, "bytes of extension header \(type)"))
    }
}

/// Names of conntrack states by their bit (kernel facts §11).
let sessionStates: [(bit: Int, name: String)] = [
    (0, "invalid"), (1, "established"), (2, "related"), (3, "new"), (6, "untracked"),
]

/// A byte as bits, the highest first.
func constantBits(_ byte: UInt8) -> [Bit] { (0..<8).map { .constant(byte >> UInt8(7 - $0) & 1 == 1) } }

/// A device's name as the kernel loads it: sixteen bytes, the rest zero.
func deviceNameBytes(_ name: String) -> [UInt8] {
    let bytes = Array(name.utf8.prefix(16))
    return bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
}

// SPDX-License-Identifier: Apache-2.0
// The router's own addresses and connected subnets: where a packet goes when the vector does not say (DESIGN §6).
import JunosModel
import NetworkTypes

/// What the configured interface addresses say about destinations.
struct LocalAddresses: Sendable {
    private struct Address: Hashable, Sendable {
        let family: AddressFamily
        let value: UInt128
    }

    /// Own addresses, and who has them.
    private var owners: [Address: Int] = [:]
    private var broadcasts: Set<UInt128> = []
    private let connected: [PrefixTable]

    init(_ interfaces: [LogicalInterface]) {
        var prefixes: [AddressFamily: [PrefixTable.Entry]] = [:]
        for (index, interface) in interfaces.enumerated() {
            for address in interface.families.values.flatMap(\.addresses) {
                let key = Address(family: address.family, value: address.address.value)
                if owners[key] == nil { owners[key] = index }
                guard !interface.isRoutingEngine, address.length < address.family.bits else { continue }
                prefixes[address.family, default: []].append(.init(address, label: Int32(index)))
                if address.family == .inet, address.length < 31 { broadcasts.insert(address.last.value) }
            }
        }
        connected = AddressFamily.allCases.map { PrefixTable(prefixes[$0] ?? []) }
    }

    /// The interface that has the address.
    func owner(_ family: AddressFamily, _ value: UInt128) -> Int? { owners[Address(family: family, value: value)] }

    /// A local address gives the router, a connected subnet its interface.
    ///
    /// Broadcasts and multicast are the router's too (flow reference §3.3 rule 7).
    func egress(_ header: PacketHeader) -> Egress? {
        let value = header.destination
        if owner(header.family, value) != nil { return .router }
        switch header.family {
        case .inet:
            if value == UInt128(UInt32.max) || value >> 28 == 0xe || broadcasts.contains(value) { return .router }
            return connected[0].longestMatch(value).map(Egress.interface)
        case .inet6:
            if value >> 120 == 0xff { return .router }
            return connected[1].longestMatch(value).map(Egress.interface)
        }
    }
}

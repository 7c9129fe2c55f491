// SPDX-License-Identifier: Apache-2.0
// Where the packets to one host go: a table of host routes that stands before every other of a sandbox.
import CNetfilterShims
import Netlink
import NetworkTypes

/// The host routes of a sandbox.
///
/// They decide before the local and main tables do, so that an experiment gets the way out
/// that it asks for (DESIGN §4: ways out are chosen by routes, never by marks).
struct HostRoutes: ~Copyable {
    /// Where packets to a host go.
    enum Way: Hashable {
        case device(index: UInt32)
        case local
    }

    /// The routing table; none of those that filter actions use (DESIGN §3.22).
    private static let table: UInt32 = 1000
    /// More routes than that are cleared away before the next one, so that memory stays bounded.
    private static let capacity = 65_536

    private var links: Links
    private let loopback: UInt32
    private var known: [IPAddress: Way] = [:]

    /// Puts the table before all others.
    init(_ links: consuming Links, loopback: UInt32) throws(NetlinkError) {
        self.links = links
        self.loopback = loopback
        for family in AddressFamily.allCases {
            try self.links.rule(family, priority: 1, table: Self.table, adds: true)
            try self.links.rule(family, priority: 2, table: RT_TABLE_LOCAL.rawValue, adds: true)
            try self.links.rule(family, priority: 0, table: RT_TABLE_LOCAL.rawValue, adds: false)
        }
    }

    /// Sends packets to a host some way; nil leaves it to the devices' own addresses and prefixes.
    ///
    /// Addresses that the stack never looks up (loopback, multicast, unspecified) are passed over.
    mutating func set(_ address: IPAddress, _ way: Way?) throws(NetlinkError) {
        guard known[address] != way, Self.isRoutable(address) else { return }
        if let way {
            if known.count >= Self.capacity { try clear() }
            try change(address, way, adds: true)
        } else if let old = known[address] {
            try change(address, old, adds: false)
        }
        known[address] = way
    }

    private mutating func clear() throws(NetlinkError) {
        for (address, way) in known { try change(address, way, adds: false) }
        known = [:]
    }

    private mutating func change(_ address: IPAddress, _ way: Way, adds: Bool) throws(NetlinkError) {
        switch way {
        case .device(let index):
            try links.route(to: address, by: index, isLocal: false, table: Self.table, adds: adds)
        case .local:
            try links.route(to: address, by: loopback, isLocal: true, table: Self.table, adds: adds)
        }
    }

    private static func isRoutable(_ address: IPAddress) -> Bool {
        switch address.family {
        case .inet:
            let first = address.value >> 24
            return address.value != 0 && first != 127 && !(224...239).contains(first) && address.value != 0xffff_ffff
        case .inet6:
            return address.value > 1 && address.value >> 120 != 0xff && address.value >> 118 != 0x3fa
        }
    }
}

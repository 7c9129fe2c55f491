// SPDX-License-Identifier: Apache-2.0
// Routes as rtnetlink has them.
import CNetfilterShims
import Glibc
import Netlink
import NetworkTypes

/// Attribute numbers of routes.
private enum RouteAttribute {
    static let destination = UInt32(RTA_DST.rawValue)
    static let device = UInt32(RTA_OIF.rawValue)
    static let gateway = UInt32(RTA_GATEWAY.rawValue)
    static let metric = UInt32(RTA_PRIORITY.rawValue)
    static let multipath = UInt32(RTA_MULTIPATH.rawValue)
    static let table = UInt32(RTA_TABLE.rawValue)
}

extension KernelRoute {
    /// The payload of a request to add it; nil if one of its devices does not exist.
    ///
    /// - Parameter devices: Devices' numbers by name.
    func payload(_ devices: [String: UInt32]) -> [UInt8]? {
        var hops: [(gateway: IPAddress?, device: UInt32)] = []
        var type = UInt8(RTN_UNICAST)
        switch target {
        case .unreachable: type = UInt8(RTN_UNREACHABLE)
        case .blackhole: type = UInt8(RTN_BLACKHOLE)
        case .hops(let wanted):
            for hop in wanted.sorted(by: { ($0.device, $0.gateway?.value ?? 0) < ($1.device, $1.gateway?.value ?? 0) })
            {
                guard let index = devices[hop.device] else { return nil }
                hops.append((hop.gateway, index))
            }
            guard !hops.isEmpty else { return nil }
        }
        var writer = header(type, isLink: !hops.isEmpty && hops.allSatisfy { $0.gateway == nil })
        if hops.count == 1 {
            writer.put(RouteAttribute.device, host32: hops[0].device)
            if let gateway = hops[0].gateway { writer.put(RouteAttribute.gateway, gateway.octets) }
        } else if hops.count > 1 {
            var list: [UInt8] = []
            for hop in hops {
                var inner = AttributeWriter()
                if let gateway = hop.gateway { inner.put(RouteAttribute.gateway, gateway.octets) }
                // struct rtnexthop: length, flags, weight less one, device.
                let length = 8 + inner.bytes.count
                list += [UInt8(truncatingIfNeeded: length), UInt8(length >> 8), 0, 0] + hostOrder(hop.device)
                list += inner.bytes
            }
            writer.put(RouteAttribute.multipath, list)
        }
        return writer.bytes
    }

    /// The payload of a request to delete it.
    var deletion: [UInt8] {
        let type: UInt8 =
            switch target {
            case .unreachable: UInt8(RTN_UNREACHABLE)
            case .blackhole: UInt8(RTN_BLACKHOLE)
            case .hops: UInt8(RTN_UNICAST)
            }
        return header(type, isLink: false, scope: UInt8(RT_SCOPE_NOWHERE.rawValue)).bytes
    }

    private func header(_ type: UInt8, isLink: Bool, scope: UInt8? = nil) -> AttributeWriter {
        let family = key.destination.family
        let plain = isLink && family == .inet ? RT_SCOPE_LINK.rawValue : RT_SCOPE_UNIVERSE.rawValue
        var writer = AttributeWriter()
        // struct rtmsg: family, prefix lengths, TOS, table, origin, scope, type, flags.
        writer.raw(
            [
                familyNumber(family), UInt8(key.destination.length), 0, 0, UInt8(RT_TABLE_UNSPEC.rawValue),
                RoutingOwnership.origin, scope ?? UInt8(plain), type,
            ] + hostOrder(0)
        )
        writer.put(RouteAttribute.table, host32: key.table)
        if key.destination.length > 0 { writer.put(RouteAttribute.destination, key.destination.first.octets) }
        writer.put(RouteAttribute.metric, host32: key.metric)
        return writer
    }

    /// Reads a route; nil for one that none of ours can be.
    ///
    /// - Parameter devices: Devices' names by number.
    init?(_ message: NetlinkMessage, _ devices: [UInt32: String]) throws(MalformedAttributes) {
        let bytes = message.bytes
        guard bytes.count >= 12, let family = addressFamily(bytes[0]) else { return nil }
        var fields = try message.attributes(after: 12)
        let address = fields.take(RouteAttribute.destination).flatMap { IPAddress(octets: $0.bytes) }
        guard let table = fields.take(RouteAttribute.table)?.host32,
            let destination = Prefix(address ?? IPAddress(family, 0), length: Int(bytes[1]))
        else { return nil }
        let device = fields.take(RouteAttribute.device)?.host32
        let gateway = fields.take(RouteAttribute.gateway).flatMap { IPAddress(octets: $0.bytes) }
        let target: Target
        switch UInt32(bytes[7]) {
        case UInt32(RTN_UNREACHABLE): target = .unreachable
        case UInt32(RTN_BLACKHOLE): target = .blackhole
        case UInt32(RTN_UNICAST):
            if let list = fields.take(RouteAttribute.multipath)?.bytes {
                target = .hops(try Self.hops(list, devices))
            } else if let name = device.flatMap({ devices[$0] }) {
                target = .hops([Hop(gateway: gateway, device: name)])
            } else {
                return nil
            }
        default: return nil
        }
        self.init(
            table: table,
            destination: destination,
            metric: fields.take(RouteAttribute.metric)?.host32 ?? 0,
            target: target
        )
    }

    private static func hops(_ list: [UInt8], _ devices: [UInt32: String]) throws(MalformedAttributes) -> Set<Hop> {
        var hops: Set<Hop> = []
        var position = 0
        while position + 8 <= list.count {
            let length = Int(list[position]) | Int(list[position + 1]) << 8
            guard length >= 8, position + length <= list.count else { break }
            let index = (0..<4).reduce(UInt32(0)) { $0 | UInt32(list[position + 4 + $1]) << (8 * UInt32($1)) }
            var fields = try AttributeFields(list, (position + 8)..<(position + length))
            let gateway = fields.take(RouteAttribute.gateway).flatMap { IPAddress(octets: $0.bytes) }
            hops.insert(Hop(gateway: gateway, device: devices[index] ?? "#\(index)"))
            position += (length + 3) & ~3
        }
        return hops
    }
}

/// The question for all routes of a table.
func routesQuestion(_ family: AddressFamily, table: UInt32) -> [UInt8] {
    var writer = AttributeWriter()
    writer.raw([familyNumber(family)] + [UInt8](repeating: 0, count: 11))
    writer.put(RouteAttribute.table, host32: table)
    return writer.bytes
}

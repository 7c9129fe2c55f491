// SPDX-License-Identifier: Apache-2.0
// The kernel's own answer to the question where packets to an address go.
import CNetfilterShims
import Glibc

/// Asks the routing tables of the network namespace that the calling thread was in when it was opened.
public struct RouteLookup: ~Copyable, Sendable {
    /// Where packets to an address go.
    public enum Way: Hashable, Sendable {
        /// To this host itself.
        case local
        /// Out by a device, by its number.
        case device(index: UInt32)
        /// Nowhere: there is no route, or one that refuses.
        case none
    }

    private var socket: NetlinkSocket

    /// Opens it.
    public init() throws(NetlinkError) { socket = try NetlinkSocket(.route, bufferSize: 1 << 16) }

    /// The next hop of packets to an address of 4 or 16 octets: the neighbour, nil for the address itself, and the
    /// device.
    ///
    /// Nil if there is no route to the address, none but the default one, or one to this host itself. What this host
    /// sends is meant: rules for packets that come from elsewhere have no part in it.
    public mutating func nextHop(to address: [UInt8]) throws(NetlinkError) -> (gateway: [UInt8]?, device: UInt32)? {
        var payload = AttributeWriter()
        let family = address.count == 4 ? AF_INET : AF_INET6
        // The flags ask for the route itself (RTM_F_FIB_MATCH), so that its prefix can be seen.
        let flags = (0..<4).map { UInt8(truncatingIfNeeded: UInt32(RTM_F_FIB_MATCH).littleEndian >> (8 * $0)) }
        payload.raw([UInt8(family), UInt8(address.count * 8)] + [UInt8](repeating: 0, count: 6) + flags)
        payload.put(UInt32(RTA_DST.rawValue), address)
        let answers: [NetlinkMessage]
        do {
            answers = try socket.request(
                type: UInt16(RTM_GETROUTE),
                payload: payload.bytes,
                operation: "look up a next hop"
            )
        } catch {
            guard error.code == .refused || error.code == .notFound else { throw error }
            return nil
        }
        // Length of the destination prefix; type.
        guard let answer = answers.first, answer.bytes.count >= 12, answer.bytes[1] > 0,
            UInt32(answer.bytes[7]) == UInt32(RTN_UNICAST), var fields = try? answer.attributes(after: 12)
        else { return nil }
        if let paths = fields.take(UInt32(RTA_MULTIPATH.rawValue))?.bytes, paths.count >= 8 {
            // struct rtnexthop: length, flags, weight, device; the first path stands for all.
            let length = min(Int(paths[0]) | Int(paths[1]) << 8, paths.count)
            let device = (0..<4).reduce(UInt32(0)) { $0 | UInt32(paths[4 + $1]) << (8 * UInt32($1)) }
            guard length >= 8, var inner = try? AttributeFields(paths, 8..<length) else { return nil }
            return (inner.take(UInt32(RTA_GATEWAY.rawValue))?.bytes, device)
        }
        guard let device = fields.take(UInt32(RTA_OIF.rawValue))?.host32 else { return nil }
        return (fields.take(UInt32(RTA_GATEWAY.rawValue))?.bytes, device)
    }

    /// Where packets to an address of 4 or 16 octets go, without regard to marks and sources.
    public mutating func way(to address: [UInt8]) throws(NetlinkError) -> Way {
        var payload = AttributeWriter()
        let family = address.count == 4 ? AF_INET : AF_INET6
        // struct rtmsg: family, length of the destination prefix, ten octets that a question leaves open.
        payload.raw([UInt8(family), UInt8(address.count * 8)] + [UInt8](repeating: 0, count: 10))
        payload.put(UInt32(RTA_DST.rawValue), address)
        let answers: [NetlinkMessage]
        do {
            answers = try socket.request(
                type: UInt16(RTM_GETROUTE),
                payload: payload.bytes,
                operation: "look up a route"
            )
        } catch {
            // Unreachable and its like are answers, not failures.
            guard error.code == .refused || error.code == .notFound else { throw error }
            return .none
        }
        guard let answer = answers.first, answer.bytes.count >= 12 else { return .none }
        // The route's type is the eighth octet.
        switch UInt32(answer.bytes[7]) {
        case UInt32(RTN_LOCAL), UInt32(RTN_BROADCAST), UInt32(RTN_ANYCAST): return .local
        case UInt32(RTN_UNICAST), UInt32(RTN_MULTICAST): break
        default: return .none
        }
        guard var fields = try? answer.attributes(after: 12),
            let index = fields.take(UInt32(RTA_OIF.rawValue))?.host32
        else { return .none }
        return .device(index: index)
    }

    /// The name of a device in the calling thread's network namespace; nil if there is none.
    public static func deviceName(index: UInt32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard unsafe if_indextoname(index, &name) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

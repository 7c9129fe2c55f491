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

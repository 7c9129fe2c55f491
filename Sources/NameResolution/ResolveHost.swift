// SPDX-License-Identifier: Apache-2.0
// Addresses of names of hosts, with the time that they hold: the only room that asks name servers.
import CNetfilterShims
public import NetworkTypes

/// A name server to ask instead of those of the system.
public struct NameServer: Hashable, Sendable {
    /// Its IPv4 address.
    public var address: String
    /// Its UDP and TCP port.
    public var port: UInt16

    /// Makes a server.
    public init(address: String, port: UInt16 = 53) {
        self.address = address
        self.port = port
    }
}

/// What a name stands for.
public struct HostAddresses: Hashable, Sendable {
    /// Addresses of both families in order; empty if the name has none.
    public var addresses: [IPAddress]
    /// Seconds that the answer holds; nil where its source does not say (`/etc/hosts`).
    public var timeToLive: UInt32?

    /// Makes an answer.
    public init(addresses: [IPAddress], timeToLive: UInt32?) {
        self.addresses = addresses
        self.timeToLive = timeToLive
    }
}

/// Asks what a name stands for; blocks for some seconds at most for each server.
///
/// - Returns: nil if nobody could answer now.
public func resolveHost(_ name: String, at server: NameServer? = nil) -> HostAddresses? {
    var result = HostAddresses(addresses: [], timeToLive: nil)
    var answers = 0
    for family in AddressFamily.allCases {
        let queried = query(name, family, server)
        // Without a server of our own the system says what counts: /etc/hosts comes before name servers there.
        let found = server == nil ? lookUp(name, family) ?? queried?.addresses : queried?.addresses
        if let found {
            answers += 1
            result.addresses += found
        }
        if let seconds = queried?.timeToLive { result.timeToLive = min(result.timeToLive ?? seconds, seconds) }
    }
    guard answers == AddressFamily.allCases.count else { return nil }
    result.addresses = Set(result.addresses).sorted()
    return result
}

/// The most addresses of one family that are taken from one answer.
private let capacity = 256

private func query(_ name: String, _ family: AddressFamily, _ server: NameServer?) -> HostAddresses? {
    var octets = [UInt8](repeating: 0, count: 16 * capacity)
    var timeToLive: UInt32 = 0
    let count = unsafe CNetfilterShims_queryName(
        name,
        number(family),
        server?.address,
        server?.port ?? 0,
        &octets,
        Int32(capacity),
        &timeToLive
    )
    guard count >= 0 else { return nil }
    return HostAddresses(addresses: addresses(octets, count, family), timeToLive: count > 0 ? timeToLive : nil)
}

private func lookUp(_ name: String, _ family: AddressFamily) -> [IPAddress]? {
    var octets = [UInt8](repeating: 0, count: 16 * capacity)
    let count = unsafe CNetfilterShims_lookUpName(name, number(family), &octets, Int32(capacity))
    return count >= 0 ? addresses(octets, count, family) : nil
}

private func addresses(_ octets: [UInt8], _ count: Int32, _ family: AddressFamily) -> [IPAddress] {
    (0..<Int(count)).compactMap { index in
        IPAddress(octets: Array(octets[index * 16..<index * 16 + (family == .inet ? 4 : 16)]))
    }
}

private func number(_ family: AddressFamily) -> Int32 { family == .inet ? AF_INET : AF_INET6 }

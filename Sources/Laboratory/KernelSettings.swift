// SPDX-License-Identifier: Apache-2.0
// The sysctls under which only the loaded program decides, and every packet's fate shows at once (kernel facts §10).
import Glibc

/// The sysctls of a sandbox, by path below `/proc/sys`.
struct KernelSettings {
    /// What must be set before the first device appears, so that devices begin with it.
    private static let deterministic: [(path: String, value: String)] = [
        ("net/ipv4/conf/*/rp_filter", "0"),
        ("net/ipv4/conf/*/accept_local", "1"),
        // As on every router: packets that claim to come from 127/8 are the stack's to drop.
        ("net/ipv4/conf/*/route_localnet", "0"),
        ("net/ipv4/conf/*/bc_forwarding", "1"),
        ("net/ipv4/conf/*/accept_source_route", "1"),
        ("net/ipv4/conf/*/send_redirects", "0"),
        ("net/ipv4/conf/*/log_martians", "0"),
        ("net/ipv4/icmp_echo_ignore_broadcasts", "0"),
        // A rate limit of zero, and no type under the host-wide limit: every reject answers.
        ("net/ipv4/icmp_ratelimit", "0"),
        ("net/ipv4/icmp_ratemask", "0"),
        ("net/ipv4/ip_early_demux", "0"),
        ("net/ipv4/fwmark_reflect", "1"),
        ("net/ipv6/conf/*/disable_ipv6", "0"),
        ("net/ipv6/conf/*/addr_gen_mode", "1"),
        ("net/ipv6/conf/*/accept_dad", "0"),
        ("net/ipv6/conf/*/dad_transmits", "0"),
        ("net/ipv6/conf/*/accept_ra", "0"),
        ("net/ipv6/conf/*/autoconf", "0"),
        ("net/ipv6/conf/*/router_solicitations", "0"),
        ("net/ipv6/conf/*/accept_source_route", "1"),
        ("net/ipv6/icmp/ratelimit", "0"),
        ("net/ipv6/icmp/ratemask", ""),
        ("net/ipv6/fwmark_reflect", "1"),
        ("net/netfilter/nf_conntrack_tcp_loose", "1"),
    ]

    /// Settings whose file was not there yet: those of conntrack appear when its module is loaded.
    private var pending: [(path: String, value: String)] = []

    /// Sets everything that can be set in the calling thread's namespace; the caller's own values come last.
    mutating func apply(forwardsIPv4: Bool, forwardsIPv6: Bool, _ own: [String: String]) throws {
        var all = Self.deterministic
        all.append(("net/ipv4/conf/*/forwarding", forwardsIPv4 ? "1" : "0"))
        all.append(("net/ipv4/ip_forward", forwardsIPv4 ? "1" : "0"))
        all.append(("net/ipv6/conf/*/forwarding", forwardsIPv6 ? "1" : "0"))
        for setting in own.sorted(by: { $0.key < $1.key }) { all.append((setting.key, setting.value)) }
        for (path, value) in all {
            for place in path.contains("*") ? ["all", "default"] : [""] {
                let path = String(path.split(separator: "*", maxSplits: 1).joined(by: place))
                if try !Self.write(value, to: path) { pending.append((path, value)) }
            }
        }
    }

    /// Sets what could not be set before.
    mutating func applyPending() throws {
        var remaining: [(path: String, value: String)] = []
        for (path, value) in pending where try !Self.write(value, to: path) { remaining.append((path, value)) }
        pending = remaining
    }

    /// The settings whose file is not in this kernel or namespace.
    var unknown: [String] { pending.map(\.path) }

    /// Sets one value; false if there is no such file.
    private static func write(_ value: String, to path: String) throws -> Bool {
        let operation = "set the sysctl \(path) to \(value)"
        guard !path.split(separator: "/").contains("..") else { throw LaboratoryError(.invalid, operation) }
        let descriptor = unsafe open("/proc/sys/\(path)", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if Glibc.errno == ENOENT { return false }
            throw LaboratoryError(operation)
        }
        defer { close(descriptor) }
        let bytes = Array("\(value)\n".utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw LaboratoryError(operation)
        }
        return true
    }

    /// Reads a number; nil if there is no such file.
    static func number(_ path: String) throws -> Int? {
        let descriptor = unsafe open("/proc/sys/\(path)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if Glibc.errno == ENOENT { return nil }
            throw LaboratoryError("read the sysctl \(path)")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw LaboratoryError("read the sysctl \(path)") }
        return Int(String(decoding: bytes[..<count].prefix { $0 != 0x0a }, as: UTF8.self))
    }
}

extension Sequence where Element == Substring {
    /// The parts with a text between them.
    fileprivate func joined(by text: String) -> String { joined(separator: text) }
}

// SPDX-License-Identifier: Apache-2.0
// The sysctls that a program needs: set, remembered, given back (DESIGN §3.22, flow reference §10.2).
import Foundation
public import JunosModel

/// What setting sysctls did.
struct SysctlChange {
    /// Values before the change, by path below `/proc/sys`.
    var previous: [String: String] = [:]
    /// Paths that could not be written, with the reason.
    var refused: [String] = []
}

/// The values that a configuration needs, by path below `/proc/sys`.
public func neededSysctls(_ configuration: JunosConfiguration) -> [String: String] {
    var values = [
        "net/ipv4/ip_forward": "1",
        // Replies to what we refuse carry its mark, so that they get out (DESIGN §3.17).
        "net/ipv4/fwmark_reflect": "1",
        "net/ipv6/fwmark_reflect": "1",
    ]
    let hasIPv6 = configuration.interfaces.contains { $0.families[.inet6] != nil }
    if hasIPv6 { values["net/ipv6/conf/all/forwarding"] = "1" }
    let isFlowBased = configuration.security != nil
    if isFlowBased || choosesWays(configuration) {
        // What a term sent out by another way comes back by it; Junos asks for no return path.
        values["net/ipv4/conf/all/rp_filter"] = "0"
        // For devices that appear later.
        values["net/ipv4/conf/default/rp_filter"] = "0"
        for device in configuration.interfaces.compactMap(\.device) {
            // The larger of `all` and the device counts.
            values["net/ipv4/conf/\(device.replacingOccurrences(of: ".", with: "/"))/rp_filter"] = "0"
        }
    }
    guard let security = configuration.security else { return values }
    for (name, value) in conntrackSettings(security.flow) { values["net/netfilter/nf_conntrack_\(name)"] = value }
    values["net/ipv4/conf/all/send_redirects"] = "0"
    values["net/ipv4/conf/default/send_redirects"] = "0"
    for device in configuration.interfaces.compactMap(\.device) {
        // Either of `all` and the device counts.
        values["net/ipv4/conf/\(device.replacingOccurrences(of: ".", with: "/"))/send_redirects"] = "0"
    }
    return values
}

/// Whether some term sends packets another way than their destination's.
private func choosesWays(_ configuration: JunosConfiguration) -> Bool {
    configuration.filters.values.contains { $0.terms.contains { $0.then.forwarding != nil } }
}

/// Sets sysctls of the current network namespace; keys whose file does not exist are reported, not fatal.
func setSysctls(_ values: [String: String]) -> SysctlChange {
    var change = SysctlChange()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
        let path = sysctlPath(key)
        guard let before = try? String(contentsOfFile: path, encoding: .utf8) else {
            change.refused.append("\(key): not in this kernel or namespace")
            continue
        }
        let trimmed = before.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed != value else { continue }
        do {
            try write(value, to: path)
            change.previous[key] = trimmed
        } catch {
            change.refused.append("\(key): cannot be set to \(value) (is \(trimmed))")
        }
    }
    return change
}

/// Restores recorded values; what cannot be written is returned.
func restoreSysctls(_ values: [String: String]) -> [String] {
    values.sorted { $0.key < $1.key }.compactMap { key, value in
        (try? write(value, to: sysctlPath(key))) == nil ? key : nil
    }
}

/// A device's dots are `/` in a sysctl's name and dots again in its path.
private func sysctlPath(_ key: String) -> String {
    for root in ["net/ipv4/conf/", "net/ipv6/conf/"] where key.hasPrefix(root) {
        let rest = key.dropFirst(root.count).split(separator: "/")
        guard rest.count > 2, let name = rest.last else { break }
        return "/proc/sys/\(root)\(rest.dropLast().joined(separator: "."))/\(name)"
    }
    return "/proc/sys/\(key)"
}

private func write(_ value: String, to path: String) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? handle.close() }
    try handle.write(contentsOf: Data((value + "\n").utf8))
}

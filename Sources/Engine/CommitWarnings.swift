// SPDX-License-Identifier: Apache-2.0
// What an administrator should hear at a commit that no commit check can know (DESIGN §3.20, §3.21, §3.24).
import Foundation
import JunosModel
import NetworkTypes
import NftablesCompiler
import NftablesIR
import ReferenceEvaluator

/// Warnings about a program that has just been loaded into the current network namespace.
///
/// - Parameter isWatched: whether somebody stays who switches schedulers, follows names of hosts, and hears reports.
func commitWarnings(_ compiled: CompiledConfiguration, isWatched: Bool) -> [String] {
    unresolvedHosts(compiled.configuration) + (isWatched ? [] : unwatched(compiled.configuration))
        + [
            unnamedDevices(compiled.configuration), isWatched ? nil : unheardLogs(compiled.table),
            refusedShell(compiled.configuration),
        ]
        .compactMap { $0 }
}

/// Names of hosts that nobody knows: their addresses match nothing (flow reference §4).
private func unresolvedHosts(_ configuration: JunosConfiguration) -> [String] {
    let unresolved = hostNames(configuration).subtracting(configuration.circumstances.hostAddresses.keys)
    guard !unresolved.isEmpty else { return [] }
    return ["no addresses are known for \(unresolved.sorted().joined(separator: ", ")): these names match nothing"]
}

/// What changes by itself, and nobody would follow (flow reference §4, §6.4).
private func unwatched(_ configuration: JunosConfiguration) -> [String] {
    var warnings: [String] = []
    let policies =
        (configuration.security?.policyContexts.flatMap(\.policies) ?? [])
        + (configuration.security?.globalPolicies ?? [])
    if policies.contains(where: { $0.scheduler != nil }) {
        warnings.append(
            "schedulers are as they are now: nobody switches their policies later; run sluiced instead, or apply again"
        )
    }
    let terms = configuration.filters.values.lazy.flatMap(\.terms)
    if terms.contains(where: { $0.then.sample || $0.then.mirror != nil }) {
        warnings.append("nobody takes the packets that are sampled or mirrored: run sluiced instead")
    }
    if terms.contains(where: { $0.then.forwarding != nil }) {
        warnings.append(
            "routes that terms choose go with their links and nobody puts them back: run sluiced instead, or apply again"
        )
    }
    if !hostNames(configuration).isEmpty {
        warnings.append(
            "names of hosts were resolved once: nobody follows their changes; run sluiced instead, or apply again"
        )
    }
    return warnings
}

/// Devices of the namespace that the configuration does not name (DESIGN §3.21).
private func unnamedDevices(_ configuration: JunosConfiguration) -> String? {
    let named = Set(configuration.interfaces.compactMap(\.device))
    let present = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/sys/net/ipv4/conf")) ?? []
    let unnamed = present.filter { !["all", "default", "lo"].contains($0) && !named.contains($0) }.sorted()
    guard !unnamed.isEmpty else { return nil }
    let fate = configuration.security == nil ? "accepted without any filter" : "in the null zone: dropped"
    return "devices that the configuration does not name are \(fate): \(unnamed.joined(separator: ", "))"
}

/// Reports that nobody takes from the kernel without the daemon (DESIGN §3.24).
private func unheardLogs(_ table: Table) -> String? {
    let isLogging = table.chains.values.contains { chain in
        chain.rules.contains { rule in
            rule.expressions.contains { expression in
                guard case .log(let parameters) = expression else { return false }
                return parameters.group == reportGroup
            }
        }
    }
    guard isLogging else { return nil }
    return "log and syslog actions report to NFLOG group \(reportGroup), and nobody listens: run sluiced instead of "
        + "`sluice apply`, or read the packets with `tcpdump -i nflog:\(reportGroup)`"
}

/// Whether a new connection like the caller's own SSH session would be refused (DESIGN §3.20).
private func refusedShell(_ configuration: JunosConfiguration) -> String? {
    // CLIENT CLIENT-PORT SERVER SERVER-PORT, as sshd leaves it.
    guard let words = ProcessInfo.processInfo.environment["SSH_CONNECTION"]?.split(separator: " ").map(String.init),
        words.count == 4, let client = IPAddress(words[0]), let clientPort = UInt16(words[1]),
        let server = IPAddress(words[2]), let serverPort = UInt16(words[3]),
        let packet = try? PacketFields(6, from: client, to: server, sourcePort: clientPort, destinationPort: serverPort)
            .build()
    else { return nil }
    // The interface that owns the address, for want of a better guess.
    let owner = configuration.interfaces.first { interface in
        !interface.isRoutingEngine
            && interface.families.values.contains { $0.addresses.contains { $0.address == server } }
    }
    guard let owner else { return nil }
    var evaluator = ReferenceEvaluator(configuration)
    let vector = PacketVector(
        id: "ssh",
        inputInterface: owner.name,
        outputInterface: PacketVector.local,
        packet: packet
    )
    guard let answer = try? evaluator.evaluate(vector), answer.verdict != .accept else { return nil }
    return "a new SSH connection like yours from \(client) would be refused by \(answer.decidedBy ?? "the program")"
}

// SPDX-License-Identifier: Apache-2.0
// `show firewall log` (filters reference §6.1, §6.3).
import NetworkTypes

let showFirewallLogCommand = OperationalCommand(
    path: ["show", "firewall", "log"],
    options: [.init(keyword: "detail"), .init(keyword: "interface", value: "INTERFACE")],
    summary: "packets that terms with `log` matched, newest first; kept by sluiced"
) { arguments, sources in
    var entries = try sources.firewallLog()
    if let name = arguments.values["interface"] { entries.removeAll { $0.interface != name } }
    return arguments.flags.contains("detail")
        ? OperationalAnswer(DetailedFirewallLog(entries: entries)) : OperationalAnswer(FirewallLog(entries: entries))
}

/// One line a packet.
struct FirewallLog: OperationalView {
    /// Newest first.
    var entries: [FirewallLogEntry]

    var text: String {
        func row(_ words: [String]) -> String {
            trimmed(zip(words, [10, 10, 7, 14, 16, 33, 0]).map { column($0, $1) }.joined()) + "\n"
        }
        return "Log :\n"
            + row(["Time", "Filter", "Action", "Interface", "Protocol", "Src Addr", "Dest Addr"])
            + entries.map { entry in
                row([
                    entry.time.clock, entry.filter, entry.action.letter, entry.interface,
                    entry.protocolName.uppercased(), "\(entry.source)", "\(entry.destination)",
                ])
            }.joined()
    }

    var element: OutputElement {
        OutputElement(
            "firewall-log-information",
            entries.map { entry in
                OutputElement(
                    "log-information",
                    [
                        OutputElement("time", entry.time.clock),
                        OutputElement("filter-name", entry.filter),
                        OutputElement("action-name", entry.action.letter),
                        OutputElement("interface-name", entry.interface),
                        OutputElement("protocol-name", entry.protocolName.uppercased()),
                        OutputElement("source-address", "\(entry.source)"),
                        OutputElement("destination-address", "\(entry.destination)"),
                    ]
                )
            }
        )
    }
}

/// Two lines a packet, with its length and ports.
struct DetailedFirewallLog: OperationalView {
    /// Newest first.
    var entries: [FirewallLogEntry]

    var text: String {
        entries.map { entry in
            var text =
                "Time of Log: \(entry.time.text), Filter: \(entry.filter), Filter action: \(entry.action.rawValue), "
                + "Name of interface: \(entry.interface)\n"
                + "Name of protocol: \(entry.protocolName.uppercased()), Packet Length: \(entry.packetLength), "
                + "Source address: \(entry.sourceText), Destination address: \(entry.destinationText)\n"
            if case .icmp(let type, let code) = entry.transport { text += "ICMP type: \(type), ICMP code: \(code)\n" }
            return text
        }.joined()
    }

    var element: OutputElement {
        OutputElement(
            "firewall-log-information",
            entries.map { entry in
                var elements = [
                    OutputElement("time", entry.time.text),
                    OutputElement("filter-name", entry.filter),
                    OutputElement("action-name", entry.action.rawValue),
                    OutputElement("interface-name", entry.interface),
                    OutputElement("protocol-name", entry.protocolName.uppercased()),
                    OutputElement("packet-length", UInt64(entry.packetLength)),
                    OutputElement("source-address", entry.sourceText),
                    OutputElement("destination-address", entry.destinationText),
                ]
                if case .icmp(let type, let code) = entry.transport {
                    elements += [
                        OutputElement("icmp-type", UInt64(type)), OutputElement("icmp-code", UInt64(code)),
                    ]
                }
                return OutputElement("log-information", elements)
            }
        )
    }
}

extension FirewallLogEntry {
    fileprivate var sourceText: String {
        guard case .ports(let port, _) = transport else { return "\(source)" }
        return endpoint(source, port)
    }

    fileprivate var destinationText: String {
        guard case .ports(_, let port) = transport else { return "\(destination)" }
        return endpoint(destination, port)
    }
}

/// `ADDRESS:PORT`; an IPv6 address stands in brackets, or nobody could tell where it ends.
private func endpoint(_ address: IPAddress, _ port: UInt16) -> String {
    address.family == .inet ? "\(address):\(port)" : "[\(address)]:\(port)"
}

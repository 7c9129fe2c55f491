// SPDX-License-Identifier: Apache-2.0
// `forwarding-options sampling`, `packet-capture` and `port-mirroring` (filters reference §4.3, §7.7).
import Diagnostics
import JunosSyntax
import NetworkTypes

/// What may stand under `forwarding-options`.
let forwardingOptionsStatements = SupportTable(
    "forwarding-options",
    supported: ["sampling", "packet-capture", "port-mirroring"],
    notApplicable: [
        "family": "only filters of the forwarding table would, and those are refused",
        "hash-key": "links are shared as this host shares them",
        "enhanced-hash-key": "links are shared as this host shares them",
        "load-balance": "links are shared as this host shares them",
        "storm-control-profiles": "it speaks of switching",
        "dhcp-relay": "services run on this host",
        "helpers": "services run on this host",
        "accounting": "flow records are not exported",
        "monitoring": "flow records are not exported",
        "analyzer": "it speaks of switching",
        "multicast": "there is no multicast routing",
        "tunnels": "tunnels are not built; what would go through them goes by the routes of this host",
        "load-balance-label-capability": "there is no label switching",
        "evpn-vxlan": "it speaks of switching",
        "vxlan-routing": "it speaks of switching",
        "vxlan-tos-copy-filter": "it speaks of switching",
        "multicast-replication": "it speaks of switching",
    ]
)

/// What may stand under `forwarding-options packet-capture`.
let packetCaptureStatements = SupportTable(
    "forwarding-options packet-capture",
    supported: ["file", "maximum-capture-size", "disable"],
    cosmetic: ["traceoptions"]
)

/// What may stand under `forwarding-options sampling`.
let samplingStatements = SupportTable(
    "forwarding-options sampling",
    supported: ["input", "family", "output", "disable"],
    unsupported: ["instance": "packets would have to be told apart by interface card: configure 'input' and 'file'"],
    notApplicable: ["sample-once": "a packet is captured for each term that samples it"],
    cosmetic: ["traceoptions"]
)

/// What may stand under an `input` of sampling or mirroring.
let copyInputStatements = SupportTable(
    "forwarding-options port-mirroring input",
    supported: ["rate", "run-length", "maximum-packet-length"],
    unsupported: [
        "max-packets-per-second": "more packets would be copied than it allows",
        "family": "write the rate directly under 'input'",
    ]
)

/// What may stand under `forwarding-options port-mirroring`, and under an instance of it.
let portMirroringStatements = SupportTable(
    "forwarding-options port-mirroring",
    supported: ["input", "family", "instance"],
    unsupported: ["mirror-once": "a packet is mirrored for each term that mirrors it"],
    cosmetic: ["traceoptions"]
)

/// Extracts what terms' copies are made of and where they go.
func extractPacketCopies(
    _ options: Statement,
    into configuration: inout JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    var sampling: Statement?
    var capture: Statement?
    for statement in forwardingOptionsStatements.admitted(options, &diagnostics) {
        switch statement.word {
        case "sampling": sampling = statement.child("disable") == nil ? statement : nil
        case "packet-capture": capture = statement.child("disable") == nil ? statement : nil
        default: extractMirrors(statement, into: &configuration.portMirrors, &diagnostics)
        }
    }
    guard capture != nil || sampling != nil else { return }
    configuration.packetCapture = extractCapture(capture, sampling, options, &diagnostics)
}

/// The capture: its file as `packet-capture` says, else `sampling`; which packets as `sampling` says.
private func extractCapture(
    _ capture: Statement?,
    _ sampling: Statement?,
    _ options: Statement,
    _ diagnostics: inout [Diagnostic]
) -> PacketCapture? {
    var rate = CopyRate()
    var file: Statement?
    // Devices keep 68 octets of a packet where nothing is configured.
    var length: UInt32 = 68
    if let sampling {
        for statement in samplingStatements.admitted(sampling, &diagnostics) {
            switch statement.word {
            case "input": (rate, _) = extractRate(statement, &diagnostics)
            case "output": file = samplingFile(statement, &diagnostics) ?? file
            case "family":
                for family in statement.statements {
                    if let output = family.child("output") { file = samplingFile(output, &diagnostics) ?? file }
                }
            default: break
            }
        }
    }
    if let capture {
        for statement in packetCaptureStatements.admitted(capture, &diagnostics) {
            switch statement.word {
            case "file": file = statement
            case "maximum-capture-size": length = count(statement, 68...1500, &diagnostics) ?? length
            default: break
            }
        }
    }
    let name = file?.child("filename")?.value?.word
    guard let name, !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), name != ".", name != ".." else {
        if let file, name != nil {
            diagnostics.error("invalid-value", file, "'\(name ?? "")' is no name of a file without a folder")
        }
        return PacketCapture(
            fileName: "",
            files: 0,
            size: 0,
            isWorldReadable: false,
            maximumLength: length,
            rate: rate,
            source: (capture ?? sampling ?? options).reference
        )
    }
    return PacketCapture(
        fileName: name,
        files: file?.child("files").flatMap { count($0, 2...10_000, &diagnostics) }.map(Int.init) ?? 10,
        size: UInt64(file?.child("size").flatMap { size($0, &diagnostics) } ?? 512 << 10),
        isWorldReadable: file?.child("world-readable") != nil,
        maximumLength: length,
        rate: rate,
        source: (capture ?? sampling ?? options).reference
    )
}

/// `output file`; other outputs export flow records.
private func samplingFile(_ output: Statement, _ diagnostics: inout [Diagnostic]) -> Statement? {
    for child in output.statements where child.word != "file" && !wordsAllowedEverywhere.contains(child.word) {
        diagnostics.warning(
            "not-applicable",
            child,
            "'\(child.word)' has no effect here: flow records are not exported, sampled packets go to a file"
        )
    }
    return output.child("file")
}

/// `port-mirroring` with its instances.
private func extractMirrors(
    _ statement: Statement,
    into mirrors: inout [String: PortMirror],
    _ diagnostics: inout [Diagnostic]
) {
    for child in portMirroringStatements.admitted(statement, &diagnostics) where child.word == "instance" {
        for instance in child.statements {
            // The name is part of an NFLOG prefix, which has 127 octets at most (kernel facts §7).
            if instance.word.utf8.count > 64 {
                diagnostics.error("invalid-name", instance, "The name of a mirror has 1 to 64 octets")
            }
            mirrors[instance.word] = extractMirror(instance, name: instance.word, &diagnostics)
        }
    }
    if statement.child("family") != nil || statement.child("input") != nil {
        mirrors[""] = extractMirror(statement, name: "", &diagnostics)
    }
}

private func extractMirror(_ statement: Statement, name: String, _ diagnostics: inout [Diagnostic]) -> PortMirror {
    var mirror = PortMirror(
        name: name,
        rate: CopyRate(),
        maximumLength: 0,
        outputs: [:],
        source: statement.reference
    )
    for child in statement.statements {
        switch child.word {
        case "input": (mirror.rate, mirror.maximumLength) = extractRate(child, &diagnostics)
        case "family":
            for family in child.statements {
                guard let version = AddressFamily(rawValue: family.word) else {
                    diagnostics.error(
                        "unsupported-statement",
                        family,
                        "mirroring of family \(family.word) is not supported: only inet and inet6 are"
                    )
                    continue
                }
                for other in family.statements where !["output", "input"].contains(other.word) {
                    diagnostics.error("unsupported-statement", other, "'\(other.word)' of a mirror is not supported")
                }
                mirror.outputs[version] = family.child("output").flatMap { extractOutput($0, version, &diagnostics) }
            }
        case "instance": break
        // Of an instance; `port-mirroring` itself was judged by its table.
        case let word where !name.isEmpty && !wordsAllowedEverywhere.contains(word):
            diagnostics.error("unsupported-statement", child, "'\(word)' of a mirror is not supported")
        default: break
        }
    }
    return mirror
}

private func extractOutput(
    _ output: Statement,
    _ family: AddressFamily,
    _ diagnostics: inout [Diagnostic]
) -> PortMirror.Output? {
    for other in output.statements where !["interface", "no-filter-check"].contains(other.word) {
        diagnostics.error("unsupported-statement", other, "'\(other.word)' of a mirror's output is not supported")
    }
    guard let interface = output.child("interface")?.statements.first else {
        diagnostics.error("missing-value", output, "the mirror has no interface that copies could leave by")
        return nil
    }
    var hop: IPAddress?
    if let nextHop = interface.child("next-hop")?.statements.first {
        hop = IPAddress(nextHop.word)
        if hop?.family != family {
            diagnostics.error(
                "invalid-value",
                nextHop,
                "'\(nextHop.word)' is no address of family \(family.rawValue)"
            )
        }
    }
    return PortMirror.Output(interface: logicalName(interface.word), nextHop: hop)
}

/// `input`: the rate, and the octets that are kept of a packet.
private func extractRate(
    _ input: Statement,
    _ diagnostics: inout [Diagnostic]
) -> (rate: CopyRate, maximumLength: UInt32) {
    var rate = CopyRate()
    var length: UInt32 = 0
    for statement in copyInputStatements.admitted(input, &diagnostics) {
        switch statement.word {
        case "rate": rate.rate = count(statement, 1...65_535, &diagnostics) ?? 1
        case "run-length": rate.runLength = count(statement, 0...20, &diagnostics) ?? 0
        default: length = count(statement, 0...9192, &diagnostics) ?? 0
        }
    }
    return (rate, length)
}

private func count(_ statement: Statement, _ range: ClosedRange<UInt32>, _ diagnostics: inout [Diagnostic]) -> UInt32? {
    let text = statement.value?.word ?? ""
    if let number = UInt32(text), range.contains(number) { return number }
    diagnostics.error(
        "invalid-value",
        statement,
        "'\(text)' is no number from \(range.lowerBound) to \(range.upperBound)"
    )
    return nil
}

/// Octets, with `k`, `m` and `g` as powers of 1,024.
private func size(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> UInt32? {
    let text = statement.value?.word ?? ""
    let shifts: [Character: UInt32] = ["k": 10, "m": 20, "g": 30]
    let shift = text.last.flatMap { shifts[$0] }
    let digits = shift == nil ? text[...] : text.dropLast()
    if let number = UInt32(digits), number <= (1 << 30) >> (shift ?? 0), number << (shift ?? 0) >= 1024 {
        return number << (shift ?? 0)
    }
    diagnostics.error("invalid-value", statement, "'\(text)' is no size from 1k to 1g")
    return nil
}

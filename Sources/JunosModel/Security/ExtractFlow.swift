// SPDX-License-Identifier: Apache-2.0
// `security flow`: flow reference §2.3, §2.6.
import Diagnostics
import JunosSyntax

/// What may stand under `security flow` (flow reference §2.6).
let flowStatements = SupportTable(
    "security flow",
    // Fragments of a flow-based family are reassembled in any case (flow reference §2.8).
    supported: ["tcp-session", "tcp-mss", "allow-dns-reply", "allow-embedded-icmp", "force-ip-reassembly"],
    unsupported: [
        "aging": "sessions would not be aged early",
        "route-change-timeout": "sessions would keep their time when routes change",
        "fragment-limit": "the kernel's own limits hold",
        "fragment-reassembly-timeout": "the kernel's own limits hold",
        "drop-flow": "denied flows are looked up packet by packet",
        "advanced-options": "its drops are not built yet",
        "ethernet-switching": "bridged traffic is not filtered",
        "bridge": "bridged traffic is not filtered",
        "mcast-buffer-enhance": "multicast is forwarded by this host",
        "sync-icmp-session": "there is no cluster",
    ],
    notApplicable: [
        "syn-flood-protection-mode": "it matters to screens only",
        "power-mode-disable": "there is no such mode",
        "power-mode-ipsec": "there is no such mode",
        "power-mode-ipsec-qat": "there is no such mode",
        "ipsec-performance-acceleration": "VPNs are not built",
        "load-distribution": "the kernel distributes load",
        "preserve-incoming-fragment-size": "the kernel decides how it fragments",
        "pending-sess-queue-length": "the kernel decides",
        "hardware-acceleration": "the kernel decides",
        "enhanced-routing-mode": "the kernel decides",
    ],
    cosmetic: ["traceoptions", "packet-log", "log"]
)

/// What may stand under `security flow tcp-session` (flow reference §2.3).
let tcpSessionStatements = SupportTable(
    "security flow tcp-session",
    supported: [
        "no-syn-check", "strict-syn-check", "no-sequence-check", "rst-invalidate-session", "fin-invalidate-session",
        "tcp-initial-timeout", "time-wait-state",
    ],
    unsupported: [
        "rst-sequence-check": "resets whose number lies in the window but is not the next one would pass, unanswered",
        "aggressive-tcp-ack": "there is no TCP proxy",
        "tcp-fast-open": "there is no TCP proxy",
        "tcp-selective-ack": "there is no TCP proxy",
    ],
    notApplicable: ["no-syn-check-in-tunnel": "VPNs are not built"],
    cosmetic: ["maximum-window"]
)

/// What may stand under `security flow tcp-mss` (flow reference §2.6).
let segmentSizeStatements = SupportTable(
    "security flow tcp-mss",
    supported: ["all-tcp"],
    unsupported: [
        "gre-in": "what comes out of tunnels is not told apart",
        "gre-out": "what goes into tunnels is not told apart",
    ],
    notApplicable: ["ipsec-vpn": "VPNs are not built"]
)

/// Extracts `security flow`.
func extractFlow(_ flow: Statement, _ diagnostics: inout [Diagnostic]) -> FlowOptions {
    var options = FlowOptions()
    for statement in flowStatements.admitted(flow, &diagnostics) {
        switch statement.word {
        case "tcp-session": extractTCPSession(statement, into: &options, &diagnostics)
        case "tcp-mss":
            for kind in segmentSizeStatements.admitted(statement, &diagnostics) {
                options.maximumSegmentSize = segmentSize(kind.child("mss") ?? kind, &diagnostics)
            }
        case "allow-dns-reply": options.allowsDNSReply = true
        case "allow-embedded-icmp": options.allowsEmbeddedICMP = true
        default: break
        }
    }
    return options
}

/// `tcp-session`.
private func extractTCPSession(
    _ session: Statement,
    into options: inout FlowOptions,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in tcpSessionStatements.admitted(session, &diagnostics) {
        switch statement.word {
        case "no-syn-check": options.noSYNCheck = true
        case "strict-syn-check": options.strictSYNCheck = true
        case "no-sequence-check": options.noSequenceCheck = true
        case "rst-invalidate-session": options.endsOnReset = true
        case "fin-invalidate-session": options.endsOnClose = true
        case "tcp-initial-timeout":
            options.initialTimeout = seconds(statement, 4...300, &diagnostics) ?? options.initialTimeout
        default: extractTimeWait(statement, into: &options, &diagnostics)
        }
    }
    // The other statement of each pair (flow reference §6.8).
    for other in ["no-syn-check", "no-syn-check-in-tunnel"] where options.strictSYNCheck {
        guard let statement = session.child(other) else { continue }
        diagnostics.error(
            "conflicting-statements",
            statement,
            "'strict-syn-check' cannot be combined with '\(other)'"
        )
    }
    if options.endsOnClose, let statement = session.child("time-wait-state") {
        diagnostics.error(
            "conflicting-statements",
            statement,
            "'fin-invalidate-session' ends the sessions that 'time-wait-state' would hold: choose one"
        )
    }
}

/// `time-wait-state`: 150 seconds where it says nothing else (flow reference §2.3).
private func extractTimeWait(
    _ state: Statement,
    into options: inout FlowOptions,
    _ diagnostics: inout [Diagnostic]
) {
    options.timeWait = .seconds(150)
    for child in state.statements {
        switch child.word {
        case "session-timeout": options.timeWait = seconds(child, 2...600, &diagnostics).map { .seconds($0) }
        case "session-ageout": options.timeWait = .serviceTime
        case "apply-to-half-close-state": options.timeWaitCoversHalfClose = true
        case let word where wordsAllowedEverywhere.contains(word): break
        default:
            diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under 'time-wait-state'")
        }
    }
    if state.child("session-timeout") != nil, let other = state.child("session-ageout") {
        diagnostics.error("conflicting-statements", other, "'session-ageout' and 'session-timeout' exclude each other")
    }
}

/// A segment size: 64 to 65535 (flow reference §2.6).
func segmentSize(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> UInt16? {
    number(statement, 64...65535, "a segment size", &diagnostics).map { UInt16($0) }
}

private func seconds(
    _ statement: Statement,
    _ range: ClosedRange<UInt32>,
    _ diagnostics: inout [Diagnostic]
) -> UInt32? {
    number(statement, range, "seconds", &diagnostics)
}

/// The value of a leaf, if it is in the range.
private func number(
    _ statement: Statement,
    _ range: ClosedRange<UInt32>,
    _ what: String,
    _ diagnostics: inout [Diagnostic]
) -> UInt32? {
    let text = statement.value?.word ?? ""
    if let number = UInt32(text), range.contains(number) { return number }
    diagnostics.error(
        "invalid-value",
        statement,
        "'\(statement.word)' needs \(what) from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
    )
    return nil
}

// SPDX-License-Identifier: Apache-2.0
// What a commit check says about one term: filters reference §2.2, §3.1, §3.2.
import Diagnostics
import NetworkTypes

/// Which kinds of conditions a term has.
private struct TermShape {
    var numbers: [NumericField: [(ranges: [ClosedRange<UInt32>], isExcept: Bool)]] = [:]
    var addresses: [AddressField: [AddressEntry]] = [:]
    var readsTCPFlags = false

    init(_ conditions: [MatchCondition]) {
        for condition in conditions {
            switch condition {
            case .number(let field, let ranges, let isExcept): numbers[field, default: []].append((ranges, isExcept))
            case .address(let field, let entries): addresses[field, default: []] += entries
            case .tcpFlags, .tcpEstablished, .tcpInitial: readsTCPFlags = true
            default: break
            }
        }
    }

    /// The fields of the transport header that it reads whatever the protocol.
    var transportFields: [NumericField] {
        [.sourcePort, .destinationPort, .port, .icmpType, .icmpCode, .espSPI, .ahSPI].filter { numbers[$0] != nil }
    }

    /// Whether it says anything about the protocol.
    var hasProtocol: Bool {
        numbers[.protocol] != nil || numbers[.nextHeader] != nil || numbers[.payloadProtocol] != nil
    }

    /// Whether a positive condition on one of the fields has that value among its own.
    func names(_ value: UInt32, in fields: NumericField...) -> Bool {
        fields.contains { field in
            numbers[field]?.contains { !$0.isExcept && $0.ranges.contains { $0.contains(value) } } ?? false
        }
    }
}

/// Checks the conditions of one term against each other.
func checkTerm(_ term: FilterTerm, family: FilterFamily, _ diagnostics: inout [Diagnostic]) {
    let shape = TermShape(term.from)
    if term.then.packetMode, shape.addresses[.destination] == nil, shape.addresses[.either] == nil {
        diagnostics.warning(
            "packet-mode-to-device",
            term.source,
            "'packet-mode' also takes packets to the device itself past host-inbound-traffic: add 'destination-address'"
        )
    }
    if term.from.isEmpty { return }
    checkAddressFields(shape, term, &diagnostics)
    if shape.numbers[.port] != nil, shape.numbers[.sourcePort] != nil || shape.numbers[.destinationPort] != nil {
        diagnostics.error(
            "conflicting-conditions",
            term.source,
            "'port' cannot be combined with 'source-port' or 'destination-port' in one term"
        )
    }
    if shape.numbers[.dscp] != nil, shape.numbers[.precedence] != nil {
        diagnostics.warning("conflicting-conditions", term.source, "'dscp' and 'precedence' read the same bits")
    }
    if shape.numbers[.icmpCode] != nil, shape.numbers[.icmpType] == nil {
        diagnostics.warning(
            "icmp-code-without-type",
            term.source,
            "the meaning of 'icmp-code' depends on the type: add 'icmp-type'"
        )
    }
    if family == .inet6, shape.readsTCPFlags, !shape.names(6, in: .nextHeader, .payloadProtocol) {
        diagnostics.error(
            "missing-next-header",
            term.source,
            "next-header tcp or next-header 6 or payload-protocol tcp or payload-protocol 6 must be defined in the "
                + "same clause"
        )
    } else if !shape.hasProtocol, shape.readsTCPFlags || !shape.transportFields.isEmpty {
        let what = shape.transportFields.first?.rawValue ?? "tcp-flags"
        let keyword = family == .inet6 ? "payload-protocol" : "protocol"
        diagnostics.warning(
            "no-protocol-condition",
            term.source,
            "'\(what)' compares bytes behind the IP header whatever the protocol: add '\(keyword)' to this term"
        )
    }
    if let reason = whyNothingMatches(term.from, family: family) {
        diagnostics.warning("term-never-matches", term.source, "no packet matches this term: \(reason)")
    }
}

/// Address statements that must not stand together, and lists that match nothing (filters reference §2.2).
private func checkAddressFields(_ shape: TermShape, _ term: FilterTerm, _ diagnostics: inout [Diagnostic]) {
    if shape.addresses[.either] != nil, shape.addresses[.source] != nil || shape.addresses[.destination] != nil {
        diagnostics.error(
            "conflicting-conditions",
            term.source,
            "'address' and 'prefix-list' cannot be combined with their source and destination forms in one term"
        )
    }
    for field in [AddressField.source, .destination, .either] {
        guard let entries = shape.addresses[field] else { continue }
        checkMaskedEntries(entries, term, &diagnostics)
    }
}

/// The order of non-contiguous masks is our decision: say so where it matters (filters reference §2.3).
private func checkMaskedEntries(_ entries: [AddressEntry], _ term: FilterTerm, _ diagnostics: inout [Diagnostic]) {
    let masked = entries.filter { if case .masked = $0.value { true } else { false } }
    guard !masked.isEmpty, masked.count < entries.count || masked.count > 1,
        Set(entries.map(\.isExcept)).count > 1
    else { return }
    diagnostics.warning(
        "overlapping-masks",
        term.source,
        "a mask that is no prefix stands beside 'except' entries: where they overlap the entry with more mask bits "
            + "decides, and 'except' on a tie"
    )
}

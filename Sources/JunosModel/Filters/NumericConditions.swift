// SPDX-License-Identifier: Apache-2.0
// Which names and numbers each numeric condition takes: filters reference §2.5, §3.2 to §3.7.

/// Reads one value of a numeric condition.
func parseValue(
    _ text: String,
    of field: NumericField,
    family: FilterFamily,
    codePoints: CodePointNames
) throws(ValueProblem) -> ClosedRange<UInt32> {
    switch field {
    case .protocol: return try parseRange(text, names: protocolNumbers, highest: 255)
    case .nextHeader, .payloadProtocol: return try parseRange(text, names: inet6ProtocolNumbers, highest: 255)
    case .sourcePort, .destinationPort, .port: return try parseRange(text, names: portNumbers, highest: 65535)
    case .icmpType:
        return try parseRange(text, names: family == .inet6 ? icmp6TypeNumbers : icmpTypeNumbers, highest: 255)
    case .icmpCode:
        return try parseRange(text, names: family == .inet6 ? icmp6CodeNumbers : icmpCodeNumbers, highest: 255)
    case .fragmentOffset:
        return try verbatim("Must be a in form of number or a range in the form '<minimum-value>-<maximum-value>'") {
            () throws(ValueProblem) in try parseRange(text, names: [:], highest: 8191)
        }
    case .packetLength:
        return try verbatim("Must be a numeric value or a range between 0-65535") { () throws(ValueProblem) in
            try parseRange(text, names: [:], highest: 65535)
        }
    case .ttl:
        return try verbatim("Must be a numerical TTL value or range between 0-255") { () throws(ValueProblem) in
            try parseRange(text, names: [:], highest: 255)
        }
    case .hopLimit:
        return try verbatim("Must be a numerical hop-limit value or range between 0-255") { () throws(ValueProblem) in
            try parseRange(text, names: [:], highest: 255)
        }
    case .dscp: return try parseRange(text, names: codePoints.dscp, highest: 63, allowsBinary: true)
    case .trafficClass: return try parseRange(text, names: codePoints.dscpIPv6, highest: 63, allowsBinary: true)
    case .precedence: return try parsePrecedence(text, names: codePoints.precedence)
    case .espSPI, .ahSPI: return try parseRange(text, names: [:], highest: .max, allowsBinary: true)
    case .interfaceGroup: return try parseRange(text, names: [:], highest: 255)
    case .greKey: return try parseRange(text, names: [:], highest: .max)
    }
}

/// Replaces our reason by the device's words, which people search for (filters reference §2.5).
private func verbatim(
    _ message: String,
    _ parse: () throws(ValueProblem) -> ClosedRange<UInt32>
) throws(ValueProblem) -> ClosedRange<UInt32> {
    do {
        return try parse()
    } catch {
        throw ValueProblem(text: "\(error.text): \(message)")
    }
}
